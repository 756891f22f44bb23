"""A secret that lives long and was not changed for long."""

import pandas as pd

from analytics.ownership import DAY
from analytics.posture import Posture
from analytics.rule import Rule, day
from analytics.rules_of_credentials import LONG_LIVED_DAYS, about_credentials, held, later
from graph.access import NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find secrets valid for more than `LONG_LIVED_DAYS` days and not changed for as long.

    One of which nobody says when it was made is unknown, not old.
    """
    rows, limit = held(posture), LONG_LIVED_DAYS * DAY
    changed = rows[["created", "rotated"]].max(axis=1)
    known = rows["secret"] & (changed != NEVER)
    age = posture.graph.now - changed.where(known, 0)
    valid = rows["expires"] - changed.where(known, 0)
    old = known & (age > limit) & ((rows["expires"] == NEVER) | (valid > limit))
    mine = rows.assign(changed=changed)[old]
    return about_credentials(
        posture,
        mine,
        later(mine["changed"].to_numpy(), LONG_LIVED_DAYS),
        lambda row, who: (
            f"{row.name} of {who} was not changed since {day(row.changed)} and "
            + ("never ends." if row.expires == NEVER else f"ends on {day(row.expires)}.")
        ),
        "Rotate {} and give it an end within 90 days, or replace it by a federated identity.",
    )


RULE = Rule(
    id="CRD-01",
    name="long_lived_credential",
    title="Long-lived or unrotated credential",
    weight=8 / 12,
    needs=("credentials",),
    remedy="Rotate it and give it an end within 90 days, or replace it by a federated identity.",
    references=(
        "OWASP NHI7:2025 Long-Lived Secrets",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 IA-5",
        "CIS AWS Foundations 2.13",
    ),
    find=find,
)
