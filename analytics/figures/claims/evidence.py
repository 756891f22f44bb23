"""Evidence: each recent use of what is confidential or more was decided before it happened."""

import numpy as np
import pandas as pd

from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.matching import SENSITIVE, UNKNOWN, recent
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.rule import plural
from analytics.posture import UNUSED_DAYS, Posture


def judge(posture: Posture) -> Judged:
    """Count the sensitive uses of the last 90 days that a decision explains, or none does.

    Entitlements to what is sensitive whose use nobody could have seen are unknown.
    """
    identities = posture.accountable
    rows = recent(posture)
    rows = rows[(rows["sensitivity"] >= SENSITIVE) & rows["identity"].isin(identities)]
    place = np.searchsorted(identities, rows["identity"].to_numpy(np.int64))
    state, count = rows["state"].to_numpy(np.int64), rows["count"].to_numpy(np.int64)
    masks = (state == EXPLAINED, (state != EXPLAINED) & (state != UNKNOWN), state == UNKNOWN)
    kept, failing, unsure = (
        np.bincount(place[mask], count[mask], len(identities)).astype(np.int64) for mask in masks
    )
    unseen = counted(posture, "evidence").unknown
    because = np.array(
        [
            f"a decision explains {explained} of {plural(of, 'sensitive use')} in the last "
            f"{UNUSED_DAYS} days"
            + (f"; of {unknown} it is not known" if unknown else "")
            + ("; not all use of what is sensitive could have been seen." if hidden else ".")
            for explained, of, unknown, hidden in zip(
                kept.tolist(),
                (kept + failing + unsure).tolist(),
                unsure.tolist(),
                unseen.tolist(),
                strict=True,
            )
        ],
        object,
    )
    facts = pd.concat(
        [facts_of(place, rows[name].to_numpy(object), masks[1]) for name in ("id", "decision")],
        ignore_index=True,
    )
    facts = facts[facts["fact"].notna()]
    return Judged(kept, failing, unsure + unseen, because, facts)


CLAIM = Claim(
    name="evidence",
    order=7,
    says="Each recent use of what is confidential or more was decided before it happened.",
    needs=("usage", "decisions"),
    remedy="Find out why it was used, and let a policy decide on it beforehand.",
    judge=judge,
)
