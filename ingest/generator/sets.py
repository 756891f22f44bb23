"""Synthetic roles and groups: their accounts, uses and trust."""

import numpy as np
import pandas as pd

from ingest.generator.clock import Recurring
from ingest.generator.names import numbered
from ingest.generator.population import ENVS, Population

ANYONE = "*"  # the trusted party of a role that anyone may assume


def draw_sets(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Draw roles and groups; one in five is governed, and reserved for the controls."""
    units, count = population.units, len(population.agents)
    buckets = len(units) * len(ENVS)
    parts = []
    for kind, name, part in (("Role", "role/{}-{}", 0.24), ("Group", "group/{}-{}", 0.08)):
        each = max(3, round(count * part / buckets))
        place = np.repeat(np.arange(buckets), each)
        unit, env = place // len(ENVS), place % len(ENVS)
        work = ("reader", "writer", "operator", "analyst", "pipeline")
        ids = [
            f"{name.format(units[u], ENVS[e])}-{work[rng.integers(len(work))]}"
            for u, e in zip(unit, env, strict=True)
        ]
        nth = np.arange(len(place)) % each
        parts.append(
            pd.DataFrame(
                {
                    "id": numbered(ids),
                    "kind": kind,
                    "unit": unit,
                    "env": env,
                    "governed": nth % 5 == 0,
                    "chain": False,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def draw_trusted(sets: pd.DataFrame, joins: pd.DataFrame) -> np.ndarray:
    """Draw the trusted party of some roles: one in eighty trusts anyone, as many one account."""
    taken_by = joins[joins["kind"] == "ASSUMES"].groupby("set")["account"].first()
    fit = (sets["kind"] == "Role") & ~sets["governed"].astype(bool)
    taken = np.flatnonzero(fit & sets["id"].isin(taken_by.index))
    trusts = np.full(len(sets), None, object)
    few = max(1, len(sets) // 80)
    trusts[taken[::2][:few]] = ANYONE
    named = taken[1::2][:few]
    trusts[named] = taken_by.reindex(sets["id"].iloc[named]).to_numpy(int)
    return trusts


def draw_joins(
    population: Population, sets: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, Recurring]:
    """Draw the roles that accounts assume, and their groups, within unit and environment."""
    agents, buckets = population.agents, len(population.units) * len(ENVS)
    parts = []
    for kind, label, often in (("ASSUMES", "Role", 0.55), ("MEMBER_OF", "Group", 0.45)):
        own = (agents["account"] == np.arange(len(agents))).to_numpy()
        account = np.flatnonzero(own & (rng.random(len(agents)) < often))
        account = np.repeat(account, 1 + (rng.random(len(account)) < 0.3 * (kind == "ASSUMES")))
        these = sets.index[sets["kind"] == label]
        chosen = these[0] + _one_of_bucket(agents.iloc[account], len(these) // buckets, rng)
        parts.append(
            pd.DataFrame({"account": account, "set": sets["id"].to_numpy()[chosen], "kind": kind})
        )
    joins = pd.concat(parts, ignore_index=True).drop_duplicates(["account", "set"])
    of = agents.iloc[joins["account"]]
    # A dormant member's part in a group's uses is unknown; growing access must stand out alone.
    member, grown = joins["kind"] == "MEMBER_OF", (of["place"] == "grown").to_numpy()
    joins = joins[~((member & of["dormant"].to_numpy()) | grown)].reset_index(drop=True)
    of = agents.iloc[joins["account"]]
    joins["start"] = of["created"].to_numpy()
    may_rest = ~(of["governed"] | of["young"]).to_numpy() & (joins["kind"] == "ASSUMES").to_numpy()
    joins["unused"] = may_rest & (of["dormant"].to_numpy() | (rng.random(len(joins)) < 0.2))
    joined = draw_use(joins["start"].to_numpy(), joins["unused"].to_numpy(), rng)
    joined.first[joins["kind"] != "ASSUMES"] = np.nan  # uses of a membership are not observed
    return joins, joined


def _one_of_bucket(agents: pd.DataFrame, each: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one of the `each` sets of an agent's unit and environment: every fifth for controls."""
    governed = agents["governed"].to_numpy(bool)
    fifths = (each + 4) // 5
    lot = rng.random(len(agents))
    control = 5 * np.floor(lot * fifths)
    other = np.floor(lot * (each - fifths))
    nth = np.where(governed, control, other + other // 4 + 1).astype(int)
    return np.asarray((agents["unit"] * len(ENVS) + agents["env"]) * each + nth)


def draw_use(start: np.ndarray, unused: np.ndarray, rng: np.random.Generator) -> Recurring:
    """Draw use from `start` on: regular until today, ended months ago, or never begun."""
    size = len(start)
    stopped = rng.uniform(-350, -115, size)
    never = unused & ((rng.random(size) < 0.6) | (start > stopped - 30))
    first = np.where(never, np.nan, start + rng.uniform(0.2, 1.0, size))
    return Recurring(first, rng.uniform(0.5, 25, size), np.where(unused, stopped, np.inf))


def draw_chains(population: Population) -> pd.DataFrame:
    """List the accounts that may assume a role that may assume another, neither ever used."""
    agents = population.agents
    account = np.flatnonzero(agents["place"] == "chained")
    base = "role/" + agents["id"].iloc[account].to_numpy(object)
    return pd.DataFrame(
        {"account": account, "outer": base + "-fallback", "inner": base + "-recovery"}
    )


def draw_chain_roles(population: Population, chains: pd.DataFrame) -> pd.DataFrame:
    """List the roles of `draw_chains`."""
    where = population.agents[["unit", "env"]].iloc[chains["account"]].reset_index(drop=True)
    parts = [
        where.assign(id=chains[c], kind="Role", governed=False, chain=True)
        for c in ("outer", "inner")
    ]
    return pd.concat(parts, ignore_index=True)
