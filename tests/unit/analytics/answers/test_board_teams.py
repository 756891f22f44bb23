"""The teams of the board: what each owes, and what is no figure at all."""

from analytics.answers import board as parts
from analytics.answers.table import as_json
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.histories.small_history import history_of


def test_a_team_of_which_nothing_could_be_owed_or_is_known_has_no_good_figures() -> None:
    """`idle` has no access, nobody states what `dark` has, and only `bot` is known to read."""
    e = Estate(scope="east").thing("Team", "red", "blue").person("ann", "bob")
    e.link("ann", "MEMBER_OF", "red").link("bob", "MEMBER_OF", "blue")
    e.agent("idle", "bot").owned("idle", "bob", "bob").owned("bot", "ann", "ann")
    e.resource("db", "restricted").can("bot", "read", "db").person("ann")
    west = Estate(declares=["owners"], scope="west", source="hr").agent("dark").person("ann")
    west.owned("dark", "ann", "ann")
    posture = history_of([e, west]).at(AS_OF)
    rows = {row["name"]: row for row in as_json(parts.teams(posture).teams)}
    assert (rows["blue"]["tdr"], rows["blue"]["grade"]) == (None, "NR")
    assert rows["blue"]["debt"] == 0
    counts = [(rows[t]["identities"], rows[t]["sensitive"], rows[t]["sensitive_of"]) for t in rows]
    assert sorted(counts) == [(1, 0, 1), (2, 1, 1)]
