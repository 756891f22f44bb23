"""Synthetic relations of agents: children, delegations, tools, approvals, purposes, scopes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graph.values import canonical
from ingest.generator.access import LEVELS, Access
from ingest.generator.clock import where
from ingest.generator.population import ENVS, OVER, Population

PURPOSES = (
    "monthly close", "first answer to customers", "match payments", "draft reports",
    "keep stock levels", "screen claims", "prepare filings", "route tickets",
)  # fmt: skip


@dataclass(frozen=True)
class Structure:
    """Frames of latent facts; times are days.

    `spawns`, `acts_for` and `calls` have `source`, `target`, `ceiling`, `valid_to` and `unscoped`.
    `reviews` has a row for each approval and revocation, with the id that it `covers`. `purpose`
    and `scope` (JSON text) are for each agent, None where undeclared.
    """

    spawns: pd.DataFrame
    acts_for: pd.DataFrame
    calls: pd.DataFrame
    reviews: pd.DataFrame
    purpose: np.ndarray
    scope: np.ndarray
    vetted: np.ndarray


def connect(population: Population, access: Access, rng: np.random.Generator) -> Structure:
    """Draw the relations of agents."""
    agents = population.agents
    count, kept = (
        len(agents),
        agents["place"].isin(["governed", *OVER]).to_numpy(),
    )
    vetted = ~agents["third_party"].to_numpy(bool) | kept | (rng.random(count) < 0.6)
    vetted &= ~(agents["young"] & agents["third_party"]).to_numpy()
    lot = rng.random(count)
    purpose = np.array(PURPOSES, object)[rng.integers(len(PURPOSES), size=count)]
    purpose[~kept & (lot < 0.2)] = None
    scope = _scopes(population, access)
    scope[~kept & (lot > 0.1) & (lot < 0.35)] = None
    return Structure(
        _spawns(population, rng),
        _acts_for(population, rng),
        _calls(population, rng),
        _reviews(population, access, vetted, rng),
        purpose,
        scope,
        vetted,
    )


def _bounded(frame: pd.DataFrame, ceiling: str, rng: np.random.Generator) -> pd.DataFrame:
    """Set ceiling and end of each delegation that is not `unscoped`."""
    loose = frame["unscoped"].to_numpy(bool)
    return frame.assign(
        ceiling=where(~loose, ceiling),
        valid_to=np.where(loose, np.nan, rng.uniform(20, 200, len(frame))),
    )


def _spawns(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    agents = population.agents
    child = np.flatnonzero(agents["parent"] >= 0)
    ids = agents["id"].to_numpy(object)
    loose = (rng.random(len(child)) < 0.15) & (agents["place"].to_numpy()[child] == "child")
    frame = pd.DataFrame(
        {
            "source": ids[agents["parent"].to_numpy()[child]],
            "target": ids[child],
            "start": agents["created"].to_numpy()[child],
            "unscoped": loose,
        }
    )
    return _bounded(frame, "write", rng)


def _acts_for(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    agents, people = population.agents, population.people
    rows = np.flatnonzero(agents["place"].isin(["delegate", "unscoped"]))
    boss = people["id"].to_numpy(object)[agents["unit"].to_numpy()[rows]]
    frame = pd.DataFrame(
        {
            "source": agents["id"].to_numpy(object)[rows],
            "target": boss,
            "start": agents["created"].to_numpy()[rows],
            "unscoped": (agents["place"] == "unscoped").to_numpy()[rows],
        }
    )
    return _bounded(frame, "read", rng)


def _calls(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the tools that half of the agents call; only the trifecta has both input and output."""
    agents, tools = population.agents, population.tools
    each = len(tools) // (len(population.units) * len(ENVS))
    base = (agents["unit"] * len(ENVS) + agents["env"]).to_numpy() * each
    place = agents["place"].to_numpy()
    has = (rng.random(len(agents)) < 0.5) & ~np.isin(place, ["trifecta", *OVER])
    side = rng.integers(2, size=len(agents))  # input, or output
    row = 4 * rng.integers(max(1, each // 4), size=len(agents))
    more = has & (rng.random(len(agents)) < 0.5)
    three = place == "trifecta"
    pairs = [(has, row + side), (more, row + 2 + side), (three, row), (three, row + 1)]
    ids, tool_ids = agents["id"].to_numpy(object), tools["id"].to_numpy(object)
    frame = pd.concat(
        [
            pd.DataFrame({"source": ids[mask], "target": tool_ids[(base + nth)[mask]]})
            for mask, nth in pairs
        ],
        ignore_index=True,
    )
    frame["start"] = agents.set_index("id")["created"].reindex(frame["source"]).to_numpy()
    return frame.assign(ceiling="write", valid_to=np.nan)


def _reviews(
    population: Population, access: Access, vetted: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    agents, tools, grants = population.agents, population.tools, access.grants
    boss = population.people["id"].to_numpy(object)
    needed = agents["third_party"] | agents["governed"]
    approved = (
        vetted
        & ~agents["young"].to_numpy()
        & (needed.to_numpy() | (rng.random(len(agents)) < 0.85))
    )
    reviewed = agents[approved]
    bought = tools[tools["third_party"]]
    gone = grants[grants["revoked"].notna()]
    parts = [
        pd.DataFrame(
            {"covers": reviewed["id"], "decided": reviewed["created"] + 1, "unit": reviewed["unit"]}
        ),
        pd.DataFrame({"covers": bought["id"], "decided": -800.0, "unit": bought["unit"]}),
    ]
    approvals = pd.concat(parts, ignore_index=True).assign(
        kind="approval", decision="approve", grant=None
    )
    revocations = pd.DataFrame(
        {
            "covers": gone["holder"],
            "decided": gone["revoked"],
            "unit": agents["unit"].to_numpy()[gone["agent"]],
            "kind": "access_review",
            "decision": "revoke",
            "grant": gone["id"],
        }
    )
    reviews = pd.concat([approvals, revocations], ignore_index=True)
    reviews["id"] = ("review-" + pd.Series(np.arange(len(reviews)) + 1).astype("string")).array
    return reviews.assign(by=boss[reviews["unit"].to_numpy()])


# ---------------------------------------------------------------- declared scopes


def _scopes(population: Population, access: Access) -> np.ndarray:
    """Declare for each agent all the access of its account, except what drifted in later.

    Its own grants are declared one by one, those of its roles and groups by prefix.
    """
    entries_by_set = _granted_by_set(access)
    entries: dict[int, set[tuple[str, str]]] = {}
    grants, ids = access.grants, access.resources["id"].to_numpy(object)
    own_grants = grants[(grants["agent"] >= 0) & (grants["kind"] != "drift")]
    for agent, resource, levels in zip(
        own_grants["agent"], ids[own_grants["resource"]], own_grants["levels"], strict=True
    ):
        entries.setdefault(agent, set()).update((resource, level) for level in _levels(levels))
    joined = [access.joins[["account", "set"]]]
    joined += [
        access.chains.rename(columns={c: "set"})[["account", "set"]] for c in ("outer", "inner")
    ]
    for account, name in pd.concat(joined).itertuples(index=False):
        entries.setdefault(account, set()).update(entries_by_set.get(name, ()))
    text = {account: _text(declared) for account, declared in entries.items()}
    nothing = canonical([{"level": "read", "resource": "docs:handbook"}])
    return np.array([text.get(a, nothing) for a in population.agents["account"]], object)


def _granted_by_set(access: Access) -> dict[str, set[tuple[str, str]]]:
    grants = access.grants[access.grants["kind"].isin(["shared", "chain"])]
    ids = access.resources["id"].to_numpy(object)[grants["resource"]]
    entries_by_set: dict[str, set[tuple[str, str]]] = {}
    for holder, resource, levels in zip(grants["holder"], ids, grants["levels"], strict=True):
        prefix = resource.partition("-")[0] + "-*"
        entries_by_set.setdefault(holder, set()).update(
            (prefix, level) for level in _levels(levels)
        )
    return entries_by_set


def _levels(bits: int) -> list[str]:
    return [level for bit, level in enumerate(LEVELS) if bits >> bit & 1]


def _text(entries: set[tuple[str, str]]) -> str:
    return canonical([{"level": level, "resource": r} for r, level in sorted(entries)])
