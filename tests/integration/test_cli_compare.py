"""Two moments compared from the command line: numbers worked out by hand, and what is refused."""

import pytest

from tests.integration.cli import HOSTILE, Run
from tests.support.estates.small_estates import ids

ENDS = "000001", "000002"


def test_what_is_new_is_counted_by_why(cli: Run) -> None:
    """In July there was a bot without access; in August it runs as an account that may write."""
    result = cli("compare", *ENDS, "--json").result
    assert result["starts_are"] == "agents"
    agents, paths = result["agents"], result["paths"]
    assert set(ids(agents["rows"], "identity")) == {
        *("child", "idle", HOSTILE, "twin-1", "twin-2"),
    }
    assert agents["counts"] == {
        "new": {"changed": 5, "coverage": 0},
        "gone": {"changed": 0, "coverage": 0},
    }
    assert [(row["identity"]["id"], row["target"]["id"]) for row in paths["rows"]] == [
        ("bot", "ledger")
    ]
    (path,) = paths["rows"]
    assert (path["change"], path["why"], path["was"], path["now"]) == (
        *("opened", "changed", None, "write"),
    )
    assert (result["before"]["paths"], result["after"]["paths"]) == (0, 1)


def test_the_card_says_it_in_a_sentence(cli: Run) -> None:
    shown = " ".join(cli("compare", *ENDS, "--limit", 1).out.split())
    assert "5 agents new, 0 gone; 1 path to a crown jewel opened, 0 closed; " in shown
    assert "trustdebt path bot ledger" in shown
    assert "more; --limit 0 shows all" in shown


def test_an_instant_names_a_moment(cli: Run) -> None:
    said = cli("compare", "2026-07-15", "000002", "--json").result
    assert said["before"]["at"] == "2026-07-15T00:00:00Z"
    assert said["before"]["snapshot"].startswith("000001")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["000002", "000001"], "name the earlier one first"),
        (["000001", "000001"], "the same moment"),
        (["000001", "000099"], "000099"),
        ([*ENDS, "--team", "ledger"], "ledger is no team"),
        ([*ENDS, "--as-of", "2026-08-01"], "compare takes no --as-of"),
    ],
)
def test_what_cannot_be_compared_is_refused(cli: Run, words: list[str], reason: str) -> None:
    refused = cli("compare", *words, "--json")
    assert refused.code in (2, 4)
    assert reason in refused.document["error"]["message"]
