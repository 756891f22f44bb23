"""What is owed for findings that somebody accepted: it stays owed, and is shown as accepted."""

from collections.abc import Mapping

import numpy as np

from analytics.debt.items import Debt
from analytics.debt.model import ASSUMPTIONS, NUMBER
from analytics.findings import find_all
from analytics.lifecycle.states import lives
from analytics.posture import Posture
from graph.frames import records

OWNER, NECESSITY = ("owner",), ("necessity",)
FEEDS: Mapping[str, tuple[str, ...]] = {  # the assumptions that a finding of a rule is about
    **dict.fromkeys(("OWN-01", "OWN-02", "OWN-03", "OWN-04", "OWN-05", "OWN-06"), OWNER),
    **dict.fromkeys(("LPR-01", "LPR-02", "LPR-05", "TIM-03", "TIM-04"), NECESSITY),
    **dict.fromkeys(("SCP-01", "SCP-02", "SCP-03"), ("scope",)),
    **dict.fromkeys(("TIM-02", "REV-02"), ("outlived",)),
    **dict.fromkeys(("EVD-01", "EVD-02"), ("evidence",)),
    "TIM-01": ("standing",),
    "REV-01": ("review",),
    "CRD-01": ("cred_age",),
    "CRD-02": ("cred_storage",),
    "CRD-03": ("cred_auth",),
    "CRD-04": ("cred_shared",),
    "CRD-05": ("cred_human",),
    "ISO-01": ("env",),
    "ISO-02": ("third_party",),
    "ISO-03": ("sod",),
}


def accepted_items(posture: Posture, owed: Debt) -> np.ndarray:
    """Return which items are about a finding whose acceptance is in force (bool).

    Those are the items of its subject of the assumptions that its rule is about, and of them
    those about its object, where any is.
    """
    chosen = np.zeros(len(owed.rows), bool)
    if posture.journal is None or not posture.journal.accepted(posture.graph.as_of):
        return chosen
    rows, units, at = owed.rows, owed.units, owed.rows.entitlement
    found = find_all(posture)
    for one in records(found[found["id"].isin(lives(posture).acceptances)]):
        kinds = [NUMBER[name] for name in FEEDS.get(str(one.rule), ())]
        number, about = int(one.subject), int(one.object)
        mine = np.isin(rows.assumption, kinds)
        mine &= (units.identity[at] == number) | (units.holder[at] == number)
        if about >= 0:
            named = rows.about == posture.graph.thing(about)["id"]
            narrow = mine & (named | (units.resource[at] == about) | (units.holder[at] == about))
            mine = narrow if narrow.any() else mine
        chosen |= mine
    return chosen


def accepted_debt(posture: Posture, owed: Debt) -> np.ndarray:
    """Return what is owed and accepted (float64[identities, assumptions])."""
    shape = len(owed.identities), len(ASSUMPTIONS)
    amount = np.where(accepted_items(posture, owed), owed.rows.debt, 0.0)
    place = owed.units.place[owed.rows.entitlement].astype(np.int64)
    cell = place * len(ASSUMPTIONS) + owed.rows.assumption
    return np.bincount(cell, amount, shape[0] * shape[1]).reshape(shape)
