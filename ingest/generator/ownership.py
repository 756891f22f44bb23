"""Synthetic owners of agents, with their dates and planted defects.

Every agent has one ownership state. The states exclude each other, and children inherit only
from parents in state `owned`, so that the state of one agent does not affect another's labels.
"""

import numpy as np
import pandas as pd

from ingest.generator.population import OVER, Population

STATES = {  # share of the agents that are free to vary
    "leaver": 0.06,  # both owners left
    "half_leaver": 0.04,  # the business owner left
    "nobody": 0.05,
    "hollow_team": 0.02,
    "team_only": 0.06,
    "business_only": 0.04,
    "technical_only": 0.04,
    "self_owned": 0.01,
    "software_owned": 0.01,
    "silent": 0.04,  # an owner who never accepted
    "replaced": 0.05,  # owned today; without an owner some months ago
}
GRACE = 45  # days within which an owner must accept


def ownership_states(population: Population, rng: np.random.Generator) -> np.ndarray:
    """Draw the ownership state of each agent."""
    agents = population.agents
    state = np.full(len(agents), "owned", object)
    place = agents["place"]
    free = np.flatnonzero(~place.isin(["governed", "parent", "child", *OVER]) & ~agents["young"])
    order, at = rng.permutation(free), 0
    for name, part in STATES.items():
        size = max(1, round(len(free) * part))
        state[order[at : at + size]] = name
        at += size
    state[place == "abandoned"] = "leaver"
    state[place == "stray"] = "stray"
    kids = np.flatnonzero(place == "child")
    state[kids[rng.random(len(kids)) < 0.3]] = "heir"
    return state


def draw_owners(
    population: Population, states: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the rows of OWNS: `owner` (id), `thing` (id), `role`, `start`, `end`, `acknowledged`."""
    parts = [_agents_owners(population, states, rng), _tool_owners(population, rng)]
    return pd.concat(parts, ignore_index=True).astype({"owner": "string", "thing": "string"})


class _People:
    """A choice of people as owners, by unit."""

    def __init__(self, population: Population, rng: np.random.Generator) -> None:
        people, teams, self.rng = population.people, population.teams, rng
        self.ids = people["id"].to_numpy(object)
        self.left = people["left"].to_numpy()
        self.stay = self._by_unit(people["unit"], np.isnan(self.left))
        self.gone = self._by_unit(people["unit"], ~np.isnan(self.left))
        self.teams = self._by_unit(teams["unit"], ~teams["hollow"])
        self.hollow = np.flatnonzero(teams["hollow"])
        self.team_ids = teams["id"].to_numpy(object)

    def _by_unit(self, unit: pd.Series, mask: np.ndarray | pd.Series) -> list[np.ndarray]:
        return [np.flatnonzero((unit == u) & mask) for u in range(int(unit.max()) + 1)]

    def draw(self, pools: list[np.ndarray], units: np.ndarray) -> np.ndarray:
        return np.array([pools[u][self.rng.integers(len(pools[u]))] for u in units], int)


def _agents_owners(
    population: Population, states: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    people, agents = _People(population, rng), population.agents
    unit, thing = agents["unit"].to_numpy(), agents["id"].to_numpy(object)
    created = agents["created"].to_numpy()
    pairs = {r: people.draw(people.stay, unit) for r in ("business", "technical")}
    gone = people.draw(people.gone, unit)
    rows: list[pd.DataFrame] = []

    def own(mask: np.ndarray, owner: np.ndarray, role: str, **facts: np.ndarray | float) -> None:
        start = facts.pop("start", created)
        acknowledged = facts.pop(
            "acknowledged", np.asarray(start) + rng.uniform(0.1, 5, len(thing))
        )
        frame = pd.DataFrame(
            {
                "owner": owner,
                "thing": thing,
                "role": role,
                "start": start,
                "end": facts.pop("end", np.nan),
                "acknowledged": acknowledged,
            }
        )
        rows.append(frame[mask])

    def state(*names: str) -> np.ndarray:
        return np.isin(states, names)

    stay = {role: people.ids[pairs[role]] for role in pairs}
    leaver = people.ids[gone]
    for role, also in (("business", "business_only"), ("technical", "technical_only")):
        owned = state("owned", also) | (
            state("half_leaver", "silent", "replaced") & (role == "technical")
        )
        own(owned, stay[role], role)
        own(state("leaver"), leaver, role)
        own(state("self_owned"), thing, role)
        own(state("team_only"), people.team_ids[people.draw(people.teams, unit)], role)
        hollow = people.hollow[np.arange(len(thing)) % len(people.hollow)]
        own(state("hollow_team"), people.team_ids[hollow], role)
    left = (agents["place"] == "ended").to_numpy() & (agents["ended_as"] == "deleted").to_numpy()
    for role in pairs:  # the account of a deleted agent still needs owners
        own(left, stay[role], role)
        rows[-1] = rows[-1].assign(thing="svc-" + rows[-1]["thing"])
    own(state("half_leaver"), leaver, "business")
    other = (np.arange(len(thing)) + 1) % len(thing)
    both = np.maximum(created, created[other])  # no owner before both exist
    software = state("software_owned") & (len(thing) > 1)
    own(software, thing[other], "business", start=both)
    handed = np.minimum(rng.uniform(-120, -GRACE, len(thing)), -GRACE)
    own(state("silent"), leaver, "business", end=handed)
    own(state("silent"), stay["business"], "business", start=handed, acknowledged=np.nan)
    left = people.left[gone]
    named = np.where(left < -50, np.minimum(left + 90, -10), left / 2)
    own(state("replaced"), leaver, "business", end=named)
    own(state("replaced"), stay["business"], "business", start=named)
    return pd.concat(rows, ignore_index=True)


def _tool_owners(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Give every tool, and the account it runs as, two active owners."""
    people, tools = _People(population, rng), population.tools
    unit = tools["unit"].to_numpy()
    parts = []
    for role in ("business", "technical"):
        owner = people.ids[people.draw(people.stay, unit)]
        parts += [
            pd.DataFrame({"owner": owner, "thing": thing, "role": role})
            for thing in (tools["id"], "svc-" + tools["id"])
        ]
    owned = pd.concat(parts, ignore_index=True)
    return owned.assign(start=-900.0, end=np.nan, acknowledged=-898.0)
