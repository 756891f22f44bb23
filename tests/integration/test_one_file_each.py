"""One file adds a source, a rule, a measure, a page or a question, and nothing else changes.

The files are those that CONTRIBUTING.md shows, put into a copy of the tree. There `make docs`
writes its pages, the checkers pass, the suites that ask a registry pass, and each thing works.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILES = dict(SHOWN.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
CACHES = (".mypy_cache", ".ruff_cache")  # with compiled code: what is not new is not done again
MADE = re.compile(r"\$\(call made,([\w.]+),([\w./]+)\)")  # in the Makefile
CHECKERS = (
    ("ruff", "check", "--quiet"),
    ("ruff", "format", "--check", "--quiet"),
    ("mypy", *FILES),  # nothing imports them: the others are as they were
    ("lint-imports", "--no-logo"),
)
SUITES = (  # those that ask a registry what there is; of the slow ones, what they ask of the new
    "tests/unit/test_discovery.py",
    "tests/unit/test_map.py",
    "tests/unit/test_project.py",
    "tests/unit/analytics/findings/test_reference.py",
    "tests/unit/analytics/findings/test_rule_facts.py",
    "tests/unit/analytics/figures/test_frameworks.py",
    "tests/unit/analytics/runtime/test_faults.py::"
    "test_a_measure_that_fails_is_not_measured[agent_share]",
    "tests/property/ingest/job/test_merge_logs.py::test_what_other_sources_read_is_still_replaced",
    "tests/unit/app/test_wording.py",
    "tests/unit/app/web/search/test_finder.py",
    "tests/unit/app/web/test_debt_figures.py::test_every_figure_leads_to_its_rows",
    "tests/integration/test_source_examples.py",
    "tests/integration/test_cli.py::test_an_answer_is_one_document_in_an_envelope[kinds]",
    "tests/integration/test_cli.py::test_an_answer_can_be_drawn[kinds]",
    "tests/integration/test_cli_options.py::test_every_command_is_asked_here",
    "tests/integration/test_cli_options.py::test_limit_cuts_or_is_refused[kinds]",
    "tests/integration/test_planted_defects.py::test_a_rule_is_planted_somewhere[TMP-01]",
    "tests/e2e/test_pages.py::test_every_page_draws[kinds]",
)
PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
ASKS = [
    [*words, "--json"]
    for words in (
        ("sources",),
        ("identities",),
        ("findings", "--rule", "TMP-01"),
        ("kpis",),
        ("kinds",),
    )
]
EXPORT = "client,secret\ntmp-billing,db-password\nscout,db-password\n"
MADE_ANEW = """
import contextlib, io, runpy, sys
from pathlib import Path
for module, page in zip(sys.argv[1::2], sys.argv[2::2]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_module(module, run_name="__main__")
    Path(page).write_text(out.getvalue(), encoding="utf-8")
"""
ASKED = """
import contextlib, io, json, sys, traceback
import trustdebt
done = []
for asked in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = trustdebt.main(asked) if isinstance(asked, list) else exec(asked, {})
        except BaseException:
            traceback.print_exc()
            code = -1
    done.append((code or 0, out.getvalue(), err.getvalue()))
print(json.dumps(done))
"""
DRAWN = """
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash
test = AppTest.from_file("app/web/main.py", default_timeout=60)
test._page_hash = calc_hash("kinds")
test.run()
assert not test.exception, test.exception
print(test.title[0].value, *test.dataframe[0].value.itertuples(index=False, name=None), sep="\\n")
"""


UPLOADED = """
import io
from pathlib import Path
import pandas as pd
from ingest.source import Request
from ingest.sources import all_sources
from ingest.upload.layout import Order, lay_out
source, sent = all_sources()["acme_vault"], Path("access.csv").read_bytes()
order = Order("acme_vault", "", "", "", Path("x"), (("access.csv", len(sent)),))
Path("uploaded").mkdir()
laid = lay_out(order, io.BytesIO(sent), source.upload, Path("uploaded"))
request = Request(laid.paths, None, pd.Timestamp("2026", tz="UTC"))
rows = laid.named(source).read(request).rows
print(*sorted({file for frame in rows.values() for file in frame["_file"]}))
"""


def run(tree: Path, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in a copy of the tree, with its code."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    program = Path(sys.executable).with_name(str(words[0]))
    return subprocess.run(
        [program, *map(str, words[1:])],
        cwd=tree,
        env=clean | {"PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1"} | env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def copied(folder: Path) -> Path:
    """Copy what git keeps or would keep, with the caches of the checkers."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: which files belong to the project is not known")
    command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    compiled = (path.relative_to(ROOT) for path in (ROOT / "analytics").rglob("__pycache__"))
    for name in (*CACHES, *compiled):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
    return folder


