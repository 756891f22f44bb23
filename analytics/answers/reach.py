"""Blast radius: everything that one node reaches, with level, distance and cause."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.durability import durability_of
from analytics.answers.leak import leak_of
from analytics.answers.shape import cut, edge_step, grant_step
from analytics.answers.table import Kind, Table
from analytics.posture import UNUSED_DAYS, Filter, Posture, stale
from analytics.reach.known import opaque_nodes
from analytics.reach.paths.alternatives import FULL, doubts, surest
from analytics.reach.spread import Spread, spread
from analytics.remediation.unknowns import Asked, what_to_ask
from analytics.weights import UNKNOWN, mask_weights
from graph.frames import records
from graph.schema import CAN_ACCESS, CONTROL, CREDENTIAL, LEVEL_SETS, LEVELS, SENSITIVITIES

NAMED = 3  # nodes named in a sentence
PROFILE = ("hops", "resources", "weighted")
KINDS = {"resource": Kind.ITSELF, "levels": Kind.LEVELS}
VARIANTS: dict[str, dict[str, Any]] = {
    "derived": {"derived": False},
    "conditional": {"conditional": False},
    "assumed": {"assumed": False},
}


@dataclass(frozen=True)
class Reached:
    """The reach of one start, with the part that depends on each kind of doubtful edge.

    `rows` has a row for each resource: number, level bits, hops, and for each variant the bits that
    only its edges give. `confirmed` is the reach without conditional and assumed edges.
    """

    spread: Spread
    rows: pd.DataFrame
    confirmed: pd.DataFrame


@dataclass(frozen=True)
class BlastRadius:
    """Everything that one node reaches; see `blast_radius`.

    `resources` has, after the node `resource` itself, `sensitivity`, `levels`, `hops`, `weight`,
    and whether some of it needs `derived`, `conditional` or `assumed` edges. `hop_profile` has
    `hops`, `resources` and `weighted`.
    """

    start: dict[str, str]
    mode: str
    max_hops: int | None
    leaked: bool
    leak: dict[str, Any] | None
    notes: list[str]
    resources: Table
    counts: dict[str, Any]
    weighted: float | None
    weighted_range: dict[str, float] | None
    derived_weighted: float | None
    hop_profile: Table
    interval: dict[str, Any]
    not_followed: list[dict[str, Any]]
    durability: dict[str, Any] | None
    left_out: int


def reach_of(posture: Posture, start: int, mode: str, max_hops: int | None) -> Reached:
    """Search from `start`, then again without derived, conditional and assumed edges."""
    everything = spread(posture.network(Filter(mode)), start, max_hops)
    rows = everything.reached().set_index("resource")
    for name, left_out in VARIANTS.items():
        other = spread(posture.network(Filter(mode, **left_out)), start, max_hops).reached()
        plain_bits = other.set_index("resource")["levels"].reindex(rows.index, fill_value=0)
        rows[name] = rows["levels"] & ~plain_bits.astype(np.uint8)
    sure = Filter(mode, conditional=False, assumed=False)
    confirmed = spread(posture.network(sure), start, max_hops).reached().set_index("resource")
    return Reached(everything, rows, confirmed)


def blast_radius(
    posture: Posture,
    start: int,
    mode: str = "standing",
    max_hops: int | None = None,
    leaked: bool = False,
    limit: int = 0,
) -> BlastRadius:
    """Return what `start` (a node's number) reaches.

    `weighted` is the sum over resources of sensitivity weight times the weights of the levels
    reached: larger is worse. `interval` gives the weight that needs no unevaluated condition and no
    assumed fact, and the weight if all of them hold; `ask` holds the few unknowns whose answer
    would narrow it most (`analytics.remediation.unknowns`). `durability` is that of
    `analytics.answers.durability`. With `max_hops`, both are empty.

    If the access of `start` is unknown, every figure is None. If the access of nodes that it acts
    through is unknown (`not_followed`), the figures are lower bounds, and what is possible is None.
    """
    reached = reach_of(posture, start, mode, max_hops)
    weight = posture.sensitivities["weight"]
    rows = reached.rows.assign(
        weight=weight.reindex(reached.rows.index).to_numpy()
        * mask_weights()[reached.rows["levels"]]
    )
    ranked = rows.sort_values(["weight", "hops"], ascending=[False, True], kind="stable")
    shown, left_out = cut(ranked, limit)
    plain_weight = _weigh(posture, reached.rows["levels"] & ~reached.rows["derived"])
    dark = _not_followed(posture, reached, mode)
    if dark and rows.empty:
        return _nothing_known(posture, start, mode, max_hops, leaked, dark, rows)
    return BlastRadius(
        start=posture.graph.thing(start),
        mode=mode,
        max_hops=max_hops,
        leaked=leaked,
        leak=leak_of(posture, start, mode) if leaked else None,
        notes=_notes(posture, start, mode, leaked, max_hops) + _at_least(posture, start, dark),
        resources=_resources(posture, shown),
        counts=_counts(posture, rows),
        weighted=float(rows["weight"].sum()),
        weighted_range=_range(posture, rows),
        derived_weighted=float(rows["weight"].sum()) - plain_weight,
        hop_profile=_profile(posture, rows),
        interval={
            "confirmed": _weigh(posture, reached.confirmed["levels"]),
            "possible": float(rows["weight"].sum()) if not dark else None,
        }
        | _ask(posture, start, mode, max_hops),
        not_followed=dark,
        durability=durability_of(posture, start, mode) if max_hops is None else None,
        left_out=left_out,
    )


def _not_followed(posture: Posture, reached: Reached, mode: str) -> list[dict[str, Any]]:
    """Return the nodes that `start` acts through, itself included, whose access is unknown."""
    met = np.unique(np.flatnonzero(reached.spread.hops >= 0) >> 2)
    dark = met[opaque_nodes(posture.graph)[met]]
    if posture.known(Filter(mode)).complete[reached.spread.start]:
        return []
    return [posture.graph.thing(int(n)) for n in dark]


def _nothing_known(
    posture: Posture,
    start: int,
    mode: str,
    max_hops: int | None,
    leaked: bool,
    dark: list[dict[str, Any]],
    rows: pd.DataFrame,
) -> BlastRadius:
    """Return the answer for a start with unknown reach: no figures, and no zeros."""
    levels, classes = dict.fromkeys(LEVELS), dict.fromkeys((*SENSITIVITIES, UNKNOWN))
    return BlastRadius(
        start=posture.graph.thing(start),
        mode=mode,
        max_hops=max_hops,
        leaked=leaked,
        leak=leak_of(posture, start, mode) if leaked else None,
        notes=[_dark_words(posture, start, dark), *_notes(posture, start, mode, leaked, max_hops)],
        resources=_resources(posture, rows),
        counts={"resources": None, "of": None, "by_sensitivity": classes, "by_level": levels},
        weighted=None,
        weighted_range=None,
        derived_weighted=None,
        hop_profile=Table(pd.DataFrame(columns=list(PROFILE)), posture.graph.things),
        interval={
            **dict.fromkeys(("confirmed", "possible", "unknowns")),
            "ask": [],
            "truncated": False,
        },
        not_followed=dark,
        durability=None,
        left_out=0,
    )


def _dark_words(posture: Posture, start: int, dark: list[dict[str, Any]]) -> str:
    name = posture.graph.thing(start)["name"]
    return f"What {name} reaches is not known: no source states grants of {_named(dark)}."


def _at_least(posture: Posture, start: int, dark: list[dict[str, Any]]) -> list[str]:
    """Return a note that the reach is a lower bound, if some nodes are not followed."""
    name = posture.graph.thing(start)["name"]
    note = f"This is the least that {name} reaches: no source states grants of {_named(dark)}."
    return [note] if dark else []


def _named(things: list[dict[str, Any]]) -> str:
    """Name the first few nodes, and count the rest."""
    names = [str(thing["name"]) for thing in things[:NAMED]]
    if len(things) > NAMED:
        names.append(f"{len(things) - NAMED} more")
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _ask(posture: Posture, start: int, mode: str, max_hops: int | None) -> dict[str, Any]:
    """Return the unknowns worth asking about, and the count of all unknowns."""
    if max_hops is not None:
        return {"ask": [], "unknowns": None, "truncated": False}
    unknowns = what_to_ask(posture, start, mode)
    return {
        "ask": [_asked(posture, asked) for asked in unknowns.questions],
        "unknowns": unknowns.count,
        "truncated": unknowns.truncated,
    }


def _asked(posture: Posture, asked: Asked) -> dict[str, Any]:
    thing, unknown = posture.graph.thing, asked.unknown
    return {
        "edge": {
            "from": thing(unknown.source),
            "relationship": unknown.relationship.name,
            "to": thing(unknown.target),
            "rule": unknown.rule,
            "condition": unknown.condition or None,
            "ids": list(unknown.facts),
        },
        "kind": unknown.kind,
        "shrinks": asked.shrinks,
        "if_holds": asked.if_holds,
        "if_fails": asked.if_fails,
    }


def _weigh(posture: Posture, bits: pd.Series) -> float:
    weight = posture.sensitivities["weight"].reindex(bits.index).to_numpy()
    return float((weight * mask_weights()[bits.to_numpy()]).sum())


def _resources(posture: Posture, rows: pd.DataFrame) -> Table:
    """Describe resources reached, in the order of `rows`."""
    stated = posture.sensitivities["stated"].reindex(rows.index).astype("string")
    columns = {
        "resource": rows.index.to_numpy(np.int64),
        "sensitivity": stated.mask(stated == UNKNOWN).array,
        "levels": rows["levels"].to_numpy(),
        "hops": rows["hops"].to_numpy(np.int64),
        "weight": rows["weight"].to_numpy(float),
        **{name: rows[name].to_numpy() != 0 for name in VARIANTS},
    }
    return Table(pd.DataFrame(columns), posture.graph.things, KINDS)


def _stated(posture: Posture, number: int) -> str | None:
    stated = posture.sensitivities["stated"].iloc[number]
    return None if stated == UNKNOWN else str(stated)


def _counts(posture: Posture, rows: pd.DataFrame) -> dict[str, Any]:
    stated = posture.sensitivities["stated"].reindex(rows.index).value_counts()
    bits = rows["levels"].to_numpy()
    return {
        "resources": len(rows),
        "of": int((posture.sensitivities["stated"] != "").sum()),
        "by_sensitivity": {s: int(stated.get(s, 0)) for s in (*SENSITIVITIES, UNKNOWN)},
        "by_level": {level: int((bits >> bit & 1).sum()) for bit, level in enumerate(LEVELS)},
    }


def _range(posture: Posture, rows: pd.DataFrame) -> dict[str, float]:
    """Return the weight if every resource of unknown sensitivity were public, or restricted."""
    sensitivity = posture.sensitivities.reindex(rows.index)
    factor = mask_weights()[rows["levels"]]
    assumed = (sensitivity["weight"] * factor)[sensitivity["assumed"]]
    return {
        "low": float((sensitivity["low"] * factor).sum()),
        "high": float((sensitivity["high"] * factor).sum()),
        "assumed_sensitivity": float(assumed.sum()),
    }


def _profile(posture: Posture, rows: pd.DataFrame) -> Table:
    """Return the reach within 1, 2, ... hops, each level counted from where it is first reached."""
    sensitivity = posture.sensitivities["weight"].reindex(rows.index).to_numpy()
    farthest = int(max((rows[level].max() for level in LEVELS), default=0)) if len(rows) else 0
    profile = []
    for hops in range(1, max(farthest, 1) + 1):
        near = [(rows[level] >= 0) & (rows[level] <= hops) for level in LEVELS]
        bits = sum(n.to_numpy(np.uint8) << bit for bit, n in enumerate(near))
        weighted = float((sensitivity * mask_weights()[bits]).sum())
        profile.append((hops, int(np.count_nonzero(bits)), weighted))
    return Table(pd.DataFrame(profile, columns=list(PROFILE)), posture.graph.things)


def _notes(
    posture: Posture, start: int, mode: str, leaked: bool, max_hops: int | None
) -> list[str]:
    graph, notes = posture.graph, []
    is_key = bool(graph.has_label(CREDENTIAL)[start])
    if is_key and not graph.live[start]:
        notes.append("The credential is disabled or expired: it opens nothing.")
    if leaked and not is_key:
        notes.append("Only a credential can leak: this is the reach of the thing itself.")
    if is_key and leaked:
        leak = leak_of(posture, start, mode)
        notes += [leak["sentence"]] if leak is not None else []
        keys = graph.frames[CREDENTIAL]
        bound = keys.loc[keys["id"] == graph.thing(start)["id"], "sender_constrained"]
        if bound.fillna(False).astype(bool).any():
            notes.append("The credential is bound to its client: a thief needs that key as well.")
    if max_hops is not None:
        notes.append(f"Showing {max_hops} hops only; the full reach may be larger.")
    return notes


def reach_tree(
    posture: Posture,
    start: int,
    mode: str = "standing",
    max_hops: int | None = None,
    kinds: frozenset[str] | None = None,
) -> dict[str, Any]:
    """Return the whole reach as a tree of shortest paths, for drawing.

    Each node but the start has the `parent` through which it is reached first; the parent of a
    resource is the nearest holder of a grant on it. With `kinds`, it is the reach over
    relationships of these names alone.
    """
    tree = spread(posture.network(Filter(mode, kinds=kinds)), start, max_hops)
    net, graph = tree.network, posture.graph
    states = np.flatnonzero(tree.hops >= 0)
    order = states[np.argsort(tree.hops[states], kind="stable")]
    nodes: dict[int, dict[str, Any]] = {}
    doubt = doubts(posture.edges, net.edge)
    edges = []
    for state in order:
        number = int(state) >> 2
        if number in nodes:
            continue
        nodes[number] = graph.thing(number) | {"hops": int(tree.hops[state]), "parent": None}
        if tree.parent[state] >= 0:
            limit = int(tree.parent[state]) & FULL
            edge = int(net.edge[surest(net, int(tree.via[state]), limit, doubt)])
            nodes[number]["parent"] = graph.thing(int(tree.parent[state]) >> 2)["id"]
            edges.append(edge_step(posture, edge) | {"stale": _edge_stale(posture, edge)})
    uses = tree.uses()
    uses = uses.assign(doubt=doubts(posture.grants, net.grant[uses["grant"].to_numpy(np.int64)]))
    uses = uses.sort_values(["hops", "resource", "doubt", "grant"], kind="stable")
    all_levels = uses.groupby("resource")["levels"].agg(
        lambda bits: int(np.bitwise_or.reduce(bits))
    )
    every_unused = posture.stale_levels(UNUSED_DAYS)
    for use in records(uses.drop_duplicates("resource")):
        number, grant = int(use.resource), int(net.grant[use.grant])
        holder = graph.thing(int(use.state) >> 2)["id"]
        if number not in nodes:
            nodes[number] = graph.thing(number) | {"hops": int(use.hops) + 1, "parent": holder}
        nodes[number] |= {
            "levels": LEVEL_SETS[all_levels[number]],
            "sensitivity": _stated(posture, number),
        }
        unused = every_unused[grant]
        step = grant_step(posture, grant, int(use.levels))
        edges.append(step | {"stale": bool(use.levels & ~unused == 0)})
    return {"start": graph.thing(start), "nodes": list(nodes.values()), "edges": edges}


def kinds_of_steps(
    posture: Posture, start: int, mode: str = "standing", max_hops: int | None = None
) -> list[str]:
    """List the names of the relationships that lead on from what `start` reaches, or from it."""
    tree = spread(posture.network(Filter(mode)), start, max_hops)
    net, met = tree.network, np.zeros(len(posture.graph.ids), bool)
    met[np.flatnonzero(tree.hops >= 0) >> 2] = True
    leaving = net.edge[np.repeat(met, np.diff(net.indptr))]
    names = [CONTROL[kind].name for kind in np.unique(posture.edges.kind[leaving]).tolist()]
    return [*names, *([CAN_ACCESS.name] if len(tree.reached()) else [])]


def _edge_stale(posture: Posture, edge: int) -> bool:
    edges, at = posture.edges, slice(edge, edge + 1)
    return bool(
        stale(
            edges.last_used[at],
            edges.telemetry[at],
            edges.since[at],
            posture.graph.now,
            UNUSED_DAYS,
        )[0]
    )
