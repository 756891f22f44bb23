"""The board answer: its sentence names the reason, and no part of it claims what is unknown."""

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import board as parts
from analytics.answers.board import board, scope_of
from analytics.answers.board.burn_down import (
    DATED,
    MET,
    NEVER,
    UNKNOWN,
    BurnDown,
    Reached,
    _by_plan,
    _today,
)
from analytics.answers.board.move import _items
from analytics.answers.board.quarter import Quarter
from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.table import as_json
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.posture import Posture
from tests.support.estates.board_estate import estate
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.histories.small_history import history_of

DAY = pd.Timedelta(days=1)
ARN = "arn:aws:iam::1:role/bot"


@cache
def judged(leaked: bool = False) -> Posture:
    return estate(leaked).posture()


# -- the sentence -------------------------------------------------------------------------------


def test_the_sentence_names_the_key_that_leaked_and_what_it_opens() -> None:
    posture = judged(leaked=True)
    stands = parts.standing(posture, scope_of(posture))
    assert stands.grade in ("D", "F")
    assert stands.reason == f"Grade {stands.grade}: key leaked and still opens db."
    # All three read the restricted database: `a` at that level, the others above it.
    assert "3 of 3 identities can read sensitive data today." in stands.sentence
    assert [cause["thing"]["id"] for cause in stands.causes] == ["key"]


def test_of_many_alarms_the_heaviest_is_named_and_all_are_counted() -> None:
    """The last of 25 keys opens what is restricted, the others what is public."""
    made = Estate().agent("bot")
    for number in range(25):
        made.thing("Credential", f"k{number:02}", status="leaked").account(f"s{number:02}")
        made.link("bot", "USES", f"k{number:02}")
        made.link(f"k{number:02}", "AUTHENTICATES_AS", f"s{number:02}")
        made.resource(f"r{number:02}", "restricted" if number == 24 else "public")
        made.can(f"s{number:02}", "read", f"r{number:02}")
    posture = made.posture()
    scope = scope_of(posture)
    stands = parts.standing(posture, scope)
    letter = stands.grade
    assert stands.reason == (
        f"Grade {letter}: k24 leaked and still opens r24. It is one of 25 such alarms."
    )
    first = parts.move(posture, scope, stands)
    assert first is not None
    assert first.order == "Deactivate k24"


def test_without_a_leak_it_names_what_most_is_owed_for_and_who_owes_most() -> None:
    """The twin: the same estate with the key in order."""
    posture = judged()
    stands = parts.standing(posture, scope_of(posture))
    assert "leaked" not in stands.sentence
    assert not stands.causes


def test_what_nobody_rated_is_not_rated_and_says_who_administers_it() -> None:
    made = Estate(declares=["grants"]).account("root", "guest").resource("acct", control_plane=True)
    made.resource("bucket").can("root", "admin", "acct").can("guest", "read", "bucket")
    posture = made.posture()
    stands = parts.standing(posture, scope_of(posture))
    assert (stands.grade, stands.rating) == ("NR", "not rated")
    assert stands.sentence.startswith("Not rated: ")
    assert "1 of 2 identities administers acct today." in stands.sentence
    assert "How sensitive 2 of 2 resources are, nobody states." in stands.sentence
    assert "sensitive data" not in stands.sentence
    assert (stands.sensitive["count"], stands.sensitive["of"]) == (None, 2)
    assert [row["sensitive"] for row in as_json(parts.teams(posture).teams)] == [None]


def test_nothing_at_all_is_no_comfort() -> None:
    posture = Estate(declares=[]).agent("a").posture()
    stands = parts.standing(posture, scope_of(posture))
    assert (stands.grade, stands.tdr) == ("NR", None)
    assert "What 1 identity can reach is not known." in stands.sentence


# -- the three numbers --------------------------------------------------------------------------


def test_the_headline_numbers() -> None:
    """Three agents, one jewel: three paths; without the role's grant, two of them reach none."""
    posture = judged()
    heads = parts.headlines(posture, scope_of(posture))
    assert (heads.starts_are, heads.starts, heads.reaching, heads.paths) == ("agents", 3, 3, 3)
    assert heads.best is not None
    assert (heads.best["frees"], heads.best["what"]) == (2, "admins can access db")
    assert (heads.targets, heads.unrated) == (1, 0)


def test_without_agents_all_identities_are_counted() -> None:
    made = Estate().account("root").resource("db", "restricted").can("root", "read", "db")
    posture = made.posture()
    heads = parts.headlines(posture, scope_of(posture))
    assert (heads.starts_are, heads.starts, heads.reaching) == ("identities", 1, 1)


