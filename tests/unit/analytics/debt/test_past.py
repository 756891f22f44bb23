"""What was owed at earlier snapshots is counted once, and kept for whoever asks next."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.debt.past import Owed, past_debt
from analytics.history import History
from analytics.posture import Posture
from graph.journal.journal import Journal
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.histories.small_history import history_of, info_of
from tests.support.printed import debt

WEEK = pd.Timedelta(days=7)


def _estate(weeks: int, *held: str) -> Estate:
    e = Estate(AS_OF - weeks * WEEK).agent("bot").person("ann").resource("wiki", "internal")
    for name in held:
        e.resource(name, "restricted").can("bot", "read write", name)
    return e.owned("bot", "ann", "ann")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def _opened(file: Path | None) -> tuple[History, Posture]:
    history = history_of(
        _estate(2, "ledger"), _estate(1, "ledger", "payroll"), _estate(0, "ledger"), journal=file
    )
    posture = history.posture(history.infos[-1].id)
    posture.history, posture.journal = history, history.journal
    return history, posture


def _nothing_read(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: str) -> None:
        raise AssertionError("a snapshot was read")

    monkeypatch.setattr(history, "_read", read)


def test_it_is_what_each_snapshot_says_of_itself(file):
    history, posture = _opened(file)
    found = past_debt(posture, history.infos)
    for info, owed in zip(history.infos, found, strict=True):
        then = debt(history.posture(info.id))
        assert [owed.debt, owed.most, owed.coverage] == [
            then["debt"], then["max_debt"], then["coverage"]
        ]  # fmt: skip
        assert [owed.ratio, owed.high, owed.grade] == [*then["tdr_range"], then["grade"]]
    assert found[1].debt > found[0].debt > 0


def test_the_next_one_to_ask_reads_no_snapshot_for_it(file, monkeypatch):
    history, posture = _opened(file)
    first = past_debt(posture, history.infos[:-1])
    again, later = _opened(file)
    _nothing_read(again, monkeypatch)
    assert past_debt(later, again.infos[:-1]) == first


def test_without_a_journal_each_is_counted_again(monkeypatch):
    history, posture = _opened(None)
    past_debt(posture, history.infos[:-1])
    again, later = _opened(None)
    _nothing_read(again, monkeypatch)
    with pytest.raises(AssertionError, match="a snapshot was read"):
        past_debt(later, again.infos[:-1])


def test_an_attestation_that_counts_then_is_counted_anew(file):
    """What people stated later of an earlier moment changes what was owed at it."""
    history, posture = _opened(file)
    before = past_debt(posture, history.infos[:-1])
    Journal(file).review("bot", "approve", "ann", "looked", history.infos[0].taken_at)
    again, later = _opened(file)
    after = past_debt(later, again.infos[:-1])
    assert after == [Owed.of(again.posture(i.id)) for i in again.infos[:-1]]
    assert after[0].debt < before[0].debt


def test_it_stays_beside_the_findings_of_its_snapshot(file):
    history, posture = _opened(file)
    ids = [info.id for info in history.infos]
    journal = Journal(file)
    journal.keep_seen({ids[0]: ("v", b"findings")}, ids)
    first = past_debt(posture, history.infos[:-1])
    assert journal.seen(ids[0], "v") == b"findings"
    journal.keep_seen({}, ids[1:])  # the oldest was pruned
    assert journal.seen(ids[0], "v") is None
    assert first == past_debt(_opened(file)[1], history.infos[:-1])


def test_an_export_read_late_that_shows_an_owner_changes_what_was_owed_since(file):
    """Nobody owns it after week 3: the read of that week, read last, says since when."""

    def state(weeks: int) -> Estate:
        e = Estate(AS_OF - weeks * WEEK).agent("bot", created_at=(AS_OF - 60 * WEEK).isoformat())
        e.person("ann").resource("db", "restricted").can("bot", "read", "db")
        return e.owned("bot", "ann", "ann") if weeks == 3 else e

    facts = {weeks: state(weeks).facts() for weeks in (2, 0, 3)}  # in the order of their reading
    infos = {weeks: info_of(each, n, AS_OF) for n, (weeks, each) in enumerate(facts.items(), 1)}
    read = {infos[weeks].id: (infos[weeks], each) for weeks, each in facts.items()}
    history = History([infos[2], infos[0]], read.__getitem__, Journal(file))
    (before,) = past_debt(history.posture(infos[0].id), [infos[2]])
    history = History(list(infos.values()), read.__getitem__, Journal(file))
    (after,) = past_debt(history.posture(infos[0].id), [infos[2]])
    assert after == Owed.of(history.posture(infos[2].id))
    # Read on what is restricted by an agent of unknown autonomy: 37.5, capped at five times; then
    # one week is one cycle.
    assert before.debt - after.debt == pytest.approx(37.5 * (5 - 2))
