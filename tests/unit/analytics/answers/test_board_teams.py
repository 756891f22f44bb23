"""The teams of the board: what each owes, and what is no figure at all."""

import pytest

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from analytics.answers.table import as_json
from analytics.debt.groups import team_of
from tests.support.estates.small_estates import AS_OF, Estate, ago
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


def test_with_the_plan_a_team_repays_what_it_owes_and_not_what_others_do() -> None:
    """One key of four agents, one of them of red, three of blue, opens all that they may do."""
    e = Estate().thing("Team", "red", "blue").person("ann", "bob").resource("db", "restricted")
    e.link("ann", "MEMBER_OF", "red").link("bob", "MEMBER_OF", "blue").account("svc")
    e.thing("Credential", "key", created_at=ago(400)).link("key", "AUTHENTICATES_AS", "svc")
    for bot, owner in (("a", "ann"), ("b", "bob"), ("c", "bob"), ("d", "bob")):
        e.agent(bot, created_at=ago(400)).owned(bot, owner, owner).link(bot, "USES", "key")
    posture = history_of(e.can("svc", "read", "db", granted_at=ago(300))).at(AS_OF)
    repaid = []
    for name in (None, "red", "blue"):
        scope = scope_of(posture, team_of(posture, name))
        stands, since = parts.standing(posture, scope), parts.quarter(posture, scope)
        burn = parts.burn_down(posture, scope, stands, since)
        plan = parts.with_plan(posture, scope, burn)
        assert plan is not None
        assert stands.debt is not None
        assert 0 < plan.repaid <= stands.debt + 1e-9
        repaid.append(plan.repaid)
    assert repaid[0] == pytest.approx(sum(repaid[1:]))
    assert repaid[2] == pytest.approx(3 * repaid[1])
