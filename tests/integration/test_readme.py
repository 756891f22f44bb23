"""What README.md and CONTRIBUTING.md say can be done, can be done."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from graph.frames import conform
from graph.schema import CAN_ACCESS, RESOURCE, SERVICE_ACCOUNT
from ingest.source import InputRefused, Request
from trustdebt import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CALLS = re.findall(r"(?:^|`|bin/)trustdebt ([a-z-]+)([^`\n]*)", README, re.MULTILINE)


def code(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def trustdebt(*arguments: str, folder: Path = ROOT) -> str:
    """Run a command and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, trustdebt; sys.exit(trustdebt.main())", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_make_targets_exist(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z0-9]+)", page, re.MULTILINE))
    assert targets >= {"test"}
    assert targets <= set(re.findall(r"^([a-z0-9]+):", makefile, re.MULTILINE))


def test_the_pages_name_commands_to_try() -> None:
    assert len(CALLS) > 10


@pytest.mark.parametrize("command", sorted({name for name, _ in CALLS}))
def test_commands_and_options_exist(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main([command, "--help"]) == 0
    offered = capsys.readouterr().out
    for name, rest in CALLS:
        if name == command:
            for option in re.findall(r"--[a-z-]+", rest):
                assert option in offered


def test_options_that_every_command_takes() -> None:
    (sentence,) = re.findall(r"Every command takes (.*?)\. A thing", README, re.DOTALL)
    offered = trustdebt("findings", "--help")
    for option in re.findall(r"--[a-z-]+", sentence):
        assert option in offered


def test_named_sources_exist() -> None:
    listed = trustdebt("sources", "--json")
    for name, rest in CALLS:
        named = rest.split()[0] if name == "ingest" else "--"
        if not named.startswith("--"):
            assert f'"{named}"' in listed


def test_the_notebook_lines_run(tmp_path: Path) -> None:
    trustdebt("estate", "--agents", "20", "--seed", "1", "--out", "estate", folder=tmp_path)
    trustdebt("ingest", "estate", "estate", folder=tmp_path)
    (lines,) = code(README, "python")
    subprocess.run(
        [sys.executable, "-c", lines + "\nassert len(agents) and len(around)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
        check=True,
    )


@pytest.fixture
def acme_vault() -> ModuleType:
    """Load the source that CONTRIBUTING.md gives as an example."""
    text = next(shown for shown in code(CONTRIBUTING, "python") if "SOURCE = " in shown)
    module = ModuleType("acme_vault")
    exec(compile(text, "CONTRIBUTING.md", "exec"), vars(module))
    return module


def test_the_example_source_reads_rows_that_conform(acme_vault: ModuleType, tmp_path: Path) -> None:
    export = tmp_path / "access.csv"
    export.write_text("client,secret\nbilling,db-password\nscout,\n", encoding="utf-8")
    reading = acme_vault.SOURCE.read(
        Request([export], taken_at=pd.Timestamp("2026-08-01", tz="UTC"))
    )
    checked = {
        element: conform(rows.assign(source="acme_vault", scope=reading.scope), element)
        for element, rows in reading.rows.items()
    }
    assert list(checked[SERVICE_ACCOUNT].frame["id"]) == ["billing", "scout"]
    assert list(checked[RESOURCE].rejected["place"]) == ["line 3"]
    grants = checked[CAN_ACCESS]
    assert list(grants.frame["source_id"]) == ["billing"]
    assert list(grants.rejected["place"]) == ["line 3"]


def test_the_example_source_asks_for_the_date_it_lacks(acme_vault: ModuleType) -> None:
    with pytest.raises(InputRefused, match="taken-at"):
        acme_vault.SOURCE.read(Request([Path("access.csv")]))
