"""From the files of an export to the graph, in a store of its own: what a user gets to see."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.element import Element
from graph.schema import LEVELS
from ingest.job.run import Ingested, ingest
from ingest.source import Request, Source
from tests.support.exports.memory import Memory

TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")


@dataclass(frozen=True)
class Loaded:
    """What an ingest published, and what it said of it."""

    done: Ingested
    graph: AccessGraph

    def rows(self, element: Element) -> list[dict[str, Any]]:
        """Return the rows of an element, absent facts as None."""
        frame = self.graph.frames[element].astype(object)
        return frame.where(frame.notna(), None).to_dict("records")

    def of(self, element: Element, name: str) -> Any:
        """Return one property of every row."""
        return [row[name] for row in self.rows(element)]

    def one(self, element: Element, **facts: Any) -> dict[str, Any]:
        """Return the only row with these facts."""
        (found,) = (r for r in self.rows(element) if facts.items() <= r.items())
        return found

    def links(self, element: Element) -> set[tuple[str, str]]:
        """Return the ends of every relationship of a type, by name."""
        return set(self._ends(element))

    def _ends(self, element: Element) -> Iterator[tuple[str, str]]:
        names = dict(zip(self.graph.things["id"], self.graph.things["name"], strict=True))
        for row in self.rows(element):
            yield names[row["source_id"]], names[row["target_id"]]

    @property
    def posture(self) -> Posture:
        """Return the assessed graph."""
        return assess(self.graph)

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Return the place and the reason of each thing that was set aside."""
        return [(r.place, r.reason) for r in self.done.quarantined]


@lru_cache(maxsize=16)  # those of the tests that are under way
def _store(folder: Path) -> Memory:
    return Memory(str(folder / "store"))


def load(source: Source, folder: Path, *paths: Path, **options: Any) -> Loaded:
    """Ingest `paths` into a store that stands for `folder`, fresh when it is first named."""
    known = {"scope": "demo", "taken_at": TAKEN_AT} | options
    max_bad = known.pop("max_bad", 100.0)
    store: Any = _store(folder)
    done = ingest(store, [(source, Request(paths, **known))], max_bad)
    return Loaded(done, AccessGraph.of(store.read()[1]))


def reader(source: Source, folder: Path, *first: Any) -> Callable[..., Loaded]:
    """Return a function that writes documents as the files of an export, and ingests that.

    A document is text, or what becomes JSON, in a file named by its number; or a pair of name and
    document. Those of `first` come before those that are given.
    """

    def reading(*documents: Any, **options: Any) -> Loaded:
        for number, document in enumerate((*first, *documents)):
            pair = document if isinstance(document, tuple) else (f"{number}.json", document)
            path, content = folder / "export" / pair[0], pair[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return load(source, folder, folder / "export", **options)

    return reading


def line_reader(source: Source, folder: Path) -> Callable[..., Loaded]:
    """Return a function that writes events as the lines of one log, and ingests that."""

    def reading(*events: Any) -> Loaded:
        path = folder / "log.jsonl"
        path.write_text("\n".join(map(json.dumps, events)))
        return load(source, folder / "s", path, taken_at=None)

    return reading


def reached(loaded: Loaded, name: str) -> dict[str, str]:
    """Return the highest level at which something reaches each resource, by name."""
    from tests.support.printed import blast_radius

    posture = loaded.posture
    found = blast_radius(posture, posture.graph.find(name))["resources"]
    return {r["name"]: max(r["levels"], key=LEVELS.index) for r in found}
