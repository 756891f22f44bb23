"""What the ledger enters of acceptances of one finding that follow each other."""

from pathlib import Path

from graph.journal.journal import Journal
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.histories.campaigns import day
from tests.support.histories.small_history import books, history_of

ABOUT = ("OWN-01", "bot", "")


def test_interest_does_not_go_on_while_another_acceptance_is_in_force(tmp_path: Path) -> None:
    """Prolonged on day 6 until day 9, and accepted once more under another name it has."""
    book = Journal(tmp_path / "journal.sqlite")
    book.accept("F-1", day(8), "ann", "soon gone", day(3), ABOUT)
    book.accept("F-1", day(9), "bob", "not yet", day(6), ABOUT)
    last = book.accept("F-2", day(30), "ann", "not yet", day(8), ABOUT, ["F-1"])
    book.withdraw(last.number, "ann", "gone", day(12))
    history = history_of(
        Estate(AS_OF).agent("bot"),
        Estate(day(20)).agent("bot"),
        journal=tmp_path / "journal.sqlite",
    )
    told = [(e.kind, e.at) for e in books(history).entries]
    assert sorted(told, key=lambda row: row[1]) == [
        *(("accept", day(number)) for number in (3, 6, 8)),
        ("resume", day(12)),
    ]
