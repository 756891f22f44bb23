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
from app.sign_in import VARIABLE as SIGN_IN
from app.sign_in import read_sign_in
from app.wording import counted
from graph.files.regular import InputRefused
from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.machine.addresses import names_a_bucket
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


@dataclass(frozen=True)
class _Look:
    """The address of the store and what reading it gave: its snapshots, or why there are none."""

    uri: str
    info: SnapshotInfo | None = None
    snapshots: int = 0
    error: StoreError | None = None


def diagnose(store: str | None = None) -> Diagnosis:
    """Look at all that answers need, and at what only some uses need."""
    look = _look(store or os.environ.get("TRUSTDEBT_STORE") or DEFAULT)
    checks = tuple(check(look) for check in CHECKS)
    return Diagnosis(all(check.state != WRONG for check in checks), checks)


def _look(uri: str) -> _Look:
    """Read the current snapshot, which compares it with what was published."""
    try:
        with closing(open_store(uri)) as opened:
            info, _ = opened.read(None)
            return _Look(uri, info, len(opened.snapshots()))
    except StoreError as error:
        return _Look(uri, error=error)


def _store(look: _Look) -> Check:
    error = look.error
    if isinstance(error, StoreEmpty):
        return Check("store", NOT_SET_UP, str(error), "trustdebt demo, or trustdebt ingest")
    if isinstance(error, StoreDamaged):
        mend = "put a copy of the whole store back, or ingest again into a new one"
        return Check("store", WRONG, str(error), mend)
    if look.info is None:
        mend = "check --store or TRUSTDEBT_STORE, and that the server runs"
        return Check("store", WRONG, str(error), mend)
    newest = f"the newest of {day_words(iso(look.info.taken_at))}"
    return Check("store", OK, f"{counted(look.snapshots, 'snapshot')}, {newest}")


def _age(look: _Look) -> Check:
    if look.info is None:
        if not isinstance(look.error, StoreEmpty):
            detail = "not known: the store cannot be read"
            return Check("age of data", NOT_SET_UP, detail, "mend the store first")
        return Check("age of data", NOT_SET_UP, "nothing was read yet", "trustdebt ingest")
    days = max((now() - look.info.taken_at).days, 0)
    detail = f"the newest facts are {age_words(days)}"
    if days > OLD_DAYS:
        return Check("age of data", NOT_SET_UP, detail, "export the sources again and ingest them")
    return Check("age of data", OK, detail)


def _journal(look: _Look) -> Check:
    """Read every entry, which follows the chain of their hashes."""
    try:
        entries = journal_of(look.uri).entries()
    except StoreError as error:
        return Check("journal", WRONG, str(error), "put a copy of the whole store back")
    path = journal_path(look.uri)
    if not path.exists():
        return Check("journal", OK, "nothing was decided yet; the first decision makes the file")
    if isinstance(path, Path) and not os.access(path, os.W_OK):
        mend = "let the user who runs trustdebt write it"
        return Check("journal", WRONG, f"{path} cannot be written", mend)
    return Check("journal", OK, f"{counted(len(entries), 'entry', 'entries')}, the chain is whole")


def _sign_in(_: _Look) -> Check:
    named = os.environ.get(SIGN_IN)
    if named is None:
        detail = "nobody signs in: the app serves this machine only"
        return Check("sign-in", NOT_SET_UP, detail, "trustdebt app --sign-in FILE, for a team")
    try:
        read_sign_in(Path(named))
    except InputRefused as error:
        return Check("sign-in", WRONG, str(error), f"mend the file that {SIGN_IN} names")
    return Check("sign-in", OK, f"people sign in as {named} says")


def _neo4j(look: _Look) -> Check:
    if importlib.util.find_spec("neo4j") is None:
        return Check("neo4j", WRONG, "the driver is not installed", "install trustdebt again")
    if not is_database(look.uri) or names_a_bucket(look.uri):
        kind = "in a bucket" if names_a_bucket(look.uri) else "a folder, which needs no server"
        detail = f"not in use: the store is {kind}"
        return Check("neo4j", NOT_SET_UP, detail, "make neo4j, then --store bolt://127.0.0.1:7687")
    state = _store(look)
    if state.state == WRONG:
        return Check("neo4j", WRONG, state.detail, state.mend)
    return Check("neo4j", OK, "the server answers")


def _java(_: _Look) -> Check:
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


def _browser(_: _Look) -> Check:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        mend = "the app opens in a browser of any machine that reaches it; make browser for tests"
        return Check("browser", NOT_SET_UP, "no browser is installed here", mend)
    return Check("browser", OK, Path(program).name)


def _space(look: _Look) -> Check:
    folder = (Path.cwd() if is_database(look.uri) else Path(look.uri)).absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    detail = f"{free / GIB:,.1f} GiB free beside the store"
    if free < SCARCE:
        return Check("free space", WRONG, detail, "make room, or keep fewer: ingest --keep N")
    if free < LITTLE:
        return Check("free space", OK, f"{detail}, which is little", "ingest --keep N keeps fewer")
    return Check("free space", OK, detail)


CHECKS: tuple[Callable[[_Look], Check], ...] = (
    _store,
    _age,
    _journal,
    _sign_in,
    _neo4j,
    _java,
    _browser,
    _space,
)
