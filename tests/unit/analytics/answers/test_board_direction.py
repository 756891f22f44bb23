"""The board's direction: today against a quarter ago, by figures that are known on both days."""

from functools import cache

import pandas as pd
import pytest

from analytics.answers import board as parts
from analytics.answers.board import board, scope_of
from analytics.answers.table import as_json
from analytics.debt.groups import team_of
from analytics.debt.ledger.period import PARTS
from analytics.posture import Posture
from app.report.history import of_team
from graph.schema import MEMBER_OF
from tests.support.estates.board_estate import estate
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import books, history_of

DAY = pd.Timedelta(days=1)
ARN = "arn:aws:iam::1:role/bot"


@cache
def now_and_before(days: float) -> Posture:
    """Return today, with one agent more than so many days ago."""
    history = history_of(estate(third=False, at=AS_OF - days * DAY), estate())
    return history.posture(history.infos[-1].id)


def test_today_is_compared_with_a_quarter_ago() -> None:
    posture = now_and_before(92)
    since = parts.quarter(posture, scope_of(posture))
    assert since.days == 92
    assert since.then is not None
    assert since.now is not None
    assert (since.then["reaching"], since.now["reaching"]) == (2, 3)
    assert (since.then["paths"], since.now["paths"]) == (2, 3)
    assert since.moved is not None
    assert since.moved["new"] > 0


@pytest.mark.parametrize("days", [10, 300])
def test_a_snapshot_that_is_no_quarter_away_is_not_compared_with(days: float) -> None:
    posture = now_and_before(days)
    since = parts.quarter(posture, scope_of(posture))
    assert (since.direction, since.then) == ("unknown", None)
    assert "the nearest is of" in since.sentence


def test_where_nobody_knows_what_is_owed_a_grade_by_a_leak_has_no_direction() -> None:
    """The leak alone caps the grade at D; of the ratio nothing is known, then or today."""

    def dark(at: pd.Timestamp) -> Estate:
        made = Estate(at, declares=["owners", "credentials", "usage"]).agent("bot")
        return made.thing("Credential", "key", status="leaked").link("bot", "USES", "key")

    history = history_of(dark(AS_OF - 90 * DAY), dark(AS_OF))
    answer = board(history.at(AS_OF), AS_OF)
    assert (answer.standing.grade, answer.standing.tdr) == ("D", None)
    assert answer.quarter.direction == "unknown"
    assert answer.quarter.sentence == (
        "Direction unknown since 3 May 2026: too little was known today to rate it."
    )


@pytest.mark.parametrize("hours", [12, 47])
def test_the_pace_is_that_of_the_time_that_passed(hours: int) -> None:
    """Less than two days are not one, and half a day is not none."""
    posture = now_and_before(hours / 24)
    history = posture.history
    assert history is not None
    scope = scope_of(posture)
    since = parts.quarter(posture, scope, history.infos[0])
    assert since.then is not None
    assert since.now is not None
    grown = since.now["debt"] - since.then["debt"]
    assert since.pace_per_day == pytest.approx(grown / (hours / 24))


def test_a_team_that_had_nothing_did_not_grow_by_what_it_took_over() -> None:
    before, today = estate(at=AS_OF - 90 * DAY), estate()
    for row in before.rows[MEMBER_OF]:  # of whom the team answers for today
        row["target_id"] = "web"
    posture = history_of(before, today).at(AS_OF)
    scope = scope_of(posture, posture.graph.number("ops"))
    since = parts.quarter(posture, scope)
    assert since.pace_per_day is None
    burn = parts.burn_down(posture, scope, parts.standing(posture, scope), since)
    assert burn.today.sentence == "Pace not known: there was nothing to owe for then."


def seen_anew(reviews: bool) -> Posture:
    """Return two teams today whose source had stated no reviews a quarter ago, or had all along.

    Nobody ever reviewed anything; `a` and `b` are of red, `c` is of blue, and nothing else changes.
    """
    kinds = ["grants", "owners", "usage", "credentials", "scope"]

    def made(days: float, declares: list[str]) -> Estate:
        e = Estate(AS_OF - days * DAY, declares).thing("Team", "red", "blue").person("ann", "bob")
        e.link("ann", "MEMBER_OF", "red").link("bob", "MEMBER_OF", "blue")
        e.resource("db", "restricted")
        for bot, owner in (("a", "ann"), ("b", "ann"), ("c", "bob")):
            e.agent(bot, created_at=ago(400)).owned(bot, owner, owner)
            e.can(bot, "read", "db", granted_at=ago(300), expires_at=ago(-300))
        return e

    then = [*kinds, "reviews"] if reviews else kinds
    return history_of(made(90, then), made(0, [*kinds, "reviews"])).at(AS_OF)


@pytest.mark.parametrize("reviews", [True, False], ids=["same sources", "reviews came into sight"])
def test_what_only_came_into_sight_is_no_growth_of_a_team_either(reviews: bool) -> None:
    posture = seen_anew(reviews)
    every, *teams = (
        parts.quarter(posture, scope_of(posture, team_of(posture, name)))
        for name in (None, "red", "blue")
    )
    assert {each.direction for each in (every, *teams)} == {"worse" if reviews else "unknown"}
    paces = [each.pace_per_day or 0.0 for each in teams]
    assert sum(paces) == pytest.approx(every.pace_per_day)
    assert paces[0] == pytest.approx(2 * paces[1])
    assert paces[1] > 0


