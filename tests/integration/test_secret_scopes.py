"""A secret in the name of a scope, folder or file, or in a reason: nowhere, and nothing merges."""

import json
import sqlite3
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import graph.files.regular
import graph.secrets
from graph.journal.place import journal_path
from tests.support.estates.small_estates import Estate
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.hostile.secret_kinds import made
from tests.support.search import some

KINDS = ["GitHub", "AWS secret key"]
SAID, FOUND = ["--scope", "acme {}"], []  # else the name of the folder is the scope
WAYS = some([(KINDS[0], SAID), (KINDS[1], SAID), (KINDS[1], FOUND), (KINDS[0], FOUND)], 2)


def _left(folder: Path, part: str) -> list[str]:
    """Return what holds a part of a secret, in the files of a folder, tables decoded."""
    found = [str(p) for p in folder.rglob("*") if part in p.name]
    for path in (p for p in folder.rglob("*") if p.is_file()):
        said = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            said += json.dumps(pq.read_table(path).to_pylist(), default=str)
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as db:
                said += "\n".join(db.iterdump())
        if part in said:
            found.append(str(path))
    return found


def _scopes(cli, store: Path) -> list[str]:
    return [one["scope"] for one in cli("sources", "--json", "--store", store).result["scopes"]]


@pytest.mark.parametrize("source", sorted(EXPORTS))
def test_no_source_keeps_the_secret_of_a_scope(cli, tmp_path, source):
    """Named with `--scope`, and by the folder that the export lies in."""
    store, parts = tmp_path / "store", []
    for number, (kind, way) in enumerate(WAYS):
        secret, part = made("vendors", kind, number)
        parts.append(part)
        export = write(EXPORTS[source][0], tmp_path / str(number) / secret.replace("/", "x"))
        line = ["ingest", source, export, *(word.format(secret) for word in way)]
        said = cli(*line, "--json", "--max-bad", 100, "--store", store)
        assert part not in said.out + said.err
    for part in parts:
        assert _left(store, part) == []
        assert part not in cli("sources", "--json", "--store", store).out


def test_a_scope_in_the_manifest(cli, tmp_path):
    """Two secrets make two scopes; the same one makes the same scope again."""
    store = tmp_path / "store"
    for number, seed in enumerate((1, 2, 1)):
        secret, part = made("vendors", "GitHub", seed)
        estate = Estate(scope=f"acme {secret}").agent("bot").write(tmp_path / str(number))
        said = cli("ingest", "estate", estate, "--json", "--store", store)
        assert said.code == 0
        assert part not in said.out
        assert _left(store, part) == []
    assert len(set(_scopes(cli, store))) == len(_scopes(cli, store)) == 2


def test_a_broken_file_of_such_a_name(cli, tmp_path):
    """In what is refused, and in what is set aside and kept."""
    secret, part = made("vendors", "GitHub", 1)
    write(EXPORTS["backstage"][0], folder := tmp_path / "export")
    (folder / f"{secret}.yaml").write_bytes(b"kind: [\xff")
    store = tmp_path / "store"
    for path in (folder / f"{secret}.yaml", folder, tmp_path / f"{secret}.json"):
        said = cli("ingest", "backstage", path, "--json", "--store", store)
        assert part not in said.out + said.err
    assert _left(store, part) == []


def test_without_the_seam_it_is_shown(cli, tmp_path, monkeypatch):
    """The twin: a refusal that takes its words as they are."""
    monkeypatch.setattr(graph.files.regular, "redact_text", str)
    secret, part = made("vendors", "GitHub", 1)
    assert part in cli("ingest", "backstage", tmp_path / f"{secret}.json").err


def test_a_scope_that_slips_through_is_refused(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.sources.estate.manifest.redact_text", str)
    secret, part = made("vendors", "GitHub", 1)
    estate = Estate(scope=secret).agent("bot").write(tmp_path / "estate")
    said = cli("ingest", "estate", estate, "--json", "--store", tmp_path / "store")
    assert "scope holds something like a secret" in said.refused(3)["message"]
    assert part not in said.out


WORDS = {  # a reason is somebody's own words, in which a key on its own goes too
    "told by a word": made("contexts", "quoted, with a space", 1),
    "on its own": ("9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c"),
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_reason_in_the_journal(cli, kept, kind):
    secret, part = WORDS[kind]
    finding = cli("findings", "--json").result["findings"][0]["id"]
    line = ["accept", finding, "--by", "ann", "--until", "2026-09-01", "--reason", f"see {secret}"]
    said = cli(*line, "--json")
    assert said.code == 0, said
    assert part not in said.out + cli("journal", "--json").out
    assert _left(journal_path(str(kept)).parent, part) == []
    assert graph.secrets.redact_prose(f"see {secret}") in cli("journal", "--json").out
