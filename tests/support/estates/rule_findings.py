"""What one rule finds in a small estate, in plain values to compare with."""

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from functools import cache, cached_property
from typing import Any

import pandas as pd

from analytics.findings.evaluation import find_by, lacking
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.frames import records
from graph.instants import NEVER
from tests.support.estates.side_by_side import named, side_by_side
from tests.support.estates.small_estates import Estate, ago


@dataclass(frozen=True)
class Found:
    """One finding; `object` is "" for none, and `since` None where it is not known."""

    id: str
    subject: str
    object: str
    severity: str
    since: int | None
    sentence: str
    remedy: str
    evidence: tuple[str, ...]


def found(judged: Estate | Posture, rule: str) -> list[Found]:
    """Return what a rule finds, ordered by subject and object."""
    posture = judged.posture() if isinstance(judged, Estate) else judged
    one = next(r for r in all_rules().values() if r.id == rule)
    if lacking(posture, one):
        return []
    rows, ids = find_by(posture, one), posture.graph.ids.to_pylist()
    things = [
        Found(
            r.id,
            ids[r.subject],
            ids[r.object] if r.object >= 0 else "",
            r.severity,
            None if r.since == NEVER else int(r.since),
            r.sentence,
            r.remedy,
            r.evidence,
        )
        for r in records(rows)
    ]
    return sorted(things, key=lambda f: (f.subject, f.object, f.evidence))


class Beside:
    """Cases judged side by side; each is asked what a rule finds in it, by the names it gave."""

    def __init__(self, cases: Iterable[Any], make: Callable[[Any], Estate] | None = None) -> None:
        self.cases = {repr(case): case for case in cases}
        self.scopes = {case: f"case-{number}" for number, case in enumerate(self.cases)}
        self.make = make
        self._found_in = cache(lambda rule: found(self.posture, rule))

    @cached_property
    def posture(self) -> Posture:
        """Judge all of them."""
        return side_by_side(
            {
                self.scopes[key]: self.make(case) if self.make else case
                for key, case in self.cases.items()
            }
        )

    def found(self, case: Any, rule: str) -> list[Found]:
        """Return what a rule finds in a case, ordered by subject and object."""
        mine = named(self.scopes[repr(case)], "")
        rows = [one for one in self._found_in(rule) if one.subject.startswith(mine)]
        return [Found(*(_own(value, mine) for value in astuple(one))) for one in rows]


def _own(value: Any, mine: str) -> Any:
    """Return a value by the names of a case, which begin with `mine` beside the others."""
    if isinstance(value, tuple):
        return tuple(_own(each, mine) for each in value)
    return value.replace(mine, "") if isinstance(value, str) else value


def ms(days: float) -> int:
    """Return the instant so many days ago in milliseconds."""
    return int(pd.Timestamp(ago(days)).timestamp() * 1000)


def facts(posture: Posture, kind: str) -> dict[tuple[str, str], str]:
    """Return the id of each relationship of a type, by its ends."""
    frame = next(f for e, f in posture.graph.frames.items() if e.name == kind)
    pairs = zip(frame["source_id"], frame["target_id"], strict=True)
    return dict(zip(pairs, frame["id"], strict=True))
