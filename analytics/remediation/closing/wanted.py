"""Wanted actions: what each finding asks for, fact by fact, as its rule declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.actions import LOGINS, REMOVING, Action
from analytics.findings.closing import Closing, On
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from analytics.usage.activity import lately
from analytics.usage.unused_levels import unused_levels
from graph.element import Element
from graph.schema import CAN_ACCESS, CONTROL, FACT_NODES, RELATIONSHIPS
from graph.values import text_array

NODE, ABSENT = -1, -2  # in place of the position of a type in `RELATIONSHIPS`
GRANT = RELATIONSHIPS.index(CAN_ACCESS)
ENDING = (GRANT, *(RELATIONSHIPS.index(relationship) for relationship in CONTROL))
ON_TYPES = {Action.NARROW_GRANT: (GRANT,), Action.SET_EXPIRY: ENDING}
DTYPES = {"finding": "int64", "action": "str", "kind": "int64", "id": "str"}
DTYPES |= {"closes": "bool", "alone": "bool", "holder": "int64"}


def wanted(posture: Posture, findings: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each fact that a finding asks to change.

    Parameters
    ----------
    findings : DataFrame
        The columns of `analytics.findings.evaluation.find_all`, of this posture.

    Returns
    -------
    DataFrame
        `finding` (a position in `findings`), `action` (text), `kind` (the position of a type in
        `RELATIONSHIPS`, or `NODE`), `id`, `closes` (whether the finding is gone once all its rows
        are done), `alone` (a fact is a change of its own if another finding asks for it alone) and
        `holder` (where the relationship begins, -1 for a node). A finding that asks for nothing
        asks for a review.
    """
    by_rule = findings.groupby("rule").indices
    parts = [
        _of_rule(posture, findings, np.asarray(by_rule[rule.id]), rule.closing)
        for rule in all_rules().values()
        if rule.id in by_rule
    ]
    rows = pd.concat(parts or [_frame(np.zeros(0, int), "", NODE, [], True)], ignore_index=True)
    silent = np.setdiff1d(np.arange(len(findings)), rows["finding"])
    subject = findings["subject"].to_numpy(np.int64)[silent]
    ids = posture.graph.ids.take(subject).to_pylist()
    rest = _frame(silent, Action.REVIEW.value, NODE, ids, False)
    return pd.concat([rows, rest], ignore_index=True) if len(rest) else rows


def _frame(
    finding: np.ndarray,
    action: object,
    kind: object,
    ids: object,
    closes: object,
    alone: bool = False,
    holder: object = -1,
) -> pd.DataFrame:
    columns = zip(DTYPES.items(), (finding, action, kind, ids, closes, alone, holder), strict=True)
    made = {name: _column(len(finding), dtype, values) for (name, dtype), values in columns}
    return pd.DataFrame(made, copy=False)


def _column(count: int, dtype: str, values: Any) -> Any:
    """Return a column of its dtype at once, which takes a tenth of casting a frame."""
    if dtype == "str":
        return pd.array([values] * count if isinstance(values, str) else values, dtype="str")
    return np.full(count, values, dtype)


def _of_rule(
    posture: Posture, findings: pd.DataFrame, rows: np.ndarray, closing: Closing
) -> pd.DataFrame:
    """Return what the findings of one rule ask for."""
    own = findings.iloc[rows]
    closes = own["closes"].to_numpy(bool) & closing.closes
    if closing.on is On.FACTS:
        return _of_facts(posture, own, rows, closes, closing)
    subject, other = (own[c].to_numpy(np.int64) for c in ("subject", "object"))
    node = subject if closing.on is On.SUBJECT else np.where(other >= 0, other, subject)
    assert closing.action is not None
    ids = posture.graph.ids.take(node).to_pylist()
    return _frame(rows, closing.action.value, NODE, ids, closes)


