"""The files and the history that the generator makes."""

import csv
from datetime import UTC, datetime

import pytest

from graph.frames import conform
from ingest.generator import generate, reading, write
from ingest.sources.estate.native import read_estate
from tests.support.search import some

STAMP = {"source": "estate", "scope": "acme"}


@pytest.fixture(scope="module")
def estate():
    return generate(100, 4)


@pytest.fixture(scope="module")
def folder(estate, tmp_path_factory):
    made = tmp_path_factory.mktemp("estate")
    write(estate, made)
    return made


def table(folder, name):
    with (folder / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def when(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_every_snapshot_is_accepted_whole(folder):
    folders = [folder, *sorted((folder / "history").iterdir())]
    assert len(folders) == 6
    for each in folders:
        read, ends = read_estate(each), set()
        assert (read.rejected, read.warnings) == ([], [])
        for element, frame in read.rows.items():
            found = conform(frame.assign(**STAMP), element)
            assert found.rejected.empty, found.rejected
            if hasattr(element, "acts"):
                ends |= set(found.frame["id"])
        for element, frame in read.rows.items():
            if hasattr(element, "control"):
                assert set(frame["source_id"]) | set(frame["target_id"]) <= ends, element


def test_history_moves(folder):
    """Agents come, owners leave, grants are taken back, and nothing speaks of what is to come."""
    old, then = folder / "history" / "0001", datetime(2026, 3, 1, tzinfo=UTC)

    def names(where, name, column):
        return {row[column] for row in table(where, name)}

    assert names(old, "nodes/Agent", "id") < names(folder, "nodes/Agent", "id")
    left = [
        sum(r["status"] == "left" for r in table(where, "nodes/Human")) for where in (old, folder)
    ]
    assert 0 < left[0] < left[1]
    grants = [names(where, "relationships/CAN_ACCESS", "grant_id") for where in (old, folder)]
    assert grants[0] - grants[1]
    for name, column in (
        ("nodes/Credential", "last_used_at"),
        ("nodes/Agent", "last_active_at"),
        ("relationships/CAN_ACCESS", "reviewed_at"),
        ("relationships/OWNS", "since"),
    ):
        assert all(when(r[column]) <= then for r in table(old, name) if r[column])


def test_equal_seeds_give_equal_files_and_other_seeds_do_not(folder, tmp_path):
    def files(where):
        every = sorted(p for p in where.rglob("*") if p.is_file())
        return {str(p.relative_to(where)): p.read_bytes() for p in every}

    for seed in (4, 5):
        write(generate(100, seed), tmp_path / str(seed))
    assert files(tmp_path / "4") == files(folder)
    assert files(tmp_path / "5") != files(folder)


@pytest.mark.parametrize("agents", [1, *some([2, 7, 25], 1)])
def test_small_estates_can_be_made(agents, tmp_path):
    write(generate(agents, 1), tmp_path)
    assert len(read_estate(tmp_path).rows) > 8
    assert len(table(tmp_path, "nodes/Agent")) == agents


def test_a_reading_says_what_the_files_say(estate, folder):
    direct, read = reading(estate.history[-1]), read_estate(folder)
    assert direct.rows.keys() == read.rows.keys()
    for field in ("scope", "taken_at", "declares", "usage_window_start", "complete"):
        assert getattr(direct, field) == getattr(read, field)
    for element, frame in read.rows.items():
        both = [conform(f.assign(**STAMP), element).frame for f in (frame, direct.rows[element])]
        assert both[0].equals(both[1]), element
