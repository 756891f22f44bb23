"""How long roles stay empty that an owner left, whatever becomes of the statement of that owner."""

from typing import Any

import pandas as pd
import pytest

from analytics.figures.revocation.speed import overdue
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import history_of

LEFT = 30  # days ago; the first snapshot is of 20 days ago, the others of 10 days ago and of now


def state(days: float, *owners: str, left: tuple[str, ...] = ("ann",), **facts: Any) -> Estate:
    """State a bot with owners in both roles, of whom some left."""
    e = Estate(at=AS_OF - pd.Timedelta(days=days), **facts).agent("bot")
    for person in ("ann", "bob"):
        e.person(person, left=ago(LEFT) if person in left else None)
    for owner in owners:
        e.owned("bot", owner, owner)
    return e


def without_bot(days: float) -> Estate:
    return Estate(at=AS_OF - pd.Timedelta(days=days)).person("ann", "bob")


NOT_OWNERS = tuple(kind for kind in EVERYTHING if kind != "owners")
LATER = {  # what two later snapshots show, and how many days it was vacant if that ended
    "the statement is gone": ((state(10), state(0)), None),
    "it is gone, and there again": ((state(10), state(0, "ann")), None),
    "somebody took over": ((state(10, "bob"), state(0, "bob")), 20),
    "somebody took over, later": ((state(10), state(0, "bob")), 30),
    "the bot is gone": ((without_bot(10), without_bot(0)), 20),
    "the bot is gone, later": ((state(10), without_bot(0)), 30),
    "the owner is back": ((state(10), state(0, "ann", left=())), 30),
    "nobody could have stated it": (
        (state(10, declares=NOT_OWNERS), state(0, declares=NOT_OWNERS)),
        None,
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_a_vacancy_ends_when_somebody_takes_over_or_nothing_is_left_to_own(name: str) -> None:
    states, days = LATER[name]
    history = history_of(state(20, "ann"), *states)
    rows = overdue(history.posture(history.infos[-1].id)).of("owner").rows
    assert rows["key"].tolist() == ["bot/business", "bot/technical"]
    assert rows["ended"].tolist() == [days is not None] * 2
    open_for = 10 if "could" in name else 30  # where nobody could state it, it was last seen before
    assert rows["days"].tolist() == [days if days is not None else open_for] * 2


def test_who_never_had_an_owner_that_left_has_no_vacancy() -> None:
    history = history_of(state(20, "bob"), state(10), state(0))
    assert overdue(history.posture(history.infos[-1].id)).of("owner").rows.empty


def test_a_vacancy_goes_on_under_the_id_that_its_identity_has_now() -> None:
    """A second source, read later, has the same bot under an id that comes first."""
    arn = "arn:arn:aws:iam::1:role/bot"
    first, second, third = state(20, "ann"), state(10), state(0)
    for made in (first, second, third):
        made.rows[next(iter(made.rows))][0]["external_ids"] = [arn]
    other = Estate(at=AS_OF, source="a-first", scope="s", declares=("inventory",))
    other.agent("a", external_ids=[arn])
    history = history_of(first, second, [third, other])
    rows = overdue(history.posture(history.infos[-1].id)).of("owner").rows
    assert (rows["ended"].tolist(), rows["days"].tolist()) == ([False] * 2, [30] * 2)
