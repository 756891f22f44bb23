"""An export that is older than what is current takes its place in history."""

import json
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from analytics.debt.ledger.moments import Moment as At
from analytics.debt.ledger.moments import moments, oldest
from analytics.history import History
from graph.schema import AGENT, CAN_ACCESS, OWNS, USED, WAITING
from graph.stores import in_history, open_store, pick
from graph.stores.parquet.store import ParquetStore
from graph.values import iso
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources.estate import SOURCE
from tests.support.estates.small_estates import AS_OF, Estate

DAY = pd.Timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "store")


def load(store, *estates, **options):
    return ingest(store, [e.job() for e in estates], **options)


def state(day, *agents, scope="a", **options):
    """State the agents of a scope as they were on a day."""
    return Estate(at=AS_OF + day * DAY, scope=scope, **options).agent(*agents)


def agents(store, snapshot=None):
    frame = store.read(snapshot)[1].frames[AGENT]
    return dict(frame.groupby("scope")["id"].agg(lambda ids: "".join(sorted(ids))))


def told(store):
    """Return what the history says of each instant: the agents of each scope."""
    infos = in_history(store.snapshots())
    return [((i.taken_at - AS_OF).days, agents(store, i.id)) for i in infos]


def test_it_changes_nothing_current_and_is_there_at_its_own_instant(store):
    now = load(store, state(300, "new")).snapshot
    done = load(store, state(200, "old"))
    assert store.current() == now
    assert agents(store) == {"a": "new"}
    assert agents(store, f"@{iso(AS_OF + 250 * DAY)}") == {"a": "old"}
    assert done.published
    assert done.snapshot.taken_at == AS_OF + 200 * DAY
    (said,) = done.warnings
    assert "estate/a" in said
    assert "takes its place in the history, and nothing current changes" in said


def test_a_newer_export_replaces_what_is_current(store):
    load(store, state(200, "old"))
    done = load(store, state(300, "new"))
    assert (store.current(), done.warnings) == (done.snapshot, [])
    assert agents(store) == {"a": "new"}


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_order_in_which_exports_are_read_does_not_matter(store, order):
    for day in order:
        load(store, state(day, f"only-{day}", "always"))
    assert told(store) == [(d, {"a": f"alwaysonly-{d}"}) for d in (1, 2, 3)]
    assert store.current().taken_at == AS_OF + 3 * DAY


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_scopes_stand_in_each_entry_as_they_were_then(store, order):
    """Two scopes, read on days 1 and 3, and 2 and 4: whatever the order, all entries are true.

    Of several entries of one instant the last counts. One may lack a scope that was first read
    later, but none has other facts of it than those of the day.
    """
    exports = [
        state(1, "a1"),
        state(2, "b2", scope="b"),
        state(3, "a3"),
        state(4, "b4", scope="b"),
    ]
    for at in order:
        load(store, exports[at])
    assert agents(store) == {"a": "a3", "b": "b4"}
    for day, scopes in dict(told(store)).items():
        then = {"a": "a1" if day < 3 else "a3", "b": "b2" if day < 4 else "b4"}
        assert scopes == {scope: then[scope] for scope in scopes}


@pytest.mark.parametrize(
    ("before", "late", "there"),
    [
        ([], "a5 b5 c5", "a5 b5 c5"),
        (["c5"], "a1 b2", "a1 b2 c5"),  # what is replaced is replaced once more
        (["c5", "a5"], "a1 b5", "a5 b5 c5"),  # what is replaced is not the last of its instant
    ],
)
def test_older_exports_in_one_job_are_all_there(store, before, late, there):
    """Each scope is read on day 9; then older exports of several scopes at once."""

    def read(names):
        load(store, *(state(int(each[1]), each, scope=each[0]) for each in names.split()))

    for names in (*before, "a9 b9 c9", late):
        read(names)
    told_of = dict(told(store))  # of several entries of one instant the last counts
    assert " ".join(sorted(told_of[5].values())) == there


def test_what_came_between_is_replaced_by_what_knows_it(store):
    """A of day 1, b of day 2, a of day 4; then a of day 2: on day 3 nothing else was known of a."""
    load(store, state(1, "a1"))
    first = load(store, state(3, "b3", scope="b")).snapshot
    now = load(store, state(4, "a4")).snapshot
    load(store, state(2, "a2"))
    assert told(store) == [
        (1, {"a": "a1"}),
        (2, {"a": "a2"}),
        (3, {"a": "a2", "b": "b3"}),
        (4, {"a": "a4", "b": "b3"}),
    ]
    assert store.current() == now
    assert agents(store, first.id) == {"a": "a1", "b": "b3"}  # a snapshot never changes
    (replaced,) = [s for s in store.snapshots() if s.replaces]
    assert replaced.replaces == first.id
    assert pick(store.snapshots(), f"@{iso(AS_OF + 3 * DAY)}") == replaced


