"""Purpose: it is stated what the identity is for."""

import numpy as np

from analytics.coverage import stated_by
from analytics.figures.claim import Claim, Judged, facts_of
from analytics.posture import Posture
from graph.schema import IDENTITIES


def judge(posture: Posture) -> Judged:
    """Tell whether a purpose is stated, is missing, or could not have been stated."""
    graph, identities = posture.graph, posture.accountable
    purpose = np.full(len(graph.ids), None, object)
    for label in IDENTITIES:
        frame = graph.frames[label]
        given = frame["purpose"].notna().to_numpy(bool)
        numbers = graph.numbers(frame["id"][given])
        purpose[numbers] = frame["purpose"][given].to_numpy(object)
    texts = purpose[identities]
    stated = np.array([text is not None for text in texts], bool)
    known = stated | stated_by(graph, "scope")[identities]
    because = np.where(known, "no purpose is stated.", "no source could have stated a purpose.")
    because = np.array(
        [f"it is for: {t}." if t else b for t, b in zip(texts, because, strict=True)]
    )
    place = np.flatnonzero(stated)
    ids = graph.things["id"].to_numpy(object)[identities[place]]
    kept, failing, unknown = (m.astype(np.int64) for m in (stated, known & ~stated, ~known))
    return Judged(kept, failing, unknown, because.astype(object), facts_of(place, ids, False))


CLAIM = Claim(
    name="purpose",
    order=2,
    says="It is stated what it is for.",
    needs=("scope",),
    otherwise="A statement of what it is for.",
    remedy="State what it is for.",
    judge=judge,
)