# -- the move -----------------------------------------------------------------------------------


def test_a_leaked_key_goes_first() -> None:
    posture = judged(leaked=True)
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    assert first is not None
    assert (first.why, first.order, first.items) == ("leak", "Deactivate key", ["key"])
    # `a` has no other login; the two others keep theirs.
    assert (first.frees, first.of) == (1, 3)
    assert first.sentence.startswith(
        "Deactivate key: whoever has it loses 1 resource, 1 of 3 agents reaches no crown jewel"
    )


def first_move(made: Estate) -> parts.Move:
    posture = made.posture()
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    assert first is not None
    return first


def test_else_the_step_that_frees_most() -> None:
    """Without the role's grant two of three agents reach nothing, and ann administers db still."""
    first = first_move(estate().can("ann", "admin", "db"))
    assert (first.why, first.frees, first.of) == ("choke_point", 2, 3)
    assert first.order == "Remove the grant: admins can access db"
    assert first.items == ["admins,CAN_ACCESS,db"]


def test_the_last_administrator_is_not_the_first_move() -> None:
    """The role alone administers db; every other step frees one agent of three."""
    first = first_move(estate())
    assert (first.why, first.frees, first.of) == ("choke_point", 1, 3)
    assert first.order != "Remove the grant: admins can access db"


def test_a_key_is_not_the_first_move_where_it_holds_the_last_administration() -> None:
    """Without key, bot reaches nothing; key alone administers vault. Next is the account's grant.

    The key is the only login, so that what it opens would free as many.
    """
    made = Estate().agent("bot").account("svc").thing("Credential", "key")
    made.resource("db", "restricted").resource("vault", "internal")
    made.link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")
    made.can("svc", "read", "db").can("key", "admin", "vault")
    assert first_move(made).order == "Remove the grant: svc can access db"


@pytest.mark.parametrize("tagged", ["the grant", "its holder"])
def test_access_for_emergencies_is_not_the_first_move(tagged: str) -> None:
    """Two bots take one role; its grant is for emergencies, so one bot's own step is next."""
    tags = {"tags": ["break-glass"]}
    made = Estate().agent("a", "b").resource("db", "restricted")
    made.thing("Role", "ops").thing("Role", "glass", **(tags if tagged == "its holder" else {}))
    made.link("a", "ASSUMES", "ops").link("b", "ASSUMES", "ops").link("ops", "ASSUMES", "glass")
    made.can("glass", "read", "db", **(tags if tagged == "the grant" else {}))
    if tagged == "the grant":
        assert first_move(made).order == "Remove the trust: ops may assume glass"
    else:
        first = first_move(made)
        assert (first.frees, first.target["to"]["id"]) == (1, "ops")


def test_a_step_in_use_is_not_the_first_move() -> None:
    """The grant of the role was used yesterday: it may not go first, although it frees most."""
    made = estate().can("ann", "admin", "db")
    made.rows[next(e for e in made.rows if e.name == "CAN_ACCESS")][-2] |= {
        "last_used_at": '{"admin":"' + ago(1) + '"}',
        "telemetry": True,
    }
    posture = made.posture()
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    assert first is not None
    assert first.order != "Remove the grant: admins can access db"


def owing(agents: int, wrong: bool = False) -> Estate:
    """Agents that nobody answers for, each with an old grant on something internal.

    None reaches a crown jewel, so that the plan says what is first. Where `wrong`, another agent
    has the five costliest grants, each with the only administration: they are tried, and refused.
    """
    made = Estate().person("ann")
    for number in range(agents):
        made.agent(f"a{number}", created_at=ago(300)).resource(f"r{number}", "internal")
        made.can(f"a{number}", "read write", f"r{number}", granted_at=ago(100 + number))
    if wrong:
        made.agent("root", created_at=ago(300))
    for number in range(5 if wrong else 0):
        made.resource(f"s{number}", "internal")
        made.can("root", "admin", f"s{number}", granted_at=ago(400))
    return made


