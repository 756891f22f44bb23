"""The gate on the command line: exit codes, nothing written, and the recipes of its page."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import trustdebt
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import ROOT, Run
from tests.support.estates.planned_agents import MODEST, but, house, written

PAGE = (ROOT / "docs" / "gate.md").read_text()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate") / "store"
    ingest(ParquetStore(folder), [house().job()])
    return folder


@pytest.fixture
def gate(store: Path, cli: Run, tmp_path: Path):
    def ask(manifest: object, *more: object, name: str = "agent.json"):
        return cli("gate", written(tmp_path, manifest, name), *more, "--json", "--store", store)

    return ask


VERDICTS = [
    (MODEST, 0, "pass"),
    (but(owners={}), 1, "blocked"),
    (but(access=[{"role": "none"}]), 2, "unknown"),
]


@pytest.mark.parametrize(("manifest", "code", "verdict"), VERDICTS, ids=["pass", "no", "unknown"])
def test_the_exit_code_is_the_verdict(gate, manifest, code, verdict) -> None:
    answer = gate(manifest)
    assert (answer.code, answer.err) == (code, "")
    result = answer.document["result"]
    assert (result["verdict"], result["agent"]) == (verdict, "close-bot")
    assert {"check", "verdict", "why", "fix"} == set(result["checks"][0])
    assert set(result["predicted"]) >= {"reach", "debt_per_day", "paths_to_jewels"}


def test_a_refused_file_is_an_error_with_its_place(gate) -> None:
    error = gate({"agent": {"nme": "x"}}).refused(3)
    assert error["place"].endswith("agent.json, /agent/nme")


@pytest.mark.parametrize("policy", ["[reach]\nwieght = 3", "[reach]\nweighted = 'much'", "x = ["])
def test_a_wrong_policy_is_refused_with_its_place(gate, tmp_path, policy) -> None:
    (tmp_path / "policy.toml").write_text(policy)
    assert "policy.toml" in gate(MODEST, "--policy", tmp_path / "policy.toml").refused(3)["place"]


def test_a_missing_file_is_refused(cli, store, tmp_path) -> None:
    cli("gate", tmp_path / "none.toml", "--store", store, "--json").refused(3)


def test_it_is_drawn_for_people(cli, store, tmp_path) -> None:
    path = written(tmp_path, but(access=[{"role": "keeper"}]))
    answer = cli("gate", path, "--store", store)
    assert answer.code == 1
    assert "blocked" in answer.out
    assert "ledger" in answer.out


def test_hostile_names_do_not_act_on_a_terminal(cli, store, tmp_path) -> None:
    agent = {**MODEST["agent"], "name": "evil\x1b[31m\x07", "purpose": "\x1b]0;x\x07"}
    (tmp_path / "a.json").write_text(json.dumps(but(agent=agent, owners={"business": "\x1b[2J"})))
    answer = cli("gate", tmp_path / "a.json", "--store", store)
    assert "\x1b" not in answer.out + answer.err
    assert "\x07" not in answer.out + answer.err


def test_of_several_files_the_worst_verdict_counts(cli, store, tmp_path) -> None:
    paths = [written(tmp_path, m, f"{n}.json") for n, (m, _, _) in enumerate(VERDICTS)]
    answer = cli("gate", *paths, "--store", store, "--json")
    assert answer.code == 1
    agents = answer.document["result"]["agents"]
    assert [agent["verdict"] for agent in agents] == ["pass", "blocked", "unknown"]
    assert cli("gate", paths[0], paths[2], "--store", store, "--json").code == 2


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.parent.rglob("*"))
        if path.is_file() and path.is_relative_to(folder)
    }


def test_nothing_is_written(gate, store, cli) -> None:
    """Neither into the store nor into the journal beside it."""
    before = bytes_of(store), sorted(store.parent.iterdir())
    for manifest, _, _ in VERDICTS:
        gate(manifest)
    gate([1])
    assert (bytes_of(store), sorted(store.parent.iterdir())) == before
    cli("show", "close-bot", "--store", store, "--json").refused(2)


# -- the recipes of docs/gate.md -----------------------------------------------------------------


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def repository(tmp_path: Path, store: Path) -> Path:
    """Make a git repository with the command on the path, and a branch to merge into."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "repository"
    (folder / "agents").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "trustdebt"
    program = shlex.join([sys.executable, str(ROOT / "trustdebt.py")])
    command.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    command.chmod(0o755)
    git(folder, "init", "-q", "-b", "main")
    (folder / "README").write_text("agents\n")
    commit(folder, "begin")
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(folder, "checkout", "-q", "-b", "change")
    return folder


