"""A store of the version before opens: its journal, acceptances, history and debts are kept.

`tests/data/store/0.1.0.tar.gz` was written by the last commit before the folders had a second
level: six states of an estate of two agents, one row that was rejected, a read that failed, an
attestation, a review, and two acceptances, of which one was withdrawn. `0.1.0.json` is what that
commit answered.
"""

import json
import re
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli import Run
from tests.support.few_rules import only_rules

DATA = Path(__file__).parents[1] / "data" / "store"
AT = "2027-01-15T00:00:00Z"
KEPT = ("id", "rule", "severity", "state", "first_seen", "last_seen", "resolved_at", "sentence")
LINES: dict[str, list[str]] = {
    "snapshots": ["snapshots"],
    "sources": ["sources"],
    "journal": ["journal", "--as-of", AT],
    "findings": ["findings", "--state", "all", "--limit", "0", "--as-of", AT],
    "debt": ["debt", "--items", "--limit", "0", "--as-of", AT],
    "ledger": ["ledger", "--limit", "0", "--as-of", AT],
    "kpis": ["kpis", "--as-of", AT],
}


def essentials(name: str, result: dict[str, Any]) -> Any:
    """Keep of an answer what somebody would miss: who decided what, each finding, each sum."""
    if name == "snapshots":
        return [[s["id"], s["taken_at"], s["current"]] for s in result["snapshots"]]
    if name == "sources":
        return [[s["source"], s["scope"], s["state"]] for s in result["scopes"]]
    if name == "findings":
        return sorted([f[of] for of in KEPT] for f in result["findings"])
    if name == "kpis":
        return {m["name"]: m["value"] for m in result["kpis"]}
    if name == "journal":
        return result["entries"]
    return {of: value for of, value in result.items() if isinstance(value, int | float | str)}


def in_words_of_now(findings: list[list[Any]]) -> list[list[Any]]:
    """Word findings as a later version does: of a stale path, whose weighted reach it is."""
    words = re.compile(r"^Of the ([\d.,]+) that (\S+) reaches, ")
    return [
        [*f[:-1], words.sub(r"Of the weighted reach of \2, \1, as much as ", f[-1])]
        for f in findings
    ]


def unpacked(folder: Path) -> Path:
    with tarfile.open(DATA / "0.1.0.tar.gz") as packed:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4
        packed.extractall(folder, **safe)
    return folder / "store"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the store."""
    return unpacked(tmp_path_factory.mktemp("older"))


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("name", LINES)
def test_it_answers_as_before(older: Path, cli: Run, name: str) -> None:
    said = cli(*LINES[name], "--store", older, "--json").result
    expected = json.loads((DATA / "0.1.0.json").read_text(encoding="utf-8"))[name]
    kept = json.loads(json.dumps(essentials(name, said)))
    expected = in_words_of_now(expected) if name == "findings" else expected
    if name == "debt":
        assert kept.pop("capped_by_left_out") == 0  # of a later version
    if name == "kpis":  # a figure of a later version is nothing that was answered otherwise
        kept = {figure: value for figure, value in kept.items() if figure in expected}
    assert kept == rounded(expected)


def rounded(value: Any) -> Any:
    """Allow for sums in another order."""
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-9)
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return {of: rounded(one) for of, one in value.items()} if isinstance(value, dict) else value


def test_what_it_remembers_is_worked_out_anew_once(tmp_path: Path, cli: Run) -> None:
    """Findings were remembered under a hash of the code of then; none of them is lost."""
    older = unpacked(tmp_path)
    then = remembered(older)
    with only_rules("no_accountable_owner", "unused_grant", "review_overdue"):
        first = cli(*LINES["findings"], "--store", older, "--json").result
        now = remembered(older)
        assert now.keys() >= then.keys()
        assert not set(now.values()) & set(then.values())
        assert cli(*LINES["findings"], "--store", older, "--json").result == first
    assert first["findings"]
    assert remembered(older) == now


def remembered(store: Path) -> dict[str, str]:
    """Return by snapshot under which hash its findings are remembered."""
    with closing(sqlite3.connect(store / "journal.sqlite")) as db:
        return dict(db.execute("SELECT snapshot, version FROM seen WHERE snapshot NOT LIKE '% %'"))


def test_a_decision_that_is_gone_would_be_noticed(tmp_path: Path, cli: Run) -> None:
    """The twin: without the journal nothing is answered, rather than answered otherwise."""
    older = unpacked(tmp_path)
    (older / "journal.sqlite").unlink()
    cli(*LINES["findings"], "--store", older, "--json").refused(4)
