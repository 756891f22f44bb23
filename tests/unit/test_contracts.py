"""The import contracts of pyproject.toml hold, and each one fails when it is broken."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("ingest", "graph", "analytics", "app")
FLOW = "ingest -> graph <- analytics <- app"
ORDER = "analytics, from answers down to reach"
APART = "The pages and the command line do not see each other"
ALONE = "A rule, a measure, a check or a form is no library"
ENGINES = "Only the engines of policies speak to Cedar and Rego"
PAGES = "Only the pages use Streamlit"
BREACHES = [
    (FLOW, "graph", "import ingest.source"),
    (FLOW, "graph", "import analytics"),
    (FLOW, "graph", "import app"),
    (FLOW, "ingest", "import analytics"),
    (FLOW, "ingest", "import app"),
    (FLOW, "analytics", "import ingest.source"),
    (FLOW, "analytics", "import app"),
    (ORDER, "analytics/figures", "import analytics.answers.debt"),
    (ORDER, "analytics/reach", "import analytics.posture"),
    (ORDER, "analytics/assumptions", "import analytics.findings.rule"),
    (ORDER, "analytics", ""),  # nothing new without a place in the order
    (APART, "app/web/views", "import app.cli.output.tables"),
    (APART, "app/cli/commands", "from app.web import tables"),
    (ALONE, "analytics/findings/rules", "import analytics.findings.rules.unused_grant"),
    (ALONE, "analytics/figures/measures", "import analytics.findings.rules.unused_grant"),
    (ALONE, "analytics/figures", "import analytics.figures.measures.principal"),
    (PAGES, "app/cli", "import streamlit"),
    (PAGES, "app", "import streamlit"),
    ("The app reads the store; it does not run ingest jobs", "app", "import ingest.source"),
    ("Only the Neo4j store speaks to Neo4j", "graph/stores", "from neo4j import GraphDatabase"),
    ("Only the Neo4j store speaks to Neo4j", "app", "import neo4j"),
    (ORDER, "analytics/policies", "import analytics.remediation.cut"),
    ("Only the engines of policies speak to Cedar and Rego", "app", "import cedarpy"),
    (
        "Only the engines of policies speak to Cedar and Rego",
        "analytics/policies",
        "import cedarpy",
    ),
    ("Only the app draws", "analytics", "import streamlit"),
    ("Only the app draws", "graph", "import streamlit"),
    ("Only the app draws", "ingest", "from rich.console import Console"),
    ("Nothing imports the command line", "app", "import trustdebt"),
]


def copied(to: Path) -> Path:
    """Copy what the contracts speak of."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def lint_imports(tree: Path) -> tuple[int, str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_tree_keeps_every_contract(tmp_path: Path) -> None:
    code, said = lint_imports(copied(tmp_path))
    assert code == 0, said
    assert said.count(" KEPT") == len(contracts())


def intruder(place: int) -> str:
    return f"intruder_{place}_"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what is said of each contract where all breaches are in one tree."""
    tree = copied(tmp_path_factory.mktemp("broken"))
    for place, (_, folder, line) in enumerate(BREACHES):
        (tree / folder / f"{intruder(place)}.py").write_text(line + "\n", encoding="utf-8")
    code, said = lint_imports(tree)
    assert code == 1
    details = said.partition("Broken contracts")[2]
    broken = [name for name in contracts() if f"{name} BROKEN" in said]
    places = sorted((details.index(f"\n{name}\n---"), name) for name in broken)
    ends = [*(start for start, _ in places[1:]), len(details)]
    return {name: details[at:end] for (at, name), end in zip(places, ends, strict=True)}


@pytest.mark.parametrize(
    "place", range(len(BREACHES)), ids=[f"{c}-{f}-{x}" for c, f, x in BREACHES]
)
def test_a_breach_is_found(broken: dict[str, str], place: int) -> None:
    contract, folder, _ = BREACHES[place]
    assert contract in broken
    assert f"{folder.replace('/', '.')}.{intruder(place)}" in broken[contract]


def test_every_contract_is_shown_to_fail() -> None:
    assert {contract for contract, _, _ in BREACHES} == set(contracts())


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [c["name"] for c in settings["tool"]["importlinter"]["contracts"]]
