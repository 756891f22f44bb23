"""Last uses of agents and keys, and the facts that show them."""

import numpy as np
import pandas as pd

from ingest.generator.activity.facts import BY_KEY
from ingest.generator.clock import present, stamp
from ingest.generator.world import World

NEVER = np.nan


def last_active(world: World, at: float) -> np.ndarray:
    """Return the last activity of each agent: its own, or by a key, a role or a grant of its own.

    Every fact that shows its activity has this instant, so that one alone is worth all of them.
    """
    agents, grants, joins = world.population.agents, world.access.grants, world.access.joins
    known, keys = world.active.last(at), world.credentials.keys
    latest = np.where(np.isnan(known), -np.inf, known)
    is_own = (grants["agent"] >= 0).to_numpy()
    seen = [(grants["agent"].to_numpy()[is_own], use.take(is_own)) for use in world.access.used]
    seen += [
        (keys["agent"].to_numpy(int), world.credentials.used),
        (joins["account"].to_numpy(int), world.access.joined),
    ]
    for agent, use in seen:
        np.maximum.at(latest, agent, np.nan_to_num(use.last(at), nan=-np.inf))
    latest = np.where(np.isinf(latest), NEVER, latest)
    account = agents["account"].to_numpy()
    return np.where(account >= 0, latest[account], known)


def key_last_used(world: World, at: float) -> np.ndarray:
    """Return the last use of each key, whichever fact shows it.

    The last activity of an agent that became dormant was a login with its first key.
    """
    keys, used = world.credentials.keys, world.credentials.used.last(at)
    agent, first = keys["agent"].to_numpy(int), keys["first"].to_numpy(bool)
    last = world.activity_facts.only(*BY_KEY) | world.population.agents["dormant"].to_numpy(bool)
    return np.where(first & last[agent], last_active(world, at)[agent], used)


def key_used(world: World, at: float) -> np.ndarray:
    """Return the last use of each key, as far as its own row shows it."""
    keys = world.credentials.keys
    elsewhere = world.activity_facts.only(*BY_KEY)[keys["agent"].to_numpy(int)]
    elsewhere &= ~world.activity_facts.only("key")[keys["agent"].to_numpy(int)]
    return np.where(keys["first"].to_numpy(bool) & elsewhere, NEVER, key_last_used(world, at))


def _first_keys(world: World, at: float, way: str) -> pd.DataFrame:
    """Return the first keys whose use one fact alone shows: `key`, `account`, `resource`, `day`."""
    keys, facts, resources = (
        world.credentials.keys,
        world.activity_facts,
        world.access.resources["id"],
    )
    agent = keys["agent"].to_numpy(int)
    frame = pd.DataFrame(
        {
            "key": keys["id"],
            "agent": agent,
            "account": world.population.accounts["id"].iloc[agent].array,
            "resource": resources.iloc[np.maximum(facts.resource[agent], 0)].array,
            "day": last_active(world, at)[agent],
        }
    )
    mask = keys["first"].to_numpy(bool) & facts.only(way)[agent] & frame["day"].notna().to_numpy()
    mask &= present(keys["created"].to_numpy(), np.full(len(keys), NEVER), at)
    shown: pd.DataFrame = frame[mask]
    return shown.reset_index(drop=True)


def added_up(world: World, at: float) -> pd.DataFrame:
    """Return the rows of USED for uses of keys that a source aggregates."""
    seen = _first_keys(world, at, "used")
    made = world.population.agents["created"].to_numpy()[seen["agent"]]
    return pd.DataFrame(
        {
            "source_id": seen["key"],
            "target_id": seen["resource"],
            "first_at": stamp(np.minimum(made + 1, seen["day"])),
            "last_at": stamp(seen["day"]),
            "count": "12",
        }
    )


def seen_with_keys(world: World, at: float) -> pd.DataFrame:
    """Return the events for keys whose uses only events show."""
    seen = _first_keys(world, at, "event")
    return pd.DataFrame(
        {
            "id": "seen-" + seen["key"],
            "at": stamp(seen["day"]),
            "principal": seen["account"],
            "credential": seen["key"],
            "resource": seen["resource"],
            "action": "connect",
            "outcome": "success",
        }
    )
