"""A grant counts as used when its own holder was seen using its resource at that level."""

import pandas as pd

from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from tests.support.estates.small_estates import Estate, ago


def estate(seen: bool) -> Estate:
    """Make an old grant whose use would be seen; with `seen`, a log saw a read last week."""
    e = Estate().agent("bot", created_at=ago(400)).account("svc", created_at=ago(400))
    e.link("bot", "RUNS_AS", "svc").resource("db", "confidential")
    e.can("svc", "read write", "db", granted_at=ago(300), telemetry=True)
    if seen:
        e.link("svc", "USED", "db", level="read", last_at=ago(7), first_at=ago(200), count=3)
    return e


def unused(e: Estate) -> list[str]:
    debt = debt_of(e.posture())
    mine = debt.rows.assumption == NUMBER["necessity"]
    level = debt.units.level[debt.rows.entitlement[mine]]
    return [("list", "read", "write", "admin")[x] for x in level]


def test_a_use_seen_in_a_log_keeps_the_level_of_the_grant() -> None:
    """Read was seen and is needed; write was not."""
    assert unused(estate(seen=True)) == ["write"]


def test_without_the_log_both_are_unused() -> None:
    assert unused(estate(seen=False)) == ["read", "write"]


def test_a_use_by_the_agent_is_a_use_of_the_grant_of_its_account() -> None:
    """The bot can have read the database by that grant only."""
    e = estate(seen=False)
    e.link("bot", "USED", "db", level="read", last_at=ago(7))
    assert unused(e) == ["write"]


def test_the_use_of_another_holder_says_nothing() -> None:
    """Another agent, with a grant of its own, was seen reading the database."""
    e = estate(seen=False).agent("other").can("other", "read", "db", granted_at=ago(9))
    e.link("other", "USED", "db", level="read", last_at=ago(7))
    assert unused(e) == ["read", "write"]


def test_a_use_ahead_of_the_moment_is_held_back_to_it() -> None:
    e = estate(seen=False).link("svc", "USED", "db", level="read", last_at=ago(-30))
    used = e.posture().grants.last_used
    assert used.max() == int(pd.Timestamp(e.at).timestamp() * 1000)
