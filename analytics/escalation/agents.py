"""Rules X2 and X3: control of an agent by changes of its compute or its instructions."""

from collections.abc import Iterator

import pandas as pd

from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.through_grants import CHANGES, through_grants
from graph.schema import AGENT

NO_LEADS = pd.DataFrame({"resource": [], "gain": [], "fact": []})


def hosted(known: Known) -> Iterator[Derivation]:
    """X2: changes or administers the compute that an agent runs on."""
    yield from through_grants(known, "X2", CHANGES, _leads(known, "host_id"))


def instructed(known: Known) -> Iterator[Derivation]:
    """X3: changes the repository, configuration or prompt that holds an agent's instructions."""
    yield from through_grants(known, "X3", CHANGES, _leads(known, "charter_id"))


def _leads(known: Known, named_by: str) -> pd.DataFrame:
    """Return the agents, each with the resource that one of its properties names."""
    agents = known.graph.frames[AGENT]
    agents = agents[agents[named_by].notna()]
    if agents.empty:
        return NO_LEADS
    resource = known.graph.numbers(agents[named_by])
    leads = pd.DataFrame(
        {"resource": resource, "gain": known.graph.numbers(agents["id"]), "fact": ""}
    )
    return leads[leads["resource"] >= 0]


RULES = (
    EscalationRule(
        "X2",
        "Changes the compute that an agent runs on",
        ("grants",),
        ("Agent.host_id",),
        ("MITRE ATT&CK T1651 Cloud Administration Command", "BloodHound AZManagedIdentity"),
        hosted,
    ),
    EscalationRule(
        "X3",
        "Changes the instructions of an agent",
        ("grants",),
        ("Agent.charter_id",),
        ("MITRE ATLAS AML.T0081 Modify AI Agent Configuration",),
        instructed,
    ),
)
