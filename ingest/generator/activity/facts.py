"""The facts that show an agent's activity: all of them for some agents, one only for others.

A judgement by one of these facts alone takes active agents for dormant. Single facts are drawn
only for plain agents, whose account and first key no other agent uses.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.generator.access import Access
from ingest.generator.population import Population

EVERYTHING = "everything"
BY_ITSELF = ("agent", "account")  # `last_active_at` of the agent, `last_used_at` of its account
BY_KEY = ("key", "login", "sign_in", "used", "event")  # of its first key, or uses with it
BY_PLATFORM = ("account", "run")  # of its account, or of the step by which it runs as it
WAYS = (*BY_ITSELF, *BY_KEY, "run")
PART = 0.6  # share of the plain agents whose activity one fact alone shows


@dataclass(frozen=True)
class ActivityFacts:
    """The `way` that shows each agent's activity, and the `resource` (number) it uses, or -1."""

    way: np.ndarray
    resource: np.ndarray

    def by(self, *ways: str) -> np.ndarray:
        """Return the mask of the agents whose activity one of these facts shows (bool)."""
        return np.asarray(np.isin(self.way, (EVERYTHING, *ways)))

    def only(self, *ways: str) -> np.ndarray:
        """Return the mask of the agents whose activity only one of these facts shows (bool)."""
        return np.asarray(np.isin(self.way, ways))


def draw_activity_facts(
    population: Population, access: Access, rng: np.random.Generator
) -> ActivityFacts:
    """Draw the fact that shows each agent's activity."""
    agents = population.agents
    keyed, count = agents["keyed"].to_numpy(bool), len(agents)
    fit = (agents["place"] == "plain").to_numpy() & (rng.random(count) < PART)
    lot = rng.random(count)
    way = np.full(count, EVERYTHING, object)
    for mask, ways in ((keyed, (*BY_ITSELF, *BY_KEY)), (~keyed, BY_PLATFORM)):
        drawn = np.array(ways, object)[np.floor(lot * len(ways)).astype(int)]
        way = np.where(fit & mask, drawn, way)
    resource = _seen_at(access, count)
    unseen = np.isin(way, ("used", "event")) & (resource < 0)
    return ActivityFacts(np.where(unseen, "key", way), resource)


def _seen_at(access: Access, count: int) -> np.ndarray:
    """Choose for each agent an insensitive resource that its account was always granted."""
    grants = access.grants
    plain = (grants["kind"] == "direct") & (grants["agent"] >= 0) & grants["end"].isna()
    plain &= access.resources["sensitivity"].to_numpy()[grants["resource"]] < 2
    first: pd.Series = grants[plain].drop_duplicates("agent").set_index("agent")["resource"]
    return np.asarray(first.reindex(range(count)).fillna(-1).astype(int))
