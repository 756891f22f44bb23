"""The board where an agent ended: every count of it is of the same identities."""

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from analytics.answers.table import as_json
from tests.support.estates.small_estates import Estate
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
