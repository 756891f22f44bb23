"""Edges derived from a level held on a resource, to the nodes that the resource leads to."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.escalation.rule import Derivation, Known
from graph.access import AccessGraph, Grants
from graph.aws.patterns import compiled
from graph.frames import records
from graph.instants import NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVELS

# A permission of an app or token of GitHub, and those that change the code of a repository.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
PERMISSION = r'"[a-z_]+:(?:read|write|admin)"'
CHANGES_CODE = r'"(?:contents|administration):(?:write|admin)"'
CHANGES = ("write", "admin")
# A grant on a secret by AWS, with the actions as its policies write them.
AWS_STORE = r"^arn:[^:]*:secretsmanager:"
OF_SECRETS = r'\["secretsmanager:[A-Za-z*?]+"(?:,"secretsmanager:[A-Za-z*?]+")*\]'
READS_VALUE = "secretsmanager:getsecretvalue"
READS = ("read", "admin")


def through_grants(
    known: Known, rule: str, yielding: tuple[str, ...], leads: pd.DataFrame
) -> Iterator[Derivation]:
    """Derive an edge from each holder of a `yielding` level to the gains of its resource.

    `leads` has the columns `resource` and `gain` (numbers of nodes) and `fact`, the id of the
    relationship between them, "" where it is a property.
    """
    if leads.empty:
        return
    wanted = sum(1 << LEVELS.index(level) for level in yielding)
    frame = known.graph.frames[CAN_ACCESS]
    conditions, ids = (frame[name].to_numpy(object) for name in ("condition", "id"))
    left_out: frozenset[int] = frozenset()
    if yielding == CHANGES:
        left_out = _beside_code(known.graph)
    elif yielding == READS:
        left_out = _beside_values(known.graph, leads["resource"].to_numpy(np.int64))
    for way in records(_giving(known.so_far.grants, wanted).merge(leads, on="resource")):
        if way.holder == way.gain or way.row in left_out:
            continue
        stated = way.row >= 0  # an account that is taken over has derived grants
        condition = conditions[way.row] if stated else pd.NA
        facts = (str(ids[way.row]) if stated else "", str(way.fact))
        yield Derivation(
            int(way.holder),
            int(way.gain),
            rule,
            tuple(fact for fact in facts if fact),
            "" if pd.isna(condition) else str(condition),
            bool(way.eligible),
            bool(way.assumed),
            bool(way.telemetry),
            int(way.last_used),
            int(way.since),
        )


@once
def _beside_code(graph: AccessGraph) -> frozenset[int]:
    """Return the rows of grants on repositories that change something else than their code.

    An app that may write issues or checks pushes nothing.
    """
    frame = graph.frames[CAN_ACCESS]
    ours = np.flatnonzero(frame["target_id"].str.startswith("github:").fillna(False).to_numpy(bool))
    actions = frame["actions"].iloc[ours].astype("string").fillna("")
    beside = actions.str.contains(PERMISSION) & ~actions.str.contains(CHANGES_CODE)
    return frozenset(ours[beside.to_numpy(bool)].tolist())


def _beside_values(graph: AccessGraph, stores: np.ndarray) -> frozenset[int]:
    """Return the rows of grants on secrets of AWS that read something else than their values.

    Who may only describe a secret, as auditors do, has level `read` on it and not what is kept in
    it. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
    """
    stores = np.unique(stores)
    of_aws = pc.match_substring_regex(graph.ids.take(pa.array(stores)), AWS_STORE)
    stores = stores[of_aws.to_numpy(zero_copy_only=False)]
    if not len(stores):
        return frozenset()
    ours = np.flatnonzero(np.isin(graph.ends(CAN_ACCESS)[1], stores))
    ours = ours[graph.levels[ours] & (1 << LEVELS.index("admin")) == 0]
    texts = graph.frames[CAN_ACCESS]["actions"].iloc[ours].astype("string").fillna("")
    stated = texts.str.fullmatch(OF_SECRETS).to_numpy(bool)
    reading = {text for text in texts[stated].unique() if any(map(_reads_value, json.loads(text)))}
    return frozenset(ours[stated & ~texts.isin(reading).to_numpy(bool)].tolist())


def _reads_value(action: str) -> bool:
    return compiled(action.lower()).fullmatch(READS_VALUE) is not None


def _giving(grants: Grants, wanted: int) -> pd.DataFrame:
    """Return the grants that give one of the wanted levels (bits), with their last use at one."""
    gives = grants.levels & wanted > 0
    at_level = (grants.levels & wanted)[:, None] >> np.arange(len(LEVELS)) & 1 == 1
    latest = np.where(at_level, grants.last_used, NEVER).max(axis=1, initial=NEVER)
    columns = {
        "holder": grants.holder,
        "resource": grants.resource,
        "row": grants.row,
        "eligible": grants.eligible,
        "assumed": grants.assumed,
        "telemetry": grants.telemetry,
        "last_used": latest,
        "since": grants.since,
    }
    return pd.DataFrame({name: column[gives] for name, column in columns.items()})
