"""Grants of which nothing says what they allow: no reach follows from them, and that is told."""

from pathlib import Path

from ingest.sources.estate.native import read_estate
from tests.support.estates.small_estates import Estate


def warnings_of(estate: Estate, folder: Path) -> list[str]:
    return read_estate(estate.write(folder)).warnings


def test_grants_without_a_level_an_action_or_a_role_are_counted(tmp_path: Path) -> None:
    e = Estate().agent("bot").resource("ledger")
    e.link("bot", "CAN_ACCESS", "ledger", id="g1").can("bot", "", "ledger", id="g2")
    e.can("bot", "read", "ledger", id="g3")
    assert warnings_of(e, tmp_path) == ["2 grants have no known level, and give no access here"]


def test_a_grant_that_says_anything_of_what_it_allows_is_not(tmp_path: Path) -> None:
    e = Estate().agent("bot").resource("ledger").thing("Role", "admin")
    e.can("bot", "", "admin", actions=["iam:PassRole"])
    e.link("bot", "CAN_ACCESS", "ledger", role_name="Owner").can("bot", "list", "ledger")
    assert warnings_of(e, tmp_path) == []
