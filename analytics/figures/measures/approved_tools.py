"""Share of callable tools that are approved."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, population, ratio
from analytics.findings.families.tools import callable_tools
from analytics.posture import Posture
from graph.access import flags


def measure(posture: Posture) -> Measured:
    """Return the share of callable tools that are approved, where approval is declared."""
    tools = callable_tools(posture, population(posture).identities)
    known = tools["approved"].notna()
    return ratio(
        int(flags(tools["approved"]).sum()),
        int(known.sum()),
        "of no tool that an agent in service may call it is known whether it was approved",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="approved_tools",
    order=112,
    title="Approved tools",
    numerator="tools that were approved for use",
    denominator="tools that identities in service may call, where approval is known",
    unit=SHARE,
    better=MORE,
    source="NIST AI RMF MAP 4.2: internal risk controls for components",
    rows="trustdebt show TOOL",
    measure=measure,
    target=1.0,
    references=(
        "NIST AI RMF MAP 4.2",
        "OWASP Agentic Threats T2 Tool Misuse",
        "MITRE ATLAS AML.M0028",
        "ISO/IEC 42001 A.4.4",
        "CSA AICM IAM-19",
        "OWASP AISVS C10.1.2",
        "MITRE ATLAS AML.T0110",
    ),
)
