"""Share of identities with owner, purpose and review."""

import numpy as np

from analytics.assumptions.entitlements import blocks
from analytics.assumptions.model import model
from analytics.assumptions.reviews import reviews
from analytics.coverage import stated_by
from analytics.figures.measure import MORE, SHARE, Measure, Measured, population, ratio
from analytics.posture import Posture
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS, IDENTITIES

NEEDS = ("owners", "scope", "reviews")


def measure(posture: Posture) -> Measured:
    """Return the share of identities with an owner, a purpose and a date of review."""
    identities = population(posture).identities
    owned, purpose, reviewed = parts(posture)
    stated = [stated_by(posture.graph, kind)[identities] for kind in NEEDS if kind != "owners"]
    known = np.logical_and.reduce([posture.ownership.known[identities], *stated])
    return ratio(
        int((owned & purpose & reviewed & known).sum()),
        int(known.sum()),
        "of no identity in service all three could be known",
        with_owner=int((owned & known).sum()),
        with_purpose=int((purpose & known).sum()),
        with_review=int((reviewed & known).sum()),
        unknown=int((~known).sum()),
    )


def parts(posture: Posture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return masks of the identities in service with an owner, with a purpose and with a review."""
    graph, identities = posture.graph, population(posture).identities
    owned = posture.ownership.known & ~posture.ownership.nobody()
    purpose = np.zeros(len(graph.ids), bool)
    for label in IDENTITIES:
        frame = graph.frames[label]
        purpose[graph.numbers(frame["id"])] = frame["purpose"].notna().to_numpy(bool)
    reviewed = (reviews(graph).last_thing != NEVER) | _grants_reviewed(posture)
    return owned[identities], purpose[identities], reviewed[identities]


def _grants_reviewed(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes with an entitlement whose grant was ever reviewed."""
    graph = posture.graph
    decided = reviews(graph).last_grant != NEVER
    decided |= milliseconds(graph.frames[CAN_ACCESS]["reviewed_at"]) != NEVER
    mask = np.zeros(len(graph.ids), bool)
    for units in blocks(posture, model()):
        mask[units.identity[decided[units.grant]]] = True
    return mask


MEASURE = Measure(
    name="lifecycle_evidence",
    order=91,
    title="Lifecycle evidence",
    numerator="identities with an owner, a purpose and a date of review",
    denominator="accountable identities in service of which all three could be known",
    unit=SHARE,
    better=MORE,
    source="CIS Controls 8.1, 5.5: department owner, review date and purpose",
    rows="trustdebt identities",
    measure=measure,
    needs=NEEDS,
    target=1.0,
    references=(
        "CIS Controls 5.5",
        "NIST CSF 2.0 ID.AM-08",
        "NIST AI RMF GOVERN 1.6",
        "NIST SP 800-53 AC-2",
        "ISO/IEC 42001 A.6.2.5",
    ),
)
