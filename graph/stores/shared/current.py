"""The object CURRENT of a shared store: the anchor, and by whose right its snapshots were written.

Each holder of the right to publish has a larger token than the one before, and puts it into CURRENT
before all else. So whoever lost the right can replace CURRENT no more: it is not the one it read.
A snapshot is below the token of its publisher, where nobody else writes.
"""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph.stores.anchor import Anchor, anchor_of, written
from graph.stores.shared.bucket import Entry, Stored
from graph.values import canonical

SNAPSHOTS, GONE = "snapshots", "gone"
STAYS = timedelta(hours=1)  # objects of a pruned snapshot, for readers on other machines
PLACE = re.compile(rf"({SNAPSHOTS}/(\d+)-[^/]+)/(.+)")


@dataclass(frozen=True)
class Current:
    """CURRENT as it was read: `token` is the last holder's; `places` has each snapshot's."""

    stored: Stored
    anchor: Anchor
    token: int
    places: dict[str, int]

    @classmethod
    def of(cls, stored: Stored) -> "Current":
        """Parse an object.

        Raises
        ------
        ValueError
            It is something else; the message says what.
        """
        anchor = anchor_of(stored.data.decode(errors="replace"))
        try:
            document = json.loads(stored.data)
            places = {str(id_): int(token) for id_, token in document["places"].items()}
            token = int(document["token"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError("it does not say who wrote what") from None
        unplaced = {listed.id for listed in anchor.snapshots} - set(places)
        if unplaced:
            raise ValueError(f"it does not say where {min(unplaced)} is")
        return cls(stored, anchor, token, places)

    def folder(self, id_: str) -> str:
        """Return the folder of a snapshot."""
        return folder_of(self.places[id_], id_)


def folder_of(token: int, id_: str) -> str:
    """Return the folder of a snapshot that the holder of a token writes.

    >>> folder_of(7, "000003-0123456789abcdef")
    'snapshots/00000007-000003-0123456789abcdef'
    """
    return f"{SNAPSHOTS}/{token:08d}-{id_}"


def leftovers(
    entries: Iterable[Entry], places: Collection[str], token: int, now: datetime
) -> list[list[str]]:
    """Return the objects of each snapshot that nobody needs, as the holder of a token sees it.

    Those are of interrupted publishes, or pruned an hour ago. `places` are the folders of those
    that CURRENT lists. What a newer token wrote stays: its holder may be about to publish it.
    """
    names: dict[str, list[str]] = {}
    kept = set()
    for entry in entries:
        match = PLACE.fullmatch(entry.name)
        if match is None:
            continue
        place, writer, file = match.groups()
        names.setdefault(place, []).append(entry.name)
        pruned_lately = file == GONE and now - entry.modified < STAYS
        if place in places or int(writer) > token or pruned_lately:
            kept.add(place)
    return [objects for place, objects in names.items() if place not in kept]


def current_text(anchor: Anchor, token: int, places: dict[str, int]) -> bytes:
    """Return the object that states `anchor`; a snapshot that has no place yet is below `token`.

    Raises
    ------
    KeyNeeded
    """
    now = {listed.id: places.get(listed.id, token) for listed in anchor.snapshots}
    return _text(json.loads(written(anchor)) | {"token": token, "places": now})


def with_token(data: bytes, token: int) -> bytes:
    """Return the object `data` with another token, and otherwise as it is, with its seal."""
    return _text(json.loads(data) | {"token": token})


def _text(document: dict[str, Any]) -> bytes:
    return f"{canonical(document)}\n".encode()
