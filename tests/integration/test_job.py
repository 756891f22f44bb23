"""The ingest job on the embedded store: what replaces what, what stays, and what is refused."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from graph.facts import Facts
from graph.schema import AGENT, ELEMENTS, RUNS_AS
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused
from tests.support.estates.small_estates import AS_OF, Estate, together

DAY = pd.Timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "store")


def _load(store: ParquetStore, *estates: Estate, **options):
    return ingest(store, [e.job() for e in estates], **options)


def _facts(store: ParquetStore) -> Facts:
    return store.read()[1]


def _agents(store: ParquetStore) -> dict[str, tuple[str, pd.Timestamp, pd.Timestamp]]:
    rows = _facts(store).frames[AGENT].itertuples()
    return {r.id: (r.scope, r.first_seen, r.last_seen) for r in rows}


def test_facts_arrive_as_stated(store):
    estate = Estate().agent("a", name="A").account("s").link("a", "RUNS_AS", "s")
    done = _load(store, estate.resource("x").can("s", "read", "x"))
    assert (done.published, done.quarantined, done.warnings) == (True, [], [])
    stamps = {"first_seen": AS_OF, "last_seen": AS_OF}
    for element, frame in together(estate).frames.items():
        expected = frame.assign(**stamps) if "first_seen" in frame else frame
        found = _facts(store).frames[element]
        pd.testing.assert_frame_equal(found, expected.astype(frame.dtypes.to_dict()))


def test_another_scope_stays_as_it_is(store):
    _load(store, Estate(scope="east").agent("in-east"))
    _load(store, Estate(scope="west", at=AS_OF + 10 * DAY).agent("in-west"))
    assert _agents(store) == {
        "in-east": ("east", AS_OF, AS_OF),
        "in-west": ("west", AS_OF + 10 * DAY, AS_OF + 10 * DAY),
    }
    assert {c.scope: c.taken_at for c in _facts(store).coverage} == {
        "east": AS_OF,
        "west": AS_OF + 10 * DAY,
    }


def test_another_source_of_the_same_scope_stays_too(store):
    _load(store, Estate(source="hr").agent("known-to-hr"))
    _load(store, Estate(source="aws").agent("known-to-aws"))
    assert set(_agents(store)) == {"known-to-hr", "known-to-aws"}


def test_only_a_complete_read_retires(store):
    """What a partial export does not mention is not gone."""
    _load(store, Estate().agent("stays", "left-out"))
    later = AS_OF + DAY
    _load(store, Estate(at=later, complete=False).agent("stays", "new"))
    assert _agents(store) == {
        "left-out": ("acme", AS_OF, AS_OF),
        "stays": ("acme", AS_OF, later),
        "new": ("acme", later, later),
    }
    assert not _facts(store).coverage[0].complete
    _load(store, Estate(at=later + DAY).agent("stays", "new"))
    assert set(_agents(store)) == {"stays", "new"}


def test_a_kind_of_thing_that_is_not_mentioned_at_all(store):
    _load(store, Estate().agent("a").account("s").link("a", "RUNS_AS", "s"))
    _load(store, Estate(at=AS_OF + DAY, complete=False).agent("b"))
    assert len(_facts(store).frames[RUNS_AS]) == 1
    _load(store, Estate(at=AS_OF + 2 * DAY).agent("a"))
    assert len(_facts(store).frames[RUNS_AS]) == 0


def test_first_seen_is_kept_and_last_seen_moves(store):
    for days in range(3):
        _load(store, Estate(at=AS_OF + days * DAY).agent("a").agent(f"b{days}"))
    assert _agents(store) == {
        "a": ("acme", AS_OF, AS_OF + 2 * DAY),
        "b2": ("acme", AS_OF + 2 * DAY, AS_OF + 2 * DAY),
    }


def test_the_same_facts_again_are_no_new_snapshot(store):
    first = _load(store, Estate().agent("a", "b"))
    again = _load(store, Estate().agent("b", "a"))
    assert (again.published, again.snapshot.id) == (False, first.snapshot.id)
    changed = _load(store, Estate().agent("a", "b", purpose="other"))
    assert (changed.published, len(store.snapshots())) == (True, 2)


def test_two_scopes_may_state_one_thing_and_one_may_leave(store):
    _load(store, Estate(scope="east").agent("a", purpose="east says"))
    _load(store, Estate(scope="west").agent("a", platform="west says"))
    info, facts = store.read()
    assert (len(facts.frames[AGENT]), info.nodes) == (2, {"Agent": 1})
    _load(store, Estate(scope="west", at=AS_OF + DAY).agent("z"))
    assert {k: v[0] for k, v in _agents(store).items()} == {"a": "east", "z": "west"}


def test_the_order_of_two_scopes_gives_the_same_facts(tmp_path):
    east = Estate(scope="east").agent("a", purpose="e").account("s").link("a", "RUNS_AS", "s")
    west = Estate(scope="west", at=AS_OF - DAY).agent("a", purpose="w").resource("x")
    west.can("a", "read", "x")
    hashes = set()
    for name, order in (("one", (east, west)), ("two", (west, east))):
        store = ParquetStore(tmp_path / name)
        for estate in order:
            _load(store, estate)
        hashes.add(_facts(store).hash)
    both = ParquetStore(tmp_path / "both")
    _load(both, west, east)
    assert hashes == {_facts(both).hash}


def test_an_end_may_be_what_another_scope_states(store):
    _load(store, Estate(scope="east").account("s"))
    done = _load(store, Estate(scope="west").agent("a").link("a", "RUNS_AS", "s"))
    assert done.quarantined == []
    assert len(_facts(store).frames[RUNS_AS]) == 1


def _with_grants(count: int = 40) -> Estate:
    e = Estate().agent("a").resource("x")
    for i in range(count):
        e.resource(f"x{i}").can("a", "read", f"x{i}")
    return e


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (("a", "RUNS_AS", "nowhere"), "target_id names nothing that is known"),
        (("nowhere", "RUNS_AS", "a"), "source_id names nothing that is known"),
        (("a", "RUNS_AS", "x"), "target_id must name one of ServiceAccount, Role"),
        (("x", "USES", "x"), "source_id must name one of Agent"),
    ],
)
def test_a_dangling_end_is_set_aside_with_its_place(store, bad, reason):
    source, kind, target = bad
    done = _load(store, _with_grants().link(source, kind, target))
    assert [(r.file, r.place, r.reason) for r in done.quarantined] == [
        (f"{kind}.csv", "line 2", reason)
    ]
    assert "nowhere" not in done.quarantined[0].reason
    assert done.snapshot.relationships == {"CAN_ACCESS": 40}


def test_relationships_without_any_thing(store):
    with pytest.raises(InputRefused):
        _load(store, Estate().link("a", "RUNS_AS", "s"))
    done = _load(store, Estate().link("a", "RUNS_AS", "s"), max_bad=100)
    assert len(done.quarantined) == 1


def test_a_carried_relationship_whose_end_is_gone(store):
    """Nobody is to blame in this ingest: it is a warning, and the relationship goes."""
    _load(store, Estate(scope="east").account("s"))
    _load(store, Estate(scope="west").agent("a").link("a", "RUNS_AS", "s"))
    done = _load(store, Estate(scope="east", at=AS_OF + DAY).account("t"))
    assert done.quarantined == []
    assert done.warnings == ["RUNS_AS: 1 carried relationships end at things that are gone"]
    assert len(_facts(store).frames[RUNS_AS]) == 0


def test_a_partial_read_of_the_same_instant_that_no_longer_mentions_it(store):
    _load(store, Estate(scope="east").account("s"))
    _load(store, Estate(scope="west", complete=False).agent("a").link("a", "RUNS_AS", "s"))
    done = _load(
        store, Estate(scope="west", complete=False).agent("b"), Estate(scope="east").account("t")
    )
    assert "RUNS_AS: 1 carried relationships end at things that are gone" in done.warnings


def test_one_id_has_one_label(store):
    e = _with_grants().account("twice").thing("Role", "twice")
    done = _load(store, e)
    assert [(r.file, r.place, r.reason) for r in done.quarantined] == [
        ("Role.csv", "line 2", "id is that of a thing of another label")
    ]
    assert done.snapshot.nodes["ServiceAccount"] == 1
    assert "Role" not in done.snapshot.nodes


def test_two_sources_that_disagree_on_the_label_both_stay(store):
    _load(store, Estate(scope="east").thing("Role", "x"))
    done = _load(store, Estate(scope="west").account("x").agent("a").link("a", "RUNS_AS", "x"))
    assert done.quarantined == []
    assert len(_facts(store).frames[RUNS_AS]) == 1


def test_too_many_bad_rows_leave_everything_as_it_was(store):
    former = _load(store, _with_grants()).snapshot
    bad = _with_grants()
    for _ in range(5):
        bad.agent("bad", aars="x")
    with pytest.raises(InputRefused) as refused:
        _load(store, bad)
    assert refused.value.file == "Agent.csv"
    assert refused.value.place == "line 3"
    assert "5 of 87 rows" in refused.value.reason
    assert store.current() == former
    assert len(_load(store, bad, max_bad=6).quarantined) == 5


def test_exactly_the_limit_passes(store):
    e = Estate().agent(*(f"a{i}" for i in range(19)), "bad")
    e.rows[AGENT][-1]["aars"] = "x"
    assert len(_load(store, e, max_bad=5).quarantined) == 1
    with pytest.raises(InputRefused):
        _load(store, e, max_bad=4.9)


def test_dangling_ends_count_as_bad_rows(store):
    e = Estate().agent("a")
    for i in range(9):
        e.link("a", "RUNS_AS", f"nowhere-{i}")
    with pytest.raises(InputRefused, match="9 of 10 rows"):
        _load(store, e)
    assert store.current() is None


def test_one_bad_input_of_two_publishes_neither(store):
    bad = Estate(scope="bad").agent("b", aars="x")
    with pytest.raises(InputRefused):
        _load(store, Estate(scope="good").agent("a"), bad)
    assert store.current() is None


def test_one_scope_is_read_once(store):
    with pytest.raises(InputRefused, match="acme"):
        _load(store, Estate().agent("a"), Estate().agent("b"))
    assert store.current() is None


def test_an_older_export_is_told_and_changes_nothing_current(store):
    _load(store, Estate().agent("a"))
    done = _load(store, Estate(at=AS_OF - 9 * DAY).agent("a"))
    assert done.published
    assert len(done.warnings) == 1
    assert "2026-08-01T00:00:00Z" in done.warnings[0]
    assert _agents(store) == {"a": ("acme", AS_OF, AS_OF)}


def test_columns_that_mean_nothing_are_named_once(store):
    done = _load(store, Estate().agent("a", "b", api_key="x", favourite_colour="blue"))
    assert done.warnings == ["Agent: columns that mean nothing here: api_key, favourite_colour"]


def test_a_source_cannot_forge_where_its_facts_come_from(store):
    _load(store, Estate().agent("a", source="hr", scope="other", first_seen="1999-01-01"))
    row = _facts(store).frames[AGENT].iloc[0]
    assert (row["source"], row["scope"], row["first_seen"]) == ("estate", "acme", AS_OF)


def test_what_is_kept_is_pruned(store):
    for i in range(5):
        _load(store, Estate().agent("a", purpose=f"p{i}"), keep=2)
    assert [s.sequence for s in store.snapshots()] == [4, 5]


@pytest.mark.parametrize(("count", "expected"), [(9, 9), (10, 8), (11, 9), (12, 8)])
def test_without_a_number_some_are_pruned_at_once(store, monkeypatch, count, expected):
    """Of 8, 9 may stay. What is kept of snapshots rests on those before, so each pruning costs."""
    monkeypatch.setattr(store, "keeps", 8)
    for i in range(count):
        _load(store, Estate().agent("a", purpose=f"p{i}"))
    assert len(store.snapshots()) == expected


# ---------------------------------------------------------------- secrets

CANARIES = {
    "GitHub": "ghp_Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7",
    "Slack": "xoxb-Zq7Zq7Zq7Zq7Zq7Zq7Zq7",
    "password": "password=Zq7Zq7Zq7Zq7",
    "address": "https://bot:Zq7Zq7Zq7Zq7@mcp.test/x",
    "AWS": "aws_secret_access_key = Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Z",
}
CANARY = "Zq7Zq7"


def _full_of_secrets(said: str) -> Estate:
    """State a secret wherever a source may put text, also where it is refused."""
    e = Estate().agent("a", name=said, purpose=said, tags=[said, "x"], platform=said, env=said)
    e.rows[AGENT][0] |= {"declared_scope": [{"resource": said, "level": "read"}], "secret": said}
    e.agent(said, purpose="its id is one").agent("bad", status=said)
    e.resource("x", parent_id=said).person("p", email=said)
    e.can("a", "read", "x", policy_id=said, role_name=said, condition=said, grant_id=said)
    return e.link("a", "RUNS_AS", said).link(said, "RUNS_AS", "a")


def _everything_in(folder: Path) -> str:
    """Return every byte of a folder as text, and every cell of its tables unpacked."""
    seen = []
    for path in sorted(folder.rglob("*")):
        seen.append(path.name)
        if path.is_file():
            seen.append(path.read_bytes().decode("latin-1"))
            if path.suffix == ".parquet":
                seen.append(repr(pq.read_table(path).to_pylist()))
    return "\n".join(seen)


@pytest.mark.parametrize("kind", CANARIES)
def test_no_secret_is_in_any_byte_of_the_store_or_word_of_the_answer(store, kind):
    done = _load(store, _full_of_secrets(CANARIES[kind]), max_bad=100)
    assert done.published
    kept = _everything_in(Path(store.uri))
    assert CANARY not in kept
    assert "[redacted: " in kept
    assert CANARY not in repr([done.quarantined, done.warnings])
    assert any("held a secret" in w for w in done.warnings)
    assert "id holds something like a secret" in {r.reason for r in done.quarantined}


def test_the_search_would_find_a_secret(store):
    """The twin: a word that is no secret is found where it was put."""
    _load(store, _full_of_secrets("Zq7Zq7-is-no-secret"), max_bad=100)
    assert CANARY in _everything_in(Path(store.uri))


def test_a_refusal_names_the_rule_and_not_the_value(store):
    with pytest.raises(InputRefused) as refused:
        _load(store, Estate().agent("a", status=CANARIES["GitHub"]))
    assert CANARY not in str(refused.value)


def test_every_element_can_be_carried(store):
    """A partial read of nothing leaves every frame as it was."""
    e = _with_grants(3).account("s").thing("Credential", "k").thing("Role", "r").person("p")
    e.link("a", "USES", "k").link("k", "AUTHENTICATES_AS", "s").owned("a", "p", "p")
    _load(store, e)
    before = {el: _facts(store).frames[el] for el in ELEMENTS}
    _load(store, Estate(at=AS_OF + DAY, complete=False).agent("new"))
    for element, frame in before.items():
        after = _facts(store).frames[element]
        if element is AGENT:
            after = after[after["id"] != "new"].reset_index(drop=True)
        pd.testing.assert_frame_equal(after, frame)
