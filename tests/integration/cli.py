"""Runs of the command line in the tests: an estate, its store, and what a run says."""

import inspect
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import trustdebt
from analytics import history
from analytics.posture import Posture
from app.cli import commands
from app.cli.command import QUESTIONS as ASKED
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago

ROOT = Path(__file__).parents[2]
COMMON = {"--store", "--snapshot", "--as-of", "--json", "--limit", "--judging-budget", "--seal-key"}
COMMON |= {"--engine", "--scheduler"}
POLICIES = str(ROOT / "app/exchange/snapshots/example.cedar")
IN_THE_ESTATE = {  # what the examples of the help name, and what that is called here
    "invoice-bot": "bot",
    "db:ledger": "ledger",
    "request.json": str(ROOT / "tests/data/requests/read.json"),
    "policies.cedar": POLICIES,
    "p.cedar": POLICIES,
}
CHOSEN = {  # of options that may each be left out
    "drill": ["--credential", "key"],
    "exposure": ["ledger"],
    "what-if": ["--remove", "bot"],
}
LISTS = {
    "findings": "findings",
    "stale": "paths",
    "orphans": "orphaned",
    "exposure": "identities",
    "blast-radius": "resources",
}
HOSTILE = "evil\x1b[31m\x07"


def words(name: str, answer: Callable[..., Any]) -> list[str]:
    """Return what a question is asked with: nothing, or what its own example has if it must."""
    own = list(inspect.signature(answer).parameters.values())[1:]
    if name in CHOSEN or all(p.default is not p.empty for p in own):
        return CHOSEN.get(name, [])
    example = (answer.__doc__ or "").partition(f"Example: trustdebt {name} ")[2]
    given = shlex.split(example.rstrip().removesuffix("."))
    return [IN_THE_ESTATE.get(word, word) for word in given]


commands.load_all()
QUESTIONS: dict[str, list[str]] = {
    name: words(name, answer) for name, (answer, its) in ASKED.items() if not its.writes
}


def example() -> Estate:
    e = Estate().agent("bot", name="Invoice bot").agent("child", "idle", HOSTILE)
    e.account("svc").person("ann", email="ann@example.com").person("zed", left=ago(30))
    e.agent("twin-1", name="twin").agent("twin-2", name="Twin")
    e.resource("ledger", "restricted").resource("wiki", "internal")
    e.link("bot", "RUNS_AS", "svc").link("bot", "SPAWNS", "child")
    e.can("svc", "read write", "ledger", granted_at=ago(300), last_used_at={"read": ago(1)})
    e.can("child", "read", "wiki", granted_at=ago(300), condition="aws:SourceIp")
    e.thing("Credential", "key", storage="vault").link("key", "AUTHENTICATES_AS", "svc")
    return e.owned("bot", "ann", "ann").owned("idle", "zed", "zed", since=ago(200))


@dataclass
class Said:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def result(self) -> dict[str, Any]:
        """The answer in the envelope."""
        assert self.code in (0, 1), self
        return self.document["result"]

    def refused(self, code: int) -> dict[str, Any]:
        """Return the error of a run that failed as it should."""
        assert (self.code, self.err) == (code, ""), self
        assert set(self.document) == {"error"}
        assert set(self.document["error"]) >= {"code", "message", "place"}
        return self.document["error"]


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two snapshots of the estate."""
    folder = tmp_path_factory.mktemp("cli") / "store"
    former = Estate(at=AS_OF.replace(month=7)).agent("bot").resource("ledger", "restricted")
    for estate in (former, example()):
        ingest(ParquetStore(folder), [estate.job()])
    return folder


@pytest.fixture
def cli(kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process, on the store unless told otherwise."""
    monkeypatch.setenv("TRUSTDEBT_STORE", str(kept))

    def run(*line: object) -> Said:
        code = trustdebt.main([str(word) for word in line])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return run


@pytest.fixture(scope="module")
def opened_once() -> Callable[..., Posture]:
    """Open each posture once for the tests of a module; commands that are asked later share it."""
    return cache(history.open_posture)


@pytest.fixture
def one_posture(opened_once: Callable[..., Posture], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask all commands of one posture, as the pages do, where each is to be asked for its form.

    To judge the same facts anew for each of forty commands takes five times as long, and shows
    nothing more: test_kept_documents.py asks them of postures of their own.
    """
    monkeypatch.setattr(history, "open_posture", opened_once)


def execute(words: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    return subprocess.run(
        words, cwd=ROOT, env=clean | env, capture_output=True, text=True, timeout=120, check=False
    )


def process(*line: object, **env: str) -> subprocess.CompletedProcess[str]:
    return execute([sys.executable, "trustdebt.py", *map(str, line)], **env)
