"""The held-out part of the uses: what a policy would refuse that was written before them.

The policy is written again by the uses before a midnight in the window, with the same rules, and
asked about each use after it. A use that only an unobservable grant allows says nothing about the
rules, so these are counted by themselves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.policy.evidence import ASKED, Evidence, Period, State
from analytics.remediation.policy.verdict import Verdict, verdict
from graph.aws.arn import is_account
from graph.instants import DAY
from graph.schema import USE_EVENT, USED

SHARE = 4  # the held-out part is one part of so many
NOT_SEEN, NO_GRANT, EXPIRED = (
    "no use of it was seen before, though it was watched",
    "no grant that is known gives it",
    "the end of its grant has passed",
)
ACT = ["target", "level", "action", "why"]
FLAGS = ("yes", "maybe", "proven", "expired")


@dataclass(frozen=True)
class HeldOut:
    """The later uses, as a policy of before them decides.

    `begin`, `split` and `end` are in milliseconds; counts are None where `why` says so. `allowed`
    and the count of `refused` add up to `uses`; `unseen` of the allowed ones only grants allow that
    are kept because nobody could see their use; `uncertain` may be somebody else's. `unplaced` are
    uses of which it is unknown whether they came later, or what they used. `refused` has `target`,
    `level`, `action`, `why`, `count`, `first`, `last`.
    """

    begin: int
    split: int
    end: int
    uses: int | None
    allowed: int | None
    unseen: int | None
    uncertain: int | None
    unplaced: int
    refused: pd.DataFrame
    why: str | None


def held_out(posture: Posture, evidence: Evidence, period: Period, by_action: bool) -> HeldOut:
    """Judge the uses in the last quarter of a period by a policy of the other three quarters."""
    split = (period.end - (period.end - period.begin) // SHARE) // DAY * DAY
    before = verdict(posture, evidence, period.until(split - 1))
    later = _later(posture, before, split, period.end, by_action)
    counts = {name: int(later.loc[later[name], "count"].sum()) for name in ("allowed", "refused")}
    unplaced = int(later.loc[~later["allowed"] & ~later["refused"], "count"].sum())
    uses = counts["allowed"] + counts["refused"]
    refused = (
        later[later["refused"]]
        .groupby(ACT, dropna=False, sort=False)
        .agg(count=("count", "sum"), first=("first", "min"), last=("last", "max"))
        .reset_index()
        .sort_values(["count", "target", "level"], ascending=[False, True, True], kind="stable")
    )
    action = refused["action"].astype(object)
    refused["action"] = action.where(action.notna(), None)  # grouping makes NaN of it
    if not uses:
        why = _why_nothing(posture, evidence, unplaced)
        return HeldOut(
            period.begin, split, period.end, None, None, None, None, unplaced, refused, why
        )
    unseen = int(later.loc[later["allowed"] & ~later["proven"], "count"].sum())
    placed = later["allowed"] | later["refused"]
    uncertain = int(later.loc[placed & ~later["certain"], "count"].sum())
    return HeldOut(
        period.begin,
        split,
        period.end,
        uses,
        counts["allowed"],
        unseen,
        uncertain,
        unplaced,
        refused,
        None,
    )


def _why_nothing(posture: Posture, evidence: Evidence, unplaced: int) -> str:
    frames = posture.graph.frames
    if not len(frames[USED]) and not len(frames[USE_EVENT]):
        return "no log of uses was read"
    if not len(evidence.uses):
        return "no log has a use by it"
    if unplaced:
        return "of no later use is it known when it was, and at which level"
    return "no log has a use by it in the held-out part"


def _later(
    posture: Posture, before: Verdict, split: int, end: int, by_action: bool
) -> pd.DataFrame:
    """Return the uses after the split with masks `allowed`, `refused`, `proven`, and `why`."""
    uses = before.evidence.uses
    later = uses[(uses["last"] >= split) & (uses["first"] <= end)]
    rows = _given(before, by_action)
    rows = rows[rows["use"].isin(later.index)]
    by_use = rows.groupby("use")
    chosen = {name: by_use[name].any() for name in FLAGS}
    every = by_use["yes"].all()
    matched = later.index.isin(rows["use"])
    relevant = later[matched | ~later["upstream"]]
    yes, maybe, proven, expired = (
        chosen[name].reindex(relevant.index, fill_value=False).to_numpy(bool) for name in FLAGS
    )
    certain_level = (relevant["level"] >= 0).to_numpy(bool)
    all_yes = every.reindex(relevant.index, fill_value=False).to_numpy(bool)
    known = (relevant["first"] >= split).to_numpy(bool) & ~_of_account(
        posture, before, relevant, yes
    )
    allowed = known & np.where(certain_level, yes, all_yes)
    refused = known & ~yes & ~maybe
    reason = np.where(matched[later.index.isin(relevant.index)], NOT_SEEN, NO_GRANT)
    return relevant.assign(
        allowed=allowed,
        refused=refused,
        proven=proven,
        why=np.where(expired & refused, EXPIRED, reason),
    )


def _given(before: Verdict, by_action: bool) -> pd.DataFrame:
    """Return the matches, with masks: the policy of before allows the use by the entitlement."""
    evidence = before.evidence
    rows = evidence.match
    entitlement = rows["entitlement"].to_numpy(np.int64)
    kept = before.kept[entitlement]
    actions = evidence.uses["action"].to_numpy(object)[rows["use"]].tolist()
    silent = np.array([action is None for action in actions], bool)
    named = np.ones(len(rows), bool)
    if by_action:
        used = [before.used_actions[p] for p in evidence.permission[entitlement].tolist()]
        named = np.array(
            [u is None or str(a).lower() in u for a, u in zip(actions, used, strict=True)], bool
        )
    return rows.assign(
        yes=kept & named,
        maybe=kept & ~named & silent,
        proven=kept & named & ~before.among(ASKED)[entitlement],
        expired=before.among((State.ENDED,))[entitlement],
    )


def _of_account(
    posture: Posture, before: Verdict, later: pd.DataFrame, yes: np.ndarray
) -> np.ndarray:
    """Return a mask of the uses that a log puts on the account, and that a bare action may give.

    What is done to users and roles is on their account in a log, and on themselves in a grant.
    """
    evidence = before.evidence
    bare = bool(
        (before.kept & (evidence.level < 0) & ~evidence.holdings.call[evidence.permission]).any()
    )
    ids = posture.graph.ids
    on_account = [is_account(str(ids[target])) for target in later["target"].tolist()]
    return np.asarray(np.array(on_account, bool) & ~yes & bare)
