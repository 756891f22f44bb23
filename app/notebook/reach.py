"""A blast radius in a notebook: a picture without scripts, and a table of what is reached."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from analytics.answers.reach import BlastRadius as BlastRadiusAnswer
from app.escape import markup
from app.notebook.columns import REACHED, readable
from app.notebook.html import table

SHOWN = 20  # rows of the table below a picture


@dataclass(frozen=True)
class BlastRadius:
    """The reach of one node; the command line prints `answer` as JSON."""

    answer: BlastRadiusAnswer
    tree: dict[str, Any]

    def __repr__(self) -> str:
        """Return the start and the size of its reach."""
        start, count = self.answer.start["id"], len(self.resources)
        if self.answer.weighted is None:
            return f"<BlastRadius of {start}: not known>"
        return f"<BlastRadius of {start}: {count:,} resources, weight {self.weighted:,.1f}>"

    @cached_property
    def resources(self) -> pd.DataFrame:
        """The resources reached, heaviest first.

        Columns: `id`, `sensitivity` (absent if no source declares it), `levels` (a list), `hops`,
        `weight`, `derived`.
        """
        return readable(self.answer.resources, REACHED)

    @property
    def weighted(self) -> float:
        """The weight of the reach; larger is worse. NaN if it is unknown."""
        weighted = self.answer.weighted
        return float("nan") if weighted is None else float(weighted)

    def _repr_html_(self) -> str:
        from app.web.drawing.picture import picture

        notes = "".join(f"<p>{markup(note, len(note))}</p>" for note in self.answer.notes)
        if self.answer.weighted is None:
            return f"{picture(self.tree)}<p>What it reaches is not known.</p>{notes}"
        shown = self.resources.head(SHOWN).itertuples(index=False)
        more = len(self.resources) - SHOWN
        rest = f"<p>and {more:,} more</p>" if more > 0 else ""
        return f"{picture(self.tree)}{table(shown, tuple(REACHED))}{rest}{notes}"
