"""What must not change an answer, asked of every command that reads, of real stores as JSON.

A world is ingested as it is and told otherwise (see `tests.support.retold`), and beside one that
has nothing to do with it. Every day all that says the same is told at once; a search tells each way
alone, of more worlds, and asks what is slow as well.
"""

import copy
import inspect
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli.command import QUESTIONS
from tests.support.estates.side_by_side import in_one_scope, named
from tests.support.estates.small_estates import Estate, ago
from tests.support.questions import HEAVY, asked, lines, states
from tests.support.retold import ONCE, WAYS, Told, in_words, order, told, words_of
from tests.support.search import searching, some, worlds

pytestmark = pytest.mark.usefixtures("opened_once")
SEEDS = range(1, 1 + worlds(1, 3))
SNAPSHOT, DERIVED = r"\b\d{6}-[0-9a-f]{16}\b", r"\b(?:[A-Z]-)?[0-9a-f]{8,64}\b"
FIGURES = ("debt", "findings")  # of no history: asked every day where names sort otherwise
# Of equals these take the first by name, and say more of it than of the others.
TIES = {"board", "changes", "compare", "narrative", "path", "plan", "prove", "policy"}

# What is rightly another of the whole estate, and why; shares need not be named.
OF_THE_WHOLE = {
    "coverage.unknown": "says of how many of all",
    "standing.of": "all identities",
    "counts.of": "all resources",
    "reach.of": "the same",
    "alive_reach.of": "the same",
    "accountable.of": "all identities",
    "groups.identities": "all that an assumption could apply to",
    "result.percent": "of all identities",
    "standing.rank": "a place among all",
    "hubs.rotation": "the same",
    "rotation.order": "the same",
    "result.sentence": "has counts of the whole",
    "story.text": "the same",
    "result.notes": "the same",
    "result.bus_factor": "the fewest people who answer for half of all",
    "result.never_decided": "policies that decided nothing of either",
    "uses.evaluated": "what a policy cannot tell apart is evaluated once",
    "decisions.evaluated": "the same",
    "kpis.value": "a quotient of the sums, which are beside it",
    "evidence.value": "the same",
    "kpis.range": "the same",
    "detail.range": "the same",
    "result.tdr_range": "the same",
    "groups.tdr_range": "the same",
    "result.lag_factor": "a mean by weight",
    "groups.lag_factor": "the same",
    "detail.gini": "of how it is spread over all",
    **dict.fromkeys(("detail.p50", "detail.p90", "detail.p99"), "the same"),
}
MOST = {"numerator", "widest", "measured", "deepest"}  # of what is widest, or measured of either
KEYS = ("id", "key", "name", "measure", "jewel", "kind", "identity", "level")  # of rows


def bare(value: Any, rightly: frozenset[str], under: str = "") -> Any:
    """Return an answer without order and derived ids, and without what rightly differs."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if f"{under}.{key}" not in rightly}
        return {key: bare(each, rightly, key) for key, each in kept.items()}
    if isinstance(value, list | tuple):
        rows = [(text_of(row), row) for row in (bare(each, rightly, under) for each in value)]
        if ONCE in rightly:
            rows = list(dict(rows).items())
        return [row for _, row in sorted(rows, key=lambda row: row[0])]
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return re.sub(DERIVED, "H", value) if isinstance(value, str) else value


def text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def first(seed: int) -> Told:
    """Return a world as it is, whose names are those of one part."""
    every = [in_one_scope({"a": state}) for state in states(seed)]
    known = {word for state in states(seed) for word in words_of(state)}
    return Told(tuple(every), there=lambda word: in_words(word, known, lambda w: named("a", w)))


def answers(of: Told, folder: Path, only: Iterable[str] = (), heavy: bool = True) -> dict[str, Any]:
    """Publish a world; return what each line, or of commands `only`, answers, in first words."""

    def back(text: str) -> str:
        return re.sub(SNAPSHOT, "S", of.back(text))

    done = {}
    for line in lines(of.published(folder), heavy):
        if not only or line[0] in only:
            line = whole(line)
            key = re.sub(SNAPSHOT, "S", " ".join(line))
            done[key] = asked(folder, [of.there(word) for word in line], back)
    return done


def whole(line: list[str]) -> list[str]:
    """Return what is asked with no limit, where it has one: of equals others would be left out."""
    if "--limit" in line:
        return [word if word != "4" else "0" for word in line]
    answer, its = QUESTIONS[line[0]]
    has = its.rows or "limit" in inspect.signature(answer).parameters
    return [*line, "--limit", "0"] if has and "limit" not in its.refuses else line


def differing(of: Told, one: dict[str, Any], folder: Path, only: Iterable[str] = ()) -> list[str]:
    """Return the lines that a world answers otherwise."""
    heavy = any(line.split()[0] in HEAVY for line in one)
    pairs = ((line, one[line], other) for line, other in answers(of, folder, only, heavy).items())
    return [line for line, a, b in pairs if bare(a, of.rightly) != bare(b, of.rightly)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_told_otherwise_gives_the_same_answers(seed: int, tmp_path: Path) -> None:
    world, everything = first(seed), searching()
    one = answers(world, tmp_path / "first", heavy=everything)
    assert {code for code, _ in one.values()} <= {0, 1}  # no refusal is held against another
    other = {
        " ".join(ways): differing(told(world, ways), one, tmp_path / "-".join(ways))
        for ways in ([[way] for way in WAYS] if everything else [list(WAYS)])
    }
    assert not any(other.values()), other
    assert list(beside(world, one, tmp_path)) == []
    assert figures_by_name(world, one, tmp_path / "order", () if everything else FIGURES) == []


def figures_by_name(
    world: Told, one: dict[str, Any], folder: Path, only: Iterable[str]
) -> list[str]:
    """Return the lines whose figures are others where names sort otherwise."""
    other = world.then(order(world), "names")
    now = replace(other, states=other.states[-1:]) if only else other
    sorted_otherwise = answers(now, folder, only, heavy=not only)
    return [
        line
        for line, said in sorted_otherwise.items()
        if line.split()[0] not in TIES and numbers(said) != numbers(one[line])
    ]


def numbers(value: Any) -> list[float]:
    """Return all numbers of an answer, smallest first."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return sorted(number for each in value for number in numbers(each))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [float(f"{value:.9g}")] if is_number else []


