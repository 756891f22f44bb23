"""Assurance: what is proven about each identity, what is not, and what would settle the rest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, instants, objects
from analytics.coverage import stated_by
from analytics.figures.claim import NOT_PROVEN, PROVEN, UNKNOWN, VERDICTS, Claim, Judged
from analytics.figures.claims import all_claims
from analytics.figures.evaluation_age import evaluated_at
from analytics.figures.revocation.speed import recent_changes
from analytics.findings.rule_facts import who_declares
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.instants import DAY, NEVER

MOST = 20  # facts that a claim lists


@dataclass(frozen=True)
class Assurance:
    """The statement of each identity, claim by claim; see `assurance`.

    `statements` has, after the node `identity` itself, the counts `proven`, `not_proven` and
    `unknown` of its claims, `evaluated_at`, `evaluation_age_days`, `changes` and `claims`.
    `changes` are its grants of the last year: how many (`count`), on how many of them somebody
    decided since (`decided`), the median days that took (`median_days`), and the longest that one
    has waited so far (`longest_open_days`). Of each claim there are its
    name (`claim`), what it `says`, the `verdict`, `because`, the counts `kept`, `failing` and
    `unknown` of what was examined, `facts` (ids) with the number `facts_left_out`, and
    `settled_by`, what would settle it. `by_claim` counts the verdicts of all identities in `of`.
    """

    statements: Table
    by_claim: dict[str, dict[str, int]]
    left_out: int


@kept
def assurance(posture: Posture, about: int | None = None, limit: int = 0) -> Assurance:
    """State claim by claim what is proven of identities, those with least proven first.

    `about` (a node's number) is an accountable identity; the statements of others are empty.
    """
    identities = posture.accountable
    chosen = np.arange(len(identities)) if about is None else np.flatnonzero(identities == about)
    judged = {name: claim.judge(posture) for name, claim in all_claims().items()}
    verdicts = np.array([j.verdict for j in judged.values()], np.int8)[:, chosen]
    counts = [(verdicts == v).sum(axis=0) for v in range(len(VERDICTS))]
    order = np.lexsort((identities[chosen], counts[PROVEN], -counts[NOT_PROVEN]))
    shown, left_out = cut(order, limit)
    at = evaluated_at(posture)[identities[chosen[shown]]]
    columns = {
        "identity": identities[chosen[shown]],
        **{VERDICTS[v]: counts[v][shown] for v in (PROVEN, NOT_PROVEN, UNKNOWN)},
        "evaluated_at": instants(at).array,
        "evaluation_age_days": np.where(at == NEVER, np.nan, (posture.graph.now - at) / DAY),
        **_changes(posture, identities[chosen[shown]]),
        "claims": objects(_claims(posture, judged, chosen[shown])),
    }
    table = Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.ITSELF})
    by_claim = {
        name: {VERDICTS[v]: int((row == v).sum()) for v in range(len(VERDICTS))} | {"of": len(row)}
        for name, row in zip(judged, verdicts, strict=True)
    }
    return Assurance(table, by_claim, left_out)


def _changes(posture: Posture, identities: np.ndarray) -> dict[str, Any]:
    """Return the columns of what became of the recent grants of identities (numbers)."""
    rows = recent_changes(posture)
    ids = posture.graph.things["id"].to_numpy(object)[identities]
    by_identity, decided = rows.groupby("identity"), rows[rows["decided"]].groupby("identity")
    waiting = rows[~rows["decided"]].groupby("identity")
    columns = {
        "count": by_identity.size().reindex(ids, fill_value=0),
        "decided": decided.size().reindex(ids, fill_value=0),
        "median_days": decided["days"].median().reindex(ids),
        "longest_open_days": waiting["days"].max().reindex(ids),
    }
    return {f"changes.{name}": column.array for name, column in columns.items()}


def _claims(
    posture: Posture, judged: dict[str, Judged], places: np.ndarray
) -> list[list[dict[str, Any]]]:
    """Return the claims of the identities at these places (in `accountable`)."""
    rows: list[list[dict[str, Any]]] = [[] for _ in places]
    kinds = dict.fromkeys(kind for claim in all_claims().values() for kind in claim.needs)
    known = {kind: stated_by(posture.graph, kind)[posture.accountable] for kind in kinds}
    for name, claim in all_claims().items():
        of_claim = judged[name]
        facts = _facts(of_claim, places)
        for row, place in zip(rows, places.tolist(), strict=True):
            lacking = tuple(kind for kind in claim.needs if not known[kind][place])
            row.append(_claim(claim, of_claim, place, facts.get(place, []), lacking))
    return rows


def _claim(
    claim: Claim, judged: Judged, place: int, facts: list[str], lacking: tuple[str, ...]
) -> dict[str, Any]:
    verdict = int(judged.verdict[place])
    return {
        "claim": claim.name,
        "says": claim.says,
        "verdict": VERDICTS[verdict],
        "because": judged.because[place],
        "kept": int(judged.kept[place]),
        "failing": int(judged.failing[place]),
        "unknown": int(judged.unknown[place]),
        "facts": facts[:MOST],
        "facts_left_out": max(len(facts) - MOST, 0),
        "settled_by": (verdict == UNKNOWN and judged.settled_by.get(place))
        or _settled_by(claim, verdict, lacking),
    }


def _facts(judged: Judged, places: np.ndarray) -> dict[int, list[str]]:
    """Return the facts that the verdicts at these places rest on: those that fail, else all."""
    rows = judged.facts[judged.facts["place"].isin(places)]
    decisive = judged.verdict[rows["place"].to_numpy(np.int64)] == NOT_PROVEN
    rows = rows[~decisive | rows["failing"].to_numpy(bool)].drop_duplicates(["place", "fact"])
    return {int(place): sorted(own) for place, own in rows.groupby("place")["fact"]}


def _settled_by(claim: Claim, verdict: int, lacking: tuple[str, ...]) -> str | None:
    """Return what would settle a claim: facts of a source, or what to do; None if it is proven.

    `lacking` are the kinds of fact that no source which states the identity declares.
    """
    if verdict == PROVEN:
        return None
    if verdict == NOT_PROVEN:
        return claim.remedy
    parts = [f"{kind} ({', '.join(who_declares(kind))})" for kind in lacking]
    if not parts:
        return claim.otherwise
    return f"A source that states the identity and declares {' and '.join(parts)}."
