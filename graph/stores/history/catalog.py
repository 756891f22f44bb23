"""The catalog of a history: its volumes, their segments and the packed snapshots, as JSON."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from graph.journal.hash_chain import sha256
from graph.values import canonical

FORMAT = 1
FOLDER = "history"
ENDED = "ended"  # the file of a segment with the rows that ended
BASE = 99  # the level of a segment that is not merged with those after it


@dataclass(frozen=True, slots=True)
class Segment:
    """A folder of files, written once: what was new or ended in the turns `first` to `last`.

    `level` counts how often its content was merged. `files` has of each file the hash, the rows,
    the bytes and the time of its last write.
    """

    name: str
    first: int
    last: int
    level: int
    files: dict[str, dict[str, Any]]

    def rows(self, name: str) -> int:
        """Return the number of rows of a file; 0 if the segment lacks it."""
        return int(self.files[name]["rows"]) if name in self.files else 0


@dataclass(frozen=True, slots=True)
class Packed:
    """A packed snapshot, and the state that its files had; see `graph.stores.kept_files`."""

    id: str
    turn: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Volume:
    """Segments that are read together, in the order of their turns.

    The rows of a file are numbered through all segments. `ids` is how many ids of nodes were
    numbered; such a number never changes within the volume.
    """

    ids: int
    snapshots: tuple[Packed, ...]
    segments: tuple[Segment, ...]

    @property
    def names(self) -> list[str]:
        """The names of all files with rows."""
        return sorted({name for segment in self.segments for name in segment.files} - {ENDED})

    def rows(self, name: str) -> int:
        """Return how many rows of a file all segments have."""
        return sum(segment.rows(name) for segment in self.segments)

    def of(self, listed: Collection[str]) -> "Volume":
        """Return the volume with those of its snapshots that are listed."""
        return replace(self, snapshots=tuple(p for p in self.snapshots if p.id in listed))

    def upto(self, turn: int) -> tuple[Segment, ...]:
        """Return the segments that may tell of a turn."""
        return tuple(segment for segment in self.segments if segment.first <= turn)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The history of a store; `turn` is the last turn that was given to a snapshot."""

    store: str
    turn: int = 0
    volumes: tuple[Volume, ...] = field(default=())

    def segments(self) -> Iterator[Segment]:
        """Iterate over the segments of all volumes."""
        for volume in self.volumes:
            yield from volume.segments

    def snapshots(self) -> dict[str, Packed]:
        """Return the packed snapshots by id."""
        return {packed.id: packed for volume in self.volumes for packed in volume.snapshots}

    def place(self, id_: str) -> tuple[Volume, Packed] | None:
        """Return the volume of a snapshot and its turn; None if it is not packed."""
        for volume in self.volumes:
            for packed in volume.snapshots:
                if packed.id == id_:
                    return volume, packed
        return None


def catalog_file(root: Path, digest: str) -> Path:
    """Return the file of the catalog with a hash."""
    return root / FOLDER / f"catalog-{digest[:16]}.json"


def catalog_text(catalog: Catalog) -> str:
    """Return the text of a catalog."""
    return canonical({"format": FORMAT} | asdict(catalog))


def read_catalog(root: Path, digest: str, store: str) -> Catalog:
    """Read the catalog that an anchor names.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
    """
    data = catalog_file(root, digest).read_bytes()
    if sha256(data) != digest:
        raise ValueError("its checksum is wrong")
    catalog = _parsed(data)
    if catalog.store != store:
        raise ValueError("it belongs to another store")
    return catalog


@lru_cache(maxsize=4)  # each state of a store is looked at often
def _parsed(data: bytes) -> Catalog:
    body = json.loads(data)
    if body["format"] != FORMAT:
        raise ValueError("it was written by another version")
    volumes = tuple(
        Volume(
            volume["ids"],
            tuple(Packed(**packed) for packed in volume["snapshots"]),
            tuple(Segment(**segment) for segment in volume["segments"]),
        )
        for volume in body["volumes"]
    )
    return Catalog(body["store"], body["turn"], volumes)
