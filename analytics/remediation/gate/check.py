"""The type of a check of the gate, the case that it judges, and its verdict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from analytics.posture import Posture
from analytics.remediation.gate.names import Match, Names
from analytics.remediation.gate.policy import Policy
from analytics.remediation.gate.predicted import Predicted
from graph.rows.planned import Planned

MOST = 5  # problems of one check that its sentences name; the others are counted


class Verdict(StrEnum):
    """The verdict of a check or of the gate, the mildest first."""

    PASS = "pass"  # noqa: S105 - a verdict
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


SEVERITY = (Verdict.PASS, Verdict.UNKNOWN, Verdict.BLOCKED)


@dataclass(frozen=True)
class Case:
    """A planned agent with its names looked up, its prediction, and the policy to judge it by."""

    planned: Planned
    names: Names
    policy: Policy
    predicted: Predicted

    @property
    def posture(self) -> Posture:
        """The estate without the agent."""
        return self.names.posture

    def days(self, at: pd.Timestamp) -> float:
        """Return how many days after the moment of the estate an instant is."""
        return float((at - self.posture.graph.as_of) / pd.Timedelta(days=1))


@dataclass(frozen=True)
class Problem:
    """What keeps a check from passing, and what would mend it: a sentence each."""

    verdict: Verdict
    why: str
    fix: str


def blocked(why: str, fix: str) -> Problem:
    """Return a problem that blocks."""
    return Problem(Verdict.BLOCKED, why, fix)


def unknown(why: str, fix: str) -> Problem:
    """Return a problem that leaves the verdict unknown."""
    return Problem(Verdict.UNKNOWN, why, fix)


def lacking(case: Case, why: str, fix: str) -> Problem:
    """Return the problem of a fact that the file lacks: it blocks if the file is exhaustive."""
    return blocked(why, fix) if case.planned.exhaustive else unknown(why, fix)


def not_known(match: Match, place: str) -> Problem:
    """Return the problem of a name at a place of the file that stands for no node."""
    near = f" (nearest: {match.near})" if match.near else ""
    fix = f"name in {place} what the snapshot knows{near}, or ingest the source that states it"
    return Problem(
        Verdict.BLOCKED if match.refuted else Verdict.UNKNOWN, f"{match.problem} ({place})", fix
    )


@dataclass(frozen=True)
class Check:
    """One check.

    `name` is that of its file. It concerns `part` of the file (one of `graph.rows.planned.PARTS`):
    where the file cannot state that part, the verdict is unknown. `find` yields the problems of a
    case; `passed` says in a sentence why it passes without any.
    """

    name: str
    order: int
    title: str
    part: str | None
    find: Callable[[Case], Iterable[Problem]]
    passed: Callable[[Case], str]


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check: the worst verdict of its problems, and all of their sentences."""

    check: Check
    problems: tuple[Problem, ...]
    why: str

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return worst(problem.verdict for problem in self.problems)

    @property
    def fix(self) -> str | None:
        """What would mend it; None if it passed."""
        return _sentences([problem.fix for problem in self.problems]) if self.problems else None


def judged(check: Check, case: Case) -> Outcome:
    """Judge a case by a check."""
    planned = case.planned
    if check.part is not None and check.part not in planned.stated:
        why = f"a file of the kind {planned.form} does not state it"
        problems: tuple[Problem, ...] = (
            unknown(why, f"state {check.title.lower()} in a manifest of the agent"),
        )
    else:
        open_ = (unknown(w, f) for part, w, f in planned.unknown if part == check.name)
        problems = (*open_, *check.find(case))
    ranked = sorted(problems, key=lambda p: -SEVERITY.index(p.verdict))
    why = _sentences([p.why for p in ranked]) if ranked else _sentence(check.passed(case))
    return Outcome(check, tuple(ranked), why)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts: blocked before unknown, unknown before pass.

    >>> worst([Verdict.PASS, Verdict.UNKNOWN]), worst([])
    (<Verdict.UNKNOWN: 'unknown'>, <Verdict.PASS: 'pass'>)
    """
    return max(verdicts, key=SEVERITY.index, default=Verdict.PASS)


def _sentences(texts: list[str]) -> str:
    """Join texts as sentences, each once; of many, the first are written out and all counted."""
    unique = list(dict.fromkeys(texts))
    written = [_sentence(text) for text in unique[:MOST]]
    if len(unique) > MOST:
        written.append(f"And {len(unique) - MOST} more.")
    return " ".join(written)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
