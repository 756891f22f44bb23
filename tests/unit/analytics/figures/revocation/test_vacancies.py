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


def of_team(days: float, **facts: Any) -> Estate:
    """State a bot that only a team owns, whose first member left the firm, and whose other moved.

    `left` is how many days ago the last of the two was gone, None where one is there.
    """
    left = facts.pop("left", LEFT)
    e = Estate(at=AS_OF - pd.Timedelta(days=days)).agent("bot").thing("Team", "ops")
    e.person("ann", left=ago(60)).person("bob").link("ann", "MEMBER_OF", "ops")
    e.link("bob", "MEMBER_OF", "ops", valid_to=None if left is None else ago(left))
    return e.owned("bot", "ops", "ops", **facts)


def test_a_team_that_lost_its_last_member_leaves_a_vacancy_as_a_person_does() -> None:
    history = history_of(of_team(40, left=None), of_team(20), of_team(10), of_team(0))
    rows = overdue(history.posture(history.infos[-1].id)).of("owner").rows
    assert rows["key"].tolist() == ["bot/business", "bot/technical"]
    assert (rows["ended"].tolist(), rows["days"].tolist()) == ([False] * 2, [LEFT] * 2)


def test_a_vacancy_of_a_team_ends_when_the_team_has_a_member_again() -> None:
    history = history_of(of_team(20), of_team(10, left=None))
    rows = overdue(history.posture(history.infos[-1].id)).of("owner").rows
    assert (rows["ended"].tolist(), rows["days"].tolist()) == ([True] * 2, [20] * 2)


def test_of_a_person_and_a_team_the_last_to_go_begins_the_vacancy() -> None:
    made = of_team(0).person("cyd", left=ago(5)).owned("bot", "cyd")
    rows = overdue(made.posture()).of("owner").rows
    assert dict(zip(rows["key"], rows["days"], strict=True)) == {
        "bot/business": 5,
        "bot/technical": LEFT,
    }


def test_a_team_that_never_had_a_member_or_was_only_guessed_has_no_vacancy() -> None:
    empty = Estate().agent("bot").thing("Team", "ops").owned("bot", "ops", "ops")
    for made in (empty, of_team(0, evidence="inferred")):
        assert overdue(made.posture()).of("owner").rows.empty


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
