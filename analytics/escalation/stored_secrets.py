"""Rule X1: reading or administering a secret store gives the credentials kept in it."""

from collections.abc import Iterator

import pandas as pd

from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.through_grants import through_grants
from graph.schema import STORED_IN


def derive(known: Known) -> Iterator[Derivation]:
    """Derive an edge from each holder of a reading grant to each credential in the store."""
    graph = known.graph
    credential, store = graph.ends(STORED_IN)
    stored = pd.DataFrame(
        {"resource": store, "gain": credential, "fact": graph.frames[STORED_IN]["id"]}
    )
    yield from through_grants(known, "X1", ("read", "admin"), stored[graph.in_force(STORED_IN)])


RULES = (
    EscalationRule(
        "X1",
        "Reads the store in which a credential is kept",
        ("grants", "credentials"),
        ("CAN_ACCESS", "STORED_IN"),
        ("MITRE ATT&CK T1552 Unsecured Credentials", "BloodHound AZGetSecrets"),
        derive,
    ),
)
