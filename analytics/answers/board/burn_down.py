"""The burn-down: when debt reaches its target, at today's pace and with the plan; cost of delay."""

from collections import deque
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from analytics.answers.board.move import STEPS, first_changes
from analytics.answers.board.quarter import Quarter
from analytics.answers.board.scope import Scope
from analytics.answers.board.standing import Standing
from analytics.answers.board.words import amount, counted, day
from analytics.answers.plan import RemovalPlan
from analytics.answers.shares import percent
from analytics.answers.undertaking import steps_of
from analytics.debt.forecast import ahead
from analytics.debt.owed import sums_of
from analytics.debt.totals import total
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.remediation.campaign.promise import after_each
from graph.values import iso

DELAY = 30  # days of the cost of delay, and of the plan that is carried out once in as many
FAR = 3650  # days beyond which a date is no forecast
MET, DATED, NEVER, UNKNOWN = "met", "dated", "never", "unknown"


@dataclass(frozen=True)
class Reached:
    """When the target is reached: `state` is met, dated (then `at`), never or unknown."""

    state: str
    at: str | None
    sentence: str


@dataclass(frozen=True)
class BurnDown:
    """What has to be repaid, when that is done at today's pace, and what waiting costs.

    `target` is a ratio; `to_repay` trust points, None if the debt is not known or not rated.
    `today` is when the target is reached at the pace of the last quarter (`pace_per_day`, negative
    where debt shrinks). `delay_days`, `delay_debt` and `delay_items`: by how much debt grows if
    nothing is done so long, and how many items fall due.
    """

    target: float
    to_repay: float | None
    pace_per_day: float | None
    today: Reached
    delay_days: int
    delay_debt: float | None
    delay_sentence: str


@dataclass(frozen=True)
class WithPlan:
    """When the target is reached if the first `steps` of a plan are carried out every 30 days.

    `repaid` is what the first of them pay off, `growth` what debt grows by in that time otherwise.
    """

    reached: Reached
    steps: int
    repaid: float
    growth: float


@kept
def burn_down(
    posture: Posture,
    scope: Scope,
    stands: Standing,
    since: Quarter,
    target: float | None = None,
) -> BurnDown:
    """Return what has to be repaid and when, at today's pace, and the cost of delay."""
    aim = stands.target if target is None else target
    to_repay = _to_repay(stands, aim)
    growth = _growth(posture, scope)
    return BurnDown(
        target=aim,
        to_repay=to_repay,
        pace_per_day=since.pace_per_day,
        today=_today(posture, stands, aim, to_repay, since),
        delay_days=DELAY,
        delay_debt=growth,
        delay_sentence=_delay_words(growth),
    )


@kept
def with_plan(posture: Posture, scope: Scope, burn: BurnDown) -> WithPlan | None:
    """Return when the target is reached with the plan; None if nothing is known to be repaid.

    Assumes that each month's changes pay off as much as the first, and that debt grows otherwise
    as it does if nothing is done.
    """
    if not burn.to_repay or burn.to_repay <= 0 or burn.delay_debt is None:
        return None
    made = first_changes(posture, scope)
    repaid, steps = _repaid(posture, scope, made), len(made.steps)
    return WithPlan(_by_plan(posture, burn, repaid, steps), steps, repaid, burn.delay_debt)


def _repaid(posture: Posture, scope: Scope, made: RemovalPlan) -> float:
    """Return what the changes of a plan pay off of the debt of a scope.

    A change may be of a team's access and repay what others owe as well, as by a key they share.
    """
    if scope.team is None:
        return float(made.before["debt"] - made.after["debt"])
    changes = [step.change for step in steps_of(posture, made)]
    (after,) = deque(chain([posture], after_each(posture, changes)), maxlen=1)  # the last one
    ids = posture.graph.things["id"].iloc[posture.accountable[scope.places]]
    places = np.isin(after.accountable, after.graph.numbers(ids))
    owed = total(sums_of(posture), scope.places).debt
    return owed - total(sums_of(after), places).debt


def _to_repay(stands: Standing, target: float) -> float | None:
    if stands.debt is None or stands.max_debt is None or stands.grade == "NR":
        return None
    return max(0.0, stands.debt - target * stands.max_debt)


def _today(
    posture: Posture, stands: Standing, target: float, to_repay: float | None, since: Quarter
) -> Reached:
    if to_repay is None:
        because = stands.grade_because or "nobody could state what is held"
        return Reached(UNKNOWN, None, f"Not known: {because}.")
    if not to_repay:
        high = (stands.tdr_range or [0.0, 0.0])[1]
        if high > target:
            doubt = f"what is unverified could bring the ratio to {percent(high)}"
            return Reached(UNKNOWN, None, f"Not known: {doubt}, above the target of {target:.1%}.")
        return Reached(MET, None, f"The target of {target:.1%} is met.")
    pace = since.pace_per_day
    if pace is None:
        because = since.because or "the snapshot compared with is no earlier one"
        return Reached(UNKNOWN, None, f"Pace not known: {because}.")
    if pace >= 0:
        grows = f"grew by {amount(pace * DELAY)} a month" if pace else "did not shrink"
        return Reached(NEVER, None, f"Never: debt {grows}.")
    return _dated(posture, to_repay / -pace)


def _by_plan(posture: Posture, burn: BurnDown, repaid: float, steps: int) -> Reached:
    assert burn.to_repay is not None
    assert burn.delay_debt is not None
    if not steps:
        return Reached(NEVER, None, "Never: no change is known that pays off debt.")
    net = repaid - burn.delay_debt
    each = f"{counted(steps, 'change')} pay off {amount(repaid)}"
    if steps == 1:
        each = f"1 change pays off {amount(repaid)}"
    if net <= 0 and repaid < burn.to_repay:
        grows = f"and debt grows by {amount(burn.delay_debt)} a month"
        return Reached(NEVER, None, f"Never with {STEPS} changes a month: {each}, {grows}.")
    if repaid >= burn.to_repay:
        return Reached(
            DATED, iso(posture.graph.as_of), f"As soon as the plan is carried out: {each}."
        )
    days = burn.to_repay / net * DELAY
    return _dated(posture, days, f", with {counted(steps, 'change')} a month")


def _dated(posture: Posture, days: float, how: str = "") -> Reached:
    if days > FAR:
        return Reached(NEVER, None, f"Not within ten years{how}.")
    at = posture.graph.as_of + pd.Timedelta(days=round(days))
    return Reached(DATED, iso(at), f"{day(at)}{how}.")


def _growth(posture: Posture, scope: Scope) -> float | None:
    """Return by how much debt grows in `DELAY` days if nothing is done.

    That of a team is of what it answers for today: else debt would go with the owner who leaves.
    """
    today = total(sums_of(posture), scope.places)
    if not today.known:
        return None
    then = ahead(posture, DELAY)
    places: np.ndarray | slice = slice(None)
    if scope.team is not None:
        ids = posture.graph.things["id"].iloc[posture.accountable[scope.places]]
        places = np.isin(then.accountable, then.graph.numbers(ids))
    return total(sums_of(then), places).debt - today.debt


def _delay_words(growth: float | None) -> str:
    if growth is None:
        return "What waiting costs is not known."
    if growth <= 0:
        return f"Waiting {DELAY} days costs nothing that is known today."
    return f"Waiting {DELAY} days adds {amount(growth)}."
