"""Synthetic uses by agents, and the decisions of policy decision points about them.

A use is the last one of a grant's level, so that uses and the grants' `last_used_at` agree.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graph.journal.hash_chain import chained
from graph.values import iso
from ingest.generator.access import LEVELS, Access
from ingest.generator.clock import present, stamp
from ingest.generator.credentials import Credentials
from ingest.generator.names import pick
from ingest.generator.population import PROVIDERS, Population
from ingest.sources.decisions.records import nest

MINUTE = 1 / 1440
RECENT = 50  # days
PLANTED = ("unexplained", "denied", "late")
UNDECIDED = ("unexplained", "plain")  # states of uses without a decision
ORDER = (1, 2, 0, 3)  # the order in which a grant's levels are checked: read, write, list, admin
# What is wrong with the records of explained uses of agents that are not governed, in turn.
SLIPS = ("not_done", "", "template", "", "other_purpose", "template", "")
OTHER_PURPOSE, TEMPLATE = "translate a novel", "approved as usual"
TASKS = ("monthly close", "customer request", "scheduled run", "incident")


@dataclass(frozen=True)
class EvidencePlan:
    """The grants (`rows`) with recorded uses, and the relation of each use to decisions.

    `state` is explained, unexplained, denied, late or plain (nothing sensitive, no decision);
    `slip` is what is wrong with its record, one of `SLIPS`. `by_account` is True if the log names
    the account instead of the agent.
    """

    rows: np.ndarray
    state: np.ndarray
    slip: np.ndarray
    by_account: np.ndarray
    lag: np.ndarray
    task: np.ndarray


def plan_evidence(population: Population, access: Access, rng: np.random.Generator) -> EvidencePlan:
    """Choose the grants whose use is recorded: at most one per account, planted ones first."""
    agents, grants = population.agents, access.grants
    own = grants["kind"].isin(["direct", "drift"]) & (grants["agent"] >= 0) & grants["telemetry"]
    place = agents["place"].to_numpy()[grants["agent"]]
    wished = (grants["wish"] == "used").to_numpy() & np.isin(place, PLANTED)
    candidates = grants.assign(planted=wished)[own & ~grants["fresh"] & _only_way(access)]
    candidates = candidates.assign(lot=rng.random(len(candidates)) - candidates["planted"])
    first = candidates.sort_values("lot").drop_duplicates("agent")
    kept = first[first["planted"] | (rng.random(len(first)) < 0.8)]
    sensitive = access.resources["sensitivity"].to_numpy()[kept["resource"]] >= 2
    decided = sensitive | (rng.random(len(kept)) < 0.6)
    state = np.where(decided, "explained", "plain").astype(object)
    planted = kept["planted"].to_numpy(bool)
    state[planted] = place[kept.index[planted]]
    borrowed = agents["place"].isin(["lender", "borrower"]).to_numpy()[kept["agent"]]
    wide = agents["place"].isin(["parent", "secret_reader"]).to_numpy()[kept["agent"]]
    return EvidencePlan(
        kept.index.to_numpy(),
        state,
        _slips(state, agents["governed"].to_numpy(bool)[kept["agent"]]),
        wide | (~borrowed & (rng.random(len(kept)) < 0.5)),
        rng.uniform(1, 9, len(kept)) * MINUTE,
        pick(rng, TASKS, len(kept)),
    )


def _slips(state: np.ndarray, governed: np.ndarray) -> np.ndarray:
    """Return what is wrong with the record of each use, "" for nothing."""
    slip = np.full(len(state), "", object)
    explained = np.flatnonzero((state == "explained") & ~governed)
    slip[explained] = np.resize(np.array(SLIPS, object), len(explained))
    return slip


def _only_way(access: Access) -> np.ndarray:
    """Return the mask of an account's grants on resources that none of its sets grants (bool).

    A use that several grants allow does not show which of them is in use.
    """
    grants, chains = access.grants, access.chains
    sets = [access.joins, *(chains.rename(columns={end: "set"}) for end in ("outer", "inner"))]
    joined = pd.concat([part[["account", "set"]] for part in sets])
    given = joined.merge(grants[["holder", "resource"]], left_on="set", right_on="holder")
    set_pairs = pd.MultiIndex.from_frame(given[["account", "resource"]].astype(int))
    own_pairs = pd.MultiIndex.from_frame(grants[["agent", "resource"]].astype(int))
    return ~np.asarray(own_pairs.isin(set_pairs))


def platforms(plan: EvidencePlan, population: Population, access: Access) -> np.ndarray:
    """Return the platform of each resource (dtype object), None where nobody states it.

    It is stated of some that are used without a decision, and that no control uses: of each second
    one it is another than that of the agent.
    """
    agents, grants = population.agents, access.grants.iloc[plan.rows]
    agent, resource = grants["agent"].to_numpy(), grants["resource"].to_numpy()
    controls = agents["governed"].to_numpy(bool)[agent]
    open_ = np.isin(plan.state, UNDECIDED) & ~controls & ~np.isin(resource, resource[controls])
    own = pd.Index(PROVIDERS).get_indexer(agents["provider"].to_numpy(object)[agent])
    stated = np.full(len(access.resources), None, object)
    for step, rows in enumerate((np.flatnonzero(open_)[1::4], np.flatnonzero(open_)[::4])):
        other = (own[rows] + step) % len(PROVIDERS)
        stated[resource[rows]] = np.array(PROVIDERS, object)[other]
    return stated


def seen(plan: EvidencePlan, access: Access, at: float) -> pd.DataFrame:
    """Return the planned uses that are recent as of day `at`: `nth` of the plan, `level`, `day`."""
    rows = plan.rows
    grants = access.grants.iloc[rows]
    times = np.stack([u.take(rows).last(at) for u in access.used], axis=1)[:, ORDER]
    recent = times >= at - RECENT
    level = np.argmax(recent, axis=1)
    exists = present(grants["granted"].to_numpy(), grants["end"].to_numpy(), at)
    nth = np.flatnonzero(recent.any(axis=1) & exists)
    return pd.DataFrame(
        {
            "nth": nth,
            "level": np.array(LEVELS, object)[np.array(ORDER)[level[nth]]],
            "day": times[nth, level[nth]],
        }
    )


def records(
    plan: EvidencePlan,
    population: Population,
    access: Access,
    credentials: Credentials,
    purposes: np.ndarray,
    at: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the uses and the decisions as of day `at`, the decisions as a hash chain.

    `purposes` are the declared ones of all agents, None where undeclared.
    """
    recent = seen(plan, access, at)
    nth = recent["nth"].to_numpy()
    grants = access.grants.iloc[plan.rows[nth]].reset_index(drop=True)
    agent = population.agents["id"].iloc[grants["agent"]].reset_index(drop=True)
    account = population.accounts["id"].iloc[grants["agent"]].reset_index(drop=True)
    first = credentials.keys[credentials.keys["first"]].set_index("agent")["id"]
    number = pd.Series(nth, dtype="string")
    uses = pd.DataFrame(
        {
            "id": "use-" + number,
            "at": stamp(recent["day"].to_numpy()),
            "principal": agent.mask(pd.Series(plan.by_account[nth]), account),
            "credential": first.reindex(grants["agent"]).array,
            "resource": access.resources["id"].iloc[grants["resource"]].array,
            "action": recent["level"],
            "level": recent["level"],
            "outcome": "success",
        }
    )
    purpose = purposes[grants["agent"]]
    return uses, _decisions(plan, recent, agent, account, purpose, uses)


