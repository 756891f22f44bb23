"""The synthetic population: agents, accounts, people, teams and tools.

Each agent gets a place in the structure first (`place`), such as child, holder of a shared
credential or one side of a delegation. Places exclude each other, so that a defect planted in
one never causes, unnoticed, a label of another.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.generator.names import FAMILY, FIRST, JOBS, SORTS, TOOLS, UNITS, numbered, pick

KINDS = ("ai_agent", "bot", "workload")
ENVS = ("prod", "staging", "dev")
PROVIDERS = ("aws", "azure", "gcp", "github")
PLATFORMS = ("bedrock", "foundry", "vertex", "langgraph", "cron")
OVER = ("retired", "ended", "gone")  # places of agents that ended
ENDED = ("disabled", "retired", "deleted")  # the ways in which an agent ends
GOVERNED = 0.12  # share of agents without any defect: the controls
YOUNG = 0.08  # share of agents created in the last two months
PLACES = {  # share of all agents
    "parent": 0.04,
    "retired": 0.007,
    "abandoned": 0.005,
    "ended": 0.01,  # disabled, retired or deleted, with a live account and key
    "gone": 0.007,  # ended as well, without anything left
    "revived": 0.007,  # deleted once, and recreated under the same name
    "child": 0.07,
    "stray": 0.015,  # children of the retired and the abandoned
    "lender": 0.02,
    "borrower": 0.02,  # uses the lender's credential and account
    "conflicted": 0.008,
    "crossing": 0.02,
    "trifecta": 0.015,
    "secret_reader": 0.007,
    "chained": 0.02,
    "grown": 0.015,  # got much more access some months ago
    "delegate": 0.05,
    "unscoped": 0.015,
    "unexplained": 0.025,
    "denied": 0.007,
    "late": 0.012,
}


@dataclass(frozen=True)
class Population:
    """Frames of latent facts; times are days, see `ingest.generator.clock`.

    `agents` is in the order of its numbers; `account` is the number of the account an agent acts
    as, -1 for none. `accounts` holds those of the agents first, then those of the tools.
    """

    agents: pd.DataFrame
    accounts: pd.DataFrame
    people: pd.DataFrame
    teams: pd.DataFrame
    tools: pd.DataFrame
    units: tuple[str, ...]


def populate(count: int, rng: np.random.Generator) -> Population:
    """Draw the nodes of an estate of `count` agents."""
    units = UNITS[: int(np.clip(count // 40, 1, len(UNITS)))]
    agents = _agents(count, units, rng)
    tools = _tools(count, units, rng)
    people, teams = _people(count, units, rng)
    return Population(agents, _accounts(agents, tools), people, teams, tools, units)


def share(count: int, part: float) -> int:
    """Return the share `part` of `count`, at least one, so that small estates have all."""
    return max(1, round(count * part))


def _agents(count: int, units: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    kind = rng.choice(KINDS, count, p=(0.6, 0.2, 0.2)).astype(object)
    sort = np.array([SORTS[k][i % len(SORTS[k])] for k, i in zip(kind, range(count), strict=True)])
    agents = pd.DataFrame(
        {
            "id": numbered(pick(rng, JOBS, count) + "-" + sort.astype(object)),
            "unit": rng.integers(len(units), size=count),
            "env": rng.choice(len(ENVS), count, p=(0.6, 0.15, 0.25)),
            "kind": kind,
            "provider": pick(rng, PROVIDERS, count),
            "platform": pick(rng, PLATFORMS, count),
            "third_party": rng.random(count) < 0.08,
            "place": _places(count, rng),
        }
    )
    agents["governed"] = agents["place"].isin(["governed", "ended", "gone"])
    young = (agents["place"] == "plain") & (rng.random(count) < YOUNG / 0.5)
    agents["young"] = young
    old = rng.uniform(-900, -430, count)
    agents["created"] = np.where(young, rng.uniform(-58, -6, count), old)
    ends = agents["place"].isin(OVER)
    agents["ended"] = np.where(ends, rng.uniform(-140, -65, count), np.nan)
    agents["ended_as"] = np.array(ENDED, object)[np.arange(count) % len(ENDED)]
    agents.loc[agents["place"] == "retired", "ended_as"] = "retired"
    agents["deleted"] = np.where(
        agents["place"] == "revived", old - rng.uniform(20, 200, count), np.nan
    )
    agents["dormant"] = (agents["place"] == "plain") & ~young & (rng.random(count) < 0.3)
    still = agents["place"] == "ended"  # its account and key are still in use
    stopped = np.where(still, np.nan, agents["ended"])
    agents["stopped"] = np.where(agents["dormant"], rng.uniform(-300, -115, count), stopped)
    agents["period"] = rng.uniform(0.3, 2, count)
    agents["keyed"] = rng.random(count) < 0.75
    agents.loc[agents["place"].isin(["lender", "borrower", "ended"]), "keyed"] = True
    return _arrange(agents, rng)


def _places(count: int, rng: np.random.Generator) -> np.ndarray:
    places = np.full(count, "plain", object)
    order = rng.permutation(count)
    wanted = {"governed": GOVERNED, **PLACES}
    at = 0
    for place, part in wanted.items():
        size = share(count, part)
        if at + size > 0.9 * count:
            break  # too few agents for all places
        places[order[at : at + size]] = place
        at += size
    return places


def _arrange(agents: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Assign parents to children and lenders to borrowers, with equal unit and environment."""
    agents["parent"] = _partners(agents, "child", ("parent",), rng)
    strays = _partners(agents, "stray", ("retired", "abandoned"), rng)
    agents["parent"] = np.where(strays >= 0, strays, agents["parent"])
    lender = _partners(agents, "borrower", ("lender",), rng, once=True)
    agents.loc[agents["place"].eq("crossing") & agents["env"].eq(0), "env"] = 2
    for partner in (agents["parent"].to_numpy(), lender):
        has = partner >= 0
        for column in ("unit", "env"):
            agents.loc[has, column] = agents[column].to_numpy()[partner[has]]
    agents["account"] = np.where(lender >= 0, lender, np.arange(len(agents)))
    agents.loc[agents["place"].isin(["retired", "gone"]), "account"] = -1
    return agents


