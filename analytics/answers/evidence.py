"""Evidence: the decision that explains each use, and the quality of decision records."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.decision_records import decision_records
from analytics.answers.shape import cut, plain, when
from analytics.answers.show import value_of
from analytics.evidence.coverage import coverage
from analytics.evidence.deciding import EXPLAINED, UNEXPLAINED
from analytics.evidence.decisions import records as decided
from analytics.evidence.matching import REASONS, SENSITIVE, STATES, UNKNOWN
from analytics.evidence.matching import evidence as evidence_of
from analytics.posture import Posture
from graph.element import Content
from graph.frames import records
from graph.schema import DECISION_RECORD, IDENTITIES, LEVELS, RESOURCE, TOOL

WORDS = tuple(p for p in DECISION_RECORD.properties if p.content is Content.PROSE)
PLACED = (*IDENTITIES, RESOURCE, TOOL)


def evidence(posture: Posture, about: int | None = None, limit: int = 0) -> dict[str, Any]:
    """Return the explanation of each use, latest first; `about` is its identity or resource.

    `said` of a use holds the free-text fields of its decision record.

    `coverage` is the explained share of the sensitive uses (confidential or more) for which it is
    known whether a decision explains them: by count, and by sensitivity times level. It is None if
    there are none.
    """
    explained = evidence_of(posture)
    rows = explained.uses
    if about is not None:
        ends = rows[["identity", "principal", "resource"]]
        rows = rows[(ends == about).any(axis=1)]
    shown, left_out = cut(rows.iloc[::-1], limit)
    words = _words(posture, shown["decision"])
    return {
        "uses": [_use(posture, row) | {"said": words.get(row.decision)} for row in records(shown)],
        "coverage": coverage(rows),
        "states": {
            name: int(rows["count"][rows["state"] == n].sum()) for n, name in enumerate(STATES)
        },
        "crossing": _crossing(posture, rows),
        "identities": _by_identity(posture, rows, limit),
        "decisions": decision_records(posture, explained),
        "unplaced": explained.unplaced,
        "left_out": left_out,
    }


def _use(posture: Posture, row: Any) -> dict[str, Any]:
    thing = posture.graph.thing
    named = int(row.principal) != int(row.identity)
    return {
        "id": row.id,
        "at": when(row.at),
        "identity": thing(int(row.identity)),
        "principal": thing(int(row.principal)) if named else None,
        "resource": thing(int(row.resource)),
        "level": LEVELS[row.level] if row.level >= 0 else None,
        "count": int(row.count),
        "state": STATES[row.state],
        "reason": REASONS[row.reason] or None,
        "decision": plain(row.decision),
    }


def _words(posture: Posture, decisions: pd.Series) -> dict[Any, dict[str, Any] | None]:
    """Return the free-text fields of the records with these ids, None for records without any.

    An id shared by records of several sources is ambiguous and left out.
    """
    frame = decided(posture)
    frame = frame[frame["id"].isin(decisions.dropna())].drop_duplicates("id", keep=False)
    rows = [{p.name: value_of(row, p) for p in WORDS} for _, row in frame.iterrows()]
    texts = [{k: v for k, v in fields.items() if v is not None} or None for fields in rows]
    return dict(zip(frame["id"], texts, strict=True))


def _by_identity(posture: Posture, rows: pd.DataFrame, limit: int) -> list[dict[str, Any]]:
    """Return the coverage of each identity with sensitive uses, the worst first."""
    known = rows[(rows["sensitivity"] >= SENSITIVE) & (rows["state"] != UNKNOWN)]
    weights = known["weight"] * known["count"]
    lacks = known.assign(lacks=weights.where(known["state"] != EXPLAINED, 0.0))
    worst = lacks.groupby("identity")["lacks"].sum().sort_values(ascending=False, kind="stable")
    shown, _ = cut(worst.index.to_numpy(int), limit)
    parts = dict(list(known[known["identity"].isin(shown)].groupby("identity")))
    return [{"identity": posture.graph.thing(int(n)), **coverage(parts[n])} for n in shown]


def _crossing(posture: Posture, rows: pd.DataFrame) -> dict[str, int]:
    """Count the uses of one platform by an identity of another, and those without a decision."""
    graph, platform = posture.graph, np.full(len(posture.graph.ids), "", object)
    for label in PLACED:
        frame = graph.frames[label]
        platform[graph.numbers(frame["id"])] = frame["provider"].fillna("")
    of_identity = platform[rows["identity"].to_numpy(int)]
    of_resource = platform[rows["resource"].to_numpy(int)]
    crossing = rows[(of_identity != "") & (of_resource != "") & (of_identity != of_resource)]
    return {
        "uses": int(crossing["count"].sum()),
        "unexplained": int(crossing["count"][crossing["state"] == UNEXPLAINED].sum()),
    }
