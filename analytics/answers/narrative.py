"""Narratives: for each crown jewel the worst path in, with the words of its path and evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.cut import certificate, items_table
from analytics.answers.durability import figures
from analytics.answers.shape import cut, edge_step, grant_step
from analytics.answers.story import Scene, audit_gaps, no_story, story
from analytics.answers.table import Kind, Table, as_json, columns_of, objects
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.remediation.cut import smallest_cut
from analytics.remediation.durability import durability
from analytics.remediation.narrative.entries import exposures, named, usual_entries
from analytics.remediation.narrative.steps import (
    GAP,
    IMPACT,
    decision_state,
    effects,
    entry_cause,
    typed,
)
from analytics.remediation.narrative.tags import (
    of_facts,
    rules_by_fact,
    rules_by_subject,
    tagged_with,
)
from analytics.remediation.narrative.worst import (
    NONE,
    Candidates,
    Route,
    Worst,
    candidates,
    facts_of_edge,
    facts_of_grant,
    levels_of,
    route,
    worst,
)
from graph.schema import LEVEL_SETS

REACHED, NOT_REACHED, NOT_KNOWN = "reached", "not_reached", "not_known"
NODES = {"jewel": Kind.NODE, "entry": Kind.NODE, "level": Kind.LEVEL}
TEXTS = ("entry", "escalation", "impact", "text")
LISTS = ("steps", "effects", "audit_gaps", "rules", "references")


@dataclass(frozen=True)
class Narrative:
    """The worst path into each target, the worst first; see `narrative`.

    `narratives` has `jewel`, `entry` (nodes), `state`, `level`, `hops`, `entries` (a count),
    `cause`, `decision`, the sentences `story.entry`, `story.escalation`, `story.impact` and
    `story.text`, the lists `exposures`, `steps`, `effects`, `audit_gaps`, `rules` and `references`,
    and `durability` and `cut` (a dict, or null).
    """

    mode: str
    targets: int
    reached: int
    not_reached: int
    not_known: int
    starts: int
    starts_not_known: int
    narratives: Table
    left_out: int


@kept
def narrative(
    posture: Posture,
    targets: np.ndarray,
    starts: np.ndarray | None = None,
    mode: str = "standing",
    limit: int = 0,
) -> Narrative:
    """Describe for each of `targets` (numbers of resources) the worst path in.

    It begins at one of `starts`, by default any accountable identity, anything that anybody may
    take, or a leaked credential; see `analytics.remediation.narrative.worst` for what is worst. A
    target that no start reaches is `not_reached`, or `not_known` if some start might do more than
    sources state. `steps` are those of a path, each with its `phase`, `cause`, whether its use is
    `unseen`, and the `rules` of findings on it with their `references`; `rules` and `references` of
    a narrative add those of findings about the entry itself. `durability` is that of the entry, and
    `cut` the fewest removals that separate it from the target.
    """
    network = posture.network(Filter(mode))
    starts = usual_entries(posture) if starts is None else starts
    dark = int(np.count_nonzero(~posture.known(Filter(mode)).complete[starts]))
    of = candidates(posture, network, starts, targets)
    silent = np.setdiff1d(targets, of.target)
    rows, _ = cut(of.order, limit)
    described = _described(posture, of, rows, mode)
    shown = silent[: limit - len(rows)] if limit else silent
    described += [_silent(posture, int(target), len(starts), dark) for target in shown]
    return Narrative(
        mode=mode,
        targets=len(targets),
        reached=len(of.target),
        not_reached=0 if dark else len(silent),
        not_known=len(silent) if dark else 0,
        starts=len(starts),
        starts_not_known=dark,
        narratives=_table(posture, described),
        left_out=len(targets) - len(described),
    )


def _table(posture: Posture, rows: Sequence[dict[str, Any]]) -> Table:
    def column(name: str, absent: Any = None) -> list[Any]:
        return [row.get(name, absent) for row in rows]

    columns: dict[str, Any] = {
        "jewel": np.array(column("jewel"), np.int64),
        "state": pd.array(column("state"), dtype="string"),
        "entry": np.array(column("entry", NONE), np.int64),
        "cause": pd.array(column("cause"), dtype="string"),
        "exposures": objects(column("exposures", [])),
        "level": np.array(column("level", NONE), np.int64),
        "hops": pd.array(column("hops"), dtype="Int64"),
        "entries": np.array(column("entries", 0), np.int64),
    }
    columns |= {
        f"story.{name}": pd.array([row["story"][name] for row in rows], dtype="string")
        for name in TEXTS
    }
    columns |= {name: objects(column(name, [])) for name in LISTS}
    columns["decision"] = pd.array(column("decision"), dtype="string")
    columns |= {name: objects(column(name)) for name in ("durability", "cut")}
    return Table(pd.DataFrame(columns), posture.graph.things, NODES)


def _silent(posture: Posture, target: int, starts: int, dark: int) -> dict[str, Any]:
    """Describe a target that no start is known to reach."""
    name = posture.graph.thing(target)["name"]
    state = NOT_KNOWN if dark else NOT_REACHED
    return {"jewel": target, "state": state, "story": no_story(name, starts, dark)}


def _described(
    posture: Posture, of: Candidates, rows: np.ndarray, mode: str
) -> list[dict[str, Any]]:
    """Describe the worst path into each of the targets at `rows`, which are reached."""
    network = posture.network(Filter(mode))
    chosen = worst(posture, network, of, rows)
    ends = zip(chosen.entry.tolist(), chosen.target.tolist(), chosen.level.tolist(), strict=True)
    paths = [route(posture, network, *end) for end in ends]
    facts = {fact for path in paths for fact in _facts(posture, path)}
    by_fact, by_subject = rules_by_fact(posture, facts), rules_by_subject(posture, chosen.entry)
    lasting = _durability(posture, chosen, mode)
    described = []
    for place, path in enumerate(paths):
        entry, target = int(chosen.entry[place]), int(chosen.target[place])
        steps = _steps(posture, entry, path, by_fact)
        scene = _scene(posture, chosen, place, path, steps)
        rules = {rule for step in steps for rule in step["rules"]} | by_subject.get(entry, set())
        gaps = audit_gaps(scene)
        described.append(
            {
                "jewel": target,
                "state": REACHED,
                "entry": entry,
                "cause": scene.cause,
                "exposures": list(scene.exposures),
                "level": int(chosen.level[place]),
                "hops": int(chosen.hops[place]),
                "entries": int(chosen.count[place]),
                "story": story(scene),
                "steps": steps,
                "effects": [*scene.effects, GAP] if gaps else list(scene.effects),
                "audit_gaps": gaps,
                "decision": scene.decision,
                "durability": lasting[place],
                "cut": _cut(posture, entry, target, mode),
                **tagged_with(rules),
            }
        )
    return described


def _facts(posture: Posture, path: Route) -> list[str]:
    facts = [fact for edge in path.edges for fact in facts_of_edge(posture, edge)]
    return [*facts, *facts_of_grant(posture, path.grant)]


def _steps(
    posture: Posture, entry: int, path: Route, by_fact: dict[str, set[str]]
) -> list[dict[str, Any]]:
    """Describe the steps of a path, with what each does for whoever walks it."""
    kinds = typed(posture, entry, path)
    steps = []
    for edge, phase, cause, seen in zip(
        path.edges, kinds.phases, kinds.causes, kinds.seen, strict=True
    ):
        rules = of_facts(by_fact, facts_of_edge(posture, edge))
        does = {"phase": phase, "cause": cause, "unseen": not seen}
        steps.append(edge_step(posture, edge) | does | tagged_with(rules))
    bits = levels_of(posture, path)
    rules = of_facts(by_fact, facts_of_grant(posture, path.grant))
    does = {"phase": IMPACT, "cause": None, "unseen": not kinds.grant_seen}
    return [*steps, grant_step(posture, path.grant, bits) | does | tagged_with(rules)]


def _scene(
    posture: Posture, chosen: Worst, place: int, path: Route, steps: list[dict[str, Any]]
) -> Scene:
    thing, edges = posture.graph.thing, posture.edges
    entry, target = int(chosen.entry[place]), int(chosen.target[place])
    nodes = np.unique([entry, *(int(edges.target[edge]) for edge in path.edges)])
    levels = levels_of(posture, path)
    return Scene(
        entry=thing(entry)["name"],
        cause=entry_cause(posture, entry),
        exposures=named(int(exposures(posture)[entry])),
        others=int(chosen.count[place]) - 1,
        steps=steps,
        jewel=thing(target)["name"],
        levels=LEVEL_SETS[levels],
        effects=effects(levels),
        decision=decision_state(posture, nodes, target),
    )


def _durability(posture: Posture, chosen: Worst, mode: str) -> list[dict[str, Any]]:
    """Return the figures of durability of each entry."""
    entries, place = np.unique(chosen.entry, return_inverse=True)
    if not len(entries):
        return []
    known = posture.known(Filter(mode)).known[entries]
    frame = figures(durability(posture, entries, mode), known)
    columns = columns_of(Table(frame, posture.graph.things))
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [rows[at] for at in place.tolist()]


def _cut(posture: Posture, entry: int, target: int, mode: str) -> dict[str, Any]:
    """Return the fewest removals that separate an entry from a target, as plain data."""
    smallest = smallest_cut(posture, np.array([entry]), np.array([target]), mode)
    return {
        "separable": smallest.separable,
        "exact": smallest.exact if smallest.separable else None,
        "cost": len(smallest.chosen) if smallest.separable else None,
        "certificate": certificate(smallest),
        "edges": as_json(items_table(posture, smallest, smallest.chosen)),
    }
