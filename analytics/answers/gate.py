"""The gate: whether planned agents may be, and what they would reach and owe once they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from analytics.answers.path import path
from analytics.answers.shape import highest
from analytics.answers.table import OPTIONAL, Kind, Table, as_json, objects
from analytics.posture import Posture
from analytics.remediation.gate.check import SEVERITY
from analytics.remediation.gate.judging import Judgement, judge
from analytics.remediation.gate.policy import Policy
from analytics.remediation.gate.predicted import Predicted
from graph.rows.planned import Planned


@dataclass(frozen=True)
class Prediction:
    """What an agent would reach and owe; see `analytics.remediation.gate.predicted`.

    `reach` has `resources`, `weighted` and `by_sensitivity`, which are lower bounds if `at_least`
    has reasons, and null if nothing is known; `width` is the weighted reach by the weight of what
    the file asks for, null if it asks for nothing. `debt_per_day` is null for the reason
    `debt_because`; `debt_per_day_most` counts what could not be verified as broken.
    `paths_to_jewels` has, for each crown jewel, `jewel` (a node), `level`, `hops`, `steps` and
    `sentence`.
    """

    reach: dict[str, Any]
    width: float | None
    at_least: list[str]
    debt_per_day: float | None
    debt_per_day_most: float | None
    debt_because: str | None
    paths_to_jewels: Table


@dataclass(frozen=True)
class Gate:
    """The verdict on the planned agents of a file; see `gate`.

    `checks` has `check`, `verdict`, `why` and `fix` (null for what passed), the worst first. Of
    several agents, `agent`, `checks` and `predicted` are those of the first with the worst verdict,
    and `agents` has all of them.
    """

    verdict: str
    form: str
    policy: str
    agent: str
    checks: Table
    predicted: Prediction
    left_out: int
    agents: list[dict[str, Any]] | None = field(default=None, metadata=OPTIONAL)


def gate(posture: Posture, planned: Sequence[Planned], by: Policy, limit: int = 0) -> Gate:
    """Judge planned agents on the estate of a posture; the worst verdict counts.

    What is known to be wrong makes it `blocked`, whatever else is unknown; `unknown` is what the
    snapshot or the file does not tell. Up to `limit` paths to crown jewels are listed (0: all).
    """
    answers = [_answer(judge(posture, agent, by), by, limit) for agent in planned]
    verdict = max((a.verdict for a in answers), key=[str(v) for v in SEVERITY].index)
    worst = next(answer for answer in answers if answer.verdict == verdict)
    if len(answers) == 1:
        return worst
    every = [as_json(answer) for answer in answers]
    return replace(worst, agents=every)


def _answer(judgement: Judgement, by: Policy, limit: int) -> Gate:
    predicted, left_out = _prediction(judgement.predicted, limit)
    return Gate(
        verdict=str(judgement.verdict),
        form=judgement.planned.form,
        policy=by.id,
        agent=judgement.planned.name,
        checks=_checks(judgement),
        predicted=predicted,
        left_out=left_out,
    )


def _checks(judgement: Judgement) -> Table:
    ranked = sorted(judgement.outcomes, key=lambda o: -SEVERITY.index(o.verdict))
    rows = [(o.check.name, str(o.verdict), o.why, o.fix) for o in ranked]
    frame = pd.DataFrame(rows, columns=["check", "verdict", "why", "fix"], dtype="string")
    return Table(frame, judgement.predicted.after.graph.things)


def _prediction(predicted: Predicted, limit: int) -> tuple[Prediction, int]:
    jewels = predicted.reached[predicted.reached["jewel"]]
    jewels = jewels.sort_values(["weight", "resource"], ascending=[False, True], kind="stable")
    shown = jewels.head(limit) if limit else jewels
    owed = predicted.owed
    prediction = Prediction(
        reach={
            "resources": predicted.resources,
            "weighted": predicted.weighted,
            "by_sensitivity": predicted.by_sensitivity,
        },
        width=predicted.width,
        at_least=predicted.incomplete,
        debt_per_day=owed.per_day,
        debt_per_day_most=owed.most,
        debt_because=owed.because,
        paths_to_jewels=_paths(predicted, shown),
    )
    return prediction, len(jewels) - len(shown)


def _paths(predicted: Predicted, jewels: pd.DataFrame) -> Table:
    """Return the shortest path to each crown jewel, at the highest level that is reached."""
    after, start = predicted.after, predicted.start
    numbers, bits = jewels["resource"].tolist(), jewels["levels"].tolist()
    levels = [highest(each) for each in bits]
    paths = [
        path(after, start, number, level).paths.frame.iloc[0]
        for number, level in zip(numbers, levels, strict=True)
    ]
    frame = pd.DataFrame(
        {
            "jewel": pd.array(numbers, "int64"),
            "level": pd.array(levels, "string"),
            "hops": pd.array([len(each["steps"]) for each in paths], "int64"),
            "steps": objects([each["steps"] for each in paths]),
            "sentence": pd.array([each["sentence"] for each in paths], "string"),
        }
    )
    return Table(frame, after.graph.things, {"jewel": Kind.NODE})