def _of_facts(
    posture: Posture, own: pd.DataFrame, rows: np.ndarray, closes: np.ndarray, closing: Closing
) -> pd.DataFrame:
    """Return what findings ask for that rest on facts."""
    pairs = zip(own["closed_by"], own["evidence"], strict=True)
    facts = [chosen or evidence for chosen, evidence in pairs]
    counts = np.array([len(each) for each in facts], np.int64)
    place, ids = pd.factorize(np.array([fact for each in facts for fact in each], object))
    each = _actions(posture, [str(id_) for id_ in ids], closing)
    at = np.repeat(np.arange(len(rows)), counts)
    doubtful = np.zeros(len(rows), bool)
    doubtful[at[each.doubtful[place]]] = True
    known = each.kind[place] != ABSENT
    at, place = at[known], place[known]
    columns = each.action[place], each.kind[place], each.id[place], (closes & ~doubtful)[at]
    return _frame(rows[at], *columns, closing.spares, each.holder[place])


@dataclass(frozen=True)
class _Actions:
    """What to do about each of some facts; `doubtful`: that does not do away with all of it."""

    action: np.ndarray
    kind: np.ndarray
    id: np.ndarray
    doubtful: np.ndarray
    holder: np.ndarray


def _actions(posture: Posture, facts: list[str], closing: Closing) -> _Actions:
    """Return the action on each fact, `ABSENT` where there is none."""
    count = len(facts)
    done = _Actions(
        np.full(count, "", object),
        np.full(count, ABSENT),
        np.array(facts, object),
        np.zeros(count, bool),
        np.full(count, -1),
    )
    for kind, at, row in _located(posture, facts):
        if kind != NODE:
            done.holder[at] = posture.graph.ends(RELATIONSHIPS[kind])[0][row]
        if closing.action is None:
            _take_away(posture, done, kind, at, row)
        elif kind in ON_TYPES[closing.action]:
            done.kind[at], done.action[at] = kind, closing.action.value
        if kind == GRANT and (closing.spares or closing.action is Action.NARROW_GRANT):
            _spare(posture, done, at, row)
    done.doubtful[done.kind == ABSENT] = True
    return done


def _located(posture: Posture, facts: list[str]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield for each type, and for each label, which facts are of it, and their rows."""
    graph, names = posture.graph, pa.array(facts, pa.string())
    elements: list[tuple[int, Element]] = [*enumerate(RELATIONSHIPS)]
    elements += [(NODE, label) for label in FACT_NODES]
    for kind, element in elements if facts else ():
        frame = graph.frames[element]
        if len(frame) and (element in REMOVING or element in LOGINS):
            place = pc.index_in(names, text_array(frame["id"]))
            row = place.fill_null(-1).to_numpy(zero_copy_only=False)
            at = np.flatnonzero(row >= 0)
            if len(at):
                yield kind, at, row[at]


def _take_away(
    posture: Posture, done: _Actions, kind: int, at: np.ndarray, row: np.ndarray
) -> None:
    """Note the action that takes away each of the facts `at`.

    A credential that is in use, by whomever, is rotated: others go on with the new value.
    """
    graph = posture.graph
    if kind == NODE:
        labels = graph.labels[graph.numbers(pd.Series(done.id[at], dtype="string"))]
        done.kind[at] = kind
        done.action[at] = [REMOVING[FACT_NODES[label]].value for label in labels.tolist()]
        return
    relationship = RELATIONSHIPS[kind]
    if relationship in REMOVING:
        done.kind[at], done.action[at] = kind, REMOVING[relationship].value
        return
    key = graph.ends(relationship)[LOGINS[relationship]][row]
    in_use = lately(graph, posture.activity.node_latest)[key]
    done.kind[at], done.id[at] = NODE, graph.ids.take(key).to_numpy(zero_copy_only=False)
    done.action[at] = np.where(
        in_use, Action.ROTATE_CREDENTIAL.value, Action.DEACTIVATE_CREDENTIAL.value
    )
    done.doubtful[at] = in_use


def _spare(posture: Posture, done: _Actions, at: np.ndarray, row: np.ndarray) -> None:
    """Narrow the grants `at` to what is not known to be unused; take away what has nothing else."""
    unused, every = unused_levels(posture)[row], posture.graph.levels[row]
    entire = unused == every
    done.action[at] = np.where(entire, Action.REMOVE_GRANT.value, Action.NARROW_GRANT.value)
    done.doubtful[at] |= unused == 0
    done.doubtful[at[entire]] = False
