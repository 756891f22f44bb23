"""Evidence: each recent use of what is confidential or more was decided before it happened."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import entitlements
from analytics.assumptions.model import model
from analytics.coverage import stated_by
from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.matching import SENSITIVE, UNKNOWN, recent
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.rule import plural
from analytics.posture import UNUSED_DAYS, Posture


def judge(posture: Posture) -> Judged:
    """Count the sensitive uses of the last 90 days that a decision explains, or none does.

    Uses of what nobody classified, without a decision, may be sensitive: they are unknown. So is
    access to what is or may be sensitive if its use could not have been seen; and without any
    sensitive use the claim holds only where uses and decisions are recorded.
    """
    identities, unclassified = posture.accountable, _unclassified(posture)
    rows = recent(posture)
    state, count = rows["state"].to_numpy(np.int64), rows["count"].to_numpy(np.int64)
    sensitive = (rows["sensitivity"] >= SENSITIVE).to_numpy(bool)
    unsure = unclassified[rows["resource"].to_numpy(np.int64)] & (state != EXPLAINED)
    masks = {
        "kept": sensitive & (state == EXPLAINED),
        "failing": sensitive & (state != EXPLAINED) & (state != UNKNOWN),
        "unknown": (sensitive & (state == UNKNOWN)) | unsure,
    }
    identity = rows["identity"].to_numpy(np.int64)
    own = np.isin(identity, identities)
    place = np.searchsorted(identities, identity)  # means something for its own only
    sums = {
        name: np.bincount(place[own & mask], count[own & mask], len(identities)).astype(np.int64)
        for name, mask in masks.items()
    }
    unseen = counted(posture, "evidence").unknown + _unseen(posture, unclassified)
    recorded = stated_by(posture.graph, "usage") & stated_by(posture.graph, "decisions")
    silent = ~recorded[identities] & (sums["kept"] + sums["failing"] == 0)
    shown = own & (masks["kept"] | masks["failing"] | masks["unknown"])
    facts = pd.concat(
        [
            facts_of(place[shown], rows[name].to_numpy(object)[shown], masks["failing"][shown])
            for name in ("id", "decision")
        ],
        ignore_index=True,
    )
    return Judged(
        sums["kept"],
        sums["failing"],
        sums["unknown"] + unseen + silent,
        _because(sums, (unseen > 0) | silent),
        facts[facts["fact"].notna()],
    )


def _unclassified(posture: Posture) -> np.ndarray:
    """Return a mask of the resources that may be sensitive: nobody classified them."""
    known = posture.sensitivities
    return np.asarray((known["assumed"] & (known["weight"] < SENSITIVE)).to_numpy(bool))


def _unseen(posture: Posture, unclassified: np.ndarray) -> np.ndarray:
    """Count the entitlements to what nobody classified whose use could not have been seen."""
    units = entitlements(posture, model())
    unseen = unclassified[units.resource] & ~posture.graph.grant_use[0][units.grant]
    return np.bincount(units.place, unseen, len(units.identities)).astype(np.int64)


def _because(sums: dict[str, np.ndarray], hidden: np.ndarray) -> np.ndarray:
    of = sums["kept"] + sums["failing"]
    return np.array(
        [
            f"a decision explains {explained} of {plural(count, 'sensitive use')} in the last "
            f"{UNUSED_DAYS} days"
            + (f"; of {plural(unknown, 'more use')} it is not known" if unknown else "")
            + ("; not all use could have been seen." if unseen else ".")
            for explained, count, unknown, unseen in zip(
                sums["kept"].tolist(),
                of.tolist(),
                sums["unknown"].tolist(),
                hidden.tolist(),
                strict=True,
            )
        ],
        object,
    )


CLAIM = Claim(
    name="evidence",
    order=7,
    says="Each recent use of what is confidential or more was decided before it happened.",
    needs=("usage", "decisions"),
    otherwise="A log that shows each use of what it may access, with its time; and a class for "
    "each resource.",
    remedy="Find out why it was used, and let a policy decide on it beforehand.",
    judge=judge,
)
