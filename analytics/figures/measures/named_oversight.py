"""Share of agents that a named person answers for."""

from analytics.figures.measure import MORE, SHARE, Measure, Measured, population, ratio
from analytics.ownership.owners import NOBODY
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from graph.schema import AGENT


def measure(posture: Posture) -> Measured:
    """Return the share of agents in service that an active person answers for.

    Who answers for an agent answers for those that it spawned; a team is no person.
    """
    identities = population(posture).identities
    agents = identities[posture.graph.has_label(AGENT)[identities]]
    overseen = accountable_people(posture)[agents] != NOBODY
    known = posture.ownership.known[agents]
    return ratio(
        int((overseen & known).sum()),
        int(known.sum()),
        "of no agent in service are the owners known",
        unknown=int((~known).sum()),
    )


MEASURE = Measure(
    name="named_oversight",
    order=62,
    title="Agents overseen by a person",
    numerator="agents with an active owner, their own or inherited, that is a named person",
    denominator="agents in service of which sources state owners",
    unit=SHARE,
    better=MORE,
    source="Regulation (EU) 2024/1689, article 26(2): oversight by natural persons",
    rows="trustdebt orphans",
    measure=measure,
    needs=("owners",),
    target=1.0,
    references=("EU AI Act 26.2", "CSA AICM GRC-15"),
)
