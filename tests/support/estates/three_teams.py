"""Three teams: one that is rated, one of which little is verified, and one that may use nothing."""

from analytics.posture import Posture
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of


def three_teams() -> Posture:
    """Judge `bot` of red, `idle` of blue, and `dim` of grey, whose source states grants alone."""
    e = Estate(scope="east").thing("Team", "red", "blue", "grey").resource("db", "restricted")
    teams = ("ann", "red", "bot"), ("bob", "blue", "idle"), ("cyd", "grey", "dim")
    for person, team, bot in teams:
        e.person(person).link(person, "MEMBER_OF", team).owned(bot, person, person)
    e.agent("bot", "idle").can("bot", "read", "db", granted_at=ago(300))
    west = Estate(declares=("grants",), source="west", scope="west").agent("dim")
    west.resource("log", "internal").can("dim", "read", "log", granted_at=ago(300))
    return history_of([e, west]).at(AS_OF)
