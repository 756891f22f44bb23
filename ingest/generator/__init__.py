"""A seeded generator of synthetic estates with a history, planted defects and their labels."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from graph.element import Element
from graph.files.private import private_text
from graph.frames import FILE, PLACE
from graph.schema import DECLARABLE, SOD_RULE
from graph.values import iso
from ingest.files.text_columns import as_text, text_column
from ingest.generator.clock import LAST, MONTHS, SNAPSHOTS, WINDOW, stamp
from ingest.generator.labels import defects, near_misses
from ingest.generator.lineage import survivors, widenings
from ingest.generator.render import render
from ingest.generator.world import World, make_world
from ingest.source import Reading
from ingest.sources.estate.manifest import Manifest
from ingest.sources.estate.native import sod_ids
from ingest.sources.estate.writing import write_estate

DECLARES = DECLARABLE
LABELS = "labels.json"
HISTORY = "history"


@dataclass(frozen=True)
class Estate:
    """One dated estate. Its frames are computed at each access, as they are large."""

    world: World
    day: float
    scope: str

    @property
    def manifest(self) -> Manifest:
        """Instant, scope and kinds of fact of the estate."""
        start = stamp(np.array([self.day - WINDOW]))[0]
        return Manifest(self.taken_at, self.scope, True, DECLARES, start)

    @property
    def taken_at(self) -> pd.Timestamp:
        """The instant of its facts."""
        return LAST + pd.Timedelta(days=self.day)

    @property
    def frames(self) -> dict[Element, pd.DataFrame]:
        """Raw frames, one for each element that has rows."""
        return render(self.world, self.day)


@dataclass(frozen=True)
class Generated:
    """An estate with its past: `history` is oldest first, and its last one is current."""

    agents: int
    seed: int
    history: tuple[Estate, ...]

    @cached_property
    def labels(self) -> dict[str, Any]:
        """The planted defects of the last estate by rule, and the agents without any."""
        planted_defects = defects(self.history[-1].world, len(self.history))
        rows = planted_defects.assign(
            since=text_column(as_text(pa.array(planted_defects["since"])))
        )
        planted = {rule: sorted(set(s)) for rule, s in planted_defects.groupby("rule")["subject"]}
        population = self.history[-1].world.population.agents
        return {
            "seed": self.seed,
            "agents": self.agents,
            "taken_at": iso(self.history[-1].taken_at),
            "planted": planted,
            "clean": sorted(population["id"][population["place"] == "governed"]),
            "near_misses": near_misses(self.history[-1].world),
            "widenings": widenings(self.history[-1].world),
            "survivors": survivors(self.history[-1].world),
            "defects": rows.astype(object).where(rows.notna(), None).to_dict("records"),
        }


def generate(agents: int, seed: int, scope: str = "acme", snapshots: int = SNAPSHOTS) -> Generated:
    """Generate an estate of so many agents, as of the first of the last months (at most twelve).

    Equal arguments give equal estates.
    """
    world = make_world(agents, seed)
    days = MONTHS[-snapshots:]
    return Generated(agents, seed, tuple(Estate(world, day, scope) for day in days))


def write(generated: Generated, folder: Path) -> None:
    """Write the last estate and its labels to `folder`, the past ones to `folder/history`."""
    *past, last = generated.history
    write_estate(last.frames, folder, last.manifest)
    for number, estate in enumerate(past, 1):
        write_estate(estate.frames, folder / HISTORY / f"{number:04}", estate.manifest)
    text = json.dumps(generated.labels, ensure_ascii=False)
    with private_text(folder / LABELS) as out:
        out.write(text + "\n")


def reading(estate: Estate) -> Reading:
    """Return an estate as the source `estate` would read it, without writing files."""
    nowhere = {FILE: "", PLACE: ""}
    rows = {element: frame.assign(**nowhere) for element, frame in estate.frames.items()}
    if SOD_RULE in rows:
        rows[SOD_RULE] = rows[SOD_RULE].assign(id=sod_ids(rows[SOD_RULE]))
    manifest = estate.manifest
    return Reading(
        manifest.scope,
        manifest.taken_at,
        manifest.complete,
        manifest.declares,
        rows,
        manifest.usage_window_start,
    )