def test_what_is_new_of_its_scope_has_an_entry_of_its_own_instant_too(store):
    """A of days 1, 3 and 4, b of day 1 and then of day 2: the later b was there on day 3."""
    load(store, state(1, "a1"), state(1, "b1", scope="b"))
    for day in (3, 4):
        load(store, state(day, f"a{day}"))
    done = load(store, state(2, "b2", scope="b"))
    assert done.snapshot == store.current()
    assert done.warnings == []
    assert told(store) == [
        (1, {"a": "a1", "b": "b1"}),
        (2, {"a": "a1", "b": "b2"}),
        (3, {"a": "a3", "b": "b2"}),
        (4, {"a": "a4", "b": "b2"}),
    ]


def test_what_is_read_for_the_first_time_was_seen_first_in_what_is_current(store):
    """Its file may be years old: the history is not written anew for it."""
    for day in (1, 3, 4):
        load(store, state(day, f"a{day}"))
    for day in (0, 2):
        load(store, state(day, f"b{day}", scope="b"))
    assert dict(told(store)) == {1: {"a": "a1"}, 3: {"a": "a3"}, 4: {"a": "a4", "b": "b2"}}


@pytest.mark.parametrize("complete", [True, False])
def test_what_only_an_older_one_states_is_added_to_partial_ones(store, complete):
    """A partial export retires nothing, so what was there before it is there still."""
    load(store, state(1, "gone"))
    load(store, state(3, "c", complete=False), state(3, "b", scope="b"))
    done = load(store, state(2, "d", complete=complete))
    (words,) = done.warnings
    assert "it takes its place in the history, and what was read in part since is added" in words
    before = "" if complete else "gone"
    assert agents(store) == {
        "a": "".join(sorted(["c", "d", *([before] if before else [])])),
        "b": "b",
    }
    assert agents(store, f"@{iso(AS_OF + 2 * DAY)}")["a"] == f"d{before}"
    load(store, state(4, "e"))
    assert (
        load(store, state(2, "f", complete=complete))
        .warnings[0]
        .endswith("nothing current changes")
    )
    assert agents(store)["a"] == "e"


def test_beneath_a_partial_one_facts_keep_their_instants_kinds_and_ends(store):
    """Two partial exports state x, the later one without its scope; an owner of x waits."""
    partial = {"declares": ("grants",), "complete": False, "source": "crm"}
    load(store, state(2, "x", **partial).link("ann", "OWNS", "x", role="business"))
    load(store, state(4, "x", **partial))
    wanted = [{"resource": "db", "level": "read"}]
    first = state(1, declares=("grants", "scope"), source="crm").person("ann").resource("db")
    load(store, first.agent("x", declared_scope=wanted).can("x", "read", "db"))
    frames = store.read()[1].frames
    (x,) = frames[AGENT].to_dict("records")
    assert (x["first_seen"], x["last_seen"]) == (AS_OF + 1 * DAY, AS_OF + 4 * DAY)
    assert json.loads(x["declared_scope"]) == wanted
    assert [len(frames[kind]) for kind in (CAN_ACCESS, OWNS, WAITING)] == [1, 1, 0]
    (coverage,) = store.current().coverage
    assert (coverage.declares, coverage.complete) == (("grants", "scope"), False)


def test_what_came_after_a_complete_one_was_first_seen_then(store):
    for day in (3, 4):
        load(store, state(day, "x", complete=False))
    load(store, state(2, "y"))
    frame = store.read()[1].frames[AGENT].set_index("id")
    assert frame["first_seen"]["x"] == AS_OF + 3 * DAY


def test_read_twice_it_is_there_once(store):
    load(store, state(3, "new"))
    assert load(store, state(2, "old")).published
    before = store.snapshots()
    done = load(store, state(2, "old"))
    assert not done.published
    assert store.snapshots() == before


def test_old_and_new_in_one_job(store):
    load(store, state(3, "a3"), state(3, "b3", scope="b"))
    done = load(store, state(2, "a2"), state(5, "b5", scope="b"))
    assert agents(store) == {"a": "a3", "b": "b5"}
    assert done.snapshot == store.current()
    assert told(store) == [
        (2, {"a": "a2"}),
        (3, {"a": "a3", "b": "b3"}),
        (5, {"a": "a3", "b": "b5"}),
    ]