@pytest.mark.parametrize(
    "made",
    [owing(0), owing(1), owing(7), owing(3, wrong=True)],
    ids=["nothing", "a step", "seven", "three, and others refused"],
)
def test_the_move_of_a_plan_is_the_first_of_its_five_steps(made: Estate) -> None:
    posture = made.posture()
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    steps = as_json(plan(posture, 5, "debt").steps)
    assert (first is None) == (not steps)
    if first is not None:
        assert first.why == "plan"
        assert (first.action, first.items, first.debt_removed) == (
            steps[0]["action"],
            _items(steps[0]["target"]),
            pytest.approx(steps[0]["debt_removed"]),
        )
        assert first.order == parts.moves(posture, scope).frame["order"].iloc[0]


def test_the_changes_of_a_board_are_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(posture: Posture, budget: int, *rest: str, **named: list[str]) -> RemovalPlan:
        asked.append(budget)
        return plan(posture, budget, *rest, **named)

    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(import_module("analytics.answers.board.move"), "plan", counted)
    posture = owing(3).posture()
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    assert first is not None
    assert first.why == "plan"
    assert len(parts.moves(posture, scope)) == 3
    assert asked == [5]


# -- the burn-down ------------------------------------------------------------------------------


def pace(per_day: float | None) -> Quarter:
    return Quarter("worse", "", "there is no earlier snapshot", pace_per_day=per_day)


@pytest.mark.parametrize(
    ("per_day", "state", "sentence"),
    [
        # 300 tp at 10 a day are 30 days from the first of August.
        (-10.0, DATED, "31 Aug 2026."),
        (2.0, NEVER, "Never: debt grew by 60 tp a month."),
        (0.0, NEVER, "Never: debt did not shrink."),
        (-0.01, NEVER, "Not within ten years."),
        (None, UNKNOWN, "Pace not known: there is no earlier snapshot."),
    ],
)
def test_the_target_has_a_date_at_todays_pace(
    per_day: float | None, state: str, sentence: str
) -> None:
    posture = judged()
    stands = parts.standing(posture, scope_of(posture))
    reached = _today(posture, stands, 0.05, 300.0, pace(per_day))
    assert (reached.state, reached.sentence) == (state, sentence)


def test_a_target_is_not_met_while_the_unverified_could_break_it() -> None:
    posture = judged()
    stands = replace(parts.standing(posture, scope_of(posture)), tdr_range=[0.02, 0.71])
    assert _today(posture, stands, 0.05, 0.0, pace(0.0)).state == UNKNOWN
    sure = replace(stands, tdr_range=[0.02, 0.04])
    assert _today(posture, sure, 0.05, 0.0, pace(0.0)).state == MET
    assert _today(posture, replace(stands, grade="NR"), 0.05, None, pace(0.0)).state == UNKNOWN


@pytest.mark.parametrize(
    ("repaid", "growth", "sentence"),
    [
        # 300 to repay; 200 less 50 a month are two months.
        (200.0, 50.0, "30 Sep 2026, with 5 changes a month."),
        (310.0, 50.0, "As soon as the plan is carried out: 5 changes pay off 310 tp."),
        (
            40.0,
            50.0,
            "Never with 5 changes a month: "
            "5 changes pay off 40 tp, and debt grows by 50 tp a month.",
        ),
    ],
)
def test_the_target_has_a_date_with_the_plan(repaid: float, growth: float, sentence: str) -> None:
    burn = BurnDown(0.05, 300.0, None, Reached(UNKNOWN, None, ""), 30, growth, "")
    assert _by_plan(judged(), burn, repaid, 5).sentence == sentence


def test_delay_costs_what_the_same_facts_owe_later() -> None:
    posture, later = judged(), estate().posture(AS_OF + 30 * DAY)
    scope = scope_of(posture)
    stands = parts.standing(posture, scope)
    burn = parts.burn_down(posture, scope, stands, parts.quarter(posture, scope))
    after = parts.standing(later, scope_of(later))
    assert burn.delay_debt == pytest.approx(after.debt - stands.debt)
    assert burn.delay_sentence.startswith("Waiting 30 days adds ")


def test_waiting_costs_a_team_what_it_answers_for_also_where_its_owner_leaves() -> None:
    """Ann leaves in ten days: the bot is nobody's then, and twenty days of that are owed, too."""
    made = Estate().person("ann", left=ago(-10)).thing("Team", "ops")
    made.link("ann", "MEMBER_OF", "ops")
    made.agent("bot", created_at=ago(100)).owned("bot", "ann", "ann").resource("wiki", "internal")
    made.can("bot", "read", "wiki", granted_at=ago(100))
    posture = made.posture()
    grown = []
    for scope in (scope_of(posture), scope_of(posture, posture.graph.number("ops"))):
        stands = parts.standing(posture, scope)
        burn = parts.burn_down(posture, scope, stands, parts.quarter(posture, scope))
        grown.append(burn.delay_debt)
    # Read on something internal by an agent of unknown autonomy: 3 x 1.25, for each role half.
    assert grown[0] == grown[1] > 3 * 1.25 * (1 + 20 / 7)


