"""Credential hubs: the identities that depend on each credential, and on it alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.reach.closure import Totals, totals
from analytics.reach.paths.articulation import pieces
from analytics.usage.activity import lately
from graph.access import flags
from graph.element import Relationship
from graph.instants import NEVER
from graph.schema import AGENT, AUTHENTICATES_AS, USES

BLUEPRINT = "blueprint"
IN_USE, UNKNOWN, IDLE = "in_use", "unknown", "idle"
MADE_FROM = "made from a blueprint"


@dataclass(frozen=True)
class Hubs:
    """Credentials with dependents (numbers of nodes), and measures of each.

    `dependents` has a row for each pair of `credential` (number) and dependent `identity` (number):
    `use` is one of `IN_USE`, `UNKNOWN`, `IDLE`, `how` the type of the relationship or `MADE_FROM`.
    `reach` is what each credential opens. `pieces` counts the components into which its connected
    identities fall without it. `in_use` and `unknown` count its dependents. `rotation` is its rank,
    from 1, in the order in which rotation breaks least.
    """

    credentials: np.ndarray
    dependents: pd.DataFrame
    reach: Totals
    pieces: np.ndarray
    blueprint: np.ndarray
    in_use: np.ndarray
    unknown: np.ndarray
    rotation: np.ndarray


def credential_hubs(posture: Posture) -> Hubs:
    """Find the dependents of each credential that opens something.

    An agent depends on what it uses or signs in with, any other accountable identity on what signs
    in as it, and an agent made from a blueprint on the credentials of the blueprint. Rotation ranks
    by the number of dependents seen using it within `UNUSED_DAYS`, then of those with unknown use,
    fewest first, then by reach, widest first.
    """
    rows = dependents(posture)
    credentials, place = np.unique(rows["credential"].to_numpy(), return_inverse=True)
    identities, identity = np.unique(rows["identity"].to_numpy(), return_inverse=True)
    parts = pieces(identity + len(credentials), place, len(credentials) + len(identities))
    reach = totals(posture.network(), credentials)
    state = rows["use"].to_numpy(object)
    counts = {s: _count(place[state == s], len(credentials)) for s in (IN_USE, UNKNOWN)}
    made = _count(place[(rows["how"] == MADE_FROM).to_numpy(bool)], len(credentials)) > 0
    order = np.lexsort((credentials, -reach.weighted, counts[UNKNOWN], counts[IN_USE]))
    rotation = np.empty(len(order), np.int64)
    rotation[order] = np.arange(1, len(order) + 1)
    return Hubs(
        credentials=credentials,
        dependents=rows,
        reach=reach,
        pieces=parts[: len(credentials)],
        blueprint=made,
        in_use=counts[IN_USE],
        unknown=counts[UNKNOWN],
        rotation=rotation,
    )


def _count(place: np.ndarray, many: int) -> np.ndarray:
    return np.bincount(place, minlength=many)


def dependents(posture: Posture) -> pd.DataFrame:
    """Return the dependents of each live credential, one row for each pair; see `Hubs`."""
    graph, agent = posture.graph, posture.graph.has_label(AGENT)
    accountable = np.zeros(len(graph.ids), bool)
    accountable[posture.accountable] = True
    users = _links(posture, USES, "source")
    signing = _links(posture, AUTHENTICATES_AS, "target")
    signing = signing[(agent | accountable)[signing["identity"]]]
    rows = pd.concat([users, signing], ignore_index=True)
    rows = pd.concat([rows, _made_from(posture, rows)], ignore_index=True)
    kept = graph.live[rows["credential"]] & ~posture.deleted[rows["identity"]]
    rows = rows[kept].sort_values("at", ascending=False, kind="stable")
    both = rows.groupby(["credential", "identity"])
    rows = rows.assign(seen=both["seen"].transform("any"), latest=both["latest"].transform("max"))
    rows = rows.drop_duplicates(["credential", "identity"])
    rows = rows.sort_values(["credential", "identity"], ignore_index=True)
    done: pd.DataFrame = rows.assign(use=_use(posture, rows)).drop(columns=["at", "latest", "seen"])
    return done


def _links(posture: Posture, relationship: Relationship, end: str) -> pd.DataFrame:
    """Return the relationships of one type in force; the identity is at the named `end`."""
    graph, frame = posture.graph, posture.graph.frames[relationship]
    source, target = graph.ends(relationship)
    identity, credential = (source, target) if end == "source" else (target, source)
    steps = posture.activity.steps_of(relationship)
    at, latest = posture.activity.last_taken[steps], posture.activity.step_latest[steps]
    rows = pd.DataFrame(
        {
            "credential": credential.astype(np.int64),
            "identity": identity.astype(np.int64),
            "how": relationship.name,
            "at": at,
            "latest": latest,
            "seen": flags(frame["telemetry"]) | (latest != NEVER),
        }
    )
    return rows[graph.in_force(relationship)]


def _made_from(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the agents made from each blueprint as dependents of its credentials."""
    graph, frame = posture.graph, posture.graph.frames[AGENT]
    frame = frame[frame["blueprint_id"].notna()]
    made, blueprint = graph.numbers(frame["id"]), graph.numbers(frame["blueprint_id"])
    at, latest = posture.activity.last_active[made], posture.activity.node_latest[made]
    agents = pd.DataFrame(
        {"blueprint": blueprint.astype(np.int64), "made": made, "at": at, "latest": latest}
    )
    agents = agents[agents["made"] != agents["blueprint"]]
    both = rows[["credential", "identity"]].merge(
        agents, left_on="identity", right_on="blueprint", how="inner"
    )
    return pd.DataFrame(
        {
            "credential": both["credential"],
            "identity": both["made"].astype(np.int64),
            "how": MADE_FROM,
            "at": both["at"],
            "latest": both["latest"],
            "seen": both["latest"] != NEVER,
        }
    )


def _use(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the use state of each dependent.

    Use in a credential's own log is attributed to its only dependent; recent use by one of several
    possible identities is `UNKNOWN` for each.
    """
    graph, credential = posture.graph, rows["credential"].to_numpy()
    alone = ~rows["credential"].duplicated(keep=False).to_numpy(bool)
    own = np.where(alone, posture.activity.last_active[credential], NEVER)
    at = np.maximum(rows["at"].to_numpy(np.int64), own)
    may_have = lately(graph, rows["latest"].to_numpy(np.int64))
    seen = (rows["seen"].to_numpy(bool) | (at != NEVER)) & ~may_have
    fresh = lately(graph, at)
    return np.where(fresh, IN_USE, np.where(seen, IDLE, UNKNOWN)).astype(object)