JUNE = ["2026-06-10T23:00:00Z", "2026-06-11T01:00:00Z"]
LATER = ["2026-06-11T08:00:00Z", "2026-06-21T00:00:00Z"]


def with_log(folder: Path, taken_at: str, uses: list[str]):
    """Write an estate of one agent whose uses only its log tells."""
    use = {"principal": "bot", "resource": "db", "level": "read"}
    for name, text in {
        "estate.toml": f'taken_at = {taken_at}\nscope = "a"\ndeclares = ["usage"]\n'
        "usage_window_start = 2026-06-01\n",
        "nodes/Agent.csv": f"id\nbot\nof-{taken_at}\n",
        "nodes/Resource.csv": "id\ndb\n",
        "usage/day.jsonl": "".join(json.dumps(use | {"at": at}) + "\n" for at in uses),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return SOURCE, Request([folder])


@pytest.mark.parametrize("order", ["12", "21", "121", "211"])
def test_logs_of_an_older_estate_add_to_what_is_current(store, tmp_path, order):
    """In any order, and however often, as docs/estate-format.md says.

    Each log has one use of the 11th: of a day that two readings share the larger count stays.
    """
    jobs = {
        "1": with_log(tmp_path / "1", "2026-06-15", JUNE),
        "2": with_log(tmp_path / "2", "2026-07-01", LATER),
    }
    for one in order:
        done = ingest(store, [jobs[one]])
    frames = store.read()[1].frames
    (used,) = frames[USED].to_dict("records")
    assert used["by_day"] == '{"2026-06-10":[1,1],"2026-06-21":[1]}'
    assert (used["count"], iso(used["first_at"])) == (3, JUNE[0])
    assert iso(used["last_at"]) == LATER[-1]
    assert set(frames[AGENT]["id"]) == {"bot", "of-2026-07-01"}
    (coverage,) = store.current().coverage
    assert [tuple(map(iso, p)) for p in coverage.usage_periods] == [
        ("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z")
    ]
    assert done.published == (order not in ("121", "211"))


def test_a_bad_row_of_the_older_one_publishes_nothing(store):
    load(store, state(3, "a3"))
    before = store.snapshots()
    bad = state(2, "a2").link("a2", "RUNS_AS", "nobody")
    with pytest.raises(Exception, match="rows"):
        load(store, bad, state(5, "b5", scope="b"))
    assert store.snapshots() == before


def test_the_ledger_has_the_older_one_in_its_place(store):
    load(store, state(1, "a1"))
    load(store, state(3, "b3", scope="b"))
    load(store, state(4, "a4"))
    load(store, state(2, "a2"))
    history = History(store.snapshots(), store.read)
    last = history.infos[-1]
    days = [(m.at - AS_OF).days for m in moments(history, oldest(history), At(last, last.taken_at))]
    assert days == [1, 2, 3, 4]


def test_as_known_before_it_was_read_the_history_is_as_it_was(store):
    load(store, state(1, "a1"))
    first = load(store, state(3, "b3", scope="b")).snapshot
    load(store, state(4, "a4"))
    known = store.current().recorded_at
    load(store, state(2, "a2"))
    history = History(store.snapshots(), store.read).recorded_by(known)
    assert first in history.infos
    assert [(i.taken_at - AS_OF).days for i in history.infos] == [1, 3, 4]


def test_a_killed_publish_behind_leaves_everything_as_it_was(store, tmp_path):
    load(store, state(3, "a3"))
    before = (tmp_path / "store" / "CURRENT").read_text()
    load(store, state(2, "a2"))
    (tmp_path / "store" / "CURRENT").write_text(before)  # as if it had died just before,
    (tmp_path / "store" / "journal.sqlite").unlink()  # when the journal did not know of it either
    again = ParquetStore(tmp_path / "store")
    assert len(again.snapshots()) == 1
    load(again, state(2, "a2"))
    assert told(again) == [(2, {"a": "a2"}), (3, {"a": "a3"})]
    load(again, state(4, "a4"))
    assert [s.sequence for s in again.snapshots()] == [2, 1, 3]


def test_pruning_keeps_what_is_current(store):
    load(store, state(3, "a3"))
    load(store, state(2, "a2"), keep=1)
    assert told(store) == [(3, {"a": "a3"})]
    load(store, state(4, "a4"))
    assert open_store(store.uri).current().sequence == 3
