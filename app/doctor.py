"""What is set up on this machine and what is not, each with the way to mend it.

What is wrong keeps answers from being right or from being there. What is not set up is needed by
some uses only.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.clock import now
from app.freshness import age_words, day_words
from app.wording import counted
from graph.files.regular import InputRefused
from graph.files.toml import read_toml
from graph.journal.file import journal_path
from graph.journal.journal import journal_of
from graph.stores import (
    DEFAULT,
    SnapshotInfo,
    StoreDamaged,
    StoreEmpty,
    StoreError,
    is_database,
    open_store,
)
from graph.values import iso

OK, NOT_SET_UP, WRONG = "ok", "not set up", "wrong"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge", "firefox")
OLD_DAYS = 30  # facts older than this are told
GIB = 1 << 30
LITTLE, SCARCE = 2 * GIB, GIB // 4  # bytes free, below which there is a word of warning; a fault
JAVA_SECONDS = 10
JAVA_VERSION = re.compile(r'version "([^"]{1,40})"')


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its state, in detail, and how to mend it."""

    check: str
    state: str
    detail: str
    mend: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """All checks; `ready` if none of them is wrong."""

    ready: bool
    checks: tuple[Check, ...]


def diagnose(store: str | None = None) -> Diagnosis:
    """Look at all that answers need, and at what only some uses need."""
    uri = store or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    checks = tuple(check(uri) for check in CHECKS)
    return Diagnosis(all(check.state != WRONG for check in checks), checks)


def _store(uri: str) -> Check:
    """Read the current snapshot, which compares it with what was published."""
    try:
        with closing(open_store(uri)) as opened:
            info, _ = opened.read(None)
            known = len(opened.snapshots())
    except StoreEmpty as error:
        return Check("store", NOT_SET_UP, str(error), "trustdebt demo, or trustdebt ingest")
    except StoreDamaged as error:
        mend = "put a copy of the whole store back, or ingest again into a new one"
        return Check("store", WRONG, str(error), mend)
    except StoreError as error:
        mend = "check --store or TRUSTDEBT_STORE, and that the server runs"
        return Check("store", WRONG, str(error), mend)
    newest = f"the newest of {day_words(iso(info.taken_at))}"
    return Check("store", OK, f"{counted(known, 'snapshot')}, {newest}")


def _age(uri: str) -> Check:
    info = _current(uri)
    if info is None:
        return Check("age of data", NOT_SET_UP, "nothing was read yet", "trustdebt ingest")
    days = max((now() - info.taken_at).days, 0)
    detail = f"the newest facts are {age_words(days)}"
    if days > OLD_DAYS:
        return Check("age of data", NOT_SET_UP, detail, "export the sources again and ingest them")
    return Check("age of data", OK, detail)


def _current(uri: str) -> SnapshotInfo | None:
    try:
        with closing(open_store(uri)) as opened:
            return opened.current()
    except StoreError:
        return None


def _journal(uri: str) -> Check:
    """Read every entry, which follows the chain of their hashes."""
    try:
        entries = journal_of(uri).entries()
    except StoreError as error:
        return Check("journal", WRONG, str(error), "put a copy of the whole store back")
    path = journal_path(uri)
    if not path.exists():
        return Check("journal", OK, "nothing was decided yet; the first decision makes the file")
    if not os.access(path, os.W_OK):
        mend = "let the user who runs trustdebt write it"
        return Check("journal", WRONG, f"{path} cannot be written", mend)
    return Check("journal", OK, f"{counted(len(entries), 'entry', 'entries')}, the chain is whole")


def _sign_in(_: str) -> Check:
    named = os.environ.get("TRUSTDEBT_SIGN_IN")
    if named is None:
        detail = "nobody signs in: the app serves this machine only"
        return Check("sign-in", NOT_SET_UP, detail, "trustdebt app --sign-in FILE, for a team")
    try:
        read_toml(Path(named))
    except InputRefused as error:
        return Check("sign-in", WRONG, str(error), "mend the file that TRUSTDEBT_SIGN_IN names")
    return Check("sign-in", OK, f"people sign in as {named} says")


def _neo4j(uri: str) -> Check:
    if importlib.util.find_spec("neo4j") is None:
        return Check("neo4j", WRONG, "the driver is not installed", "install trustdebt again")
    if not is_database(uri):
        detail = "not in use: the store is a folder, which needs no server"
        return Check("neo4j", NOT_SET_UP, detail, "make neo4j, then --store bolt://127.0.0.1:7687")
    state = _store(uri)
    if state.state == WRONG:
        return Check("neo4j", WRONG, state.detail, state.mend)
    return Check("neo4j", OK, "the server answers")


def _java(_: str) -> Check:
    mend = "install Java 17 or later; only the usage fold on Spark and a local Neo4j need it"
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=f"{home}/bin" if home else None) or shutil.which("java")
    if program is None:
        return Check("java", NOT_SET_UP, "there is no java", mend)
    try:
        done = subprocess.run(  # noqa: S603 - no shell
            [program, "-version"],
            capture_output=True,
            text=True,
            timeout=JAVA_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Check("java", NOT_SET_UP, f"{program} does not start", mend)
    version = JAVA_VERSION.search(done.stderr + done.stdout)
    if done.returncode or version is None:
        return Check("java", NOT_SET_UP, f"{program} does not start", mend)
    return Check("java", OK, f"Java {version[1]}")


def _browser(_: str) -> Check:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        mend = "the app opens in a browser of any machine that reaches it; make browser for tests"
        return Check("browser", NOT_SET_UP, "no browser is installed here", mend)
    return Check("browser", OK, Path(program).name)


def _space(uri: str) -> Check:
    folder = (Path.cwd() if is_database(uri) else Path(uri)).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / GIB:,.1f} GiB free beside the store"
    if free < SCARCE:
        return Check("free space", WRONG, detail, "make room, or keep fewer: ingest --keep N")
    if free < LITTLE:
        return Check("free space", OK, f"{detail}, which is little", "ingest --keep N keeps fewer")
    return Check("free space", OK, detail)


CHECKS: tuple[Callable[[str], Check], ...] = (
    _store,
    _age,
    _journal,
    _sign_in,
    _neo4j,
    _java,
    _browser,
    _space,
)
