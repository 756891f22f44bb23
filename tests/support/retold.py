"""Worlds told otherwise, so that no answer changes but what rightly does, which is named here.

With other names, four years earlier, each fact twice, read in two runs, or from two scopes.
"""

import copy
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pandas as pd

from graph.schema import FACT_NODES, OWNS
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import Estate

YEARS = 4  # a cycle of leap years: as many days each
DATE, SPOKEN = r"\b(20\d\d)(-\d\d-\d\d)", r"\b(\d{1,2} [A-Z][a-z]{2} )(20\d\d)\b"
ONCE = "each once"  # stands for lists of answers, of which each row counts once

# What is rightly answered otherwise: a key of answers, for each way to tell a world, and why.
RIGHTLY = {
    "names": {
        "findings.sentence": "of equal grants, it names the first by id, which is a hash of names",
        "changes.sentence": "the same of equal changes",
        "changes.undo": "lists them in that order",
        "steps.undo": "the same",
    },
    "dates": {
        "changes.sentence": "as above: ids hash dates, too",
        "changes.undo": "as above",
        "steps.undo": "as above",
        "frameworks.applies": "the date of a law",
        "policy.Version": "the version of a format",
        "gaps.oldest_days": "how old facts are today, by the clock",
    },
    "twice": {},
    "runs": {},
    "parts": {
        ONCE: "what both parts state is listed of each",
        "coverage.sources": "the parts themselves",
        "gaps.sources": "the same",
        "detail.sources": "the same",
        "gaps.old": "counts them",
        "detail.unknown": "counts logs, of which there are two",
        "merged_from.rule": "a thing that two parts state is merged, by its id",
    },
}


@dataclass(frozen=True)
class Told:
    """A world as it is told: the states, the runs that read them, and its words.

    `there` is a word of a question in the words of this world, `back` an answer in those of the
    first. `rightly` are keys of answers that it changes.
    """

    states: tuple[Estate, ...]
    runs: Callable[[Estate], Iterable[list[Estate]]] = lambda state: [[state]]
    there: Callable[[str], str] = str
    back: Callable[[str], str] = str
    rightly: frozenset[str] = frozenset()

    def published(self, folder: Path) -> list[str]:
        """Ingest the world run by run; return the last snapshot of each state."""
        store, ids = ParquetStore(folder), []
        for state in self.states:
            for run in self.runs(state):
                done = ingest(store, [part.job() for part in run])
                assert not done.quarantined
            ids.append(done.snapshot.id)
        return ids

    def then(self, other: "Told", way: str) -> "Told":
        """Return a world with the words of this one and of another that is made of it."""
        return replace(
            other,
            there=lambda word: other.there(self.there(word)),
            back=lambda text: self.back(other.back(text)),
            rightly=self.rightly | set(RIGHTLY[way]),
        )


def words_of(state: Estate) -> set[str]:
    """Return the ids of all that a state states."""
    rows = [row for rows in state.rows.values() for row in rows]
    return {row[key] for row in rows for key in ("id", "grant_id") if row.get(key)}


def in_words(word: str, known: set[str], there: Callable[[str], str]) -> str:
    """Return a word, or each of several with a comma between, under another name if it is one."""
    return ",".join(there(part) if part in known else part for part in word.split(","))


# -- ways to tell the same -------------------------------------------------------------------------


def names(of: Told) -> Told:
    """Give every thing and every fact another name; what is a name of the world stays."""
    return _renamed(of, lambda name: f"QQ{name}", lambda text: text.replace("QQ", ""))


def order(of: Told) -> Told:
    """Give everything another name, so that what came first in the alphabet comes last."""
    last = sorted({word for state in of.states for word in words_of(state)}, reverse=True)
    number = {name: f"Q{place:04}Q{name}" for place, name in enumerate(last)}
    return _renamed(of, number.__getitem__, lambda text: re.sub(r"Q\d{4}Q", "", text))


def _renamed(of: Told, name: Callable[[str], str], back: Callable[[str], str]) -> Told:
    known = {word for state in of.states for word in words_of(state)}

    def new(key: str, value: Any) -> Any:
        if key == "declared_scope" and value:
            return [entry | {"resource": there(entry["resource"])} for entry in value]
        return there(value) if isinstance(value, str) and key not in ("role", "level") else value

    def there(word: str) -> str:
        return in_words(word, known, name)

    return Told(_each(of, new), of.runs, there, back)


def dates(of: Told) -> Told:
    """Shift everything by four years, to before."""

    def there(text: str, years: int = -YEARS) -> str:
        text = re.sub(DATE, lambda m: f"{int(m[1]) + years}{m[2]}", text)
        return re.sub(SPOKEN, lambda m: f"{m[1]}{int(m[2]) + years}", text)

    def new(_: str, value: Any) -> Any:
        return value if value is None else json.loads(there(json.dumps(value)))

    told = _each(of, new)
    for state in told:
        state.at = state.at - pd.DateOffset(years=YEARS)
    return Told(told, of.runs, there, lambda text: there(text, YEARS))


def twice(of: Told) -> Told:
    """State each fact twice."""
    told = tuple(map(copy.deepcopy, of.states))
    for state in told:
        for rows in state.rows.values():
            rows += copy.deepcopy(rows)
    return Told(told, of.runs)


def parts(of: Told) -> Told:
    """Split the source into two scopes; both state every thing, and a third of the rest.

    All owners are in one: a source that states no acceptance is taken not to know of any.
    """

    def of_scope(state: Estate, second: bool) -> Estate:
        part = copy.deepcopy(state)
        part.scope = "part two" if second else state.scope
        for element, rows in part.rows.items():
            if element is OWNS:
                part.rows[element] = [] if second else rows
            elif element not in FACT_NODES:
                part.rows[element] = [row for row in rows if second_only(row) in (second, None)]
        return part

    def second_only(row: dict[str, Any]) -> bool | None:
        """Return whether a row is in the second scope only; None if it is in both."""
        key = [row.get(name) for name in ("id", "source_id", "target_id", "level")]
        return (False, True, None)[crc32(json.dumps(key).encode()) % 3]

    def runs(state: Estate) -> Iterator[list[Estate]]:
        for run in of.runs(state):
            yield [of_scope(part, second) for part in run for second in (False, True)]

    return Told(of.states, runs, back=lambda text: text.replace("part two", of.states[0].scope))


def runs(of: Told) -> Told:
    """Read each state twice, as of the same instant, first without half of what is new in it.

    Of what was known before nothing is missing: it would begin anew with the second run.
    """

    def both(state: Estate) -> list[list[Estate]]:
        part = copy.deepcopy(state)
        for element, rows in state.rows.items():
            if element not in FACT_NODES:
                known = [r for each in of.states if each.at < state.at for r in each.rows[element]]
                part.rows[element] = [r for n, r in enumerate(rows) if n % 2 or r in known]
        return [[part], [state]]

    return Told(of.states, both)


def _each(of: Told, new: Callable[[str, Any], Any]) -> tuple[Estate, ...]:
    """Return the states, which share rows, with other values, each made of its key and value."""
    told = tuple(map(copy.deepcopy, of.states))
    for state in told:
        for rows in state.rows.values():
            for row in rows:
                row.update({key: new(key, value) for key, value in row.items()})
    return told


WAYS: dict[str, Callable[[Told], Told]] = {
    "names": names,
    "dates": dates,
    "twice": twice,
    "runs": runs,
    "parts": parts,
}


def told(of: Told, ways: Iterable[str]) -> Told:
    """Tell a world otherwise, in one way after the other."""
    for way in ways:
        of = of.then(WAYS[way](of), way)
    return of
