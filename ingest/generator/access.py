"""Synthetic access: resources, roles, groups, grants, and the accounts that have them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ingest.generator.clock import Recurring
from ingest.generator.names import STORES, numbered
from ingest.generator.population import ENVS, Population
from ingest.generator.sets import (
    draw_chain_roles,
    draw_chains,
    draw_joins,
    draw_sets,
    draw_trusted,
    draw_use,
)

LEVELS = ("list", "read", "write", "admin")
SENSITIVITIES = ("public", "internal", "confidential", "restricted")
LEVEL_SETS = np.array([0b0010, 0b0011, 0b0110, 0b0111, 0b1110])
SOD_SIDES = ("vendor-master", "payment-run")
GROWTH = (-175, -127)  # days between which the access of some agents grew, amid a history of a year
KEPT = "kept"  # a planted grant that is not removed again
LOG = "audit_log"  # the type of a resource that shows what agents do
CHANGING = 0b1100  # the bits of the levels that change a resource


@dataclass(frozen=True)
class Access:
    """Frames of latent facts; times are days.

    `sets` are the roles and groups that accounts join; `joins` maps each account (number) to its
    sets (`set`, an id), `kind` ASSUMES or MEMBER_OF. A set `trusts` an account (number), anyone or,
    None, no particular account. `grants` has a row for each grant, with the id of its holder;
    `agent` is the number of the agent whose account alone has it, or -1. `used` and `reviewed` give
    the uses of each level and the approvals of each grant.
    """

    resources: pd.DataFrame
    sets: pd.DataFrame
    joins: pd.DataFrame
    joined: Recurring
    chains: pd.DataFrame
    grants: pd.DataFrame
    used: tuple[Recurring, ...]
    reviewed: Recurring


def grant_access(population: Population, rng: np.random.Generator) -> Access:
    """Draw resources, roles, groups and grants."""
    resources = _resources(population, rng)
    sets = draw_sets(population, rng)
    joins, joined = draw_joins(population, sets, rng)
    chains = draw_chains(population)
    sets = pd.concat([sets, draw_chain_roles(population, chains)], ignore_index=True)
    sets["trusts"] = draw_trusted(sets, joins)
    grants = _grants(population, resources, sets, rng)
    grants["untaken"] = ~grants["holder"].isin(joins["set"][~joins["unused"]]) & (
        grants["kind"] == "shared"
    )
    grants, used, reviewed = _states(grants, population, rng)
    resources.loc[_logs(resources, grants), "type"] = LOG
    return Access(resources, sets, joins, joined, chains, grants, used, reviewed)


def _resources(population: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the resources of each unit and environment, kind by kind, then the special ones."""
    units, count = population.units, len(population.agents)
    buckets = len(units) * len(ENVS)
    each = max(12, round(count * 1.6 / buckets))
    nth = np.tile(np.arange(each), buckets)
    kind = np.array(list(STORES), object)[nth * len(STORES) // each]
    unit = np.repeat(np.arange(len(units)), each * len(ENVS))
    env = np.tile(np.repeat(np.arange(len(ENVS)), each), len(units))
    subject = [STORES[k][1][rng.integers(len(STORES[k][1]))] for k in kind]
    name = [f"{k}:{units[u]}-{s}" for k, u, s in zip(kind, unit, subject, strict=True)]
    suffix = np.array(["", "-staging", "-dev"], object)[env]
    plain = pd.DataFrame(
        {
            "id": numbered(np.array(name, object) + suffix),
            "type": [STORES[k][0] for k in kind],
            "unit": unit,
            "env": env,
            "sensitivity": rng.choice(4, len(nth), p=(0.10, 0.55, 0.25, 0.10)),
            "special": "",
        }
    )
    plain.loc[nth == 0, "sensitivity"] = 2  # every unit has a confidential resource
    special = [_of(population, *s) for s in (
        ("account:{}-{}", "account", 3), ("vault:{}-{}", "secret_store", 3),
        ("vault:{}-{}-legacy", "secret_store", 3),
        *((f"erp:{{}}-{{}}-{side}", "application", 1) for side in SOD_SIDES),
    )]  # fmt: skip
    tools = population.tools
    served = tools[["unit", "env"]].assign(
        id="saas:" + tools["id"].str.removeprefix("mcp-"),
        type="saas",
        sensitivity=1,
        special="tool",
    )
    return pd.concat([plain, *special, served], ignore_index=True).astype({"id": "string"})


def _logs(resources: pd.DataFrame, grants: pd.DataFrame) -> list[int]:
    """Choose a log in each unit: the first that an agent may change, and no control may use."""
    may_change = (grants["agent"] >= 0) & (grants["levels"] & CHANGING > 0) & grants["end"].isna()
    fit = resources.index.isin(grants["resource"][may_change]) & (resources["special"] == "")
    fit &= ~resources.index.isin(grants["resource"][grants["governed"].astype(bool)])
    return resources[fit].drop_duplicates("unit").index.tolist()


def _of(population: Population, pattern: str, kind: str, sensitivity: int) -> pd.DataFrame:
    places = [(u, e) for u in range(len(population.units)) for e in range(len(ENVS))]
    return pd.DataFrame(
        {
            "id": [pattern.format(population.units[u], ENVS[e]) for u, e in places],
            "type": kind,
            "unit": [u for u, _ in places],
            "env": [e for _, e in places],
            "sensitivity": sensitivity,
            "special": pattern,
        }
    )


def _grants(
    population: Population, resources: pd.DataFrame, sets: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    parts = [
        *_plain_grants(population, resources, sets, rng),
        *_planted_grants(population, resources, rng),
        _tool_grants(population, resources),
    ]
    grants = pd.concat([p for p in parts if len(p)], ignore_index=True)
    grants = grants.drop_duplicates(["holder", "resource"], keep="last").reset_index(drop=True)
    agents = population.agents
    number = grants["agent"].to_numpy()
    grants["young"] = (number >= 0) & agents["young"].to_numpy()[number]
    no_admin = grants["governed"].to_numpy(bool) & (grants["levels"].to_numpy() == LEVEL_SETS[4])
    grants.loc[no_admin, "levels"] = LEVEL_SETS[2]
    return grants.astype({"holder": "string"})


def _plain_grants(
    population: Population, resources: pd.DataFrame, sets: pd.DataFrame, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Give each account a few grants of its own, and roles and groups some broad ones."""
    agents = population.agents
    own = np.flatnonzero(agents["account"] == np.arange(len(agents)))
    owners = agents.iloc[own]
    few = np.minimum(rng.geometric(0.5, len(own)), 6)
    direct = _runs(owners["unit"], owners["env"], few, resources, rng)
    holders = ("svc-" + owners["id"]).to_numpy(object)
    first = direct.assign(
        holder=holders[direct["run"]],
        agent=own[direct["run"]],
        governed=owners["governed"].to_numpy()[direct["run"]],
        kind="direct",
    )
    wide = np.minimum(np.floor(3 * rng.pareto(1.3, len(sets)) + 2), 60).astype(int)
    wide[sets["chain"]] = np.where(sets["id"].str.endswith("recovery")[sets["chain"]], 3, 0)
    shared = _runs(sets["unit"], sets["env"], wide, resources, rng, kept_apart=1)
    second = shared.assign(
        holder=sets["id"].to_numpy(object)[shared["run"]],
        agent=-1,
        governed=sets["governed"].to_numpy(bool)[shared["run"]],
        kind=np.where(sets["chain"].to_numpy(bool)[shared["run"]], "chain", "shared"),
    )
    return [f.drop(columns="run") for f in (first, second)]


def _runs(
    unit: pd.Series,
    env: pd.Series,
    sizes: np.ndarray,
    resources: pd.DataFrame,
    rng: np.random.Generator,
    kept_apart: int = 0,
) -> pd.DataFrame:
    """Draw for each holder a run of neighbouring resources of its unit and environment.

    Neighbours are of one kind, so that a role concerns one kind of store, as real ones do. The
    first `kept_apart` are left out: a use of a resource granted to one account alone is by that
    grant.
    """
    plain = resources[resources["special"] == ""]
    each = int((plain["unit"].eq(0) & plain["env"].eq(0)).sum())
    lots = each - kept_apart
    sizes = np.minimum(sizes, lots)
    run = np.repeat(np.arange(len(sizes)), sizes)
    step = np.arange(len(run)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    base = (unit.to_numpy() * len(ENVS) + env.to_numpy()) * each
    start = rng.integers(lots, size=len(sizes))
    resource = base[run] + kept_apart + (start[run] + step) % lots
    sensitive = resources["sensitivity"].to_numpy()[resource] >= 2
    drawn = rng.choice(len(LEVEL_SETS) - 1, len(run), p=(0.40, 0.25, 0.20, 0.15))
    levels = LEVEL_SETS[np.where(sensitive & (rng.random(len(run)) < 0.15), 4, drawn)]
    return pd.DataFrame({"run": run, "resource": resource, "levels": levels, "wish": ""})


def _planted_grants(
    population: Population, resources: pd.DataFrame, rng: np.random.Generator
) -> list[pd.DataFrame]:
    agents = population.agents
    place, unit, env = (agents[c].to_numpy() for c in ("place", "unit", "env"))
    bucket = unit * len(ENVS) + env
    special = resources["special"].to_numpy(object)
    plain = np.flatnonzero(special == "")
    each = len(plain) // (len(population.units) * len(ENVS))

    def rows(
        numbers: np.ndarray, resource: np.ndarray, levels: int, kind: str, wish: str
    ) -> pd.DataFrame:
        holder = ("svc-" + agents["id"].iloc[numbers]).to_numpy(object)
        return pd.DataFrame(
            {"holder": holder, "agent": numbers, "resource": resource, "levels": levels,
             "governed": False, "kind": kind, "wish": wish}
        )  # fmt: skip

    def placed(*names: str) -> np.ndarray:
        return np.flatnonzero(np.isin(place, names))

    def at(pattern: str, numbers: np.ndarray) -> np.ndarray:
        return np.asarray(np.flatnonzero(special == pattern)[bucket[numbers]])

    sensitive = placed("trifecta", "unexplained", "denied", "late")
    reader, sod, crossing = placed("secret_reader"), placed("conflicted"), placed("crossing")
    grown = placed("grown")
    crossing = crossing[env[crossing] > 0]
    sides = [at(f"erp:{{}}-{{}}-{side}", sod) for side in SOD_SIDES]
    own = np.flatnonzero((agents["account"] == np.arange(len(agents))) & (place == "plain"))
    one_side = own[rng.random(len(own)) < 0.04]
    drifting = own[rng.random(len(own)) < 0.08] if len(population.units) > 1 else own[:0]
    elsewhere = (unit[drifting] + 1) % len(population.units) * len(ENVS) + env[drifting]
    drifted = elsewhere * each + rng.integers(each, size=len(drifting))
    admins = own[rng.random(len(own)) < 0.01]
    return [
        rows(sensitive, bucket[sensitive] * each, 0b0010, "direct", "used"),
        rows(reader, at("vault:{}-{}-legacy", reader), 0b0010, "direct", "used"),
        *(rows(sod, side, 0b0100, "direct", KEPT) for side in sides),
        rows(one_side, at(f"erp:{{}}-{{}}-{SOD_SIDES[0]}", one_side), 0b0100, "direct", ""),
        rows(crossing, unit[crossing] * len(ENVS) * each + 1, 0b0010, "crossing", ""),
        rows(drifting, drifted, 0b0110, "drift", ""),
        rows(admins, at("account:{}-{}", admins), 0b1000, "direct", ""),
        rows(grown, bucket[grown] * each, 0b1111, "growth", "used"),
    ]


def _tool_grants(population: Population, resources: pd.DataFrame) -> pd.DataFrame:
    """Give the account of each tool a grant on the one service behind the tool."""
    served = np.flatnonzero(resources["special"] == "tool")
    holder = ("svc-" + population.tools["id"]).to_numpy(object)
    return pd.DataFrame(
        {"holder": holder, "agent": -1, "resource": served, "levels": 0b0110, "governed": True,
         "kind": "tool", "wish": ""}
    )  # fmt: skip


def _states(
    grants: pd.DataFrame, population: Population, rng: np.random.Generator
) -> tuple[pd.DataFrame, tuple[Recurring, ...], Recurring]:
    """Draw the states of each grant: start, end, approvals, uses and revocation."""
    size, agents = len(grants), population.agents
    governed, young = grants["governed"].to_numpy(bool), grants["young"].to_numpy(bool)
    wished = (grants["wish"] == "used").to_numpy()
    of_agent = grants["agent"].to_numpy()
    dormant = (of_agent >= 0) & agents["dormant"].to_numpy()[of_agent]
    fresh = (
        ~governed
        & ~wished
        & ~dormant
        & (rng.random(size) < 0.1)
        & (grants["kind"] != "chain").to_numpy()
    )
    created = agents["created"].to_numpy()[of_agent]
    recent = np.where(young, created, rng.uniform(-58, -6, size))
    granted = np.where(young | fresh, recent, rng.uniform(-420, -125, size))
    growth = (grants["kind"] == "growth").to_numpy()
    granted = np.where(growth, rng.uniform(*GROWTH, size), granted)
    grants["granted"], grants["fresh"] = granted, young | fresh
    grants["telemetry"] = governed | wished | (rng.random(size) < 0.85)
    chance = rng.random(size)
    grants["eligible"] = ~governed & ~wished & (chance < 0.04)
    limited = governed | (chance > 0.86)
    ahead = np.where(governed, rng.uniform(15, 80, size), rng.uniform(10, 200, size))
    ended = ~governed & limited & ~wished & ~(young | fresh) & (rng.random(size) < 0.25)
    by_task = ended & (rng.random(size) < 0.5)
    over = rng.uniform(-85, -5, size)
    grants["expires"] = np.where(ended & ~by_task, over, np.where(limited, ahead, np.nan))
    grants["task_ended"] = np.where(by_task, over, np.nan)
    reviewed = _reviews(grants, rng)
    fit = ~governed & ~grants["fresh"].to_numpy() & (grants["overdue"]).to_numpy() & (of_agent >= 0)
    grants["revoked"] = np.where(
        fit & (rng.random(size) < 0.03), rng.uniform(-58, -5, size), np.nan
    )
    used = tuple(_level_use(grants, bit, dormant, rng) for bit in range(len(LEVELS)))
    grants["end"] = np.where(
        _removable(grants) & (rng.random(size) < 0.06), rng.uniform(-150, -2, size), np.nan
    )
    grants["id"] = ("g-" + pd.Series(np.arange(size)).astype("string")).array
    return grants, used, reviewed


def _removable(grants: pd.DataFrame) -> np.ndarray:
    plain = grants["kind"].isin(["direct", "shared"]) & ~grants["governed"] & ~grants["fresh"]
    return np.asarray(plain & (grants["wish"] == "") & grants["revoked"].isna())


def _reviews(grants: pd.DataFrame, rng: np.random.Generator) -> Recurring:
    size, granted = len(grants), grants["granted"].to_numpy()
    kept_up = grants["governed"].to_numpy(bool) | (rng.random(size) < 0.45)
    overdue = ~kept_up & ~grants["fresh"].to_numpy(bool)
    grants["overdue"] = overdue
    once = rng.uniform(-400, -115, size)
    never = overdue & ((rng.random(size) < 0.5) | (once < granted))
    never |= grants["fresh"].to_numpy(bool)  # too new to have been reviewed
    first = np.where(never, np.nan, np.where(overdue, once, granted + rng.uniform(1, 40, size)))
    return Recurring(first, rng.uniform(30, 58, size), np.where(overdue, once, np.inf))


def _level_use(
    grants: pd.DataFrame, bit: int, dormant: np.ndarray, rng: np.random.Generator
) -> Recurring:
    """Draw the uses of one level; `unused` collects the levels that are no longer used."""
    size = len(grants)
    has = (grants["levels"].to_numpy() >> bit & 1).astype(bool)
    sure = grants["governed"].to_numpy(bool) | (grants["wish"] == "used").to_numpy()
    busy = sure | (rng.random(size) < 0.35)
    idle = (dormant | ~busy | (grants["kind"] == "chain").to_numpy()) & ~grants["fresh"].to_numpy()
    idle |= grants["untaken"].to_numpy(bool) & ~grants["fresh"].to_numpy(bool)
    use = draw_use(grants["granted"].to_numpy(), idle, rng)
    use.first[grants["untaken"].to_numpy(bool)] = np.nan  # used only through the role
    unseen = ~has | ~grants["telemetry"].to_numpy() | (grants["fresh"].to_numpy() & ~busy)
    use.first[unseen] = np.nan
    unused = grants["unused"].to_numpy() if "unused" in grants else np.zeros(size, int)
    grants["unused"] = unused | ((has & idle & grants["telemetry"].to_numpy()).astype(int) << bit)
    return use
