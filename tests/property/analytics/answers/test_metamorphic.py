"""What must not change an answer: other names, a source in two parts, a fact stated twice, others.

Each relation is asked of random worlds that state facts in every way; the answers are compared
with those of the world as it was, number by number.
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
NAMES_OF_FACTS = ("id", "grant_id")


def plain(value: Any, names: dict[str, str]) -> Any:
    """Write an answer without sentences and derived ids, with lists in an order of their own."""
    if isinstance(value, dict):
        kept = {k: plain(v, names) for k, v in value.items() if not _worded(k)}
        return {names.get(k, k): v for k, v in kept.items()}
    if isinstance(value, list):
        return sorted((plain(v, names) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, str):
        return "F" if value.startswith("F-") else names.get(value, value)
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


def answered(posture: Posture, names: dict[str, str]) -> dict[str, Any]:
    return {name: plain(ask(posture), names) for name, ask in QUESTIONS.items()}


@cache
def world(seed: int) -> Estate:
    """Draw two worlds, as parts of one."""
    return in_one_scope({"a": estate(seed), "b": estate(seed + 1)})


@cache
def as_it_is(seed: int) -> Posture:
    """Judge two worlds as they are, once for all relations."""
    return judged(world(seed))


@cache
def said(seed: int) -> dict[str, Any]:
    """Answer all questions about them, as they are."""
    return answered(as_it_is(seed), {})


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


# -- other names -----------------------------------------------------------------------------------


def renamed(e: Estate, name: Callable[[str], str]) -> Estate:
    """Give every thing and every fact another name; what is a name of the world stays."""
    things = {r["id"] for element, rows in e.rows.items() if element in FACT_NODES for r in rows}

    def new(key: str, value: Any) -> Any:
        if isinstance(value, str) and (value in things or key in NAMES_OF_FACTS):
            return name(value)
        if key == "declared_scope" and value:
            return [entry | {"resource": name(entry["resource"])} for entry in value]
        return value

    other = copy.deepcopy(e)
    for rows in other.rows.values():
        for row in rows:
            row.update({key: new(key, value) for key, value in row.items()})
    return other


@pytest.mark.parametrize("seed", PAIRS)
def test_other_names_change_nothing(seed: int) -> None:
    e = world(seed)
    other = renamed(e, lambda name: f"zz-{name}")
    known = {row["id"] for rows in e.rows.values() for row in rows if "id" in row}
    known |= {row["grant_id"] for row in e.rows.get(CAN_ACCESS, []) if row.get("grant_id")}
    before = answered(as_it_is(seed), {name: f"zz-{name}" for name in known})
    same(before, answered(judged(other), {}))


@pytest.mark.parametrize("seed", PAIRS)
def test_an_order_of_names_changes_no_figure(seed: int) -> None:
    """The other way round in the alphabet: what is first among equals changes, no number does."""
    e = world(seed)
    other = renamed(e, lambda name: "".join(chr(219 - ord(c)) if c.isalpha() else c for c in name))
    first, second = as_it_is(seed), judged(other)
    for name in ("kpis", "debt"):
        figures = [sorted(numbers(QUESTIONS[name](p))) for p in (first, second)]
        assert figures[0] == pytest.approx(figures[1]), name
    by_rule = [sorted((f["rule"], f["severity"]) for f in QUESTIONS["findings"](p))
               for p in (first, second)]  # fmt: skip
    assert by_rule[0] == by_rule[1]


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


# -- other sources ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", PAIRS)
def test_a_source_in_two_parts_changes_nothing(seed: int) -> None:
    """Both parts state every thing; each relationship and event is in one of them.

    All owners are in one: a source that states no acceptance is taken not to know of any.
    """
    whole = world(seed)
    one, two = copy.deepcopy(whole), copy.deepcopy(whole)
    two.scope = "part two"
    for element in whole.rows:
        if element is OWNS:
            two.rows[element] = []
        elif element not in FACT_NODES:
            one.rows[element] = one.rows[element][::2]
            two.rows[element] = two.rows[element][1::2]
    for part in (one, two):
        part.rows = {element: rows for element, rows in part.rows.items() if rows}
    same(unsplit(said(seed)), unsplit(answered(judged(one, two), {})))


def unsplit(answers: dict[str, Any]) -> dict[str, Any]:
    """Leave out the figure that counts logs, of which there are two then."""
    kept = [row for row in answers["kpis"] if row["name"] != "log_retention"]
    return answers | {"kpis": kept}


@pytest.mark.parametrize("seed", PAIRS)
def test_a_fact_stated_twice_changes_nothing(seed: int) -> None:
    whole = world(seed)
    again = copy.deepcopy(whole)
    again.scope = "again"
    same(unsplit(said(seed)), unsplit(answered(judged(whole, again), {})))


# -- others ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", PAIRS)
def test_an_unrelated_identity_changes_no_answer_about_another(seed: int) -> None:
    e = world(seed)
    more = copy.deepcopy(e)
    more.agent("~new", kind="ai_agent", created_at=ago(300)).resource("~store", "restricted")
    more.can("~new", "write", "~store", id="~grant", granted_at=ago(200))
    more.person("~owner").owned("~new", business="~owner")
    before, after = said(seed), answered(judged(more), {})
    for name in ("identities", "findings", "stale", "orphans"):
        mine = [row for row in after[name] if "~new" not in json.dumps(row)]
        same({name: before[name]}, {name: mine})


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
    same(answered(judged(absent), {}), answered(judged(over), {}))


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
