"""The figures on the tiles of each page, as functions of a posture, to compare two moments."""

import numpy as np
import pandas as pd

from analytics.answers.board.quarter import figures as board_figures
from analytics.answers.board.scope import scope_of
from analytics.answers.choke_points import choke_points
from analytics.answers.compare.sides import Sides
from analytics.answers.compare.since import Figure, Figures, number_in
from analytics.answers.cut import cut
from analytics.answers.debt import debt
from analytics.answers.evidence import evidence
from analytics.answers.exposure import exposure
from analytics.answers.lineage import lineage
from analytics.answers.reach import blast_radius
from analytics.assumptions.model import NOT_RATED
from analytics.findings.evaluation import count_all, find_all
from analytics.posture import Filter, Posture
from analytics.usage.regained import regained
from analytics.weights import SEVERITIES
from app.web.answers.figures import orphans
from app.web.page.frame import store_uri
from app.web.search.selection import SETS, selected
from graph.journal.rejected_rows import rejected_rows
from graph.schema import CREDENTIAL


def front(sides: Sides, posture: Posture) -> Figures:
    """Measure the headline numbers of the front page, of agents or not as its tiles are."""
    figures = board_figures(posture, scope_of(posture, agents=scope_of(sides.after).agents))
    return {name: Figure(figures[name]) for name in ("reaching", "paths", "sensitive")}


def owed(_: Sides, posture: Posture) -> Figures:
    """Measure what all identities owe."""
    known = debt(posture)
    dark = float(known.unverified or 0.0)
    rated = known.grade != NOT_RATED
    return {
        "debt": Figure(known.debt, dark),
        "ratio": Figure(known.tdr if rated else None, dark),
        "per_day": Figure(known.interest_per_day, dark),
        "lag": Figure(known.lag_factor, dark),
    }


def by_severity(_: Sides, posture: Posture) -> Figures:
    """Count the findings of each severity that hold, accepted ones too."""
    if count_all(posture) is None:
        return dict.fromkeys(SEVERITIES, Figure(None))
    counts = find_all(posture)["severity"].value_counts()
    return {name: Figure(int(counts.get(name, 0))) for name in SEVERITIES}


def owners(_: Sides, posture: Posture) -> Figures:
    """Count the identities that lack owners."""
    counts = orphans(posture)
    dark = float(counts.unknown)
    none = not counts.known
    lacking, departed, halved = (
        Figure(None if none else n, dark) for n in (counts.lacking, counts.departed, counts.halved)
    )
    unknown = Figure(counts.unknown)
    return {"lacking": lacking, "departed": departed, "halved": halved, "unknown": unknown}


def unused(_: Sides, posture: Posture, days: int) -> Figures:
    """Measure the access not seen in use for so many days."""
    if "usage" in posture.graph.undeclared:
        return dict.fromkeys(("back", "paths", "unlogged"), Figure(None))
    gone = posture.lost(Filter(stale=days)).pairs.sum()
    doubtful = posture.lost(Filter(stale=days, unobservable=False)).pairs.sum()
    back, unlogged = regained(posture, days), float(doubtful - gone)
    known = back.known and bool(posture.reach_known[posture.accountable].any())
    return {
        "back": Figure(back.weighted / back.of if known and back.of else None, back.unseen),
        "paths": Figure(float(doubtful), unlogged),
        "unlogged": Figure(unlogged),
    }


def reached(
    sides: Sides, posture: Posture, thing: str, mode: str, hops: int | None, leaked: bool
) -> Figures:
    """Measure what a thing reaches; nothing where it is not there."""
    number = number_in(sides, posture, thing)
    if number < 0:
        return {}
    answer = blast_radius(posture, number, mode, hops, leaked)
    if answer.weighted is None:
        return dict.fromkeys(("resources", "weighted", "admin", "derived"), Figure(None))
    dark = float(answer.counts["by_sensitivity"].get("unknown", 0))
    derived = (answer.derived_weighted or 0.0) / answer.weighted if answer.weighted else 0.0
    return {
        "resources": Figure(answer.counts["resources"]),
        "weighted": Figure(answer.weighted, dark),
        "admin": Figure(answer.counts["by_level"]["admin"]),
        "derived": Figure(derived, dark),
    }


