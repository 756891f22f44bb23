"""Tiles of given areas that fill a rectangle, each as near to a square as it gets.

After Bruls, Huizing and van Wijk, Squarified Treemaps, 2000: tiles are laid along the shorter side
of what is left, as many as make the narrowest of them wider.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Square(NamedTuple):
    """Where a tile lies."""

    left: float
    top: float
    width: float
    height: float


def squarified(sizes: Sequence[float], width: float, height: float) -> list[Square]:
    """Return a tile for each of `sizes`, which are positive and the largest first.

    The areas of the tiles are in proportion, and fill the rectangle.

    >>> [tuple(round(side, 2) for side in tile) for tile in squarified([2, 1, 1], 2.0, 1.0)]
    [(0.0, 0.0, 1.0, 1.0), (1.0, 0.0, 1.0, 0.5), (1.0, 0.5, 1.0, 0.5)]
    """
    total, tiles = float(sum(sizes)), list[Square]()
    if not total:
        return tiles
    areas = [size * width * height / total for size in sizes]
    room = Square(0.0, 0.0, width, height)
    while len(tiles) < len(areas):
        row = _row(areas[len(tiles) :], min(room.width, room.height))
        placed, room = _laid(row, room)
        tiles.extend(placed)
    return tiles


def _row(areas: Sequence[float], side: float) -> Sequence[float]:
    """Return as many of the first areas as lie best beside each other along a side."""
    count, total = 1, areas[0]
    narrowest = _narrowness(areas[0], areas[0], total, side)
    for area in areas[1:]:
        now = _narrowness(areas[0], area, total + area, side)
        if now > narrowest:
            break
        count, total, narrowest = count + 1, total + area, now
    return areas[:count]


def _narrowness(largest: float, smallest: float, total: float, side: float) -> float:
    """Return how many times longer than wide the narrowest tile of a row is, at least one.

    In a row of this total each tile is `total / side` deep.
    """
    return max(side**2 * largest / total**2, total**2 / (side**2 * smallest))


def _laid(row: Sequence[float], room: Square) -> tuple[list[Square], Square]:
    """Lay a row along the shorter side of the room; return its tiles, and the room that is left."""
    upright = room.width >= room.height
    depth = sum(row) / (room.height if upright else room.width)
    if upright:
        rest = room._replace(left=room.left + depth, width=max(0.0, room.width - depth))
    else:
        rest = room._replace(top=room.top + depth, height=max(0.0, room.height - depth))
    return list(_along(row, room, depth, upright)), rest


def _along(row: Sequence[float], room: Square, depth: float, upright: bool) -> Iterator[Square]:
    at = room.top if upright else room.left
    for area in row:
        length = area / depth
        if upright:
            yield Square(room.left, at, depth, length)
        else:
            yield Square(at, room.top, length, depth)
        at += length
