"""Each relationship is known with the file and the line that it was read from."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.history import open_posture
from graph.access import AccessGraph
from graph.journal.journal import journal_of
from graph.schema import AUTHENTICATES_AS, CAN_ACCESS, MEMBER_OF, OWNS
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import Ingested, ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.exports.small_exports import EXPORTS

NOW = pd.Timestamp("2026-08-01", tz="UTC")
GRANTS = "source_id,target_id,grant_id,levels\n"


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "store")


def written(folder: Path, **files: str) -> Path:
    """Write a folder of the native format: two agents, a resource, and tables of relationships."""
    (folder / "nodes").mkdir(parents=True, exist_ok=True)
    (folder / "relationships").mkdir(exist_ok=True)
    complete = files.pop("complete", "true")
    text = f'taken_at = {files.pop("at", "2026-08-01")}\nscope = "demo"\ncomplete = {complete}\n'
    (folder / "estate.toml").write_text(text)
    (folder / "nodes" / "Agent.csv").write_text("id\nbot\ncat\n")
    (folder / "nodes" / "Human.csv").write_text("id\nann\n")
    (folder / "nodes" / "Resource.csv").write_text("id\ndb\n")
    for name, lines in files.items():
        (folder / "relationships" / f"{name}.csv").write_text(lines)
    return folder


def staff(file: Path) -> Path:
    """Write a list of people: one, who is in a team."""
    (text,) = EXPORTS["hr"][0].values()
    head, first, *_ = text.decode().splitlines()
    file.write_text(f"{head}\n{first}\n")
    return file


def load(store: ParquetStore, *paths: Path, source: str = "estate", **asked: Any) -> Ingested:
    return ingest(store, [(all_sources()[source], Request(paths, **asked))])


def places(store: ParquetStore, relationship=CAN_ACCESS) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return file and place of each relationship by its ends, None where they are not known."""
    facts = store.read()[1]
    rows, origin = facts.frames[relationship], facts.origins[relationship].reset_index(drop=True)
    origin = origin.reindex(range(len(rows))).astype(object)
    ends = rows[["source_id", "target_id"]].itertuples(index=False, name=None)
    stated = origin.where(origin.notna(), None).itertuples(index=False, name=None)
    return dict(zip(ends, stated, strict=True))


def written_in(store: ParquetStore) -> str:
    """Return all texts of all tables of a store, which are compressed in its files."""
    files = (Path(store.uri) / "snapshots").rglob("*.parquet")
    return "".join(pd.read_parquet(file).to_csv() for file in files)


def test_each_row_is_known_with_its_line(store, tmp_path):
    load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\n\ncat,db,g2,\n"))
    file = "relationships/CAN_ACCESS.csv"
    assert places(store) == {("bot", "db"): (file, "line 2"), ("cat", "db"): (file, "line 4")}


def test_a_file_that_was_named_itself_has_its_own_name(store, tmp_path):
    load(store, staff(tmp_path / "staff.csv"), source="hr", scope="acme", taken_at=NOW)
    assert set(places(store, MEMBER_OF).values()) == {("staff.csv", "line 2")}


def test_a_table_beside_the_file_that_was_named_has_its_name(store, tmp_path):
    for name, text in EXPORTS["csv"][0].items():
        (tmp_path / name).write_bytes(text)
    load(store, tmp_path / "columns.toml", source="csv", scope="hand", taken_at=NOW)
    assert {file for file, _ in places(store, OWNS).values()} == {"owners.csv"}


def test_where_the_export_lay_is_no_fact(store, tmp_path):
    first = load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\n"))
    again = load(store, written(tmp_path / "b", CAN_ACCESS=f"{GRANTS}\nbot,db,g1,\n"))
    assert (again.snapshot, again.published) == (first.snapshot, False)
    stored = written_in(store)
    assert "relationships/CAN_ACCESS.csv" in stored
    assert str(tmp_path) not in stored


def test_what_another_source_states_keeps_its_place(store, tmp_path):
    load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\n"))
    before = places(store)
    load(store, staff(tmp_path / "staff.csv"), source="hr", scope="acme", taken_at=NOW)
    assert places(store) == before
    assert ("staff.csv", "line 2") in places(store, MEMBER_OF).values()


def test_a_partial_read_moves_what_it_mentions_and_nothing_else(store, tmp_path):
    load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\ncat,db,g2,\n"))
    load(
        store,
        written(
            tmp_path / "b",
            CAN_ACCESS=f"{GRANTS}\n\ncat,db,g2,\n",
            complete="false",
            at="2026-08-02",
        ),
    )
    lines = {ends[0]: place for ends, (_, place) in places(store).items()}
    assert lines == {"bot": "line 2", "cat": "line 4"}


