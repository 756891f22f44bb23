"""Two hundred secrets in every text of every source's export: none is kept, shown or said."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import cycle
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import graph.secrets
import trustdebt
from analytics import history
from app.web.page.snapshots import forget
from app.web.views import all_views
from graph.journal.journal import journal_of
from graph.journal.rejected_rows import keep_rejected_rows
from graph.stores.neo4j.session import Patience
from graph.stores.neo4j.store import Neo4jStore
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest as run
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources import all_sources
from tests.integration.conftest import ask
from tests.neo4j import server
from tests.support.exports.example import Export
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.hostile.canaries import found_in, numbered, planted_everywhere
from tests.support.search import some, worlds

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "app" / "web" / "main.py"
TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")
SECRETS = numbered()
HALF = len(SECRETS) // 2  # those before it are redacted in the database, the others are not
EVERY = 6  # an export is planted six times over, in other places each time
ROWS = ("(n)", "()-[n]->()")
COMMANDS = [
    *("identities", "orphans", "stale", "choke-points", "cut", "evidence", "plan", "durability"),
    *("hubs", "ledger", "kpis", "frameworks", "snapshots", "journal", "sources", "findings"),
]


@dataclass
class Planted:
    """What became of the planted exports: the store they went to, and all that was said."""

    store: Path
    used: int
    kept: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def _planted(export: Export, first: int, secrets: Iterator[str]) -> Export:
    """Plant secrets in the texts of an export: in documents, else behind the words of a line."""
    changed = {}
    for name, data in export.items():
        if name.endswith(".json"):
            document, _ = planted_everywhere(json.loads(data), secrets, EVERY, first)
            changed[name] = json.dumps(document).encode()
        elif name.endswith(".toml"):
            changed[name] = data
        else:
            changed[name] = _in_lines(data.decode(), first, secrets).encode()
    return changed


def _in_lines(said: str, first: int, secrets: Iterator[str]) -> str:
    """Plant a secret of one line, without quotes, behind the last word of some lines."""
    lines = said.split("\n")
    for at in range(1, len(lines)):
        plain = (s for s in secrets if not set(s) & set('\n":, '))
        if at % EVERY == first and lines[at]:
            end = lines[at][-1] if lines[at][-1] in '"}]' else ""
            lines[at] = f"{lines[at].removesuffix(end)} {next(plain)}{end}"
    return "\n".join(lines)


def _plant(
    folder: Path,
    times: int = EVERY,
    exports: int | None = None,
    sources: Iterable[str] | None = None,
    secrets: Sequence[str] = SECRETS,
) -> Planted:
    """Ingest the sources' exports, planted so often, into one snapshot of a store in `folder`.

    Outside of a search, so many `exports` of each source. Each is read once, to see whether it
    can be; what was read is what is published.
    """
    count = 0

    def counted() -> Iterator[str]:
        nonlocal count
        for secret in cycle(secrets):
            count += 1
            yield secret

    stream, result = counted(), Planted(folder / "store", 0)
    jobs: list[tuple[Source, Request]] = []
    for name in sources or all_sources():
        source = all_sources()[name]
        every = list(enumerate(EXPORTS.get(name, [])))
        for number, export in some(every, exports or len(every)):
            for first in range(times):
                scope = f"{number}-{first}"
                made = _planted(export, first, stream)
                path = write(made, folder / "exports" / name / scope)
                request = Request((path,), scope, TAKEN_AT)
                reading = _readable(source, request, result)
                if reading is not None:
                    jobs.append((replace(source, read=lambda _, known=reading: known), request))
                    result.kept.append((name, scope))
    done = run(ParquetStore(result.store), jobs, max_bad=100.0)
    assert keep_rejected_rows(done.rejected_rows, done.snapshot.id, None, (), str(result.store))
    result.said += [*map(str, done.quarantined), *done.warnings]
    result.used = count
    return result


def _readable(source: Source, request: Request, result: Planted) -> Reading | None:
    try:
        return source.read(request)
    except InputRefused as error:
        result.said.append(str(error))
        return None


def _stored(folder: Path) -> list[bytes]:
    """Find what is left of the secrets in the files of a folder, tables decoded."""
    found = []
    for path in (p for p in folder.rglob("*") if p.is_file()):
        found += found_in(path.read_bytes())
        if path.suffix == ".parquet":
            found += found_in(json.dumps(pq.read_table(path).to_pylist(), default=str).encode())
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as db:
                found += found_in("\n".join(db.iterdump()).encode())
    return found


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return _plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def planted_once(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Plant once, as a database takes long to publish what is planted six times over."""
    times = worlds(every_day=1, search=EVERY)
    folder = tmp_path_factory.mktemp("planted-once")
    return _plant(folder, times, 1, secrets=SECRETS[:HALF])