# -- something unrelated beside --------------------------------------------------------------------


def unrelated(states: Iterable[Estate]) -> Iterator[Estate]:
    """Yield for each state a small one that has nothing to do with it."""
    for state in states:
        e = Estate(state.at, state.declares, scope=state.scope)
        e.agent("b:new", kind="ai_agent", env="prod", created_at=ago(300)).account("b:svc")
        e.resource("b:store", "restricted", env="prod", type="bucket").person("b:owner")
        e.link("b:new", "RUNS_AS", "b:svc")
        e.can("b:svc", "write", "b:store", id="b:grant", granted_at=ago(200))
        yield e.owned("b:new", business="b:owner")


def beside(of: Told, one: dict[str, Any], folder: Path) -> Iterator[str]:
    """Yield where an answer is neither that about the world alone nor the sum of both.

    Commands that choose or rank what is best for the whole estate, and those of two snapshots, are
    left out: they are `HEAVY`.
    """
    others = tuple(unrelated(of.states))
    both = [copy.deepcopy(state) for state in of.states]
    for state, other in zip(both, others, strict=True):
        for element, rows in other.rows.items():
            state.rows.setdefault(element, []).extend(rows)
    together = answers(replace(of, states=tuple(both)), folder / "both", heavy=False)
    alone = answers(Told(others), folder / "other", heavy=False)
    rightly = frozenset(OF_THE_WHOLE)
    for line, said in together.items():
        first, second, whole = (bare(each, rightly)[1] for each in (one[line], alone[line], said))
        if of.there(line.replace(" ", ",")) != line.replace(" ", ","):  # it is about a thing
            yield from [] if first == whole else [line]
        else:
            yield from (f"{line}: {place}" for place in not_added(first, second, whole))


def not_added(one: Any, other: Any, both: Any, at: str = "") -> Iterator[str]:
    """Yield the places at which an answer is not the sum of two, nor a share between them."""
    if one == both and other in (both, None):
        return
    kinds = {type(each) for each in (one, other, both) if each is not None}
    if kinds == {dict}:
        for key in dict.fromkeys(key for each in (one, other, both) for key in each or ()):
            inner = ((each or {}).get(key) for each in (one, other, both))
            yield from not_added(*inner, f"{at}.{key}")
    elif kinds == {list}:
        yield from _rows_not_added(*(each or [] for each in (one, other, both)), at)
    elif kinds <= {int, float}:
        least, most = sorted((one or 0, other or 0))
        share = most <= 1 and least <= (both or 0) <= most
        largest = at.rpartition(".")[2] in MOST and both == most
        if not share and not largest and (both or 0) != pytest.approx(least + most):
            yield f"{at}: {one} + {other} is {both}"
    elif both not in (one, other):
        yield f"{at}: {one} and {other} are {both}"


def _rows_not_added(one: list[Any], other: list[Any], both: list[Any], at: str) -> Iterator[str]:
    """Yield the same of lists: all rows of two, or rows of the same key with what adds up."""
    if sorted(map(text_of, one + other)) == sorted(map(text_of, both)):
        return
    if all(isinstance(row, dict) for row in one + other + both):
        by_key = [{_key(row): row for row in rows} for rows in (one, other, both)]
        for key in sorted({key for rows in by_key for key in rows}):
            yield from not_added(*(rows.get(key) for rows in by_key), f"{at}[{key}]")
    elif len(one) == len(other) == len(both):
        for rows in zip(one, other, both, strict=True):
            yield from not_added(*rows, at)
    else:
        yield f"{at}: {text_of(both)[:200]}"


def _key(row: dict[str, Any]) -> str:
    """Return by what a row is known: its id, or the words for what it counts."""
    return next((text_of(row[name]) for name in KEYS if name in row), "")


# -- twins -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", some(WAYS, 1))
def test_the_twin_that_says_a_little_more(way: str, tmp_path: Path) -> None:
    """What is told otherwise, with one grant more, is noticed."""
    world = Told(tuple(unrelated(states(0))))
    more = told(world, [way])
    for state in more.states:
        account, store = map(more.there, ("b:svc", "b:store"))
        state.can(account, "admin", store, granted_at=more.there(ago(100)))
    one = answers(world, tmp_path / "first", ["debt"], heavy=False)
    assert "debt --limit 0" in differing(more, one, tmp_path / "more", ["debt"])


def test_the_twin_of_what_adds_up() -> None:
    one, other = {"debt": 3, "rows": [{"id": "a", "n": 1}]}, {"debt": 4, "rows": []}
    assert list(not_added(one, other, {"debt": 7, "rows": one["rows"]})) == []
    both = {"debt": 8, "rows": [{"id": "a", "n": 2}]}
    assert list(not_added(one, other, both)) == [
        ".debt: 3 + 4 is 8",
        '.rows["a"].n: 1 + None is 2',
    ]