# -- teams, risks and gaps ----------------------------------------------------------------------


def test_a_team_has_its_share_of_each_assumption() -> None:
    posture = judged(leaked=True)
    rows = as_json(parts.teams(posture).teams)
    # Ann of the team ops owns all three agents; the key of `a` caps the grade of the team.
    assert [(row["name"], row["identities"]) for row in rows] == [("ops", 3)]
    assert rows[0]["sensitive"] == 3
    assert rows[0]["broken"]["owner"] == 0.0
    assert 0.0 <= rows[0]["broken"]["standing"] <= 1.0


def test_a_board_of_one_team_counts_its_identities_only() -> None:
    made = estate(leaked=True).agent("lone", status="active")
    posture = made.posture()
    lone = board(posture, AS_OF, team=-1)
    assert (lone.team, lone.standing.identities) == ("no team", 1)
    assert not lone.standing.causes
    assert lone.headlines.reaching == 0
    ops = board(posture, AS_OF, team=posture.graph.number("ops"))
    assert (ops.team, ops.standing.identities, ops.headlines.reaching) == ("ops", 3, 3)
    assert "key leaked" in ops.sentence
    empty = board(posture, AS_OF, team=posture.graph.number("web"))
    assert empty.standing.identities == 0


@pytest.mark.parametrize("name", ["ops", "web"])
def test_what_two_teams_hold_by_one_role_is_overdue_for_both(name: str) -> None:
    made = Estate().thing("Team", "ops", "web").thing("Role", "admins").resource("db", "internal")
    for team, person, agent in (("ops", "ann", "a"), ("web", "bob", "b")):
        made.person(person).link(person, "MEMBER_OF", team).agent(agent)
        made.owned(agent, person, person).link(agent, "ASSUMES", "admins")
    made.can("admins", "read", "db", granted_at=ago(100), expires_at=ago(20))
    posture = made.posture()
    of_team = parts.revocation(posture, scope_of(posture, posture.graph.number(name)))
    every = parts.revocation(posture, scope_of(posture))
    assert (of_team.overdue, every.overdue) == (1, 1)  # one grant, and not one for each team


def test_accepted_risks_run_out_by_their_date(tmp_path: Path) -> None:
    history = history_of(estate(leaked=True), journal=tmp_path / "journal")
    posture = history.posture(history.infos[-1].id)
    ids = find_all(posture)["id"].tolist()[:2]
    for id_, days in zip(ids, (10, 60), strict=True):
        about = what_it_is_about(posture, id_)
        assert posture.journal is not None
        posture.journal.accept(id_, AS_OF + days * DAY, "ann", "known", AS_OF - DAY, about)
    fresh = history_of(estate(leaked=True), journal=tmp_path / "journal")
    posture = fresh.posture(fresh.infos[-1].id)
    known = parts.risks(posture, scope_of(posture))
    assert (known.accepted, known.soon, known.lapsed) == (2, 1, 0)
    assert as_json(known.expiries)[0]["days"] == 10
    later = fresh.posture(fresh.infos[-1].id, AS_OF + 20 * DAY)
    known = parts.risks(later, scope_of(later))
    assert (known.accepted, known.lapsed) == (1, 1)


def test_the_age_of_the_data_is_that_of_today() -> None:
    posture = judged()
    known = parts.gaps(posture, scope_of(posture), AS_OF + 118 * DAY)
    assert (known.oldest_days, known.old) == (118, 1)
    # The twin: measured from the snapshot itself everything would look fresh.
    assert parts.gaps(posture, scope_of(posture), AS_OF).oldest_days == 0


def test_what_is_missing_says_who_states_it_and_what_it_settles() -> None:
    made = estate()
    made.declares = tuple(kind for kind in EVERYTHING if kind != "usage")
    posture = made.posture()
    known = parts.gaps(posture, scope_of(posture), AS_OF)
    missing = {row["kind"]: row for row in known.missing}
    assert "usage" in missing
    assert missing["usage"]["checks"] > 0
    assert missing["usage"]["settles"] > 0
    assert "aws" in missing["usage"]["sources"]
    assert not parts.gaps(judged(), scope_of(posture), AS_OF).missing