def _partners(
    agents: pd.DataFrame,
    place: str,
    partners: tuple[str, ...],
    rng: np.random.Generator,
    once: bool = False,
) -> np.ndarray:
    """Draw a partner for each agent of `place`; agents without one become plain."""
    chosen = np.full(len(agents), -1)
    these = np.flatnonzero(agents["place"] == place)
    others = np.flatnonzero(agents["place"].isin(partners))
    if once:
        these, spare = these[: len(others)], these[len(others) :]
        agents.loc[spare, "place"] = "plain"
        chosen[these] = others[: len(these)]
    elif len(others):
        chosen[these] = others[rng.integers(len(others), size=len(these))]
        chosen[these[: len(others)]] = others[: len(these)]
    else:
        agents.loc[these, "place"] = "plain"
    return chosen


def _tools(count: int, units: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Draw tools for every unit and environment, each with one capability."""
    each = max(4, round(count * 0.2 / (len(units) * len(ENVS))))
    size = each * len(units) * len(ENVS)
    capability = np.array(list(TOOLS), object)[np.arange(size) % each % len(TOOLS)]
    place = np.arange(size) // each
    unit, env = place // len(ENVS), place % len(ENVS)
    plain = [
        f"mcp-{TOOLS[c][rng.integers(len(TOOLS[c]))]}-{units[u]}-{ENVS[e]}"
        for c, u, e in zip(capability, unit, env, strict=True)
    ]
    return pd.DataFrame(
        {
            "id": numbered(plain),
            "capability": capability,
            "unit": unit,
            "env": env,
            "third_party": rng.random(size) < 0.3,
        }
    )


def _accounts(agents: pd.DataFrame, tools: pd.DataFrame) -> pd.DataFrame:
    own = agents.reset_index(drop=True)
    kept = ["unit", "env", "provider"]
    of_agents = own[kept].assign(id="svc-" + own["id"], start=own["created"], agent=own.index)
    of_agents["exists"] = (own["account"] == own.index).to_numpy()
    of_tools = tools[["unit", "env"]].assign(
        id="svc-" + tools["id"], provider="aws", start=-900.0, agent=-1, exists=True
    )
    return pd.concat([of_agents, of_tools], ignore_index=True).astype({"id": "string"})


def _people(
    count: int, units: tuple[str, ...], rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw people, one in eight of whom left, and teams; hollow teams have lost all members."""
    size = max(12 * len(units), round(count * 0.35))
    people = pd.DataFrame(
        {
            "id": numbered(pick(rng, FIRST, size) + "." + pick(rng, FAMILY, size)),
            "unit": np.arange(size) % len(units),
        }
    )
    nth = np.arange(size) // len(units)
    each = max(1, size // len(units) // 9)
    gone = nth // each % 8 == 7  # in turn within a team, whose first member stays
    people["left"] = np.where(gone, rng.uniform(-400, -4, size), np.nan)
    people["manager"] = people["unit"]  # the first of each unit, who stays
    hollow = share(count, 0.004)
    names = [f"team-{u}-{i + 1}" for u in units for i in range(each)]
    names += [f"team-{units[i % len(units)]}-former-{i + 1}" for i in range(hollow)]
    unit = np.r_[np.repeat(np.arange(len(units)), each), np.arange(hollow) % len(units)]
    is_hollow = np.arange(len(names)) >= each * len(units)
    teams = pd.DataFrame({"id": names, "unit": unit, "hollow": is_hollow})
    people["team"] = people["unit"] * each + nth % each
    return people, teams.astype({"id": "string"})
