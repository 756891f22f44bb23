"""What decision records say of the action itself, compared with what was seen of it."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import entitlements
from analytics.assumptions.model import model
from analytics.evidence.deciding import AFTERWARDS, EXPLAINED, LATE
from analytics.evidence.decisions import parents, records
from analytics.evidence.matching import WINDOW
from analytics.evidence.outcomes import carried_out
from analytics.evidence.reconciled import actions, decided
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture
from graph.access import flags
from graph.instants import NEVER, millisecond

MILLISECONDS = WINDOW * 1000


def denied_yet_executed(posture: Posture) -> Compared:
    """Compare refusals with their own outcome."""
    frame = records(posture)
    denied = (frame["decision"] == "deny").to_numpy(bool)
    executed = frame["executed"].fillna(carried_out(frame))
    known = executed.notna().to_numpy(bool)
    sentence = "it was denied, and the record says that it was carried out"
    return Compared(decided(posture), states(denied, known, flags(executed)), same(sentence))


def recorded_as_not_done(posture: Posture) -> Compared:
    """Compare uses with the outcome that the record which decided them states.

    A use that was denied, or waited for a person, is not among them. Where another record close to
    it says that it was carried out, nothing is known.
    """
    rows, frame = actions(posture), records(posture)
    record, state = (rows[name].to_numpy(np.int64) for name in ("record", "state"))
    outcome = carried_out(frame).array.take(record, allow_fill=True)
    stated = ~np.asarray(outcome.isna())
    not_done = stated & ~np.asarray(outcome.fillna(True), bool)
    beforehand = (state == LATE) & (rows["reason"] != AFTERWARDS).to_numpy(bool)
    applies = (record >= 0) & ((state == EXPLAINED) | beforehand)
    doubtful = np.zeros(len(rows), bool)
    doubtful[np.flatnonzero(not_done)] = _carried_out_before(posture, rows[not_done])
    sentence = "the record says that it was not carried out, and a use was seen"
    return Compared(rows, states(applies, stated & ~doubtful, not_done), same(sentence))


def _carried_out_before(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the uses that another record, shortly before, says were carried out."""
    if rows.empty:
        return np.zeros(0, bool)
    frame, made = records(posture), decided(posture)
    done = flags(carried_out(frame)) & (frame["decision"] == "allow").to_numpy(bool)
    done &= (made["resource"] >= 0).to_numpy(bool)  # -1 is no resource, and no parent of one
    others = made.loc[done, ["at", "identity", "resource"]].assign(done=True)
    above, mask = parents(posture), np.zeros(len(rows), bool)
    uses = rows[["at", "identity", "resource"]].reset_index(drop=True)
    for resource in (uses["resource"], pd.Series(above[uses["resource"]])):
        joined = pd.merge_asof(
            uses.assign(resource=resource),
            others,
            on="at",
            by=["identity", "resource"],
            tolerance=MILLISECONDS,
        )
        mask |= joined["done"].notna().to_numpy(bool)
    return mask


def done_and_not_seen(posture: Posture) -> Compared:
    """Compare permissions that say they were carried out with the uses that were seen.

    A use of the resource by anybody within the window may be the one. Where the use of the access
    could not have been seen, or another fact shows that it was used since, nothing is known.
    """
    frame, rows = records(posture), decided(posture)
    applies = (frame["decision"] == "allow").to_numpy(bool) & flags(carried_out(frame))
    explaining = np.zeros(len(rows), bool)
    deciding = actions(posture)["record"].to_numpy(np.int64)
    explaining[deciding[deciding >= 0]] = True
    open_ = np.flatnonzero(applies & ~explaining)
    seen, observed = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    seen[open_] = _used_by_anybody(posture, rows.iloc[open_])
    observed[open_] = _observed(posture, rows.iloc[open_])
    known = explaining | (observed & ~seen)
    sentence = "the record says that it was carried out, and no use was seen that would have been"
    return Compared(rows, states(applies, known, ~explaining), same(sentence))


def _used_by_anybody(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the permissions after which the resource, or a part of it, was used."""
    if rows.empty:
        return np.zeros(0, bool)
    uses, above = actions(posture)[["at", "resource"]], parents(posture)
    parts = uses.assign(resource=above[uses["resource"].to_numpy(np.int64)])
    used = pd.concat([uses, parts[parts["resource"] >= 0]]).assign(used=True)
    joined = pd.merge_asof(
        rows[["at", "resource"]].reset_index(drop=True),
        used.sort_values("at", kind="stable"),
        on="at",
        by="resource",
        direction="forward",
        tolerance=MILLISECONDS,
    )
    return np.asarray(joined["used"].notna().to_numpy(bool))


def _observed(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the permissions whose use would have been seen, and was not since.

    The identity has access to the resource whose use is observed, all logs cover the window, and
    no fact shows a use of that access since.
    """
    if rows.empty:
        return np.zeros(0, bool)
    units, above = entitlements(posture, model()), parents(posture)
    access = pd.DataFrame(
        {
            "identity": units.identity.astype(np.int64),
            "resource": units.resource.astype(np.int64),
            "observed": posture.graph.grant_use[0][units.grant],
            "latest": posture.activity.grant_latest.max(axis=1)[units.grant],
        }
    )
    pair = ["identity", "resource"]
    access = access.groupby(pair, as_index=False).agg(
        observed=("observed", "all"), latest=("latest", "max")
    )
    mask = np.zeros(len(rows), bool)
    asked = rows[["at", *pair]].reset_index(drop=True)
    own = asked["resource"].to_numpy(np.int64)
    outer = np.append(above, -1)[own]  # -1, for a resource that is not known: the last
    for resource in (own, outer):
        joined = asked.assign(resource=resource).merge(access, on=pair, how="left")
        unused = (joined["latest"] < joined["at"]).to_numpy(bool)
        mask |= joined["observed"].fillna(False).to_numpy(bool) & unused
    return np.asarray(mask & _logged(posture, asked["at"].to_numpy(np.int64)))


def _logged(posture: Posture, at: np.ndarray) -> np.ndarray:
    """Return a mask of the instants whose window all sources of use cover."""
    mask = np.full(len(at), "usage" in posture.graph.declared)
    for scope in posture.graph.coverage:
        if "usage" not in scope.declares:
            continue
        first = scope.usage_window_start
        periods = scope.usage_periods or ((first, scope.taken_at),)
        covered = np.zeros(len(at), bool)
        for begin, end in periods:
            since = NEVER if begin is None else millisecond(begin)
            covered |= (at >= since) & (at + MILLISECONDS <= millisecond(end))
        mask &= covered
    return mask


CHECKS = (
    Check(
        "denied_yet_executed",
        11,
        "The record denies it, and says that it was carried out.",
        "refusals whose record says whether it was carried out",
        denied_yet_executed,
    ),
    Check(
        "recorded_as_not_done",
        12,
        "The record says that it was not carried out, and a use was seen.",
        "uses whose deciding record says whether it was carried out",
        recorded_as_not_done,
    ),
    Check(
        "done_and_not_seen",
        60,
        "The record says that it was carried out, and no use was seen that would have been.",
        "permissions whose record says that they were carried out, and whose use would be seen",
        done_and_not_seen,
    ),
)
