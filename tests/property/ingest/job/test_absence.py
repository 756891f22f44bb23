"""Absence is not removal: an export that fails, or was cut, never makes anything look better."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.answers.coverage import coverage
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.coverage import FIELD_KINDS
from graph.frames import conform
from graph.schema import FACT_NODES
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources import all_sources
from tests.property.ingest.sources.test_hostile import DOCUMENTS
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.exports.aws_account import IAM
from tests.support.exports.example import Export
from tests.support.exports.examples.cloudtrail import EVENT
from tests.support.exports.examples.estate import ESTATE
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.printed import debt, findings, orphans, show
from tests.support.search import some, worlds

TAKEN_AT = AS_OF
PEOPLE = "Employee ID,Work Email,Name\n" + "".join(
    f"{n},p{n}@acme.example,P {n}\n" for n in range(40)
)
ACCOUNTS = "---\n".join(
    f"apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: s{n}, namespace: n}}\n"
    for n in range(40)
)
JSON = ".json"
ENDLESS = {
    "backstage",
    "codeowners",
    "csv",
    "estate",
    "ocsf",
}  # cut between lines, a part looks whole
LINES: dict[str, tuple[str, str]] = {  # formats in which a part looks whole: file, text
    "hr": ("workers.csv", PEOPLE),
    "kubernetes": ("accounts.yaml", ACCOUNTS),
}
USES = "".join(
    f'{{"id": "u{n}", "at": "2026-07-01T10:00:0{n}Z", "principal": "bot", "resource": "db", '
    '"action": "read", "level": "read", "outcome": "success"}\n'
    for n in range(4)
)
REPORT = (
    "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,"
    "access_key_1_last_rotated,access_key_1_last_used_date\n"
    f"ann,{IAM}user/ann,2026-01-01T00:00:00+00:00,false,false,true,2026-01-01T00:00:00+00:00,N/A\n"
    f"bo,{IAM}user/bo,2026-01-01T00:00:00+00:00,true,false,true,2026-01-01T00:00:00+00:00,N/A\n"
)
ALLOWED = ESTATE["decisions.jsonl"].decode()
DECIDED = "".join(ALLOWED.replace('"d1"', f'"d{n}"') for n in range(4)).encode()
EVENTS = "".join(json.dumps(EVENT | {"eventID": str(n)}) + "\n" for n in range(3)).encode()
SIGN_INS = next(e for e in EXPORTS["ocsf"] if len(e) == 1 and next(iter(e)).endswith(".jsonl"))
CUT: dict[tuple[str, str], Export] = {  # source and file of one object, or row, on each line
    **{("estate", f): ESTATE | {"usage/a.jsonl": USES.encode()} for f in (
        "nodes/Agent.csv", "nodes/Resource.jsonl", "relationships/OWNS.csv", "decisions.jsonl",
        "usage/a.jsonl")},
    ("csv", "owners.csv"): EXPORTS["csv"][0],
    ("hr", "workers.csv"): {"workers.csv": PEOPLE[:200].rpartition("\n")[0].encode() + b"\n"},
    ("decisions", "log.jsonl"): {"log.jsonl": DECIDED},
    ("cloudtrail", "log.jsonl"): {"log.jsonl": EVENTS},
    ("aws", "report.csv"): EXPORTS["aws"][0] | {"report.csv": REPORT.encode()},
    ("ocsf", next(iter(SIGN_INS))): SIGN_INS,
}  # fmt: skip


def read(source: Source, path: Path) -> Reading | None:
    """Read a file; None where it is refused."""
    try:
        return source.read(Request([path], "acme", TAKEN_AT))
    except InputRefused:
        return None


def stated(reading: Reading) -> set[tuple[str, str]]:
    """Return the things that a reading states."""
    found = set()
    for label in FACT_NODES:
        if label in reading.rows:
            rows = reading.rows[label].assign(source="x", scope="y")
            found |= {(label.name, i) for i in conform(rows, label).frame["id"]}
    return found


def cuts(path: Path, text: str, step: int = 1) -> Iterator[Path]:
    """Yield the file with all but its first so many bytes cut away, for each number."""
    data = text.encode()
    for length in range(0, len(data), step):
        path.write_bytes(data[:length])
        yield path


# ---------------------------------------------------------------- every source, every cut


def test_every_source_is_cut() -> None:
    """Of a small export some file has an end, or its source is among the formats without one."""
    json_only = {
        n for n, exports in EXPORTS.items() if any(f.endswith(JSON) for e in exports for f in e)
    }
    assert set(EXPORTS) - json_only == ENDLESS


@pytest.mark.parametrize("name", sorted(set(EXPORTS) - ENDLESS))
def test_an_export_cut_anywhere_is_refused_or_loses_nothing(tmp_path: Path, name: str) -> None:
    """Each JSON file of an export in turn, cut at many places."""
    source = all_sources()[name]
    for number, export in enumerate(EXPORTS[name]):
        where = write(export, tmp_path / str(number))
        whole = read(source, where)
        assert whole is not None
        for file, data in export.items():
            path = tmp_path / str(number) / file
            for length in (
                range(0, len(data), max(1, len(data) // worlds(50, 100)))
                if file.endswith(JSON)
                else ()
            ):
                path.write_bytes(data[:length])
                got = read(source, where)
                assert got is None or not got.complete or stated(whole) <= stated(got)
            path.write_bytes(data)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_cut_at_any_byte_is_refused_or_loses_nothing(tmp_path: Path, name: str) -> None:
    source, document = DOCUMENTS[name]
    text, path = json.dumps(document), tmp_path / "export.json"
    path.write_text(text)
    whole = read(source, path)
    assert whole is not None
    for cut in cuts(path, text):
        got = read(source, cut)
        assert got is None or not got.complete or stated(whole) <= stated(got)


@pytest.mark.parametrize(("name", "file"), some(sorted(CUT), len(CUT) // 2))
def test_lines_cut_anywhere_are_noticed(tmp_path: Path, name: str, file: str) -> None:
    """Within a line, some word is said; between two lines, nothing tells a part from the whole."""
    source, export = all_sources()[name], CUT[name, file]
    where, data = write(export, tmp_path / "export"), export[file]
    whole = read(source, where)
    assert whole is not None
    assert whole.complete
    path = tmp_path / "export" / file
    places = worlds(15, 60)
    if name == "cloudtrail" or file.startswith("usage"):
        places = worlds(6, 12)  # these take long
    for length in range(1, len(data), max(1, len(data) // places)):
        path.write_bytes(data[:length])
        got = read(source, where)
        if got is None or not got.complete or not set(whole.declares) <= set(got.declares):
            continue  # the job takes what declares less for a part
        told = any("been cut" in warning for warning in got.warnings)
        between = b"\n" in data[length - 1 : length + 1]
        assert told or between or stated(whole) <= stated(got)


def test_a_line_that_was_cut_would_pass_for_a_whole_one(tmp_path: Path) -> None:
    """The twin: the last cell of a table may end anywhere, and the row looks well."""
    (tmp_path / "workers.csv").write_text(PEOPLE[:-3])
    got = read(all_sources()["hr"], tmp_path / "workers.csv")
    assert got is not None
    assert got.complete
    assert got.rejected == []
    assert any("been cut" in warning for warning in got.warnings)


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_list_cut_in_its_first_third_retires_nothing(tmp_path: Path, name: str) -> None:
    """Between two lines a part looks whole; then what is lost in one go speaks against it."""
    source, (file, text) = all_sources()[name], LINES[name]
    path, store = tmp_path / file, ParquetStore(tmp_path / "store")
    path.write_text(text)
    ingest(store, [(source, Request([path], "acme", TAKEN_AT))])
    before = things(store)
    assert len(before) >= 40
    for cut in cuts(path, text[: len(text) // 3], step=97):
        with contextlib.suppress(InputRefused):
            ingest(store, [(source, Request([cut], "acme", TAKEN_AT))])
        assert things(store) >= before


def test_the_loss_would_show_if_a_part_were_believed(tmp_path: Path) -> None:
    """The twin."""
    source, (file, text) = all_sources()["hr"], LINES["hr"]
    path, store = tmp_path / file, ParquetStore(tmp_path / "store")
    third = text.rindex("\n", 0, len(text) // 3) + 1
    for part in (text, text[:third]):
        path.write_text(part)
        ingest(store, [(source, Request([path], "acme", TAKEN_AT))], max_loss=100)
    assert len(things(store)) < 20


def test_a_loss_that_is_said_to_be_true_retires(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    ingest(store, [cloud(20)])
    done = ingest(store, [cloud(9)])
    assert done.warnings == [
        "cloud/acme: 11 of 20 things are not mentioned any more, more than 50 %: taken as a "
        "partial read, and nothing is retired"
    ]
    assert len(things(store)) == 20
    assert not store.read()[1].coverage[0].complete
    ingest(store, [cloud(9)], max_loss=100)
    assert len(things(store)) == 9


def test_half_may_go_at_once(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    ingest(store, [cloud(20)])
    done = ingest(store, [cloud(10)])
    assert (done.warnings, len(things(store))) == ([], 10)


@pytest.mark.parametrize(("max_loss", "left"), [(None, 1), (50.0, 20)])
def test_the_native_format_is_believed_unless_somebody_doubts_it(
    tmp_path: Path, max_loss: float | None, left: int
) -> None:
    """Its author wrote down that it is complete."""
    store = ParquetStore(tmp_path / "store")
    ingest(store, [cloud(20, "estate")])
    done = ingest(store, [cloud(1, "estate")], max_loss=max_loss)
    assert len(things(store)) == left
    assert bool(done.warnings) == (left == 20)


def cloud(agents: int, source: str = "cloud") -> tuple[Source, Request]:
    """Return a read of so many agents."""
    return Estate(source=source).agent(*(f"a{n}" for n in range(agents))).job()


def things(store: ParquetStore) -> set[str]:
    facts = store.read()[1]
    return {i for label in FACT_NODES for i in facts.frames[label]["id"]}


# ---------------------------------------------------------------- partial reads


def owing(at: pd.Timestamp = AS_OF, **options: Any) -> Estate:
    """State an estate in which much is wrong."""
    e = Estate(at=at, **options)
    e.person("ann").person("bo", left=ago(60)).resource("crm", "confidential")
    e.resource("vault", "restricted").resource("wiki", "public")
    for n, owner in enumerate(("ann", "bo", None)):
        agent, account, key = f"bot{n}", f"svc{n}", f"key{n}"
        e.agent(agent, kind="ai_agent", created_at=ago(400)).account(account)
        e.thing("Credential", key, type="api_key", created_at=ago(400), storage="code")
        e.link(agent, "USES", key).link(key, "AUTHENTICATES_AS", account)
        e.can(account, "read write", "crm", granted_at=ago(300), telemetry="true")
        e.can(account, "admin", "vault", granted_at=ago(200))
        e.owned(agent, business=owner, since=ago(300))
    return e


def judged(store: ParquetStore) -> dict[str, Any]:
    posture: Posture = assess(AccessGraph.of(store.read()[1], AS_OF))
    return {
        "debt": debt(posture)["debt"],
        "identities": len(posture.accountable),
        "findings": {f["id"] for f in findings(posture)["findings"]},
        "orphaned": {r["identity"]["id"] for r in orphans(posture)["orphaned"]},
    }


Known = tuple[Path, dict[str, Any], set[str]]
FULL = owing(source="cloud")  # the native format says by itself what it is
ROWS = [(element, at) for element, rows in FULL.rows.items() for at in range(len(rows))]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Publish all of it, and judge it: the store, the judgement, and the things in it."""
    folder = tmp_path_factory.mktemp("known") / "store"
    store = ParquetStore(folder)
    ingest(store, [FULL.job()])
    return folder, judged(store), things(store)


