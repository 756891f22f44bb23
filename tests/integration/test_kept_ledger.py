"""What follows a long history: old snapshots are known from what is kept beside them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers.drift import drift
from analytics.answers.ledger import ledger, since_the_oldest
from analytics.answers.table import as_json
from analytics.debt import debt_of
from analytics.debt.forecast import ahead
from analytics.debt.ledger.moments import Moment, oldest
from analytics.figures.revocation.speed import overdue
from analytics.history import open_posture
from analytics.kept import answers
from analytics.kept.of_snapshots import looks, renamed
from analytics.posture import Posture
from analytics.residue import judged
from graph.identity import replace_ids
from graph.identity.renamed_ids import RenamedIds
from graph.journal.journal import journal_of
from graph.schema import HUMAN
from tests.support.histories.kept_stores import nothing_kept, publish, read_by, renaming

STATES = 4


@pytest.fixture(autouse=True, scope="module")
def _all_is_worth_it():
    """Keep every answer, however little time it took."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "WORTH", 0.0)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    store = publish(tmp_path_factory.mktemp("made") / "store", slice(STATES - 1))
    books(store)
    return store


@pytest.fixture
def store(made, tmp_path) -> Path:
    """Return a store of three snapshots, of which the ledger was asked for."""
    return shutil.copytree(made, tmp_path / "store")


@pytest.fixture(scope="module")
def longer(made, tmp_path_factory) -> Path:
    """Return such a store to which one more snapshot was published."""
    store = shutil.copytree(made, tmp_path_factory.mktemp("longer") / "store")
    return publish(store, slice(STATES - 1, STATES))


def book_of(posture: Posture, limit: int = 0) -> str:
    """Return the ledger of all snapshots up to a posture, as text.

    It does not look ahead: that asks postures of today's facts, and nothing of the history.
    """
    end = Moment(posture.graph.snapshot, posture.graph.as_of)
    whole = ledger(posture.history, oldest(posture.history), end, limit, ahead=False)
    return json.dumps(as_json(whole))


def books(store: Path, limit: int = 0) -> str:
    return book_of(open_posture(str(store)), limit)


def anew(store: Path) -> str:
    with nothing_kept():
        return books(store)


LIMITS = (1, 0)


@pytest.fixture(scope="module")
def worked_out(longer) -> tuple[tuple[int, ...], list[str]]:
    """Return which snapshots are read if nothing is kept, and the ledger with each limit."""
    made: list[str] = []

    def ask() -> None:
        posture = open_posture(str(longer))
        made.extend(book_of(posture, limit) for limit in LIMITS)

    with nothing_kept():
        return read_by(ask), made


def test_a_further_snapshot_costs_its_own_period_and_the_sum_of_all(longer, worked_out, tmp_path):
    store = shutil.copytree(longer, tmp_path / "store")
    assert read_by(lambda: books(store, limit=1)) == (1, 3, 4)
    assert read_by(lambda: books(store, limit=1)) == (3, 4)  # the newest entry
    assert [books(store, limit) for limit in LIMITS] == worked_out[1]


def test_if_nothing_were_kept_all_snapshots_would_be_read(worked_out):
    """The twin."""
    assert worked_out[0] == (1, 2, 3, 4)


def test_what_the_page_asks_reads_no_other_snapshot_once_it_was_asked(store):
    def ask():
        since_the_oldest(open_posture(str(store)))

    ask()
    assert read_by(ask) == ()


def own(store: Path, days: int) -> None:
    """Name an owner of somebody who has none, from some days after the last snapshot on."""
    posture = open_posture(str(store))
    unowned = int(judged(posture, posture.ownership.nobody())[0])  # without asking every rule
    agent, person = posture.graph.thing(unowned)["id"], posture.graph.frames[HUMAN]["id"].iloc[0]
    since = posture.graph.as_of + pd.Timedelta(days=days)
    journal_of(str(store)).attest(agent, person, "business", "Ann", "asked", since)


@pytest.fixture(scope="module")
def decided(made, tmp_path_factory) -> Path:
    """Return a store in which somebody decided something after the ledger was asked for."""
    store = shutil.copytree(made, tmp_path_factory.mktemp("decided") / "store")
    own(store, -1)
    return store


@pytest.fixture(scope="module")
def decided_anew(decided) -> str:
    return anew(decided)


