"""An estate made of entitlements, in memory: agents, each with a key, an account and two groups."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from graph.element import Element
from graph.facts import Coverage, Facts
from graph.frames import PANDAS
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    SENSITIVITIES,
    SERVICE_ACCOUNT,
    USES,
)

NOW = pd.Timestamp("2026-08-01", tz="UTC").as_unit("ms")
EACH = 50  # entitlements of an agent: its account's, and those of its two groups
OWN, SHARED = 7, 9  # grants of an account and of a group, with two levels each
DECLARES = ("grants", "owners", "scope", "usage", "reviews", "credentials", "decisions")
DECLARED = (Coverage("estate", "bench", True, NOW, DECLARES),)


def estate_of_grants(entitlements: int, seed: int = 1) -> Facts:
    """Make an estate with about so many entitlements."""
    rng = np.random.default_rng(seed)
    agents = max(entitlements // EACH, 1)
    groups, resources, people = agents // 20 + 2, agents // 2 + 10, agents // 10 + 2
    places, ago = np.arange(agents), partial(dated, rng)

    account, resource = names("svc-", agents), names("res-", resources)
    holder = np.concatenate([np.repeat(account, OWN), np.repeat(names("grp-", groups), SHARED)])
    grants = len(holder)
    used = ago(200, grants).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    scope = '[{"level":"read","resource":"res-%07d"},{"level":"read","resource":"res-00*"}]'
    member = rng.integers(0, groups, agents)
    frames = {
        AGENT: frame(AGENT, id=names("bot-", agents), status="active", env="prod",
                     aars=rng.integers(0, 11, agents).astype(float), created_at=ago(900, agents),
                     declared_scope=[scope % r for r in rng.integers(0, resources, agents)]),
        SERVICE_ACCOUNT: frame(SERVICE_ACCOUNT, id=account, status="active", env="prod"),
        CREDENTIAL: frame(CREDENTIAL, id=names("key-", agents), status="active",
                          created_at=ago(700, agents),
                          storage=rng.choice(["vault", "code", "unknown"], agents),
                          strength=rng.choice(["weak", "strong"], agents)),
        GROUP: frame(GROUP, id=names("grp-", groups)),
        HUMAN: frame(HUMAN, id=names("man-", people), left_at=ago(300, people, 0.7)),
        RESOURCE: frame(RESOURCE, id=resource, env="prod",
                        sensitivity=rng.choice(SENSITIVITIES, resources)),
        USES: linked(USES, names("bot-", agents), names("key-", agents)),
        AUTHENTICATES_AS: linked(AUTHENTICATES_AS, names("key-", agents), account),
        MEMBER_OF: linked(MEMBER_OF, np.tile(account, 2),
                          names("grp-", groups)[np.concatenate([member, (member + 1) % groups])]),
        OWNS: linked(OWNS, names("man-", people)[rng.integers(0, people, 2 * agents)],
                     names("bot-", agents)[np.tile(places, 2)],
                     role=np.repeat(["business", "technical"], agents)),
        CAN_ACCESS: linked(CAN_ACCESS, holder, resource[rng.integers(0, resources, grants)],
                           levels=rng.choice(['["read","write"]', '["admin","read"]'], grants),
                           granted_at=ago(500, grants), expires_at=ago(200, grants, 0.6),
                           reviewed_at=ago(400, grants, 0.5), telemetry=rng.random(grants) < 0.9,
                           last_used_at='{"read":"' + used + '"}'),
    }  # fmt: skip
    return Facts.of(frames, DECLARED)


def dated(rng: np.random.Generator, most: int, size: int, absent: float = 0.0) -> Any:
    """Draw instants of the last `most` days, some of them `absent`."""
    days = rng.integers(0, most, size)
    at = pd.Series(NOW - pd.to_timedelta(days, "D")).dt.as_unit("ms")
    return at.mask(rng.random(size) < absent)


def names(prefix: str, count: int) -> np.ndarray:
    """Return ids in order."""
    return np.char.add(prefix, np.char.zfill(np.arange(count).astype(str), 7)).astype(object)


def linked(element: Element, source: Any, target: Any, **facts: Any) -> pd.DataFrame:
    """Make the rows of a relationship."""
    ids = names(f"{element.name}-", len(source))
    return frame(element, id=ids, source_id=source, target_id=target, **facts)


def frame(element: Element, **facts: Any) -> pd.DataFrame:
    """Make a frame of `element` from some of its columns."""
    facts = {"source": "estate", "scope": "bench", "name": facts["id"]} | facts
    count = len(facts["id"])
    columns = {
        c.name: pd.Series(facts.get(c.name), range(count)).astype(PANDAS[c.dtype])
        for c in element.columns
    }
    return pd.DataFrame(columns)
