"""A synthetic estate with its whole history, before it is rendered as of a day."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ingest.generator.access import Access, grant_access
from ingest.generator.activity.evidence import EvidencePlan, plan_evidence, platforms
from ingest.generator.activity.facts import ActivityFacts, draw_activity_facts
from ingest.generator.clock import Recurring
from ingest.generator.credentials import Credentials, issue
from ingest.generator.ownership import draw_owners, ownership_states
from ingest.generator.population import Population, populate
from ingest.generator.structure import Structure, connect

LEGACY = 3  # credentials in each legacy vault


@dataclass(frozen=True)
class World:
    """All latent facts of an estate.

    `states` is the ownership state of each agent, `past_members` those members of the empty teams,
    `in_legacy_vault` the mask of the credentials in a vault that an agent can read.
    """

    population: Population
    access: Access
    credentials: Credentials
    structure: Structure
    states: np.ndarray
    owns: pd.DataFrame
    evidence: EvidencePlan
    past_members: pd.DataFrame
    in_legacy_vault: np.ndarray
    active: Recurring
    aars: np.ndarray
    activity_facts: ActivityFacts

    @cached_property
    def platforms(self) -> np.ndarray:
        """The platform of each resource; see `ingest.generator.activity.evidence.platforms`."""
        return platforms(self.evidence, self.population, self.access)

    def alive(self, at: float) -> pd.Series:
        """Return the ids of the agents made by day `at`, of all tools, and of their accounts."""
        agents, tools = self.population.agents, self.population.tools["id"]
        made = agents["id"][agents["created"] <= at]
        return pd.concat([made, "svc-" + made, tools, "svc-" + tools], ignore_index=True)

    @property
    def idle_login(self) -> np.ndarray:
        """The mask of the agents without a recent login (bool).

        Everything they reach is reached over an idle step.
        """
        return self.population.agents["dormant"].to_numpy(bool)


def make_world(count: int, seed: int) -> World:
    """Draw an estate of `count` agents. Equal arguments give equal estates."""
    rngs = iter(np.random.default_rng(seed).spawn(9))
    population = populate(count, next(rngs))
    access = grant_access(population, next(rngs))
    credentials = issue(population, next(rngs))
    structure = connect(population, access, next(rngs))
    rng = next(rngs)
    states = ownership_states(population, rng)
    return World(
        population,
        access,
        credentials,
        structure,
        states,
        draw_owners(population, states, rng),
        plan_evidence(population, access, next(rngs)),
        _past_members(population),
        _in_legacy_vault(population, credentials),
        _active(population),
        np.where(
            population.agents["kind"] == "ai_agent", next(rngs).integers(4, 17, count) / 2, 0.0
        ),
        draw_activity_facts(population, access, next(rngs)),
    )


def _active(population: Population) -> Recurring:
    agents = population.agents
    stopped = agents["stopped"].to_numpy()
    return Recurring(
        agents["created"].to_numpy() + 0.1,
        agents["period"].to_numpy(),
        np.where(np.isnan(stopped), np.inf, stopped),
    )


def _past_members(population: Population) -> pd.DataFrame:
    """Assign two people who left the unit as past members of each empty team."""
    people, teams = population.people, population.teams
    rows = []
    for team in np.flatnonzero(teams["hollow"]):
        unit = teams["unit"].iloc[team]
        gone = np.flatnonzero(people["left"].notna() & (people["unit"] == unit))
        rows += [(person, team) for person in gone[:2]]
    return pd.DataFrame(rows, columns=["person", "team"], dtype=int)


def _in_legacy_vault(population: Population, credentials: Credentials) -> np.ndarray:
    """Choose up to three vaulted credentials of plain agents in each unit and environment."""
    keys = credentials.keys
    of = population.agents.iloc[keys["agent"]].reset_index(drop=True)
    fit = (of["place"] == "plain") & (keys["storage"] == "vault") & keys["leaked"].isna()
    fit &= ~of["young"] & ~keys["expired"]
    nth = of[fit].groupby(["unit", "env"]).cumcount()
    chosen = np.zeros(len(keys), bool)
    chosen[nth.index[nth < LEGACY]] = True
    return chosen
