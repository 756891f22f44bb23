"""Answers for the page that compares, cached for each two moments, and their rows as drawn."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import pandas as pd

from analytics.answers.compare import Listed, Sides, sides_of
from analytics.answers.compare.lists import COVERAGE
from analytics.debt.ledger.moments import Moment
from analytics.posture import Posture
from app.comparison import CHANGED, CHANGES, SEEN
from app.web.page.snapshots import moment_of, shelf
from app.wording import MARKS, NOT_KNOWN

KEPT = 2  # comparisons in memory: each holds two snapshots, and what they have in common
PARTS = 16  # lists and figures of comparisons in memory
T = TypeVar("T")
TEAM = "Team"


def _key(moment: Moment) -> tuple[str, str]:
    return moment.info.id, moment.at.isoformat()


def both(posture: Posture, before: Moment, after: Moment) -> Sides:
    """Read and judge two moments of the store of a posture."""
    history = posture.history
    assert history is not None, "a page reads its posture from a store"
    key, ends = (moment_of(posture), _key(before), _key(after)), (_key(before), _key(after))
    return _COMPARED.get(key, ("both", *ends), lambda: sides_of(history, before, after))


def part(name: str, sides: Sides, work: Callable[[Sides], T], *asked: Hashable) -> T:
    """Return a part of the comparison of two moments, such as one of its lists."""
    ends = moment_of(sides.before), moment_of(sides.after)
    return _PARTS.get((ends, name, *asked), (name, *asked), lambda: work(sides))


_COMPARED = shelf("Reading both snapshots…", KEPT)
_PARTS = shelf("Comparing the two moments…", PARTS)


def drawn(listed: Listed, columns: dict[str, str]) -> pd.DataFrame:
    """Return the rows as a table shows them: its `columns`, the change, why, and the team.

    `columns` map headings to columns of the answer; nodes show their name, else their id.
    """
    rows = listed.rows.readable()
    made = {heading: _cells(rows, name) for heading, name in columns.items()}
    if "Severity" in made:
        made["Severity"] = made["Severity"].astype(str).map(MARKS)
    made["Change"] = rows["change"].map(CHANGES)
    made["Why"] = rows["change"].map(SEEN).where(rows["why"] == COVERAGE, CHANGED)
    made[TEAM] = _cells(rows, "team").fillna("no team")
    return pd.DataFrame(made)


def _cells(rows: pd.DataFrame, name: str) -> pd.Series:
    named = f"{name}_name"
    if named not in rows:
        return rows[name].fillna("none") if name in ("was", "now") else rows[name]
    names = rows[named].replace("", pd.NA).fillna(rows[name])
    if f"{name}_known" in rows:
        names = names.fillna(rows[f"{name}_known"].map({True: "nobody", False: NOT_KNOWN}))
    return names