def entered(sides: Sides, posture: Posture, thing: str, mode: str) -> Figures:
    """Measure who reaches a thing; nothing where it is not there."""
    number = number_in(sides, posture, thing)
    if number < 0:
        return {}
    answer = exposure(posture, number, mode=mode)
    dark = float(answer.accountable["not_known"])
    known = answer.accountable["of"] > 0
    return {
        "things": Figure(answer.count if known else None, dark),
        "reaching": Figure(answer.accountable["reaching"] if known else None, dark),
        "exposure": Figure(None if answer.percent is None else answer.percent / 100, dark),
    }


def descended(sides: Sides, posture: Posture, thing: str, mode: str) -> Figures:
    """Measure the lineage of a thing; nothing where it is not there."""
    number = number_in(sides, posture, thing)
    if number < 0:
        return {}
    answer = lineage(posture, number, mode)
    compared, spawned = answer.of["compared"], answer.of["spawned"]
    dark = float(spawned - compared)
    return {
        "links": Figure(answer.counts["tree"]),
        "widened": Figure(answer.counts["widened"] if compared or not spawned else None, dark),
        "survivors": Figure(answer.counts["survivors"]),
    }


def carded(sides: Sides, posture: Posture, thing: str) -> Figures:
    """Measure what the card of a thing shows; nothing where it is not there."""
    number = number_in(sides, posture, thing)
    if number < 0:
        return {}
    leaked = bool(posture.graph.has_label(CREDENTIAL)[number])
    made = {"resources": reached(sides, posture, thing, "standing", None, leaked)["resources"]}
    if number in posture.accountable:
        known = debt(posture, about=number)
        made["debt"] = Figure(known.debt, float(known.unverified or 0.0))
    failed = count_all(posture) is None
    made["findings"] = Figure(
        None if failed else int((find_all(posture)["subject"] == number).sum())
    )
    return made


def between(_: Sides, posture: Posture, starts: str, targets: str, mode: str) -> Figures:
    """Measure the choke points between two ends; nothing where a chosen thing is not there."""
    ends = {each: np.array(selected(posture, each), np.int64) for each in (starts, targets)}
    if any(not len(end) and name not in SETS for name, end in ends.items()):
        return {}
    numbers = ends[starts], ends[targets]
    answer = choke_points(posture, *numbers, mode=mode)
    dark = float(answer.not_known)
    frees = [table.frame["exclusive_exposure"].max() for table in (answer.nodes, answer.edges)]
    best = max((int(n) for n in frees if not pd.isna(n)), default=0)
    smallest = cut(posture, *numbers, mode=mode) if answer.exposed else None
    made = {
        "exposed": Figure(answer.exposed, dark),
        "targets": Figure(answer.targets),
        "best": Figure(best if answer.exposed else None, dark),
    }
    if smallest is None or smallest.separable:  # else there is no cut: that is known, not unknown
        made["cut"] = Figure(len(smallest.edges) if smallest is not None else 0, dark)
    return made


def explained(_: Sides, posture: Posture) -> Figures:
    """Measure how many uses a decision explains."""
    answer = evidence(posture)
    of, every = answer.coverage["sensitive"], answer.actions.every
    dark = float(answer.coverage["unknown"])
    return {
        "beforehand": Figure(answer.coverage["explained"] / of if of else None, dark),
        "whole": Figure(every["complete"] / every["known"] if every["known"] else None, dark),
        **{state: Figure(count) for state, count in answer.states.items()},
    }


def sources(_: Sides, posture: Posture) -> Figures:
    """Count the sources, those read in part, and the rows that were rejected."""
    coverage, info = posture.graph.coverage, posture.graph.snapshot
    made = {
        "sources": Figure(len(coverage)),
        "partial": Figure(sum(not c.complete for c in coverage)),
    }
    if info is None:
        return made
    keys = {c.key for c in coverage}
    reads = [r for r in rejected_rows(info.id, store_uri()) if (r.source, r.scope) in keys]
    made["rejected"] = Figure(sum(r.count for r in reads) if reads else None)
    return made


OF_SIGHT = (sources,)  # they are about what we see, so that all of their difference changed