def test_a_decision_is_in_sums_that_were_kept_before_it(made, decided, decided_anew, tmp_path):
    store = shutil.copytree(decided, tmp_path / "store")
    assert books(store) == decided_anew != books(made)


def test_without_decisions_in_the_key_it_would_not_be(
    made, decided, decided_anew, tmp_path, monkeypatch
):
    """The twin."""
    store = shutil.copytree(decided, tmp_path / "store")
    real, then = answers._moment, open_posture(str(made)).history.decisions()
    monkeypatch.setattr(answers, "_moment", lambda end, _: real(end, then))
    before = books(made)
    assert json.loads(books(store))["periods"] == json.loads(before)["periods"]
    assert decided_anew != before


def owed(posture: Posture) -> float:
    return float(debt_of(posture).debt.sum())


@pytest.mark.parametrize("told_apart", [True, False])
def test_a_forecast_is_not_the_day_that_it_foresees(store, monkeypatch, told_apart):
    """What is decided until then is known on that day, and not in a forecast of before."""
    own(store, 10)
    posture = open_posture(str(store))
    day = posture.graph.as_of + pd.Timedelta(days=30)
    with nothing_kept():
        foreseen, then = owed(ahead(posture, 30)), owed(open_posture(str(store), None, day))
    assert foreseen != then
    if not told_apart:  # the twin
        nothing = property(lambda _: None, lambda *_: None)
        monkeypatch.setattr(Posture, "stated_until", nothing, raising=False)
    assert owed(ahead(open_posture(str(store)), 30)) == foreseen
    assert (owed(open_posture(str(store), None, day)) == then) is told_apart
    assert owed(ahead(open_posture(str(store)), 30)) == foreseen


def test_names_are_followed_through_snapshots_that_are_not_read(tmp_path):
    store = renaming(tmp_path / "store")
    first = books(store)
    assert len(open_posture(str(store)).history.infos) == 3
    assert first == books(store) == anew(store)
    assert json.loads(first)["retired"] == 0 < json.loads(first)["opening"]


def spells(store: Path) -> str:
    """Return what was overdue in any snapshot, and for how long, as text."""
    return overdue(open_posture(str(store))).rows.to_csv()


def test_what_was_overdue_is_known_without_reading_the_snapshots(store):
    first = spells(store)
    assert read_by(lambda: spells(store)) == ()
    publish(store, slice(STATES - 1, STATES))
    assert read_by(lambda: spells(store)) == (3,)  # the current one of before
    with nothing_kept():
        assert read_by(lambda: spells(store)) == (1, 2, 3)  # the twin
        made_anew = spells(store)
    assert made_anew == spells(store) != first


def moved(store: Path) -> str:
    """Return what changed since each baseline, as text."""
    return json.dumps(as_json(drift(open_posture(str(store)))))


def matched_by(ask: Callable[[], object]) -> int:
    """Count how often ids are matched for a question."""
    counted = 0
    real = replace_ids.identify

    def watched(*given):
        nonlocal counted
        counted += 1
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replace_ids, "identify", watched)
        ask()
    return counted


def renamed_graphs(posture: Posture) -> list[RenamedIds]:
    return [renamed(posture, number) for number in range(len(looks(posture)))]


def test_ids_of_old_snapshots_are_matched_once(tmp_path):
    store = renaming(tmp_path / "store")
    first = moved(store)
    shutil.rmtree(store / "kept" / "commands", ignore_errors=True)
    assert matched_by(lambda: renamed_graphs(open_posture(str(store)))) <= 1  # the current one
    with nothing_kept():
        assert matched_by(lambda: renamed_graphs(open_posture(str(store)))) == 3  # the twin
        assert moved(store) == first
    assert any(renamed.names for renamed in renamed_graphs(open_posture(str(store))))


def decided_on(store: Path, days: int) -> tuple[int, ...]:
    """Decide something some days after the last snapshot; return what the ledger reads then."""
    books(store)
    own(store, days)
    read = read_by(lambda: books(store, limit=1))
    assert books(store) == anew(store)
    return read


def test_a_decision_of_today_leaves_the_periods_of_before(longer, tmp_path):
    """The last period and the sum of all have an end at which it counts."""
    assert decided_on(shutil.copytree(longer, tmp_path / "store"), 0) == (1, 3, 4)


def test_one_that_counts_from_long_ago_changes_all_periods(longer, tmp_path):
    """The twin."""
    assert decided_on(shutil.copytree(longer, tmp_path / "store"), -1000) == (1, 2, 3, 4)
