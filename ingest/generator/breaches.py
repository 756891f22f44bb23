"""Estates at the scale of two breaches of 2025 and 2026, as facts in memory.

The first is of an agent network whose database was open to anybody, with the API keys of 1.5
million agents of 17 thousand people; some agents had keys of other services, too. The second is of
87 thousand database servers that gave away their memory, and with it whatever secrets passed
through them. The numbers of agents, people and servers are those that were reported; all else is
made up, and the same for the same seed.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from graph.element import Dtype, Element
from graph.facts import Coverage, Facts
from graph.frames import PANDAS
from graph.instants import DAY
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    HUMAN,
    RESOURCE,
    ROLE,
    SENSITIVITIES,
    SERVICE_ACCOUNT,
    STORED_IN,
    USES,
)

NOW = pd.Timestamp("2026-08-01", tz="UTC").as_unit("ms")
AGENTS, PEOPLE = 1_500_000, 17_000
SERVERS = 87_000
NETWORK, SERVER = "agent-network", "database_server"
DECLARES = ("grants", "usage", "credentials", "trust", "inventory")
IN_USE = 0.4  # of the keys, within the last 90 days
ELSEWHERE = 0.01  # of the agents hold a key of another service
SECRETS, SHARED = 3, 2  # of a server on average; secrets of an account
TEAMS = 300  # that operate the servers


def agent_keys(agents: int = AGENTS, seed: int = 1) -> Facts:
    """Make an agent network: each agent has an API key, and writes to the data of its owner.

    The keys are kept in one database. One agent in a hundred uses a key of another service.
    """
    rng = np.random.default_rng(seed)
    people, others = max(agents * PEOPLE // AGENTS, 1), max(round(agents * ELSEWHERE), 1)
    agent, key, data = _ids("agent-", agents), _ids("key-", agents), _ids("data-", people)
    other, service = _ids("other-key-", others), _ids("service-", others)
    owner = rng.integers(0, people, agents)
    frames: dict[Element, pd.DataFrame] = {
        AGENT: _frame(AGENT, id=agent, provider=NETWORK, status="active", kind="ai_agent"),
        HUMAN: _frame(HUMAN, id=_ids("person-", people)),
        CREDENTIAL: _frame(
            CREDENTIAL,
            id=_joined(key, other),
            type="api_key",
            status="active",
            created_at=_ago(rng, 200, agents + others),
        ),
        SERVICE_ACCOUNT: _frame(SERVICE_ACCOUNT, id=service, provider="model-host"),
        RESOURCE: _frame(
            RESOURCE,
            id=_joined(data, service + "/usage", np.array(["agents-db"])),
            type=np.repeat(["account", "api", "database"], [people, others, 1]),
            sensitivity=np.repeat(["confidential", "internal", "restricted"], [people, others, 1]),
        ),
        AUTHENTICATES_AS: _links(
            AUTHENTICATES_AS,
            _joined(key, other),
            _joined(agent, service),
            last_used_at=_seldom(rng, agents + others),
        ),
        USES: _links(USES, agent[rng.choice(agents, others, replace=False)], other),
        STORED_IN: _links(STORED_IN, key, np.repeat(["agents-db"], agents)),
        CAN_ACCESS: _links(
            CAN_ACCESS,
            _joined(agent, service),
            _joined(data[owner], service + "/usage"),
            levels='["read","write"]',
        ),
    }
    return Facts.of(frames, (Coverage("estate", "breach", True, NOW, DECLARES),))


def secret_stores(servers: int = SERVERS, seed: int = 1) -> Facts:
    """Make a fleet of database servers that hold secrets, operated by teams that may read them.

    Each secret opens an account with a few grants, and an agent uses it. A few accounts may take
    the role of the team that operates servers, and so come to all that is kept on those; and each
    team may make keys of the account by which it deploys.
    """
    rng = np.random.default_rng(seed)
    keys, teams = servers * SECRETS, max(servers * TEAMS // SERVERS, 1)
    accounts, resources = keys // SHARED, max(servers // 2, 1)
    key, account, server = _ids("key-", keys), _ids("svc-", accounts), _ids("db-", servers)
    role, resource, agent = _ids("ops-", teams), _ids("res-", resources), _ids("bot-", keys // 2)
    deploy, deployed = _ids("deploy-", teams), rng.integers(0, resources, teams)
    operated = np.sort(rng.integers(0, teams, servers))
    grants = rng.integers(0, accounts, 2 * accounts)
    leads = rng.choice(accounts, max(accounts // 500, 1), replace=False)
    frames: dict[Element, pd.DataFrame] = {
        AGENT: _frame(AGENT, id=agent, status="active", kind="workload"),
        CREDENTIAL: _frame(
            CREDENTIAL,
            id=key,
            type=rng.choice(["access_key", "password", "token"], keys),
            status="active",
            created_at=_ago(rng, 900, keys),
        ),
        SERVICE_ACCOUNT: _frame(SERVICE_ACCOUNT, id=_joined(account, deploy)),
        ROLE: _frame(ROLE, id=role),
        RESOURCE: _frame(
            RESOURCE,
            id=_joined(server, resource),
            type=np.repeat([SERVER, "table"], [servers, resources]),
            sensitivity=_joined(
                np.repeat(["restricted"], servers), rng.choice(SENSITIVITIES, resources)
            ),
        ),
        STORED_IN: _links(STORED_IN, key, server[rng.integers(0, servers, keys)]),
        AUTHENTICATES_AS: _links(
            AUTHENTICATES_AS,
            key,
            account[rng.integers(0, accounts, keys)],
            last_used_at=_seldom(rng, keys),
        ),
        USES: _links(USES, agent[np.arange(keys) % len(agent)], key),
        ASSUMES: _links(ASSUMES, account[leads], role[rng.integers(0, teams, len(leads))]),
        CONTROLS: _links(CONTROLS, role, deploy),
        CAN_ACCESS: _links(
            CAN_ACCESS,
            _joined(account[grants], role[operated], deploy),
            _joined(resource[rng.integers(0, resources, len(grants))], server, resource[deployed]),
            levels=_joined(
                rng.choice(['["read"]', '["read","write"]'], len(grants)),
                np.repeat(['["read"]', '["admin"]'], [servers, teams]),
            ),
        ),
    }
    return Facts.of(frames, (Coverage("estate", "breach", True, NOW, DECLARES),))


# -- frames by the million ---------------------------------------------------------------------


def _ids(prefix: str, count: int) -> np.ndarray:
    """Return ids in order, as fixed-width text (array of `<U`)."""
    return np.char.add(prefix, np.char.zfill(np.arange(count).astype("U7"), 7))


def _joined(*parts: Any) -> np.ndarray:
    return np.concatenate(parts)


def _ago(rng: np.random.Generator, most: int, count: int) -> pd.Series:
    """Return instants within the last `most` days."""
    at = np.datetime64(NOW.tz_localize(None), "ms") - rng.integers(0, most * DAY, count)
    instants: pd.Series = pd.Series(at).dt.tz_localize("UTC")
    return instants


def _seldom(rng: np.random.Generator, count: int) -> pd.Series:
    """Return when each of so many was last used; most were not, within the last 90 days."""
    at = _ago(rng, 90, count)
    return at.mask(rng.random(count) >= IN_USE)


def _links(element: Element, source: np.ndarray, target: np.ndarray, **facts: Any) -> pd.DataFrame:
    ids = _ids(f"{element.name}-", len(source))
    return _frame(element, id=ids, source_id=source, target_id=target, **facts)


def _frame(element: Element, **facts: Any) -> pd.DataFrame:
    """Make the rows of an element from some of its columns; the absent ones share one array."""
    given: Mapping[str, Any] = {
        "source": "estate",
        "scope": "breach",
        "name": facts["id"],
        "telemetry": element is AUTHENTICATES_AS,
    } | facts
    count, absent = len(facts["id"]), dict[Dtype, Any]()
    columns = {}
    for column in element.columns:
        if column.name in given:
            columns[column.name] = _typed(given[column.name], count, PANDAS[column.dtype])
            continue
        if column.dtype not in absent:
            absent[column.dtype] = _typed(None, count, PANDAS[column.dtype])
        columns[column.name] = absent[column.dtype]
    return pd.DataFrame(columns, copy=False)


def _typed(values: Any, count: int, dtype: Any) -> Any:
    """Return values as an array of a type; a single value, or none, is repeated."""
    if isinstance(values, np.ndarray | pd.Series):
        return pd.array(values, dtype=dtype)
    return pd.array([values], dtype=dtype).take(np.zeros(count, np.intp))
