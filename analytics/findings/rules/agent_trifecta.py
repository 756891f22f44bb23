"""Agents with private data, untrusted input and a way to send data out."""

import numpy as np
import pandas as pd

from analytics.evidence.matching import SENSITIVE
from analytics.findings.closing import Closing, On
from analytics.findings.families.isolation import MOST, grant_ids, judged_entitlements
from analytics.findings.families.tools import OUTWARD, PRIVATE, UNTRUSTED, called_tools
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import judged
from analytics.weights import LEVEL, SENSITIVITY
from graph.schema import AGENT, LEVELS

READ = LEVELS.index("read")


def find(posture: Posture) -> pd.DataFrame:
    """Find agents with all three; tools may bring the input, the way out, and private data too."""
    called = called_tools(posture)
    agents = judged(posture, posture.graph.has_label(AGENT))
    for capability in (UNTRUSTED, OUTWARD):
        agents = agents[np.isin(agents, called["agent"][called[capability]])]
    if not len(agents):
        return nothing()
    data = _private(posture, called, agents)
    subject = agents[np.isin(agents, data.index)]
    private_data = data.loc[subject]
    steps = called[(called[UNTRUSTED] | called[OUTWARD]) & called["agent"].isin(subject)]
    facts = gathered(steps, ["agent"], "fact", MOST)
    names = posture.graph.things["name"]
    sentences = [
        f"{names[agent]} can read {private}, takes in what strangers write by "
        f"{_tool(steps, agent, UNTRUSTED)}, and can send it out by {_tool(steps, agent, OUTWARD)}."
        for agent, private in zip(subject, private_data["what"], strict=True)
    ]
    return findings_of(
        posture,
        subject,
        sentences,
        since=posture.created_at[subject],
        other=private_data["resource"].to_numpy(int),
        weighs=private_data["weighs"].to_numpy(float),
        evidence=[
            facts[agent] + more for agent, more in zip(subject, private_data["facts"], strict=True)
        ],
        floor=["critical" if worst else "" for worst in private_data["restricted"]],
        closed_by=[_fewest(called, agent) for agent in subject],
    )


def _fewest(called: pd.DataFrame, agent: int) -> tuple[str, ...]:
    """Return the calls to take away: all ways out, or all that bring input if those are fewer."""
    own = called[called["agent"] == agent]
    sides = [tuple(sorted(own["fact"][own[side]])) for side in (OUTWARD, UNTRUSTED)]
    return min(sides, key=len)


def _private(posture: Posture, called: pd.DataFrame, agents: np.ndarray) -> pd.DataFrame:
    """Return the most sensitive private data that each of `agents` reads."""
    rows = judged_entitlements(posture)
    rows = rows[np.isin(rows["identity"], agents)]
    rows = rows[(rows["level"] == READ) & (rows["sensitivity"] >= SENSITIVE)]
    facts = grant_ids(posture, rows, ["identity"])
    worst = rows.sort_values(["exposure", "resource"], ascending=[False, True])
    worst = worst.drop_duplicates("identity").set_index("identity").sort_index()
    names = posture.graph.things["name"].to_numpy(object)
    by_grant = pd.DataFrame(
        {
            "resource": worst["resource"],
            "what": names[worst["resource"].to_numpy(int)],
            "weighs": worst["exposure"],
            "restricted": worst["sensitivity"] >= SENSITIVITY["restricted"],
            "facts": facts,
        }
    )
    tools = called[called[PRIVATE]].sort_values("fact").drop_duplicates("agent")
    tools = tools.set_index("agent")
    by_tool = pd.DataFrame(
        {
            "resource": tools["tool"],
            "what": tools["name"],
            "weighs": posture.autonomy[tools.index.to_numpy(int)] * SENSITIVE * LEVEL["read"],
            "restricted": False,
            "facts": [(fact,) for fact in tools["fact"]],
        },
        index=tools.index,
    )
    rest = by_tool[~by_tool.index.isin(by_grant.index)]
    return pd.concat([part for part in (by_grant, rest) if len(part)] or [by_grant])


def _tool(steps: pd.DataFrame, agent: int, capability: str) -> str:
    tools = steps[(steps["agent"] == agent) & steps[capability]]
    return str(tools["name"].min())


RULE = Rule(
    id="ISO-04",
    name="agent_trifecta",
    title="Private data, untrusted input and a way out in one agent",
    family="Isolation",
    weight=9 / 12,
    needs=(),
    facts=("CALLS", "Tool.capabilities"),
    feeds=NOTHING,  # what is handed on to others, who owe for it themselves
    remedy="Take one of the three away: the data, the untrusted input, or the way out.",
    references=(
        "OWASP ASI01:2026 Agent Goal Hijack",
        "OWASP ASI02:2026 Tool Misuse and Exploitation",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-4",
        "NIST SP 800-53 AC-6",
        "MITRE ATLAS AML.M0030",
        "MITRE ATLAS AML.T0086",
        "CSA AICM AIS-11",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