def test_a_complete_read_leaves_no_place_of_before(store, tmp_path):
    load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\ncat,db,g2,\n"))
    load(store, written(tmp_path / "b", CAN_ACCESS=f"{GRANTS}cat,db,g2,\n", at="2026-08-02"))
    assert places(store) == {("cat", "db"): ("relationships/CAN_ACCESS.csv", "line 2")}


def test_what_a_person_states_is_of_no_file(store, tmp_path):
    lines = "source_id,target_id,role,since\nann,cat,business,2026-01-01\n"
    load(store, written(tmp_path / "a", OWNS=lines))
    uri = str(tmp_path / "store")
    journal_of(uri).attest("bot", "ann", "technical", "Ann", "asked", NOW - pd.Timedelta(days=1))
    graph = open_posture(uri).graph
    rows = graph.facts.frames[OWNS]
    assert len(rows) == 2
    known = graph.origins(OWNS, rows["id"])
    assert known["source"].tolist() == ["estate"]
    assert known["place"].tolist() == ["line 2"]


def test_of_a_merged_thing_it_is_found_by_the_id_that_it_has_now(store, tmp_path):
    """Two sources name one account: what the second states of it has another id in the graph."""
    nodes = 'id,name,external_ids\n{0},{0},"[""arn:aws:iam::1:role/bot""]"\n'
    for scope, name in (("one", "a-bot"), ("two", "z-bot")):
        folder = tmp_path / scope
        written(folder, AUTHENTICATES_AS=f"source_id,target_id\nkey-{scope},{name}\n")
        (folder / "nodes" / "ServiceAccount.csv").write_text(nodes.format(name))
        (folder / "nodes" / "Credential.csv").write_text(f"id\nkey-{scope}\n")
        text = (folder / "estate.toml").read_text().replace("demo", scope)
        (folder / "estate.toml").write_text(text)
        load(store, folder)
    facts = store.read()[1]
    graph = AccessGraph.of(facts)
    assert set(graph.frames[AUTHENTICATES_AS]["target_id"]) == {"a-bot"}
    moved = set(graph.frames[AUTHENTICATES_AS]["id"]) - set(facts.frames[AUTHENTICATES_AS]["id"])
    assert len(moved) == 1
    known = graph.origins(AUTHENTICATES_AS, moved)
    assert known[["scope", "file", "place"]].to_numpy().tolist() == [
        ["two", "relationships/AUTHENTICATES_AS.csv", "line 2"]
    ]


def test_two_rows_that_become_one_fact_have_the_place_of_the_first(store, tmp_path):
    """A scope states the login of an account under its own name and that of another source."""
    line, login = '{0},{0},"[""arn:aws:iam::1:role/bot""]"\n', "source_id,target_id\n"
    for scope, name, logins in (("one", "a-bot", ""), ("two", "z-bot", "key,z-bot\nkey,a-bot\n")):
        folder = written(tmp_path / scope, AUTHENTICATES_AS=login + logins)
        accounts = "id,name,external_ids\n" + line.format(name)
        (folder / "nodes" / "ServiceAccount.csv").write_text(accounts)
        (folder / "nodes" / "Credential.csv").write_text("id\nkey\n")
        text = (folder / "estate.toml").read_text().replace("demo", scope)
        (folder / "estate.toml").write_text(text)
        load(store, folder)
    graph = AccessGraph.of(store.read()[1])
    assert len(graph.facts.frames[AUTHENTICATES_AS]) == 2
    (login_id,) = graph.frames[AUTHENTICATES_AS]["id"]
    assert graph.origins(AUTHENTICATES_AS, [login_id])["place"].tolist() == ["line 2"]


def test_a_name_with_a_secret_is_not_kept(store, tmp_path):
    secret = "ghp_" + "wJ4kQ9xT2mV7bN5cR8yL1zH6pD3fGs0aUeXo"
    export = staff(tmp_path / f"{secret}.csv")
    load(store, export, source="hr", scope="acme", taken_at=NOW)
    assert set(places(store, MEMBER_OF).values()) == {(None, None)}
    assert secret not in written_in(store)


def test_a_store_of_before_has_no_places(store, tmp_path):
    """Its snapshots lack the files; all else is read, and a further ingest carries nothing."""
    load(store, written(tmp_path / "a", CAN_ACCESS=f"{GRANTS}bot,db,g1,\n"))
    facts = store.read()[1]
    other = ParquetStore(tmp_path / "older")
    with other.lease() as lease:
        other.publish(facts.__class__(facts.frames, facts.coverage), lease)
    assert len(other.read()[1].origins[CAN_ACCESS]) == 0
    assert AccessGraph.of(other.read()[1]).origins(CAN_ACCESS, ["g1"]).empty
    load(other, staff(tmp_path / "staff.csv"), source="hr", scope="acme", taken_at=NOW)
    assert places(other) == {("bot", "db"): (None, None)}
