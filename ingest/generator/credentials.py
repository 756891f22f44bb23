"""Synthetic credentials: their agents, storage, rotation, use and misuse."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.generator.clock import Recurring
from ingest.generator.names import pick
from ingest.generator.population import Population

TYPES = ("access_key", "client_secret", "sa_key", "api_key", "pat", "certificate")
ELSEWHERE = ("code", "config", "ci", "chat", "env")


@dataclass(frozen=True)
class Credentials:
    """Frames of latent facts; times are days.

    `keys` has a row for each credential, with the number of the `agent` whose account it opens.
    `holders` maps agents to the keys they use; `rotated` and `used` are events of each key.
    """

    keys: pd.DataFrame
    holders: pd.DataFrame
    rotated: Recurring
    used: Recurring


def issue(population: Population, rng: np.random.Generator) -> Credentials:
    """Draw credentials for the agents that do not run on a platform's own identity."""
    agents = population.agents
    own = np.flatnonzero(agents["keyed"] & (agents["account"] == np.arange(len(agents))))
    second = own[(rng.random(len(own)) < 0.2) & ~agents["young"].to_numpy()[own]]
    agent = np.r_[own, second]
    is_first = np.arange(len(agent)) < len(own)
    of = agents.iloc[np.asarray(agent, int)].reset_index(drop=True)
    nth = pd.Series(np.where(is_first, "-1", "-2"), dtype="string")
    keys = pd.DataFrame(
        {
            "id": "key-" + of["id"] + nth,
            "agent": agent,
            "first": is_first,
            "governed": of["governed"],
            "type": pick(rng, TYPES, len(agent)),
            "created": of["created"] + np.where(is_first, 0.1, rng.uniform(1, 200, len(agent))),
        }
    )
    rotated = _faults(keys, of, rng)
    return Credentials(keys, _holders(population, keys), rotated, _use(keys, of, rng))


def _faults(keys: pd.DataFrame, of: pd.DataFrame, rng: np.random.Generator) -> Recurring:
    """Draw the defects of each key; leaked keys and those of controls have no other."""
    size = len(keys)
    spare = ~keys["first"] & ~keys["governed"]
    lot = rng.random(size)
    keys["forgotten"] = spare & (lot < 0.3)
    keys["expired"] = spare & (lot > 0.85)
    rest = spare & (lot >= 0.3) & (lot <= 0.85)
    first_rest = keys.index[rest][:1]
    # Some leaked as well, and were revoked for it: at least one where possible.
    keys["revoked"] = rest & ((lot < 0.42) | keys.index.isin(first_rest))
    leakable = keys["first"] & (of["place"] == "plain") & ~of["dormant"] & ~of["young"]
    first_leak = keys.index[leakable][:1]  # at least one in every estate that can have one
    leaked = leakable & ((rng.random(size) < 0.012) | keys.index.isin(first_leak))
    keys["leaked"] = np.where(leaked, rng.uniform(-100, -3, size), np.nan)
    fine = (keys["governed"] | leaked).to_numpy()

    def fault(part: float) -> np.ndarray:
        return np.asarray(~fine & (rng.random(size) < part))

    keys["outside"] = fault(0.25)
    keys["storage"] = np.where(keys["outside"], pick(rng, ELSEWHERE, size), "vault")
    keys["weak"] = fault(0.1)
    human = fault(0.06) & ~of["young"].to_numpy()
    keys["human_used"] = np.where(human, rng.uniform(-200, -2, size), np.nan)
    expired = keys["expired"].to_numpy(bool)
    over = rng.uniform(-100, -5, size)
    keys["unrotated"] = fault(0.5) & ~of["young"].to_numpy() & ~expired
    ahead = (
        ~expired
        & ~keys["unrotated"].to_numpy(bool)
        & (rng.random(size) < np.where(fine, 0.6, 0.25))
    )
    later = np.where(ahead, rng.uniform(20, 85, size), np.nan)
    keys["expires"] = np.where(expired, over, later)
    keys["created"] = np.where(expired, over - 60, keys["created"])  # a short life, ended
    stopped = rng.uniform(-350, -135, size)
    never = expired | (keys["unrotated"].to_numpy(bool) & (rng.random(size) < 0.5))
    first = np.where(never, np.nan, keys["created"] + rng.uniform(30, 58, size))
    until = np.where(keys["unrotated"], stopped, np.inf)
    return Recurring(first, rng.uniform(30, 58, size), until)


def _use(keys: pd.DataFrame, of: pd.DataFrame, rng: np.random.Generator) -> Recurring:
    size = len(keys)
    until = np.where(keys["forgotten"], rng.uniform(-300, -65, size), np.inf)
    until = np.where(keys["expired"], keys["expires"] - 1, until)
    until = np.where(keys["revoked"], rng.uniform(-300, -115, size), until)
    until = np.fmin(until, of["stopped"].to_numpy())
    return Recurring(keys["created"].to_numpy() + 0.2, rng.uniform(0.3, 2, size), until)


def _holders(population: Population, keys: pd.DataFrame) -> pd.DataFrame:
    """Let agents use the keys of their account; a borrower uses the lender's first one."""
    agents = population.agents
    shared = np.flatnonzero(agents["place"] == "borrower")
    first = keys[keys["first"]].set_index("agent")["id"]
    lent = first.reindex(agents["account"].iloc[shared]).to_numpy()
    return pd.concat(
        [
            pd.DataFrame({"agent": keys["agent"], "key": keys["id"]}),
            pd.DataFrame({"agent": shared, "key": lent}),
        ],
        ignore_index=True,
    )
