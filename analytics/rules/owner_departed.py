"""An identity whose every owner in a role has left."""

import pandas as pd

from analytics.posture import Posture
from analytics.rule import Rule, found
from analytics.rules_of_ownership import departed, judged_rows
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that had an owner in a role, and have none that is still active."""
    rows = judged_rows(posture, departed(posture.ownership))
    rows = rows.sort_values(["ended", "owner", "id"])
    last = rows.drop_duplicates("thing", keep="last")
    names = posture.graph.things["name"]
    said = [
        f"The last {r.role} owner of {names[r.thing]}, {names[r.owner]}, is gone; nobody took over."
        for r in records(last)
    ]
    return found(
        posture,
        last["thing"].to_numpy(),
        said,
        last["ended"].to_numpy(),
        last["owner"].to_numpy(),
        evidence=[(i,) for i in last["id"]],
    )


RULE = Rule(
    id="OWN-02",
    name="owner_departed",
    title="Owner departed or disabled",
    weight=1.0,
    needs=("owners",),
    remedy="Transfer it and rotate every credential the owner could copy, or decommission it.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 PS-4",
        "MITRE ATT&CK T1078.004",
    ),
    find=find,
)
