"""Agents that would lose access, but none in use, if all stale edges were removed."""

import numpy as np
import pandas as pd

from ingest.generator.access import LEVELS
from ingest.generator.clock import present
from ingest.generator.world import World

NOW = 0.0
ALL, UP_TO_WRITE = 0b1111, 0b0111


def would_lose(world: World) -> np.ndarray:
    """Return the numbers of the active agents that reach something over stale edges only."""
    grants = account_grants(world)
    reach = _reach(world).merge(grants, on="account")
    reach["levels"] &= reach["ceiling"]
    reach["fresh"] &= reach["ceiling"]
    reach.loc[world.idle_login[reach["agent"]], "fresh"] = 0
    lost = np.zeros(len(world.population.agents), bool)
    for bit in range(len(LEVELS)):
        all_counts, fresh_counts = (
            _pairs(reach, column, bit, len(lost)) for column in ("levels", "fresh")
        )
        lost |= all_counts != fresh_counts
    return np.flatnonzero(lost & world.population.agents["ended"].isna().to_numpy())


def _pairs(reach: pd.DataFrame, column: str, bit: int, agents: int) -> np.ndarray:
    """Return for each agent the count of resources it can access at one level."""
    has = (reach[column].to_numpy() >> bit & 1).astype(bool)
    pairs = reach.loc[has, ["agent", "resource"]].drop_duplicates()
    return np.bincount(pairs["agent"], minlength=agents)


def account_grants(world: World) -> pd.DataFrame:
    """Return the standing grants of each account; see `all_grants`."""
    grants = all_grants(world)
    return grants[~grants["eligible"]].drop(columns="eligible")


def all_grants(world: World) -> pd.DataFrame:
    """Return the grants of each account: all `levels`, and those `fresh` along the path.

    Those that are `eligible` are given just in time, and do not stand.
    """
    access = world.access
    grants = access.grants
    exists = present(grants["granted"].to_numpy(), grants["end"].to_numpy(), NOW)
    now = grants[exists].astype({"eligible": bool})
    now = now.assign(fresh=now["levels"] & ~now["unused"])[
        ["holder", "resource", "levels", "fresh", "eligible"]
    ]
    accounts = world.population.accounts["id"]
    own = pd.DataFrame({"account": np.arange(len(accounts)), "holder": accounts, "taken": True})
    joins = access.joins.rename(columns={"set": "holder"})
    chains = [
        access.chains.rename(columns={end: "holder"})[["account", "holder"]].assign(taken=False)
        for end in ("outer", "inner")
    ]
    joined = joins.assign(taken=~joins["unused"])[["account", "holder", "taken"]]
    holders = pd.concat([own, joined, *chains], ignore_index=True)
    of_accounts = holders.merge(now, on="holder")
    of_accounts["fresh"] = np.where(of_accounts["taken"], of_accounts["fresh"], 0)
    return of_accounts[["account", "resource", "levels", "fresh", "eligible"]]


def _reach(world: World) -> pd.DataFrame:
    """Return the accounts that each agent can act as: its own, its children's, and stored ones.

    Tools are left out: the service behind each is in use.
    """
    agents = world.population.agents
    number = pd.Series(np.arange(len(agents)), index=agents["id"].to_numpy(object))
    own = pd.DataFrame({"agent": number.to_numpy(), "account": agents["account"], "ceiling": ALL})
    spawns = world.structure.spawns
    child = number.reindex(spawns["target"]).to_numpy()
    children = pd.DataFrame(
        {
            "agent": number.reindex(spawns["source"]).to_numpy(),
            "account": agents["account"].to_numpy()[child],
            "ceiling": np.where(spawns["unscoped"], ALL, UP_TO_WRITE),
        }
    )
    where = ["unit", "env"]
    kept = world.credentials.keys["agent"][world.in_legacy_vault].to_numpy()
    stored = agents.iloc[kept][where].assign(account=kept)
    readers = agents[agents["place"] == "secret_reader"][where]
    read = readers.assign(agent=readers.index).merge(stored, on=where).assign(ceiling=ALL)
    columns = ["agent", "account", "ceiling"]
    return pd.concat([own, children, read[columns]], ignore_index=True)
