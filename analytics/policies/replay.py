"""Replay: what a policy set would have said of every recorded use and every recorded decision."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.debt.owed import debt_of
from analytics.engines.policy_set import OUTCOMES, PolicySet
from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.matching import uses
from analytics.policies.asked import asked_by_decisions, asked_by_uses
from analytics.policies.distinct import distinct
from analytics.policies.judging import NOT_ASKED, Judged, judged
from analytics.posture import Posture
from graph.instants import NEVER

PAIR = ["identity", "resource", "action"]
Pair = tuple[int, int, str]
COUNTED = len(OUTCOMES) + 1  # the outcomes, and last what was not judged


@dataclass(frozen=True)
class Replayed:
    """The uses and the decisions, each judged by `policies`."""

    policies: PolicySet
    uses: Judged
    decisions: Judged


def replayed(posture: Posture, policies: PolicySet) -> Replayed:
    """Judge all recorded uses and decisions by a policy set."""
    return Replayed(
        policies,
        judged(posture, policies, asked_by_uses(posture)),
        judged(posture, policies, asked_by_decisions(posture)),
    )


def by_identity(of: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Count the requests of each identity by outcome.

    Returns
    -------
    identities : int64[n]
        The numbers of the identities, in ascending order.
    counts : int64[n, 6]
        A column for each of `OUTCOMES`, and last the requests that were not judged.
    """
    rows = of.asked.rows
    placed = (rows["principal"] >= 0).to_numpy(bool)
    identities, place = np.unique(rows["principal"].to_numpy(np.int64)[placed], return_inverse=True)
    counts = np.zeros((len(identities), COUNTED), np.int64)
    np.add.at(counts, (place, of.outcome[placed]), rows["count"].to_numpy(np.int64)[placed])
    return identities, counts


def totals(of: Judged, mask: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Count the requests within a mask by outcome: int64[6], as in `by_identity`."""
    outcome, count = of.outcome[mask], of.asked.rows["count"].to_numpy(np.int64)[mask]
    counts = np.zeros(COUNTED, np.int64)
    np.add.at(counts, outcome, count)
    return counts


def pairs(posture: Posture, of: Replayed, outcome: int) -> pd.DataFrame:
    """Return the used access with an outcome: one row for each identity, resource and action.

    Returns
    -------
    DataFrame
        `identity`, `resource` (numbers), `action`, `level`, `uses` (a count), `explained` (how many
        of them a recorded decision explains), `last` (milliseconds), and `debt`: what the identity
        owes for this access, null where that is not known.
    """
    explained = (uses(posture)["state"] == EXPLAINED).to_numpy(bool)
    return _with_debt(
        posture, _summed(of.uses, np.flatnonzero(of.uses.outcome == outcome), explained)
    )


def _summed(of: Judged, rows: np.ndarray, explained: np.ndarray) -> pd.DataFrame:
    """Return the used access at some rows, in the order in which it comes first."""
    asked = of.asked.rows
    keys = ("principal", "resource", "action")
    groups = distinct((pd.factorize(asked[name].to_numpy()[rows])[0] for name in keys), len(rows))
    chosen, group = asked.iloc[rows[groups.first]], groups.group
    count, judged_at = (asked[name].to_numpy(np.int64)[rows] for name in ("count", "at"))
    summed, of_them = (np.zeros(len(chosen), np.int64) for _ in range(2))
    np.add.at(summed, group, count)
    np.add.at(of_them, group, np.where(explained[rows], count, 0))
    last = np.full(len(chosen), NEVER)
    np.maximum.at(last, group, judged_at)
    columns = {
        "identity": chosen["principal"].to_numpy(np.int64),
        "resource": chosen["resource"].to_numpy(np.int64),
        "action": pd.Series(chosen["action"].to_numpy(object), dtype=object),
        "level": chosen["level"].to_numpy(np.int64),
        "uses": summed,
        "explained": of_them,
        "last": last,
    }
    return pd.DataFrame(columns, copy=False)


def _with_debt(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Add what each identity owes for each access."""
    key = ["identity", "resource", "level"]
    debt = debt_of(posture)
    at = debt.rows.entitlement
    owed = pd.DataFrame(
        {
            "identity": debt.units.identity[at].astype(np.int64),
            "resource": debt.units.resource[at].astype(np.int64),
            "level": debt.units.level[at].astype(np.int64),
            "debt": debt.rows.debt,
        }
    )
    summed = owed.groupby(key, as_index=False)["debt"].sum()
    joined = rows[key].merge(summed, on=key, how="left")["debt"]
    known = np.isin(rows["identity"], debt.identities[debt.known])
    return rows.assign(debt=joined.fillna(0.0).where(known).to_numpy(float))


def reasons(of: Replayed, outcome: int, identities: np.ndarray) -> dict[Pair, set[int]]:
    """Return the positions of the policies that decided the used access of some identities."""
    rows, verdict = of.uses.asked.rows, of.uses.verdict
    mask = (of.uses.outcome == outcome) & rows["principal"].isin(identities).to_numpy(bool)
    kept = rows.loc[mask, ["principal", "resource", "action"]].assign(verdict=verdict[mask])
    positions: dict[Pair, set[int]] = {}
    for *pair, at in kept.drop_duplicates().itertuples(index=False, name=None):
        decided = positions.setdefault((pair[0], pair[1], pair[2]), set())
        decided.update(of.uses.verdicts[at].reasons)
    return positions


def deciding(of: Judged, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Count for each of `count` policies the requests that it decided, and those it failed on."""
    weights = _by_verdict(of)
    decided, failed = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for weight, verdict in zip(weights.tolist(), of.verdicts, strict=True):
        decided[list(verdict.reasons)] += weight
        failed[list({at for at, _ in verdict.errors if at >= 0})] += weight
    return decided, failed


def errors(of: Judged) -> dict[int, tuple[int, str]]:
    """Count the requests that each policy failed on, with the message of one of them.

    The position -1 stands for no policy: the engine refused the request.
    """
    counts: dict[int, tuple[int, str]] = {}
    for weight, verdict in zip(_by_verdict(of).tolist(), of.verdicts, strict=True):
        refused = {NOT_ASKED: verdict.refused} if verdict.refused else {}
        for at, message in {**dict(verdict.errors), **refused}.items():
            count, first = counts.get(at, (0, message))
            counts[at] = count + weight, first
    return counts


def _by_verdict(of: Judged) -> np.ndarray:
    """Count the requests of each verdict (int64)."""
    mask = of.verdict >= 0
    weights = np.zeros(len(of.verdicts), np.int64)
    np.add.at(weights, of.verdict[mask], of.asked.rows["count"].to_numpy(np.int64)[mask])
    return weights
