"""Evidence: the decision that explains each use, and the quality of decision records."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.action_chains import ActionChains, action_chains
from analytics.answers.decision_records import decision_records
from analytics.answers.reconciliation import Reconciliation, reconciliation
from analytics.answers.shape import cut
from analytics.answers.show import value_of
from analytics.answers.table import Kind, Table, instants, objects
from analytics.evidence.chains import chains
from analytics.evidence.coverage import coverage
from analytics.evidence.crossing import platforms
from analytics.evidence.deciding import EXPLAINED, UNEXPLAINED
from analytics.evidence.decisions import records as decided
from analytics.evidence.matching import REASONS, SENSITIVE, STATES, UNKNOWN
from analytics.evidence.matching import evidence as evidence_of
from analytics.evidence.reconciled import decided as made
from analytics.evidence.window import ALWAYS, Window
from analytics.evidence.within import within
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.element import Content
from graph.schema import DECISION_RECORD

WORDS = tuple(p for p in DECISION_RECORD.properties if p.content is Content.PROSE)
KINDS = dict.fromkeys(("identity", "principal", "resource"), Kind.NODE) | {"level": Kind.LEVEL}


@dataclass(frozen=True)
class EvidenceOfUses:
    """The explanation of each use, and how much is explained; see `evidence`.

    `uses` has `id`, `at`, `identity`, `principal` (unless it is the identity) and `resource`
    (nodes), `level`, `count`, `state`, `reason`, `decision` (an id) and `said` (the free text of
    the decision). `identities` has `identity` (a node) and the fields of `coverage`. `actions`
    tells of how many uses, sensitive or not, the whole chain is recorded.
    """

    uses: Table
    coverage: dict[str, Any]
    states: dict[str, int]
    crossing: dict[str, int]
    identities: Table
    decisions: dict[str, Any]
    actions: ActionChains
    reconciliation: Reconciliation
    unplaced: int
    left_out: int


@kept
def evidence(
    posture: Posture, about: int | None = None, limit: int = 0, window: Window = ALWAYS
) -> EvidenceOfUses:
    """Return the explanation of each use, latest first; `about` is its identity or resource.

    Only uses and records within `window` count; `unplaced` counts all, as what they are of is not
    known.

    `said` of a use holds the free-text fields of its decision record.

    `coverage` is the explained share of the sensitive uses (confidential or more) for which it is
    known whether a decision explains them: by count, and by sensitivity times level. It is null if
    there are none.
    """
    matched = evidence_of(posture)
    rows, chained = (
        _about(within(posture, each, window)[1], about) for each in (matched.uses, chains(posture))
    )
    shown, left_out = cut(rows.iloc[::-1], limit)
    return EvidenceOfUses(
        uses=_uses(posture, shown),
        coverage=coverage(rows),
        states={
            name: int(rows["count"][rows["state"] == n].sum()) for n, name in enumerate(STATES)
        },
        crossing=_crossing(posture, rows),
        identities=_by_identity(posture, rows, limit),
        decisions=decision_records(posture, matched, _records_of(posture, about, window)),
        actions=action_chains(posture, chained, limit),
        reconciliation=reconciliation(posture, about, limit, window),
        unplaced=matched.unplaced,
        left_out=left_out,
    )


def _about(rows: pd.DataFrame, about: int | None) -> pd.DataFrame:
    """Return the uses by or of one node, if it is given."""
    if about is None:
        return rows
    ends = rows[["identity", "principal", "resource"]]
    return pd.DataFrame(rows[(ends == about).any(axis=1)])


def _records_of(posture: Posture, about: int | None, window: Window) -> np.ndarray:
    """Return a mask of the decision records within a window, about one node if it is given."""
    rows = made(posture)
    mask = window.covers(rows["at"])
    if about is not None:
        mask &= (rows[["identity", "resource"]] == about).any(axis=1).to_numpy(bool)
    return mask


def _uses(posture: Posture, rows: pd.DataFrame) -> Table:
    texts = _words(posture, rows["decision"])
    identities, principals = (rows[c].to_numpy(np.int64) for c in ("identity", "principal"))
    reasons = np.array([reason or None for reason in REASONS], object)
    columns = {
        "id": rows["id"].array,
        "at": instants(rows["at"]).array,
        "identity": identities,
        "principal": np.where(principals != identities, principals, -1),
        "resource": rows["resource"].to_numpy(np.int64),
        "level": np.maximum(rows["level"].to_numpy(np.int64), -1),
        "count": rows["count"].to_numpy(np.int64),
        "state": np.array(STATES, object)[rows["state"].to_numpy(np.int64)],
        "reason": reasons[rows["reason"].to_numpy(np.int64)],
        "decision": rows["decision"].array,
        "said": objects([texts.get(id_) for id_ in rows["decision"]]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, KINDS)


def _words(posture: Posture, decisions: pd.Series) -> dict[Any, dict[str, Any] | None]:
    """Return the free-text fields of the records with these ids, None for records without any.

    An id shared by records of several sources is ambiguous and left out.
    """
    frame = decided(posture)
    frame = frame[frame["id"].isin(decisions.dropna())].drop_duplicates("id", keep=False)
    fields = [{p.name: value_of(row, p) for p in WORDS} for _, row in frame.iterrows()]
    texts = [{k: v for k, v in each.items() if v is not None} or None for each in fields]
    return dict(zip(frame["id"], texts, strict=True))


def _by_identity(posture: Posture, rows: pd.DataFrame, limit: int) -> Table:
    """Return the coverage of each identity with sensitive uses, the worst first."""
    known = rows[(rows["sensitivity"] >= SENSITIVE) & (rows["state"] != UNKNOWN)]
    weights = known["weight"] * known["count"]
    lacks = known.assign(lacks=weights.where(known["state"] != EXPLAINED, 0.0))
    worst = lacks.groupby("identity")["lacks"].sum().sort_values(ascending=False, kind="stable")
    shown, _ = cut(worst.index.to_numpy(int), limit)
    parts = dict(list(known[known["identity"].isin(shown)].groupby("identity")))
    columns: dict[str, Any] = {"identity": shown}
    measured = [coverage(parts[number]) for number in shown]
    for name in coverage(known.head(0)):
        columns[name] = objects([each[name] for each in measured])
    return Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.NODE})


def _crossing(posture: Posture, rows: pd.DataFrame) -> dict[str, int]:
    """Count the uses of one platform by an identity of another, and those without a decision."""
    platform = platforms(posture)
    of_identity = platform[rows["identity"].to_numpy(int)]
    of_resource = platform[rows["resource"].to_numpy(int)]
    mask = (of_identity != "") & (of_resource != "") & (of_identity != of_resource)
    crossing = rows[mask]
    return {
        "uses": int(crossing["count"].sum()),
        "unexplained": int(crossing["count"][crossing["state"] == UNEXPLAINED].sum()),
    }
