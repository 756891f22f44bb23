"""The board where an agent ended: every count of it is of the same identities."""

import pandas as pd

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from analytics.answers.table import as_json
from analytics.debt.groups import WITHOUT_TEAM, team_of
from analytics.posture import Posture
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of
from tests.support.printed import kpis


def ended() -> Estate:
    """Build a team whose one agent ended with nothing left but a child, which ended as well."""
    e = Estate().person("ann").thing("Team", "ops").link("ann", "MEMBER_OF", "ops")
    e.resource("ledger", "confidential").resource("root", "restricted", control_plane="true")
    e.account("svc").can("svc", "read", "ledger").can("svc", "admin", "root")
    e.agent("on", status="active").agent("off", "kid", status="retired")
    e.link("off", "SPAWNS", "kid").link("kid", "RUNS_AS", "svc")
    return e.owned("on", "ops").owned("off", "ops")


def test_the_teams_count_who_reads_sensitive_data_as_the_board_and_its_figure_do() -> None:
    """The child and its account are still to be ended; its parent has nothing left to end."""
    posture = ended().posture()
    rows = {row["name"]: row for row in as_json(parts.teams(posture).teams)}
    stands = parts.standing(posture, scope_of(posture))
    (figure,) = (row for row in kpis(posture)["kpis"] if row["name"] == "sensitive_reach")
    of_team = parts.standing(posture, scope_of(posture, posture.graph.number("ops")))
    assert rows["ops"]["sensitive"] == of_team.sensitive["count"] == 0
    assert sum(row["sensitive"] for row in rows.values()) == stands.sensitive["count"]
    assert figure["numerator"] == stands.sensitive["count"]


def test_the_headlines_count_agents_of_which_something_is_alive() -> None:
    """Of the three, one is in service, and one left an account; its parent left nothing."""
    posture = ended().posture()
    heads = parts.headlines(posture, scope_of(posture))
    assert (heads.starts_are, heads.starts, heads.reaching) == ("agents", 2, 1)
    of_team = parts.headlines(posture, scope_of(posture, posture.graph.number("ops")))
    assert (of_team.starts_are, of_team.starts, of_team.reaching) == ("agents", 1, 0)


def test_where_all_agents_are_gone_the_headlines_count_the_others() -> None:
    e = Estate().agent("off", status="retired").account("svc")
    posture = e.resource("ledger", "restricted").can("svc", "read", "ledger").posture()
    heads = parts.headlines(posture, scope_of(posture))
    assert (heads.starts_are, heads.starts, heads.reaching) == ("identities", 1, 1)


def overdue_of(days: float, *agents: str, owner: str = "ann") -> Estate:
    """State agents of `ops` (Ann) or `web` (Bob) whose access ended 60 days before all of it."""
    e = Estate(at=AS_OF - pd.Timedelta(days=days)).resource("db", "internal")
    for person, team in (("ann", "ops"), ("bob", "web")):
        e.thing("Team", team).person(person).link(person, "MEMBER_OF", team)
    for agent in agents:
        e.agent(agent).owned(agent, owner, owner)
        e.can(agent, "read", "db", granted_at=ago(100), expires_at=ago(60))
    return e


def counted(posture: Posture, team: str | None) -> tuple[int, int]:
    """Return how many overdue items of a team ended, and how many there were."""
    answer = parts.revocation(posture, scope_of(posture, team_of(posture, team)))
    return answer.ended, answer.overdue


def test_what_a_team_had_and_is_gone_counts_for_how_long_it_takes_the_team() -> None:
    """Of three agents, one is gone, with its access; `c` went over to the team `web` before."""
    first = overdue_of(40, "a", "b", "c")
    moved = overdue_of(20, "a", "b").agent("c").owned("c", "bob", "bob")
    posture = history_of(first, moved, overdue_of(0, "a")).at(AS_OF)
    assert counted(posture, None) == (2, 3)
    assert counted(posture, "ops") == (1, 2)
    assert counted(posture, "web") == (1, 1)
    assert counted(posture, WITHOUT_TEAM) == (0, 0)


def test_who_is_back_counts_for_the_team_of_today() -> None:
    states = overdue_of(40, "a"), overdue_of(20), overdue_of(0, "a", owner="bob")
    posture = history_of(*states).at(AS_OF)
    assert (counted(posture, "ops"), counted(posture, "web")) == ((0, 0), (0, 1))