def write_docs(tree: Path) -> None:
    """Write the pages that `make docs` writes."""
    made = MADE.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    assert made
    done = run(tree, "python", "-c", MADE_ANEW, *(word for one in made for word in one))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tree, and add each file that CONTRIBUTING.md shows."""
    folder = copied(tmp_path_factory.mktemp("tree"))
    for name, text in FILES.items():
        assert not (folder / name).exists()
        (folder / name).write_text(text, encoding="utf-8")
    write_docs(folder)
    return folder


@pytest.fixture(scope="module")
def answers(tree: Path) -> dict[str, str]:
    """Ingest an export of the new source, and ask of it: one process of the copy does it all."""
    (tree / "access.csv").write_text(EXPORT, encoding="utf-8")
    words = ("acme_vault", "access.csv", "--taken-at", "2026-08-01T00:00:00Z")
    lines = [["ingest", *words], *ASKS, ["kinds"], DRAWN, UPLOADED]
    env = {"TRUSTDEBT_STORE": str(tree / "store")}
    done = run(tree, "python", "-c", ASKED, json.dumps(lines), **env)
    assert done.returncode == 0, done.stderr
    said = {}
    for line, (code, out, err) in zip(lines, json.loads(done.stdout), strict=True):
        assert code == 0, (line, out, err)
        said[line if isinstance(line, str) else " ".join(line)] = out
    return said


@pytest.fixture
def ask(answers: dict[str, str]) -> Callable[..., Any]:
    """Return the answer of a JSON document of the command line of the copy."""
    return lambda *words: json.loads(answers[" ".join((*words, "--json"))])["result"]


def test_contributing_shows_one_of_each() -> None:
    assert sorted(str(Path(name).parent) for name in FILES) == [
        "analytics/figures/measures",
        "analytics/findings/rules",
        "app/cli/commands",
        "app/web/views",
        "ingest/sources",
    ]


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda words: words[0])
def test_the_checkers_have_nothing_to_say(tree: Path, checker: tuple[str, ...]) -> None:
    done = run(tree, *checker)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_suites_that_ask_a_registry_pass(tree: Path) -> None:
    done = run(tree, *PYTEST, *SUITES, TRUSTDEBT_TEST_EXAMPLES="1")
    assert done.returncode == 0, done.stdout
    assert "NO EXAMPLES OF acme_vault" in done.stdout
    assert "NO DEFECT PLANTED FOR TMP-01" in done.stdout


def test_the_source_is_listed_and_its_export_is_read(ask: Callable[..., Any]) -> None:
    listed = {row["name"]: row for row in ask("sources")["sources"]}
    assert listed["acme_vault"]["declares"] == ["grants"]
    assert listed["acme_vault"]["upload"]["asks"] == ""
    assert {row["id"] for row in ask("identities")["identities"]} == {"scout", "tmp-billing"}


def test_the_source_takes_uploads(answers: dict[str, str]) -> None:
    assert answers[UPLOADED] == "access.csv\n"


def test_the_rule_finds_what_is_wrong(ask: Callable[..., Any]) -> None:
    rows = ask("findings", "--rule", "TMP-01")["findings"]
    assert [row["subject"]["id"] for row in rows] == ["tmp-billing"]
    assert rows[0]["sentence"] == "tmp-billing is temporary by its name, and still there."


def test_the_measure_is_a_figure(ask: Callable[..., Any]) -> None:
    (row,) = [row for row in ask("kpis")["kpis"] if row["name"] == "agent_share"]
    assert (row["value"], row["numerator"], row["denominator"]) == (0.0, 0, 2)


def test_the_page_draws(answers: dict[str, str]) -> None:
    title, *rows = answers[DRAWN].splitlines()
    assert title == "Kinds"
    assert sorted(rows) == ["('resource', 1)", "('service account', 2)"]


def test_the_question_answers_as_json_and_as_a_table(
    ask: Callable[..., Any], answers: dict[str, str]
) -> None:
    rows = {row["label"]: row["count"] for row in ask("kinds")["kinds"]}
    assert rows == {"ServiceAccount": 2, "Resource": 1}
    assert re.search(r"kind \W+ known", answers["kinds"]), answers["kinds"]
    assert re.search(r"ServiceAccount \W+ 2", answers["kinds"]), answers["kinds"]


FAULTS = {  # by file: what is right, what is written instead, and the suite that notices
    "ingest/sources/acme_vault.py": (
        '"acme_vault"',
        '"acme"',
        "tests/unit/test_discovery.py",
    ),
    "analytics/findings/rules/temporary_name.py": (
        '"TMP-01"',
        '"OWN-01"',
        "tests/unit/analytics/findings/test_reference.py",
    ),
    "analytics/figures/measures/agent_share.py": (
        '"trustdebt identities"',
        '"trustdebt agents"',
        "tests/unit/app/web/test_debt_figures.py",
    ),
    "app/web/views/kinds.py": (
        "counts.array",
        "counts.known",
        "tests/e2e/test_pages.py",
    ),
    "app/cli/commands/kinds.py": (
        "int(count)",
        "count / 0",
        "tests/integration/test_cli.py",
    ),
}


def test_a_file_with_a_fault_is_noticed(tree: Path) -> None:
    """The twin, with a fault in each: the suites that passed above fail."""
    assert FAULTS.keys() == FILES.keys()
    suites = [suite for suite in SUITES if suite.startswith(tuple(s for *_, s in FAULTS.values()))]
    for file, (right, wrong, _) in FAULTS.items():
        assert right in FILES[file]
        (tree / file).write_text(FILES[file].replace(right, wrong), encoding="utf-8")
    try:
        done = run(tree, *PYTEST, *suites)
    finally:
        for file, text in FILES.items():
            (tree / file).write_text(text, encoding="utf-8")
    noticed = set(re.findall(r"^FAILED ([\w/.]+)", done.stdout, re.MULTILINE))
    assert noticed == {suite for *_, suite in FAULTS.values()}, done.stdout
