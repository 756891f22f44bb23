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
    text = {name: pd.factorize(rows[name])[0] for name in ("action", "id")}
    finding, kind, holder = (rows[c].to_numpy(np.int64) for c in ("finding", "kind", "holder"))
    act = _numbered(text["action"], kind)
    first = _numbered(finding, act)
    lone = np.bincount(first, minlength=1)[first] == 1
    fact = _numbered(act, text["id"])
    by_itself = np.zeros(len(rows), bool)
    by_itself[fact[lone]] = True
    apart = ~lone & rows["alone"].to_numpy(bool) & by_itself[fact]
    shared = _shared(rows["id"].to_numpy(object), finding, _numbered(act, apart, holder))
    part = np.where(shared & (holder >= 0), len(rows) + 1 + holder, 0)
    part = np.where(apart, np.arange(len(rows)) + 1, part)
    order = np.lexsort((part, first))  # the rows are in the order of `first`
    return (
        rows.iloc[order].reset_index(drop=True).assign(bundle=_numbered(first[order], part[order]))
    )


def _numbered(*columns: np.ndarray) -> np.ndarray:
    """Return a number for each row, from 0, the same for rows that are equal in all columns."""
    number = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        place, distinct = pd.factorize(column)
        number = pd.factorize(number * len(distinct) + place)[0]
    return number


def _shared(ids: np.ndarray, finding: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return a mask of the facts of a part that another finding asks for by the same action.

    A part is what is done by one action, of one holder. Sets of facts are compared by the sum of
    their hashes.
    """
    own = _numbered(finding, part)  # what a finding asks for of a part
    size = np.bincount(own)
    facts, of = np.zeros(len(size), np.uint64), np.zeros(len(size), np.int64)
    np.add.at(facts, own, pd.util.hash_array(ids))
    of[own] = part
    same = _numbered(of, facts, size)
    return np.asarray((np.bincount(same, minlength=1)[same] > 1)[own])
