"""Nothing that lies in the working folder, or in a stranger's home, is run or believed."""

import contextlib
import http.client
import importlib.metadata
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from setuptools import build_meta

from app.isolation import isolated
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import ROOT, example

COMMAND = "import sys; sys.path.insert(0, {!r}); import trustdebt; sys.exit(trustdebt.main())"
OURS = ("app", "graph", "ingest", "analytics", "trustdebt", "sitecustomize", "usercustomize")
SETTINGS = "[server]\nenableCORS = false\nenableXsrfProtection = false\n[browser]\n"
EVIL = "http://evil.test"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "store"
    ingest(ParquetStore(folder), [example().job()])
    return folder


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """Make a folder with a module of every name there is, and with settings for our libraries."""
    folder, mark = tmp_path / "strange", tmp_path / "ran"
    (folder / ".streamlit").mkdir(parents=True)
    names = {*sys.stdlib_module_names, *importlib.metadata.packages_distributions(), *OURS}
    for name in filter(str.isidentifier, names):
        text = f"open({str(mark)!r}, 'a').write('{name} ')\nraise ImportError('stranger')\n"
        (folder / f"{name}.py").write_text(text)
    (folder / ".streamlit" / "config.toml").write_text(SETTINGS)
    (folder / ".numba_config.yaml").write_text(f"cache_dir: {tmp_path / 'kernels'}\n")
    return folder


def left(strange: Path) -> set[str]:
    """Return what ran or was obeyed: the mark of a module, the folder that the settings name."""
    return {one.name for one in strange.parent.iterdir()} & {"ran", "kernels"}


def run(strange: Path, words: Sequence[object], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words)],
        cwd=strange,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextlib.contextmanager
def served(command: Sequence[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Start the app in a folder that is also its home, and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("PORT", str(port)) for word in command]
    env = os.environ | {"HOME": str(folder), "TRUSTDEBT_STORE": str(folder / "none")}
    with subprocess.Popen(
        words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            end = time.monotonic() + 60
            while _status(port, "/_stcore/health", {}) != 200:
                assert process.poll() is None, "the app did not start"
                assert time.monotonic() < end, "the app does not answer"
                time.sleep(0.2)
            yield "127.0.0.1", port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _status(port: int, path: str, headers: dict[str, str], method: str = "GET") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def socket_from(port: int, origin: str) -> int:
    """Ask for the page's WebSocket as a page of another origin would; 101 is yes."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Origin": origin,
    }
    return _status(port, "/_stcore/stream", headers)


def upload_without_token(port: int) -> int:
    return _status(port, "/_stcore/upload_file/session/file", {}, "DELETE")


APP = [sys.executable, "-c", COMMAND.format(str(ROOT)), "app", "--port", "PORT"]
MAIN = str(ROOT / "app" / "web" / "main.py")
BARE = ["--server.address", "127.0.0.1", "--server.port", "PORT", "--server.headless", "true"]


def test_a_command_runs_nothing_of_the_working_folder(strange: Path, store: Path) -> None:
    words = [sys.executable, "-c", COMMAND.format(str(ROOT)), "findings", "--store", store]
    done = run(strange, words, HOME=str(strange))
    assert (done.returncode, done.stderr) == (0, "")
    assert left(strange) == set()


def test_without_the_defence_a_module_of_the_working_folder_runs(strange: Path) -> None:
    run(strange, [sys.executable, "-c", "import typer"])
    assert "ran" in left(strange)


def test_numba_would_obey_the_working_folder(strange: Path) -> None:
    for module in strange.glob("*.py"):
        module.unlink()
    told = run(strange, [sys.executable, "-c", "import numba; print(numba.config.CACHE_DIR)"])
    assert told.stdout == f"{strange.parent / 'kernels'}\n"


def test_a_worker_runs_nothing_of_the_working_folder(strange: Path, store: Path) -> None:
    """Whatever the environment says of where modules are to be found: no name, a dot, in full."""
    env = {
        "PYTHONPATH": os.pathsep.join(["", ".", str(strange)]),
        "PYTHONSTARTUP": str(strange / "app.py"),
    }
    done = run(strange, isolated("trustdebt", "identities", "--store", str(store)), **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert left(strange) == set()


def test_the_app_runs_nothing_of_the_working_folder(strange: Path) -> None:
    with served(APP, strange) as (_, port):
        assert socket_from(port, EVIL) == 403
        assert socket_from(port, f"http://127.0.0.1:{port}") == 101
        assert socket_from(port, f"http://127.0.0.1:{port + 1}") == 403
        assert upload_without_token(port) == 403
        assert _status(port, "/_stcore/metrics", {}) == 404
    assert left(strange) == set()


def test_without_the_defence_settings_of_the_working_folder_open_the_app(strange: Path) -> None:
    for module in strange.glob("*.py"):
        module.unlink()
    with served([sys.executable, "-m", "streamlit", "run", MAIN, *BARE], strange) as (_, port):
        assert socket_from(port, EVIL) == 101
        assert upload_without_token(port) != 403


def test_without_the_defence_the_app_runs_the_working_folder(strange: Path) -> None:
    run(strange, [sys.executable, "-m", "streamlit", "version"])
    assert "ran" in left(strange)


def test_an_installed_wheel_starts_the_same(
    strange: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries are found, and the code is that of the wheel."""
    for name in ("app", "graph", "ingest", "analytics"):
        shutil.copytree(ROOT / name, tmp_path / "tree" / name)
    for name in ("trustdebt.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "tree")
    monkeypatch.chdir(tmp_path / "tree")
    wheel = build_meta.build_wheel(str(tmp_path))
    venv.create(tmp_path / "venv", symlinks=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    site = Path(run(tmp_path, [python, "-c", "import site; print(site.getsitepackages()[0])"])
                .stdout.strip())  # fmt: skip
    run(tmp_path, [sys.executable, "-m", "zipfile", "-e", tmp_path / wheel, site])
    libraries = next(one for one in sys.path if one.endswith("site-packages"))
    (site / "libraries.pth").write_text(libraries + "\n")  # its own .pth files are not obeyed
    where = "import app; assert app.__file__.startswith({!r}); from trustdebt import main; main()"
    command = [python, "-P", "-c", where.format(str(site)), "app", "--port", "PORT"]
    with served(command, strange) as (_, port):
        assert socket_from(port, EVIL) == 403
    assert left(strange) == set()