def git(folder: Path, *words: str) -> str:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def run(words: list[str], folder: Path, store: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    env["PATH"] = f"{folder.parent / 'bin'}{os.pathsep}{env['PATH']}"
    env |= {"TRUSTDEBT_STORE": str(store), "GITHUB_BASE_REF": "main"}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def hook(folder: Path, store: Path) -> int:
    """Run the hook on what is staged, as pre-commit does: its entry, and the files it is for."""
    (block,) = [text for text in blocks("yaml") if text.startswith("repos:")]
    ((entry,),) = [repo["hooks"] for repo in yaml.safe_load(block)["repos"]]
    assert (entry["language"], entry["require_serial"]) == ("system", True)
    staged = git(folder, "diff", "--staged", "--name-only", "--diff-filter=ACMRTUXB").split()
    files = [name for name in staged if re.search(entry["files"], name)]
    return run([*shlex.split(entry["entry"]), *files], folder, store).returncode if files else 0


def test_the_hook_lets_a_modest_agent_pass_and_no_other(repository: Path, store: Path) -> None:
    (repository / "other.json").write_text("{}")
    git(repository, "add", "-A")
    assert hook(repository, store) == 0
    written(repository / "agents", MODEST, "close-bot.json")
    git(repository, "add", "-A")
    assert hook(repository, store) == 0
    written(repository / "agents", but(owners={}), "close-bot.json")
    written(repository / "agents", MODEST, "second.json")
    git(repository, "add", "-A")
    assert hook(repository, store) == 1


def recipe(folder: Path, store: Path) -> int:
    """Run the line of the workflow as a runner does."""
    (block,) = [text for text in blocks("yaml") if text.startswith("name: gate")]
    steps = yaml.safe_load(block)["jobs"]["gate"]["steps"]
    (script,) = [step["run"] for step in steps if "run" in step]
    path = folder.parent / "step.sh"
    path.write_text(script)
    return run(["bash", "-e", str(path)], folder, store).returncode


def test_the_workflow_judges_what_a_change_adds(repository: Path, store: Path) -> None:
    assert recipe(repository, store) == 0
    written(repository / "agents", MODEST, "close-bot.json")
    commit(repository, "an agent")
    assert recipe(repository, store) == 0
    written(repository / "agents", but(access=[{"role": "none"}]), "second bot.json")
    commit(repository, "another")
    assert recipe(repository, store) == 2


def test_the_manifest_of_the_page_is_one(cli, store, tmp_path) -> None:
    (text,) = [block for block in blocks("toml") if block.startswith("[agent]")]
    (tmp_path / "close-bot.toml").write_text(text)
    answer = cli("gate", tmp_path / "close-bot.toml", "--store", store, "--json")
    assert answer.code in (1, 2)
    assert answer.document["result"]["agent"] == "close-bot"


def test_the_page_names_every_line_of_the_policy_and_its_value() -> None:
    from analytics.remediation.gate.policy import READERS, SHIPPED
    from graph.files.toml import read_toml

    shipped = read_toml(SHIPPED)
    for table, readers in READERS.items():
        assert set(shipped[table]) == set(readers)
        for name in readers:
            value = json.dumps(shipped[table][name])
            assert f"| `{table}.{name}` | `{value}` |" in PAGE


def test_the_page_names_every_check() -> None:
    from analytics.remediation.gate.checks import all_checks

    assert re.findall(r"^\| `(\w+)` \| (?!`|\")", PAGE, re.MULTILINE) == list(all_checks())


def test_the_command_is_one_of_the_program() -> None:
    assert "gate" in {command.name for command in trustdebt.app.registered_commands}