def _decisions(
    plan: EvidencePlan,
    recent: pd.DataFrame,
    agent: pd.Series,
    account: pd.Series,
    purpose: np.ndarray,
    uses: pd.DataFrame,
) -> pd.DataFrame:
    nth = recent["nth"].to_numpy()
    state, lag, slip = plan.state[nth], plan.lag[nth], plan.slip[nth]
    stated = np.where(pd.isna(purpose), plan.task[nth], purpose)
    stated = np.where(slip == "other_purpose", OTHER_PURPOSE, stated)
    task = "task-" + pd.Series(nth, dtype="string")
    done = np.where(state == "denied", nth % 2 == 0, slip != "not_done")
    days = recent["day"].to_numpy() + np.where(state == "late", lag, -lag)
    made = pd.DataFrame(
        {
            "id": "decision-" + pd.Series(nth, dtype="string"),
            "at": stamp(days),
            "subject": agent,
            "subject_type": "agent",
            "identity": account,
            "action": uses["action"],
            "resource": uses["resource"],
            "purpose": stated,
            "task_id": task,
            "decision": np.where(state == "denied", "deny", "allow"),
            "policy_id": np.where(state == "denied", "deny-out-of-hours", "allow-in-scope"),
            "policy_version": "3",
            "engine": "cedar",
            "justification": _justification(slip, stated, task),
            "executed": done,
            "result": np.where(done, "success", "refused"),
        }
    )[~np.isin(state, UNDECIDED)]
    made = made.sort_values("at", kind="stable").reset_index(drop=True)
    if made.empty:
        return made
    rows = made.assign(at=made["at"].map(iso)).to_dict("records")
    links = list(chained(nest({str(k): v for k, v in row.items()}) for row in rows))
    return made.assign(
        prev_hash=[link["prev_hash"] for link in links], hash=[link["hash"] for link in links]
    )


def _justification(slip: np.ndarray, purpose: np.ndarray, task: pd.Series) -> np.ndarray:
    """Return a reason that names its own task, or the one that many have."""
    own = np.array([f"{p}, as {t} asks" for p, t in zip(purpose, task, strict=True)], object)
    return np.where(slip == "template", TEMPLATE, own)
