"""Rendering of an estate as of one day: the frames of its native folder."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Element
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    DECISION_RECORD,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    REVIEW,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    SOD_RULE,
    SPAWNS,
    STORED_IN,
    TEAM,
    TOOL,
    TRUSTS,
    USE_EVENT,
    USED,
    USES,
)
from graph.values import canonical
from ingest.files.text_columns import as_text, text_column
from ingest.generator.access import LEVELS, SENSITIVITIES, SOD_SIDES
from ingest.generator.activity.evidence import records
from ingest.generator.activity.uses import added_up, key_used, last_active, seen_with_keys
from ingest.generator.clock import present, stamp, where
from ingest.generator.population import ENVS
from ingest.generator.sets import ANYONE
from ingest.generator.world import World

NEVER = np.nan
NAMES = np.array(ENVS, object)


def render(world: World, at: float) -> dict[Element, pd.DataFrame]:
    """Return a frame for each element as of day `at`."""
    frames: dict[Element, pd.DataFrame] = {}
    parts: tuple[Callable[[World, float], dict[Element, pd.DataFrame]], ...] = (
        _identities,
        _people,
        _resources,
        _credentials,
        _memberships,
        _assumptions,
        _grants,
        _delegations,
        _reviews,
        _records,
    )
    for part in parts:
        frames |= {element: frame for element, frame in part(world, at).items() if len(frame)}
    return frames


def _exists(frame: pd.DataFrame, at: float, start: str = "start", end: str = "end") -> np.ndarray:
    ends = frame[end].to_numpy() if end in frame else np.full(len(frame), NEVER)
    return present(frame[start].to_numpy(), ends, at)


def _identities(world: World, at: float) -> dict[Element, pd.DataFrame]:
    agents, accounts = world.population.agents, world.population.accounts
    active = last_active(world, at)
    made, over = _exists(agents, at, "created", "none"), (agents["ended"] <= at).to_numpy()
    frame = pd.DataFrame(
        {
            "id": agents["id"],
            "kind": agents["kind"],
            "provider": agents["provider"],
            "status": np.where(over, agents["ended_as"], "active"),
            "status_at": stamp(np.where(over, agents["ended"], NEVER)),
            "deleted_at": stamp(agents["deleted"]),
            "revived_at": stamp(np.where(agents["deleted"].notna(), agents["created"], NEVER)),
            "env": NAMES[agents["env"]],
            "purpose": world.structure.purpose,
            "declared_scope": world.structure.scope,
            "aars": world.aars,
            "created_at": stamp(agents["created"]),
            "last_active_at": stamp(np.where(world.activity_facts.by("agent"), active, NEVER)),
            "third_party": agents["third_party"],
            "platform": agents["platform"],
        }
    )
    taken = np.where(world.activity_facts.by("account"), active, NEVER)
    used = np.r_[taken, np.full(len(accounts) - len(agents), at - 0.1)]
    tools = world.population.tools
    of_tools = np.arange(len(accounts)) >= len(agents)
    left = (agents["place"] == "ended").to_numpy() & (agents["ended_as"] == "deleted").to_numpy()
    scope = [
        canonical([{"level": level, "resource": "saas:" + name} for level in ("read", "write")])
        for name in tools["id"].str.removeprefix("mcp-")
    ]
    service = pd.DataFrame(
        {
            "id": accounts["id"],
            "provider": accounts["provider"],
            "env": NAMES[accounts["env"]],
            "status": "active",
            "purpose": where(of_tools | np.r_[left, np.zeros(len(tools), bool)], "serve a tool"),
            "declared_scope": np.r_[where(left, world.structure.scope), np.array(scope, object)],
            "created_at": stamp(accounts["start"]),
            "last_used_at": stamp(used),
        }
    )
    tool = pd.DataFrame(
        {
            "id": tools["id"],
            "kind": "mcp_server",
            "capabilities": [f'["{c}"]' for c in tools["capability"]],
            "third_party": tools["third_party"],
            "approved": True,
            "status": "active",
        }
    )
    exists = _exists(accounts, at) & accounts["exists"].to_numpy(bool)
    return {AGENT: frame[made], SERVICE_ACCOUNT: service[exists], TOOL: tool}


def _people(world: World, at: float) -> dict[Element, pd.DataFrame]:
    people, teams, owns = world.population.people, world.population.teams, world.owns
    left = people["left"].to_numpy()
    human = pd.DataFrame(
        {
            "id": people["id"],
            "email": people["id"] + "@example.com",
            "status": np.where(left <= at, "left", "active"),
            "left_at": stamp(np.where(left <= at, left, NEVER)),
            "manager_id": people["id"].iloc[people["manager"]].array,
        }
    )
    unit = np.array(world.population.units, object)[teams["unit"]]
    return {
        HUMAN: human,
        TEAM: pd.DataFrame({"id": teams["id"], "parent_id": unit}),
        OWNS: pd.DataFrame(
            {
                "source_id": owns["owner"],
                "target_id": owns["thing"],
                "role": owns["role"],
                "since": stamp(owns["start"]),
                "acknowledged_at": stamp(
                    np.where(owns["acknowledged"] <= at, owns["acknowledged"], NEVER)
                ),
            }
        )[_exists(owns, at) & owns["thing"].isin(world.alive(at)).to_numpy()],
    }


def _links(source: pd.Series, target: pd.Series, **facts: object) -> pd.DataFrame:
    return pd.DataFrame({"source_id": source.array, "target_id": target.array, **facts})


def _resources(world: World, at: float) -> dict[Element, pd.DataFrame]:
    resources, sets = world.access.resources, world.access.sets
    special = resources["special"].to_numpy(object)
    frame = pd.DataFrame(
        {
            "id": resources["id"],
            "type": resources["type"],
            "provider": world.platforms,
            "env": NAMES[resources["env"]],
            "sensitivity": np.array(SENSITIVITIES, object)[resources["sensitivity"]],
            "control_plane": special == "account:{}-{}",
        }
    )
    role = (sets["kind"] == "Role").to_numpy()
    listed = pd.DataFrame({"id": sets["id"], "env": NAMES[sets["env"].to_numpy(int)]})
    pairs = [resources.loc[special == f"erp:{{}}-{{}}-{s}", "id"].array for s in SOD_SIDES]
    rules = pd.DataFrame(
        {
            "rule": [f"vendor-and-payment-{i + 1}" for i in range(len(pairs[0]))],
            "left_resource": pairs[0],
            "left_level": "write",
            "right_resource": pairs[1],
            "right_level": "write",
        }
    )
    trusting = sets[sets["trusts"].notna()]
    accounts = world.population.accounts
    here = set(np.flatnonzero(_exists(accounts, at))) | {ANYONE}
    trusting = trusting[trusting["trusts"].isin(here)]
    names = accounts["id"].to_numpy(object)
    trusted = [t if t == ANYONE else names[t] for t in trusting["trusts"]]
    everybody = pd.DataFrame({"id": [ANYONE], "name": "anyone", "type": "anyone"})
    return {
        RESOURCE: pd.concat([frame, everybody[: int(ANYONE in trusted)]], ignore_index=True),
        TRUSTS: _links(trusting["id"], pd.Series(trusted, dtype="string")),
        ROLE: listed[role].assign(assumable=True, status="active"),
        GROUP: listed.loc[~role, ["id"]],
        SOD_RULE: rules,
    }


def _credentials(world: World, at: float) -> dict[Element, pd.DataFrame]:
    keys, holders = world.credentials.keys, world.credentials.holders
    agents, accounts = world.population.agents, world.population.accounts
    exists = _exists(keys, at, "created", "none")
    frame = pd.DataFrame(
        {
            "id": keys["id"],
            "type": keys["type"],
            "status": np.select(
                [keys["leaked"] <= at, keys["revoked"]], ["leaked", "revoked"], "active"
            ),
            "created_at": stamp(keys["created"]),
            "rotated_at": stamp(world.credentials.rotated.last(at)),
            "expires_at": stamp(keys["expires"]),
            "last_used_at": stamp(key_used(world, at)),
            "human_used_at": stamp(np.where(keys["human_used"] <= at, keys["human_used"], NEVER)),
            "storage": keys["storage"],
            "strength": np.where(keys["weak"], "weak", "strong"),
        }
    )
    in_use = holders[holders["key"].isin(keys["id"][exists]).to_numpy()]
    in_use = in_use[(agents["created"].to_numpy()[in_use["agent"]] <= at)]
    opened = keys[exists]
    stored = opened[opened["storage"] == "vault"]
    vault = np.where(world.in_legacy_vault[stored.index], "-legacy", "")
    where = agents.iloc[stored["agent"]]
    units = np.array(world.population.units, object)[where["unit"]]
    keyless = agents[
        ~agents["keyed"] & (agents["account"] >= 0) & _exists(agents, at, "created", "none")
    ]
    tools, active = world.population.tools["id"], last_active(world, at)
    first = opened["first"].to_numpy(bool)

    def shown_by(way: str, agent: pd.Series, mask: object = True) -> pd.Series:
        number = agent.to_numpy(int)
        return stamp(np.where(world.activity_facts.only(way)[number] & mask, active[number], NEVER))

    is_first = in_use["key"].isin(keys["id"][keys["first"]]).to_numpy()
    return {
        CREDENTIAL: frame[exists],
        USES: _links(
            agents["id"].iloc[in_use["agent"]],
            in_use["key"],
            last_used_at=shown_by("login", in_use["agent"], is_first),
        ),
        AUTHENTICATES_AS: _links(
            opened["id"],
            accounts["id"].iloc[opened["agent"]],
            last_used_at=shown_by("sign_in", opened["agent"], first),
        ),
        USED: added_up(world, at),
        STORED_IN: _links(
            stored["id"],
            pd.Series("vault:" + units + "-" + NAMES[where["env"]] + vault, dtype="string"),
        ),
        RUNS_AS: pd.concat(
            [
                _links(
                    keyless["id"],
                    accounts["id"].iloc[keyless["account"]],
                    last_used_at=shown_by("run", keyless["account"]),
                ),
                _links(tools, "svc-" + tools),
            ],
            ignore_index=True,
        ),
    }


def _memberships(world: World, at: float) -> dict[Element, pd.DataFrame]:
    people, teams = world.population.people, world.population.teams
    joins, accounts = world.access.joins, world.population.accounts
    exists = _exists(joins, at) & (joins["kind"] == "MEMBER_OF").to_numpy()
    parts = [
        _links(people["id"], teams["id"].iloc[people["team"]]),
        _links(
            people["id"].iloc[world.past_members["person"]],
            teams["id"].iloc[world.past_members["team"]],
        ),
        _links(accounts["id"].iloc[joins["account"]], joins["set"])[exists],
    ]
    return {MEMBER_OF: pd.concat(parts, ignore_index=True)}


def _assumptions(world: World, at: float) -> dict[Element, pd.DataFrame]:
    joins, chains, accounts = world.access.joins, world.access.chains, world.population.accounts
    exists = _exists(joins, at) & (joins["kind"] == "ASSUMES").to_numpy()
    taken = _links(
        accounts["id"].iloc[joins["account"]],
        joins["set"],
        valid_from=stamp(joins["start"]),
        last_used_at=stamp(world.access.joined.last(at)),
        telemetry=True,
    )
    since = stamp(world.population.agents["created"].to_numpy()[chains["account"]])
    never = {"valid_from": since, "last_used_at": stamp(np.full(len(chains), NEVER))}
    parts = [
        taken[exists],
        _links(accounts["id"].iloc[chains["account"]], chains["outer"], **never, telemetry=True),
        _links(chains["outer"], chains["inner"], **never, telemetry=True),
    ]
    return {ASSUMES: pd.concat(parts, ignore_index=True)}


def _grants(world: World, at: float) -> dict[Element, pd.DataFrame]:
    grants = world.access.grants
    exists = _exists(grants, at, "granted")
    now = grants[exists].reset_index(drop=True)
    task = now["task_ended"].to_numpy()
    frame = pd.DataFrame(
        {
            "source_id": now["holder"],
            "target_id": world.access.resources["id"].iloc[now["resource"]].array,
            "grant_id": now["id"],
            "levels": LEVEL_TEXT[now["levels"].to_numpy()],
            "granted_at": stamp(now["granted"]),
            "expires_at": stamp(now["expires"]),
            "task_id": where(~np.isnan(task), "task-" + now["id"].to_numpy(object)),
            "task_ended_at": stamp(np.where(task <= at, task, NEVER)),
            "reviewed_at": stamp(world.access.reviewed.take(exists).last(at)),
            "last_used_at": _last_used(world, exists, at),
            "telemetry": now["telemetry"],
            "eligible": where(now["eligible"], True),
        }
    )
    return {CAN_ACCESS: frame}


def _last_used(world: World, mask: np.ndarray, at: float) -> pd.Series:
    """Return the last use of each level as JSON text, formatted as by `canonical`."""
    parts = []
    for bit in np.argsort(LEVELS):
        instants = as_text(pa.array(stamp(world.access.used[bit].take(mask).last(at))))
        parts.append(pc.binary_join_element_wise(f'"{LEVELS[bit]}":"', instants, '",', ""))
    joined = pc.binary_join_element_wise(*parts, "", null_handling="replace")
    texts = pc.binary_join_element_wise("{", pc.utf8_rtrim(joined, ","), "}", "")
    return text_column(pc.if_else(pc.equal(joined, ""), None, texts))


def _delegations(world: World, at: float) -> dict[Element, pd.DataFrame]:
    made: dict[Element, pd.DataFrame] = {}
    structure, alive = world.structure, world.alive(at)
    for element, frame in (
        (SPAWNS, structure.spawns),
        (ACTS_FOR, structure.acts_for),
        (CALLS, structure.calls),
    ):
        exists = _exists(frame, at) & frame["source"].isin(alive).to_numpy()
        links = _links(frame["source"], frame["target"], ceiling=frame["ceiling"].array)
        made[element] = links.assign(valid_to=stamp(frame["valid_to"]))[exists]
    return made


def _reviews(world: World, at: float) -> dict[Element, pd.DataFrame]:
    reviews = world.structure.reviews
    exists = _exists(reviews, at, "decided")
    frame = pd.DataFrame(
        {
            "id": reviews["id"],
            "kind": reviews["kind"],
            "decision": reviews["decision"],
            "decided_at": stamp(reviews["decided"]),
            "decided_by": reviews["by"],
        }
    )
    covers = _links(reviews["id"], reviews["covers"], grant_id=reviews["grant"].array)
    return {REVIEW: frame[exists], COVERS: covers[exists]}


def _records(world: World, at: float) -> dict[Element, pd.DataFrame]:
    latent = world.evidence, world.population, world.access, world.credentials
    uses, decisions = records(*latent, world.structure.purpose, at)
    others = seen_with_keys(world, at)
    parts = [part for part in (uses, others) if len(part)]
    return {USE_EVENT: pd.concat(parts or [uses], ignore_index=True), DECISION_RECORD: decisions}


LEVEL_TEXT = np.array(
    [canonical([v for bit, v in enumerate(LEVELS) if bits >> bit & 1]) for bits in range(16)],
    object,
)
