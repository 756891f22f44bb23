"""By which fact a source tells that an agent acts: for some by every one, for others by one only.

Whoever judges by one of these facts alone takes agents for dormant that are not. What is told is
told of plain agents, whose account and first key nobody else has.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.generator.access import Access
from ingest.generator.population import Population

EVERYTHING = "everything"
BY_ITSELF = ("agent", "account")  # `last_active_at` of it, `last_used_at` of its account
BY_KEY = ("key", "login", "sign_in", "used", "event")  # of its first key, or seen with it
BY_PLATFORM = ("account", "run")  # of its account, or of the step by which it runs as that
WAYS = (*BY_ITSELF, *BY_KEY, "run")
PART = 0.6  # share of the plain agents of which one fact alone tells


@dataclass(frozen=True)
class Told:
    """The `way` of each agent, and the `resource` (number) that it is seen using, or -1."""

    way: np.ndarray
    resource: np.ndarray

    def by(self, *ways: str) -> np.ndarray:
        """Return of which agents one of these ways tells, or every one does (bool)."""
        return np.asarray(np.isin(self.way, (EVERYTHING, *ways)))

    def only(self, *ways: str) -> np.ndarray:
        """Return of which agents one of these ways alone tells (bool)."""
        return np.asarray(np.isin(self.way, ways))


def tell(population: Population, access: Access, rng: np.random.Generator) -> Told:
    """Draw by which fact each agent's activity is told."""
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
    return Told(np.where(unseen, "key", way), resource)


def _seen_at(access: Access, count: int) -> np.ndarray:
    """Choose for each agent something insensitive that its account was always granted."""
    grants = access.grants
    plain = (grants["kind"] == "direct") & (grants["agent"] >= 0) & grants["end"].isna()
    plain &= access.resources["sensitivity"].to_numpy()[grants["resource"]] < 2
    first: pd.Series = grants[plain].drop_duplicates("agent").set_index("agent")["resource"]
    return np.asarray(first.reindex(range(count)).fillna(-1).astype(int))