def test_compared_with_itself_it_has_no_pace_and_says_why() -> None:
    posture = now_and_before(92)
    assert posture.history is not None
    scope = scope_of(posture)
    same = parts.quarter(posture, scope, posture.history.infos[-1])
    burn = parts.burn_down(posture, scope, parts.standing(posture, scope), same)
    words = "Pace not known: the snapshot compared with is no earlier one."
    assert burn.today.sentence == words


def test_an_id_that_changed_between_is_followed_as_the_ledger_does() -> None:
    """One agent, known by one id then and by another today; a snapshot between shows both."""

    def called(days: float, *names: str) -> list[Estate]:
        parts_of_it = []
        for name in names:
            of = Estate(AS_OF - days * DAY, source="aws" if name == ARN else "estate")
            also = {"external_ids": [f"arn:{ARN}"]} if len(names) > 1 and name != ARN else {}
            of.agent(name, env="prod", created_at=ago(400), **also)
            of.resource("db", "restricted", env="prod")
            parts_of_it.append(of.can(name, "read", "db", granted_at=ago(300), grant_id="g"))
        return parts_of_it

    history = history_of(called(90, "bot"), called(40, "bot", ARN), called(0, ARN))
    posture = history.at(AS_OF)
    since = parts.quarter(posture, scope_of(posture))
    figures = books(history).figures
    assert since.moved is not None
    assert {part: since.moved[part] for part in (*PARTS, "accrued")} == {
        part: figures[part] for part in (*PARTS, "accrued")
    }
    assert since.moved["new"] == since.moved["retired"] == 0
    assert since.direction == "worse"


@pytest.mark.parametrize("first", [True, False], ids=["the first agent", "the last one is gone"])
def test_paths_are_counted_of_the_same_then_and_today(first: bool) -> None:
    """Where the estate has an agent, paths are those of agents; two accounts get there all along.

    The first agent does not make it better that accounts were counted before, nor is it worse that
    they are counted once the last agent is gone.
    """

    def made(days: float, agent: bool) -> Estate:
        e = Estate(AS_OF - days * DAY).account("x", "y").resource("db", "restricted")
        e.can("x", "read", "db").can("y", "read", "db")
        return e.agent("bot").can("bot", "read", "db") if agent else e

    posture = history_of(made(90, not first), made(0, first)).at(AS_OF)
    since = parts.quarter(posture, scope_of(posture))
    assert since.then is not None
    assert since.now is not None
    # agents: none then, one today; identities: three then, two today
    assert [since.then["reaching"], since.now["reaching"]] == ([0, 1] if first else [3, 2])
    assert [since.then["paths"], since.now["paths"]] == ([0, 1] if first else [3, 2])


def test_paths_that_nobody_could_know_then_are_no_zero() -> None:
    """A source that states grants is read since: the path is not one more than none."""
    ungranted = Estate(AS_OF - 90 * DAY, declares=("owners",))
    now = Estate(AS_OF).agent("bot").resource("db", "restricted").can("bot", "read", "db")
    before = ungranted.agent("bot").resource("db", "restricted")
    posture = history_of(before, now).at(AS_OF)
    since = parts.quarter(posture, scope_of(posture))
    assert since.then is not None
    assert since.now is not None
    assert [since.then["reaching"], since.now["reaching"]] == [None, 1]
    assert [since.then["paths"], since.now["paths"]] == [None, 1]


def test_a_team_whose_id_changed_between_has_its_past() -> None:
    """All is of one team, known by one id then and by another today; a snapshot shows both."""

    def called(days: float, *names: str) -> list[Estate]:
        parts_of_it = []
        for name in names:
            of = Estate(AS_OF - days * DAY, source="entra" if name == ARN else "estate")
            of.thing("Team", name, name="red", email="red@acme.org").person("ann")
            of.link("ann", "MEMBER_OF", name).agent("bot", created_at=ago(400))
            of.owned("bot", "ann", "ann").resource("db", "restricted")
            parts_of_it.append(of.can("bot", "read", "db", granted_at=ago(300)))
        return parts_of_it

    posture = history_of(called(90, "red-1"), called(40, "red-1", ARN), called(0, ARN)).at(AS_OF)
    every, team = scope_of(posture), scope_of(posture, team_of(posture, "red"))
    since = parts.quarter(posture, team)
    assert since.then == parts.quarter(posture, every).then
    assert since.then is not None
    assert since.then["debt"] > 0
    rows = of_team(posture, posture.graph.find("red"))
    assert rows["ratio"].tolist() == parts.trend(posture).frame["ratio"].tolist()


def test_one_snapshot_has_no_direction() -> None:
    posture = estate().posture()
    since = parts.quarter(posture, scope_of(posture))
    assert since.sentence == "Direction unknown: there is no earlier snapshot."


def test_the_whole_answer_is_plain_data() -> None:
    posture = now_and_before(92)
    answer = as_json(board(posture, AS_OF))
    assert answer["sentence"].startswith(answer["standing"]["reason"])
    assert answer["trend"][-1]["at"] == "2026-08-01T00:00:00Z"
    assert len(answer["moves"]) <= 5
