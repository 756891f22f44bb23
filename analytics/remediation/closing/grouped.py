"""Grouped findings: the changes that close the findings of a posture, each of them once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.stronger import with_stronger
from analytics.remediation.closing.wanted import wanted
from graph.once import once
from graph.schema import RELATIONSHIPS

BY = ["finding", "action", "kind"]


@dataclass(frozen=True, eq=False)
class Grouped:
    """Changes, and pairs of a change and a finding that asks for it, by finding.

    `change` and `finding` (int64) are positions, in `changes` and in `find_all`. `closes` (bool):
    that change alone closes that finding. It does not where the finding asks for other changes as
    well, or where a person must find out what to do.
    """

    changes: tuple[Change, ...]
    change: np.ndarray
    finding: np.ndarray
    closes: np.ndarray


@once
def grouped(posture: Posture) -> Grouped:
    """Group the findings of a posture by the changes that they ask for."""
    findings = find_all(posture)
    rows = wanted(posture, findings).drop_duplicates([*BY, "id"])
    rows = with_stronger(posture, findings, rows)
    rows = _apart(rows.sort_values([*BY, "id"], ignore_index=True))
    begin = np.flatnonzero(rows["bundle"].diff().fillna(1).to_numpy() != 0)
    ends = np.append(begin, len(rows))[1:]
    ids = rows["id"].tolist()
    heads = rows.iloc[begin]
    parts = [tuple(ids[a:b]) for a, b in zip(begin.tolist(), ends.tolist(), strict=True)]
    places: dict[tuple[str, int, tuple[str, ...]], int] = {}
    columns = heads["action"].tolist(), heads["kind"].tolist(), parts
    change = [places.setdefault(key, len(places)) for key in zip(*columns, strict=True)]
    finding = heads["finding"].to_numpy(np.int64)
    several = np.bincount(finding, minlength=1)[finding] > 1
    changes = (
        Change(Action(action), RELATIONSHIPS[kind] if kind >= 0 else None, named)
        for action, kind, named in places
    )
    closes = heads["closes"].to_numpy(bool) & ~several
    return Grouped(tuple(changes), np.array(change, np.int64), finding, closes)


def _apart(rows: pd.DataFrame) -> pd.DataFrame:
    """Group in `bundle` what is done together: all that a finding asks for by one action.

    The rows are in the order of `BY` and `id`, and stay so within a bundle. Apart is a fact that
    may stand `alone`, if it is all that another finding asks for by that action, and all facts of
    one holder, if another finding asks for the very same of it.
    """
    first = rows.groupby(BY, sort=False).ngroup().to_numpy()
    lone = np.bincount(first, minlength=1)[first] == 1
    fact = rows.groupby([*BY[1:], "id"], sort=False).ngroup().to_numpy()
    by_itself = np.zeros(len(rows), bool)
    by_itself[fact[lone]] = True
    apart = ~lone & rows["alone"].to_numpy(bool) & by_itself[fact]
    holder = rows["holder"].to_numpy(np.int64)
    part = np.where(_shared(rows.assign(apart=apart)), len(rows) + 1 + holder, 0)
    part = np.where(apart, np.arange(len(rows)) + 1, part)
    rows = rows.assign(part=part).sort_values([*BY, "part"], ignore_index=True, kind="stable")
    return rows.assign(bundle=rows.groupby([*BY, "part"], sort=False).ngroup())


def _shared(rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the facts of a holder that another finding asks for by the same action.

    Sets of facts are compared by the sum of their hashes.
    """
    of_holder = [*BY, "apart", "holder"]
    facts = rows.assign(facts=pd.util.hash_array(rows["id"].to_numpy(object)), size=1)
    sets = facts.groupby(of_holder, sort=False)[["facts", "size"]].transform("sum")
    facts = facts.assign(facts=sets["facts"], size=sets["size"])
    same = facts.groupby(["action", "kind", "apart", "holder", "facts", "size"], sort=False)
    shared = (same["finding"].transform("nunique") > 1) & (rows["holder"] >= 0)
    return np.asarray(shared.to_numpy(bool))
