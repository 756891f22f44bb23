"""Review: somebody approved all of its access, or granted it, within the review cycle."""

import numpy as np
import pandas as pd

from analytics.assumptions.model import model
from analytics.assumptions.reviews import APPROVE, decisions
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.rule import plural, verb
from analytics.posture import Posture
from graph.instants import DAY, NEVER


def judge(posture: Posture) -> Judged:
    """Count the entitlements that were approved or granted recently."""
    access, days = counted(posture, "review"), f"{model().review:g}"
    because = np.array(
        [
            f"{kept} of {plural(of, 'entitlement')} {verb(kept, 'was', 'were')} "
            f"approved or granted within {days} days"
            + (f"; of {unknown} it is not known." if unknown else ".")
            for of, kept, unknown in zip(
                access.of.tolist(), access.kept.tolist(), access.unknown.tolist(), strict=True
            )
        ],
        object,
    )
    facts = pd.concat([_approvals(posture), access.facts], ignore_index=True)
    return Judged(access.kept, access.failing, access.unknown, because, facts)


def _approvals(posture: Posture) -> pd.DataFrame:
    """Return the reviews that approved an identity as a whole, within the review cycle."""
    rows, identities = decisions(posture.graph), posture.accountable
    rows = rows[(rows["decision"] == APPROVE) & rows["grant_id"].isna()]
    rows = rows[posture.graph.now - rows["at"] <= model().review * DAY]
    rows = rows[(rows["ends"] == NEVER) | (rows["ends"] > posture.graph.now)]
    rows = rows[rows["thing"].isin(identities)]
    place = np.searchsorted(identities, rows["thing"].to_numpy(np.int64))
    ids = posture.graph.things["id"].to_numpy(object)[rows["review"].to_numpy(np.int64)]
    return facts_of(place, ids, False)


CLAIM = Claim(
    name="review",
    order=5,
    says="Somebody approved all of its access, or granted it, within the review cycle.",
    needs=("reviews",),
    otherwise="A read of all of its access, with the date of each grant or its last approval.",
    remedy="Review its access, and take away what is not approved.",
    judge=judge,
)
