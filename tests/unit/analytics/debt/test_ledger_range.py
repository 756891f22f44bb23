"""What of the books is shown: the moments between two ends, and the newest entries."""

from analytics.debt.ledger.entries import ledger
from analytics.debt.ledger.moments import Moment, oldest
from graph.journal.journal import Journal
from tests.support.histories.small_history import books, history_of
from tests.unit.analytics.debt.test_ledger import ABOUT, day, owned, state


def test_an_earlier_snapshot_judged_later_knows_none_of_those_after_it():
    """Nobody owns the bot in the second snapshot: the first says nothing of that."""
    first, *_ = (history := history_of(owned(state()), state(10), owned(state(30)))).infos
    done = ledger(history, Moment(first, day(0)), Moment(first, day(20)))
    assert (len(done.steps), done.entries, set(done.figures.values())) == (1, (), {0.0})


def test_acceptances_take_no_room_of_what_is_newer(tmp_path):
    file = tmp_path / "journal.sqlite"
    Journal(file).accept("F-1", day(8), "ann", "soon gone", day(3), ABOUT)
    states = state(grant={"expires_at": None}), owned(state(10)), state(20)
    history = history_of(*states, journal=file)
    whole = books(history)
    assert [e.kind for e in whole.entries] == ["accrue", "repay", "repay", "resume", "accept"]
    for limit in range(1, 6):
        cut = books(history, limit=limit)
        assert (cut.entries, cut.left_out) == (whole.entries[:limit], 5 - limit)


def test_of_several_snapshots_of_one_instant_the_last_counts():
    """What was read in part, or wrongly, and read again the same day, was never owed nor repaid."""
    for day_of_both in (0, 10):
        states = owned(state()), state(day_of_both), owned(state(day_of_both)), owned(state(30))
        history = history_of(*states[day_of_both == 0 :])
        first, last = oldest(history), Moment(history.infos[-1], history.infos[-1].taken_at)
        done = ledger(history, first, last)
        assert (done.entries, set(done.figures.values())) == ((), {0.0}), day_of_both
