"""A pipe, a device, a socket or a folder in the place of a file: refused in time, told, never lost.

Wherever a path is taken, and whatever lies there: exit code 3, or a reading that is not complete
where other files could be read.
"""

import json
from pathlib import Path

import pytest

import trustdebt
from ingest.sources import all_sources
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.hostile.special_files import SPECIAL, in_time

KINDS = ("pipe", "socket", "endless device", "folder", "link to itself")
ESTATE = {
    "estate.toml": b'taken_at = 2026-08-01\nscope = "demo"\ndeclares = ["decisions"]\n',
    "nodes/Agent.csv": b"id,name\nbot,Bot\n",
    "nodes/Human.csv": b"id,name\nann,Ann\n",
}
MAP = b'[[table]]\nfile = "t.csv"\nholds = "owners"\ncolumns = { thing = "a", owner = "b" }\n'


def laid_out(folder: Path, files: dict[str, bytes], kind: str, name: str) -> Path:
    """Write the files, and something that is none in the place of one of them."""
    for each, said in files.items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        if each != name:
            (folder / each).write_bytes(said)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    SPECIAL[kind](folder / name)
    return folder


def answer(capsys, tmp_path, *words: object) -> tuple[int, dict]:
    with in_time():
        code = trustdebt.main([*map(str, words), "--store", str(tmp_path / "store"), "--json"])
    return code, json.loads(capsys.readouterr().out)


def refused(capsys, tmp_path, *words: object) -> str:
    found, said = answer(capsys, tmp_path, *words)
    assert found == 3, said
    return said["error"]["message"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["estate.toml", "nodes", "relationships", "usage"])
def test_what_an_estate_cannot_do_without(capsys, tmp_path, kind, name):
    if kind == "folder" and name != "estate.toml":
        pytest.skip("these are folders")
    files = {k: v for k, v in ESTATE.items() if not k.startswith(f"{name}/")}
    folder = laid_out(tmp_path / "estate", files, kind, name)
    assert str(folder / name) in refused(capsys, tmp_path, "ingest", "estate", folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["nodes/Human.csv", "decisions.jsonl", "sod.csv", "uses.parquet"])
def test_a_table_of_an_estate_is_missed(capsys, tmp_path, kind, name):
    """The others are read; that one is named, and the reading is not taken for complete."""
    if kind in ("endless device", "link to itself"):
        pytest.skip("a link is refused, with all of its folder")
    folder = laid_out(tmp_path / "estate", ESTATE, kind, name)
    code, said = answer(capsys, tmp_path, "ingest", "estate", folder)
    assert code == 0, said
    (read,) = said["coverage"]["sources"]
    assert not read["complete"]
    assert [q["file"] for q in said["result"]["quarantined"]] == [str(folder / name)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_source_refuses_it_as_its_only_file(capsys, tmp_path, kind):
    for source in all_sources():
        SPECIAL[kind](tmp_path / source)
        message = refused(capsys, tmp_path, "ingest", source, tmp_path / source)
        assert source in message


@pytest.mark.parametrize("source", sorted(EXPORTS.keys() & all_sources().keys()))
def test_every_source_tells_of_it_among_its_files(capsys, tmp_path, source):
    """In the place of any one file of an export: refused, or said to be missed."""
    for number, export in enumerate(EXPORTS[source]):
        for name in export if len(export) > 1 else ():
            at = tmp_path / f"{number}-{name.replace('/', '-')}"
            path = write(export, at / "export")
            (file,) = [p for p in path.rglob("*") if p.as_posix().endswith(name)]
            file.unlink()
            SPECIAL["pipe"](file)
            code, said = answer(capsys, at, "ingest", source, path, "--max-bad", "100")
            if code == 0:
                told = said["result"]["quarantined"]
                assert any(q["file"] == str(file) for q in told), (name, said)
                assert not said["coverage"]["sources"][0]["complete"]
            else:
                assert code == 3, said


@pytest.mark.parametrize("kind", KINDS)
def test_configurations(capsys, tmp_path, kind):
    bad = tmp_path / "bad"
    SPECIAL[kind](bad)
    (tmp_path / "t.csv").write_bytes(b"a,b\nbot,ann\n")
    config = tmp_path / "config.toml"
    config.write_text('[[source]]\nname = "estate"\npath = "estate"\ntags = "bad"\n')
    laid_out(tmp_path / "estate", ESTATE, kind, "unused")
    columns = laid_out(tmp_path / "map", {"t.csv": b"a,b\nbot,ann\n"}, kind, "columns.toml")
    table = laid_out(tmp_path / "tables", {"columns.toml": MAP}, kind, "t.csv")
    for words in (
        ("ingest", "--config", bad),
        ("ingest", "--config", config),
        ("ingest", "csv", columns),
        ("ingest", "csv", table),
        ("evidence", "verify", bad),
    ):
        refused(capsys, tmp_path, *words)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model(capsys, tmp_path, kind):
    SPECIAL[kind](tmp_path / "bad")
    folder = laid_out(tmp_path / "estate", ESTATE, "pipe", ".unused")
    assert answer(capsys, tmp_path, "ingest", "estate", folder)[0] == 0
    for question in ("debt", "ledger"):
        refused(capsys, tmp_path, question, "--model", tmp_path / "bad")


def test_a_pipe_that_nobody_reads_is_not_written_to(capsys, tmp_path):
    SPECIAL["pipe"](tmp_path / "out")
    folder = laid_out(tmp_path / "estate", ESTATE, "pipe", ".unused")
    assert answer(capsys, tmp_path, "ingest", "estate", folder)[0] == 0
    code, said = answer(capsys, tmp_path, "export", "opengraph", "--out", tmp_path / "out")
    assert code == 2, said
