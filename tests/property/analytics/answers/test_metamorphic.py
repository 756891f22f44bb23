"""What is not in force is as if it were not there, and less access is never worse.

Each is asked of random worlds that state facts in every way; the answers are compared number by
number. What says the same otherwise is asked of every command in `test_relations`.
"""

import copy
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.element import Relationship
from graph.schema import CAN_ACCESS, COVERS, FACT_NODES, LEVELS, OWNS, USED
from tests.support.estates.any_world import estate
from tests.support.estates.side_by_side import END, in_one_scope
from tests.support.estates.small_estates import Estate, ago, together
from tests.support.printed import debt, evidence, findings, identities, kpis, orphans, stale
from tests.support.search import worlds

SEEDS = range(worlds(2, 12))
PAIRS = SEEDS[::2]  # each with the next, one world beside the other
QUESTIONS: dict[str, Callable[[Posture], Any]] = {
    "identities": lambda p: identities(p)["identities"],
    "findings": lambda p: findings(p)["findings"],
    "kpis": lambda p: kpis(p)["kpis"],
    "debt": lambda p: debt(p),
    "stale": lambda p: stale(p)["paths"],
    "evidence": lambda p: evidence(p),
    "orphans": lambda p: orphans(p)["orphaned"],
}


def plain(value: Any) -> Any:
    """Write an answer without sentences and derived ids, with lists in an order of their own."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if not _worded(k)}
    if isinstance(value, list):
        return sorted((plain(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str):
        return "F" if value.startswith("F-") else value
    return value


def _worded(key: str) -> bool:
    worded = (
        "sentence",
        "remediation",
        "references",
        "title",
        "timing",
        "source",
        "scope",
        "sources",
    )
    return key in worded or key.startswith(("account", "not_measured"))


def answered(posture: Posture) -> dict[str, Any]:
    return {name: plain(ask(posture)) for name, ask in QUESTIONS.items()}


@cache
def world(seed: int) -> Estate:
    """Draw two worlds, as parts of one."""
    return in_one_scope({"a": estate(seed), "b": estate(seed + 1)})


def judged(*estates: Estate) -> Posture:
    return assess(AccessGraph.of(together(*estates)))


def same(before: dict[str, Any], after: dict[str, Any]) -> None:
    for name, one in before.items():
        other = after[name]
        if isinstance(one, list):
            first, second = ([json.dumps(r, sort_keys=True) for r in rows] for rows in (one, other))
            gone = [r for r in first if r not in second]
            new = [r for r in second if r not in first]
            assert (gone, new) == ([], []), name
        assert one == other, name


@pytest.mark.parametrize("seed", PAIRS)
@pytest.mark.parametrize("when", [{"valid_to": ago(600)}, {"valid_from": ago(-3)}])
def test_a_relationship_not_in_force_is_as_one_that_is_not_there(
    seed: int, when: dict[str, str]
) -> None:
    """Owners and teams are left out: since when nobody answers is told by what ended."""
    e, draw = world(seed), random.Random(seed)
    absent, over = copy.deepcopy(e), copy.deepcopy(e)
    for element, rows in e.rows.items():
        if isinstance(element, Relationship) and element not in (USED, COVERS, OWNS):
            unused = [r.get("last_used_at") is None and "ops" not in r["target_id"] for r in rows]
            gone = [draw.random() < 0.2 and idle for idle in unused]
            absent.rows[element] = [r for r, out in zip(rows, gone, strict=True) if not out]
            for row, out in zip(over.rows[element], gone, strict=True):
                row.update(when if out else {})
    same(answered(judged(absent)), answered(judged(over)))


# -- less ------------------------------------------------------------------------------------------


def less(e: Estate) -> Iterator[tuple[str, Estate]]:
    """Yield the world without one of its grants or with a level less."""
    for place, row in enumerate(e.rows.get(CAN_ACCESS, [])):
        other = copy.deepcopy(e)
        del other.rows[CAN_ACCESS][place]
        yield row["id"], other
        if len(row["levels"]) > 1:
            other = copy.deepcopy(e)
            other.rows[CAN_ACCESS][place]["levels"] = row["levels"][:1]
            yield f"{row['id']} with {row['levels'][:1]} only", other


@pytest.mark.parametrize("seed", PAIRS[:2])
def test_less_access_is_never_worse(seed: int) -> None:
    """A grant or a level less: nobody reaches more, owes more, or has a graver finding.

    The worlds with less stand beside the two that have everything, and all are judged as one.
    """
    cases: dict[str, Estate] = {}
    for each in (seed, seed + 1):
        cases[str(each)] = estate(each)
        cases |= {f"{each} {what}": other for what, other in list(less(estate(each)))[:8]}
    posture = in_one_scope(cases).quick()
    reach: dict[str, dict[str, float]] = defaultdict(dict)
    owed: dict[str, dict[str, float]] = defaultdict(dict)
    for row in QUESTIONS["identities"](posture):
        case, _, name = row["id"].partition(END)
        reach[case][name] = row["blast_radius"]["weighted"] or 0
        owed[case][name] = row["debt"] or 0
    grave: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for (rule, subject), rank in worst(posture).items():
        case, _, name = subject.partition(END)
        grave[case][rule, name] = rank
    assert reach.keys() == cases.keys()
    for what in cases:
        whole = what.partition(" ")[0]
        for name in reach[what]:
            assert reach[what][name] <= reach[whole][name] + 1e-9, what
            assert owed[what][name] <= owed[whole][name] + 1e-9, what
        for key, rank in grave[what].items():
            assert rank >= grave[whole].get(key, -1), (what, key)


def worst(posture: Posture) -> dict[tuple[str, str], int]:
    """Return the gravest finding of each rule and subject: 0 is critical.

    What is unused of a grant is one defect, whether that is a level of it or the whole.
    """
    order = ("critical", "high", "medium", "low")
    found: dict[tuple[str, str], int] = {}
    for row in QUESTIONS["findings"](posture):
        rule = "LPR-01" if row["rule"] == "LPR-02" else row["rule"]
        key = rule, row["subject"]["id"]
        found[key] = min(order.index(row["severity"]), found.get(key, len(order)))
    return found


def test_the_worlds_hold_every_label_and_relationship_in_use() -> None:
    """The twin: a world that stated little would pass everything."""
    stated = {element for seed in SEEDS for element, rows in estate(seed).rows.items() if rows}
    unused = {e.name for e in FACT_NODES if e not in stated}
    assert unused <= {"Decision"}
    assert sum(isinstance(e, Relationship) for e in stated) >= 13
    assert len(LEVELS) == 4
