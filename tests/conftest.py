"""What all tests share: steady random runs, a clean environment, real exports, and their order."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from _pytest.doctest import DoctestModule
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
STAGES = ("unit", "property", "integration", "real exports", "e2e", "notebooks")
NOTEBOOK = "test_notebook"  # how the files of the last stage begin
NEO4J = "neo4j"  # in the names of tests that need a server, or they take one of these fixtures:
SERVERS = ("neo4j_uri", "neo4j_2026_uri", "empty_neo4j")
NO_NEO4J = "no Neo4j: "  # how tests/integration/conftest.py begins its reason to skip
MEMORY = 8 << 30  # bytes of a file system in memory, of which a run takes a small part
KEPT = ("TRUSTDEBT_TEST_", "TRUSTDEBT_REAL_DATA")
DRAWN = "_hypothesis_internal_use_settings"  # where hypothesis keeps the settings of a test

# The share of the examples of each property test that is drawn, always the same ones. A run that
# searches for more sets TRUSTDEBT_TEST_EXAMPLES: that many times all of them, new ones each time.
STEADY = 0.1
FEW = 5  # examples that are never cut
SEARCH = os.environ.get("TRUSTDEBT_TEST_EXAMPLES")
# One failure is enough: the search for a second one, in a small space, may go round for ever.
hypothesis.settings.register_profile(
    "steady", deadline=None, derandomize=SEARCH is None, report_multiple_bugs=False
)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _own_settings_left_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tester's own TRUSTDEBT_* settings, such as a store, out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        for name in os.environ:
            if name.startswith("TRUSTDEBT_") and not name.startswith(KEPT):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _main_program_kept() -> Iterator[None]:
    """Put the main module back: an AppTest leaves its own, which forked processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Find the folder of real exports: TRUSTDEBT_REAL_DATA, or ../shared/data beside the clone."""
    folder = Path(os.environ.get("TRUSTDEBT_REAL_DATA", ROOT / ".." / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real exports at {folder}; TRUSTDEBT_REAL_DATA names another folder")
    return folder


def stage(item: pytest.Item) -> str:
    """Name the stage that a test belongs to; doctests belong to the first."""
    if item.path.name.startswith(NOTEBOOK):
        return "notebooks"
    if "real_data" in getattr(item, "fixturenames", ()):
        return "real exports"
    folders = item.path.relative_to(ROOT).parts
    return folders[1] if folders[0] == "tests" and folders[1] in STAGES else "unit"


class Neo4jTogether(LoadFileScheduling):
    """Keeps the tests of a file in one process, and all that need a Neo4j in another one.

    Each process starts servers of its own, which costs more than most tests. Notebooks take long,
    share nothing and come last, so they go to whichever process is free.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if Path(file).name.startswith(NOTEBOOK):
            return nodeid
        return NEO4J if NEO4J in nodeid or _needs_neo4j(file) else file


@cache
def _needs_neo4j(file: str) -> bool:
    text = (ROOT / file).read_text(encoding="utf-8") if file.endswith(".py") else ""
    return any(fixture in text for fixture in SERVERS)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Neo4jTogether | None:
    """Share out the tests of `--dist loadfile`."""
    return Neo4jTogether(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[Any], list[Any]]:
    """Look for examples in docstrings only where there are any: to search a module takes long."""
    made = yield
    without = file_path.suffix == ".py" and b">>>" not in file_path.read_bytes()
    return [one for one in made if not (without and isinstance(one, DoctestModule))]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the quick stages first, whatever order the files were named in."""
    items.sort(key=lambda item: STAGES.index(stage(item)))
    for test in {getattr(item, "obj", None) for item in items}:  # one for all its parameters
        _draw(test, float(SEARCH or STEADY))


def _draw(test: object, share: float) -> None:
    """Set how many examples a property test draws; other tests have no such settings."""
    settings = getattr(test, DRAWN, None)
    if settings is not None:
        count = max(min(FEW, settings.max_examples), round(settings.max_examples * share))
        setattr(test, DRAWN, hypothesis.settings(settings, max_examples=count))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect garbage rarely, and what a stage leaves never again: see `Stages`."""
    gc.set_threshold(20_000, 20, 50)
    session.config.pluginmanager.register(Stages())


class Stages:
    """Leaves what lives when a stage begins out of garbage collection: each would walk it again.

    Some tests collect on purpose, and pages do after each snapshot that they forget.
    """

    def __init__(self) -> None:
        self.begun: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Set aside what lives before the first test of a stage."""
        if (name := stage(item)) not in self.begun:
            self.begun.add(name)
            gc.collect()
            gc.freeze()


class Headings:
    """Says where a stage begins."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.begun: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Write the heading before the first test of a stage."""
        name = stage(item)
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if name not in self.begun and reporter is not None:
            self.begun.add(name)
            reporter.write_sep("-", name)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud what no test could try on Neo4j; the reports come from every process."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    told = (text.partition(NO_NEO4J)[2].rstrip("')") for text in skipped if NO_NEO4J in text)
    if reasons := "; ".join(dict.fromkeys(told)):
        terminalreporter.write_line(f"NOT TESTED ON NEO4J: {reasons}", red=True, bold=True)


def _write_to_memory() -> None:
    """Keep what tests write in memory, where it fits: a store flushes every file to the disk."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
        folder = tempfile.mkdtemp(prefix="trustdebt-tests-", dir=memory)
        # After the folders of multiprocessing in it (-100), which are removed at exit.
        Finalize(None, shutil.rmtree, (folder,), {"ignore_errors": True}, exitpriority=-200)
        os.environ["TMPDIR"] = tempfile.tempdir = folder


def pytest_configure(config: pytest.Config) -> None:
    """Write headings where one process runs all tests, and end cleanly when told to."""
    if hasattr(config, "workerinput"):
        return
    _write_to_memory()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not config.getoption("numprocesses", None):
        config.pluginmanager.register(Headings(config))
