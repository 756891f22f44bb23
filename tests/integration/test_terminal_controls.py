"""No answer writes what a terminal obeys, in any format, whatever a thing is called."""

import csv
import io
import json
import unicodedata

import pandas as pd
import pytest

import app.cli.command
import app.cli.output.printing
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.search import some

# Everything of these categories below U+3000, and what stands for all beyond: control characters,
# writing direction, separators of lines, private and unassigned characters.
UNSEEN = [
    chr(n)
    for n in [*range(0x3000), 0xE000, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041]
    if unicodedata.category(chr(n)) in ("Cc", "Cf", "Zl", "Zp", "Co")
]
NASTY = "".join(c for c in UNSEEN if c != "\0")
FORMATS = {
    "table": [],
    "json": ["--json"],
    "csv": ["--format", "csv"],
    "sarif": ["--format", "sarif"],
}


def _hostile(at: pd.Timestamp) -> Estate:
    e = Estate(at=at)
    e.agent("bot", name=f"bot{NASTY}", purpose=NASTY, env=NASTY).agent(f"id{NASTY}")
    e.account("svc", name=f"svc{NASTY}").person("zed", name=f"z{NASTY}", left=ago(30))
    e.thing("Resource", "ledger", sensitivity="restricted", name=f"ledger{NASTY}", type="t\x1b")
    e.link("bot", "RUNS_AS", "svc", condition=f"only{NASTY}")
    e.thing("Credential", "key", name=f"key{NASTY}").link("bot", "USES", "key")
    e.link("key", "AUTHENTICATES_AS", "svc")
    e.can("svc", "read write", "ledger", granted_at=ago(300), policy_id=f"p{NASTY}")
    return e.owned("bot", "zed", "zed", since=ago(200))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile") / "store"
    for at in (AS_OF.replace(month=7), AS_OF):
        ingest(ParquetStore(folder), [_hostile(at).job()])
    return str(folder)


def _obeyed(said: str) -> list[str]:
    return [f"U+{ord(c):04X}" for c in said if c in UNSEEN and c != "\n"]


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("form", FORMATS)
def test_every_answer_is_plain(cli, hostile, form):
    asked = {"table": QUESTIONS, "json": dict(some(QUESTIONS.items(), 8))}
    for name, more in asked.get(form, {"findings": []}).items():
        said = cli(name, *more, *FORMATS[form], "--store", hostile)
        assert said.code in (0, 1), (name, said.err)
        assert _obeyed(said.out + said.err) == [], name


def test_json_says_the_same(cli, hostile):
    """To a reader of JSON the name is what it was, letter by letter."""
    shown = cli("identities", "--json", "--store", hostile).result["identities"]
    assert f"bot{NASTY}" in {one["name"] for one in shown}


def test_csv_stays_csv(cli, hostile):
    rows = list(
        csv.DictReader(io.StringIO(cli("findings", "--format", "csv", "--store", hostile).out))
    )
    asked = json.loads(cli("findings", "--json", "--limit", "0", "--store", hostile).out)
    assert len(rows) == len(asked["result"]["findings"]) > 0


@pytest.mark.parametrize("form", ["json", "csv"])
def test_written_as_they_are_they_reach_the_terminal(cli, hostile, monkeypatch, form):
    """The twin: plain JSON escapes only what stands below U+0020, CSV nothing."""
    plain = lambda document: json.dumps(document, ensure_ascii=False)  # noqa: E731
    for module in (app.cli.command, app.cli.output.printing):
        monkeypatch.setattr(module, "json_text", plain)
        monkeypatch.setattr(module, "printable", lambda said, obeyed="": said)
    monkeypatch.setattr("app.table_csv.printable", lambda said, obeyed="": said)
    said = cli("findings", *FORMATS[form], "--store", hostile)
    assert "U+009B" in _obeyed(said.out)
    assert ("U+001B" in _obeyed(said.out)) == (form == "csv")


def test_the_names_hold_what_a_terminal_obeys():
    assert {"\x1b", "\x9b", "\x7f", "\r", "\b", "\u202e", "\u2028"} <= set(NASTY)
