"""A credential that is alive though it expired or nobody uses it."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.ownership import DAY
from analytics.posture import Posture
from analytics.rule import Rule, day
from analytics.rules_of_credentials import DORMANT_DAYS, about_credentials, held, later
from graph.access import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find credentials past their end, or not used for more than `DORMANT_DAYS` days.

    What was never used counts from when it was made, where its use would have been seen.
    """
    rows, now = held(posture), posture.graph.now
    over = (rows["expires"] != NEVER) & (rows["expires"] <= now)
    known = (rows["used"] != NEVER) | rows["observed"]
    made = rows[["created", "rotated"]].max(axis=1)
    last = rows["used"].where(rows["used"] != NEVER, made)
    idle = known & (last != NEVER) & (now - last.where(last != NEVER, 0) > DORMANT_DAYS * DAY)
    since = np.where(over, rows["expires"], later(last.to_numpy(), DORMANT_DAYS))
    mine = rows.assign(over=over)[over | idle]
    return about_credentials(
        posture,
        mine,
        since[mine.index],
        lambda row, who: f"{row.name} of {who} is still active: {_told(row)}.",
        "Disable {}, wait, then delete it.",
    )


def _told(row: Any) -> str:
    if row.over:
        return f"it expired on {day(row.expires)}"
    used = row.used
    return "it was never used" if used == NEVER else f"it was last used on {day(used)}"


RULE = Rule(
    id="CRD-06",
    name="idle_credential",
    title="Credential alive though unused or expired",
    weight=1.0,
    needs=("credentials",),
    remedy="Disable it, wait, then delete it.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP NHI7:2025 Long-Lived Secrets",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 AC-2(3)",
        "CIS Controls 5.3",
    ),
    find=find,
)