def _unguarded(
    folder: Path, sources: Iterable[str] | None = None, secrets: Sequence[str] = SECRETS
) -> Planted:
    """Plant once with the redaction taken away: enough to show what the search sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph.secrets, "_spans", lambda value: [])
        patch.setattr(graph.secrets, "_redacted_once", lambda value: value)  # nothing remembered
        return _plant(folder, 1, 2, sources, secrets)


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return _unguarded(tmp_path_factory.mktemp("unguarded"))


@pytest.fixture(scope="module")
def unguarded_few(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Plant others in a few sources: what a database is searched for is in any of them."""
    return _unguarded(tmp_path_factory.mktemp("few"), some(EXPORTS, 6), SECRETS[HALF:])


def test_every_source_is_planted(planted: Planted) -> None:
    """All two hundred secrets went in, and at least one planted export of each source was read."""
    assert planted.used >= 200
    assert {name for name, _ in planted.kept} == EXPORTS.keys() & all_sources().keys()


def test_nothing_is_stored_or_said(planted: Planted) -> None:
    assert _stored(planted.store) == []
    assert found_in("\n".join(planted.said).encode()) == []


def test_without_redaction_they_are_found(unguarded: Planted) -> None:
    """The search sees them in the tables of the store."""
    assert len(set(_stored(unguarded.store))) >= 20


def test_no_command_shows_one(
    planted: Planted, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tables, JSON, CSV and in the formats of other tools; the journal keeps none either.

    All of them ask one posture: to make it anew for each would show nothing more.
    """
    monkeypatch.setattr(history, "open_posture", cache(history.open_posture))
    lines = [[c, "--json", "--limit", "0"] for c in COMMANDS] + [[c] for c in COMMANDS]
    lines += [["findings", "--format", form] for form in ("csv", "sarif", "ocsf")]
    ids = [r["id"] for r in _asked(planted.store, "identities", capsys)["identities"]]
    lines += [["show", ids[0], "--json"], ["blast-radius", ids[-1], "--json"]]
    for line in lines:
        trustdebt.main([*line, "--store", str(planted.store)])
        out, err = capsys.readouterr()
        assert found_in((out + err).encode()) == [], line
        assert "fault in trustdebt" not in err, line
    assert journal_of(str(planted.store)).entries() == ()
    assert _stored(planted.store) == []


def _asked(store: Path, name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert trustdebt.main([name, "--json", "--limit", "0", "--store", str(store)]) == 0
    return dict(json.loads(capsys.readouterr().out)["result"])


def _drawn(store: Path, page: str, first: bool) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUSTDEBT_STORE", str(store))
        test = AppTest.from_file(str(MAIN), default_timeout=120)
        test._page_hash = "" if first else calc_hash(page)
        test.run()
    assert not test.exception, page
    parts = [str(e.proto) for e in test._tree if getattr(e, "proto", None) is not None]
    return "\n".join(parts).encode()


def test_no_page_draws_one(planted: Planted) -> None:
    st.cache_resource.clear()
    forget()
    for number, name in enumerate(all_views()):
        assert found_in(_drawn(planted.store, name, number == 0)) == [], name


def test_no_crash_leaves_one(planted: Planted, tmp_path: Path) -> None:
    """A process that is aborted while it publishes dumps its stack, and leaves half a snapshot."""
    (tmp_path / "empty").mkdir()
    script = f"""
import faulthandler, os, resource
from pathlib import Path
faulthandler.enable()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from graph.stores.parquet.store import ParquetStore
facts = ParquetStore(Path({str(planted.store)!r})).read()[1]
store = ParquetStore(Path({str(tmp_path / "half")!r}))
with store.lease() as lease:
    store.publish(facts, lease, after_step=lambda n: os.abort() if n == 1 else None)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "empty",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -6, done.stderr
    assert b"Aborted" in done.stderr
    assert found_in(done.stdout + done.stderr) == []
    assert _stored(tmp_path) == []


def test_no_database_keeps_one(planted_once: Planted, unguarded_few: Planted) -> None:
    """Neither rows, data files, transaction logs nor logs of Neo4j; of the others they do."""
    try:
        with server.running("5") as started:
            for where in (planted_once, unguarded_few):
                facts = ParquetStore(where.store).read()[1]
                patient = Patience(answer=120.0)  # six plantings of every export are many rows
                store = Neo4jStore(started.uri, patience=patient)
                with store.lease(wait=90.0) as lease:  # a release that failed costs no more
                    store.publish(facts, lease)
                store.close()
            held = [ask(started.uri, f"MATCH {one} RETURN properties(n)") for one in ROWS]
            started.stop()  # so that all it holds is in its files
            files, rows = _stored(started.home), found_in(json.dumps(held, default=str).encode())
    except server.CannotStart as error:
        pytest.skip(f"no Neo4j: {error}")
    assert [one for one in files + rows if _number(one) < HALF] == []
    assert files
    assert rows


def _number(found: bytes) -> int:
    """Return the number of a secret by what is left of it; -1 if that is not to be seen."""
    known = re.search(rb"\d{3}", found) or re.search(rb"\d{3}", b64decode(found))
    return int(known[0]) if known else -1


def test_what_is_left_of_a_secret_tells_its_number() -> None:
    for number, secret in enumerate(SECRETS):
        for left in (secret, b64encode(secret.encode()).decode()):
            assert {_number(one) for one in found_in(left.encode())} <= {number}, left
        assert found_in(secret.encode())