@settings(max_examples=6)
@given(st.sets(st.sampled_from(range(len(ROWS)))), st.sets(st.sampled_from(FULL.declares)))
def test_a_part_of_what_was_known_never_makes_it_look_better(
    tmp_path_factory: pytest.TempPathFactory, known: Known, kept: set[int], declares: set[str]
) -> None:
    """Whatever is left out, and whatever the part no longer claims to know, whole or not."""
    folder, before, there = known
    store = ParquetStore(shutil.copytree(folder, tmp_path_factory.mktemp("absence") / "store"))
    whole = declares < set(FULL.declares)
    part = Estate(source="cloud", declares=sorted(declares), complete=whole)
    for place in kept:
        element, at = ROWS[place]
        said = FULL.rows[element][at]
        part.add(
            element, **{k: v for k, v in said.items() if FIELD_KINDS.get(k, "") in {"", *declares}}
        )
    ingest(store, [part.job()], max_bad=100)
    after = judged(store)
    assert things(store) == there
    assert after["debt"] >= before["debt"] > 0
    assert after["identities"] == before["identities"]
    assert after["findings"] >= before["findings"] != set()
    assert after["orphaned"] >= before["orphaned"] != set()


def test_it_would_look_better_if_a_part_were_taken_for_the_whole(
    tmp_path: Path, known: Known
) -> None:
    """The twin."""
    folder, before, _ = known
    store = ParquetStore(shutil.copytree(folder, tmp_path / "store"))
    ingest(store, [Estate(source="cloud").agent("bot0").job()])
    after = judged(store)
    assert after["debt"] < before["debt"]
    assert after["orphaned"] != before["orphaned"] or after["identities"] < before["identities"]


def test_what_was_not_mentioned_says_when_it_was_seen_last(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "store")
    ingest(store, [owing(at=AS_OF).job()])
    later = AS_OF + pd.Timedelta(days=3)
    ingest(store, [Estate(at=later, complete=False).agent("bot0").job()])
    posture = assess(AccessGraph.of(store.read()[1]))
    seen = {
        name: show(posture, posture.graph.find(name))["properties"]["last_seen"]
        for name in ("bot0", "bot1")
    }
    assert seen == {"bot0": "2026-08-04T00:00:00Z", "bot1": "2026-08-01T00:00:00Z"}
    (told,) = coverage(posture, later)["sources"]
    assert (told["state"], told["age_days"], told["complete"]) == ("partial", 0, False)
    assert "owners" in told["declares"]
