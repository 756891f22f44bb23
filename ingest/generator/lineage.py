"""What children may do beyond their parents, and which children outlived theirs."""

from typing import Any

import numpy as np
import pandas as pd

from ingest.generator.access import LEVELS
from ingest.generator.clock import present
from ingest.generator.stale import NOW, account_grants
from ingest.generator.world import World

PAIR = ["account", "resource", "level"]


def widenings(world: World) -> list[dict[str, str]]:
    """Return each (resource, level) of a child's account that its parent's account has not.

    They are `parent`, `child`, `resource` and `level`, in this order.
    """
    agents, resources = world.population.agents, world.access.resources["id"]
    born, pairs = _born(world), _pairs(world)
    account = agents["account"].to_numpy()
    both = pd.DataFrame({"parent": born["parent"], "child": born["child"]})
    own = both.assign(account=account[born["child"]]).merge(pairs, on="account")
    above = own.assign(account=account[own["parent"]])[PAIR].merge(
        pairs.drop_duplicates(), on=PAIR, how="left", indicator=True
    )
    wider = own[(above["_merge"] == "left_only").to_numpy()]
    names = agents["id"].to_numpy(object)
    rows = zip(
        names[wider["parent"]].tolist(),
        names[wider["child"]].tolist(),
        resources.to_numpy(object)[wider["resource"]].tolist(),
        np.array(LEVELS, object)[wider["level"]].tolist(),
        strict=True,
    )
    columns = ("parent", "child", "resource", "level")
    return [dict(zip(columns, row, strict=True)) for row in sorted(rows)]


def survivors(world: World) -> list[str]:
    """Return the children in service whose parent ended."""
    agents, born = world.population.agents, _born(world)
    ended = (agents["ended"] <= NOW).to_numpy()
    left = born["child"][ended[born["parent"]] & ~ended[born["child"]]]
    return sorted(agents["id"].to_numpy(object)[np.unique(left)].tolist())


def _born(world: World) -> dict[str, np.ndarray]:
    """Return the numbers of parents and children now."""
    agents, spawns = world.population.agents, world.structure.spawns
    exists = present(spawns["start"].to_numpy(), np.full(len(spawns), np.nan), NOW)
    exists &= spawns["source"].isin(world.alive(NOW)).to_numpy()
    number = pd.Series(np.arange(len(agents)), index=agents["id"].to_numpy(object))
    rows: dict[str, Any] = {"parent": spawns["source"][exists], "child": spawns["target"][exists]}
    return {name: number.reindex(ids).to_numpy(int) for name, ids in rows.items()}


def _pairs(world: World) -> pd.DataFrame:
    """Return each resource and level of each account: `account`, `resource` and `level`."""
    grants = account_grants(world)
    levels = grants["levels"].to_numpy(int)
    parts = [
        grants[["account", "resource"]][levels >> bit & 1 == 1].assign(level=bit)
        for bit in range(len(LEVELS))
    ]
    return pd.DataFrame(pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True))
