"""Start a Neo4j Community on this machine from its published jars: for tests and for people.

`python tests/neo4j/server.py` serves one on 127.0.0.1:7687 until Ctrl-C. It needs Java 17 or
later and Maven, which finds the jars wherever it is configured to look. Nothing listens beyond
the loopback interface, and nothing is reported to anybody.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".neo4j"
START_SECONDS = 90.0
BRIEF_SETTINGS = (
    "dbms.cypher.min_replan_interval=1h",  # tests empty and fill it: each plan would soon be stale
)


class CannotStart(Exception):
    """What a server needs is not on this machine, or the server ended; the text says which."""


@dataclass(frozen=True)
class Line:
    """A release line of Neo4j: the version under test, and what its start differs in."""

    version: str
    main_class: str
    java: tuple[int, int]  # lowest and highest major version it runs on
    settings: tuple[str, ...] = ()


LINES = {
    "5": Line("5.26.30", "org.neo4j.server.CommunityEntryPoint", (17, 24)),
    "2026": Line(
        "2026.09.0",
        "org.neo4j.server.Neo4jCommunity",
        (21, 99),
        (
            "dbms.fleet_manager.enabled=false",
            "server.fleet_discovery.enabled=false",
            "client.allow_telemetry=false",
            "db.query.default_language=CYPHER_25",
        ),
    ),
}


def find_java(lowest: int, highest: int = 99) -> Path | None:
    """Return the oldest Java between two major versions: JAVA_HOME, the path, /usr/lib/jvm."""
    homes = [Path(home) for home in [os.environ.get("JAVA_HOME")] if home]
    if on_path := shutil.which("java"):
        homes.append(Path(on_path).resolve().parents[1])
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    found = []
    for home in homes:
        major = _major(home)
        if major is not None and lowest <= major <= highest:
            found.append((major, len(found), home / "bin" / "java"))
    return min(found)[2] if found else None


def _major(home: Path) -> int | None:
    release = home / "release"
    if not release.is_file() or not os.access(home / "bin" / "java", os.X_OK):
        return None
    said = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(errors="replace"), re.MULTILINE)
    return int(said[1]) if said else None


def jars(version: str) -> Path:
    """Return the folder of the jars of `version`, fetched by Maven on first use."""
    folder = CACHE / f"lib-{version}"
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotStart("Maven (mvn) is not installed")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as part:
        done = subprocess.run(
            [
                *(maven, "-q", "-B", "-f", HERE / "pom.xml", f"-Dneo4j.version={version}"),
                *("dependency:copy-dependencies", "-DincludeScope=runtime"),
                f"-DoutputDirectory={part}/lib",
            ],
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode != 0:
            raise CannotStart(f"Maven found no Neo4j {version}: {done.stdout.strip()[:300]}")
        with contextlib.suppress(OSError):  # another process was quicker
            (Path(part) / "lib").rename(folder)
    return folder


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """One server process with its own folder; `home` survives a kill and a start.

    A `brief` one takes half the processor time to start: Java compiles quickly, and not well. It
    keeps the plan of a query however much the numbers of nodes change.
    """

    home: Path
    line: Line = LINES["5"]
    port: int = field(default_factory=free_port)
    auth: bool = False
    brief: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"bolt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        java = find_java(*self.line.java)
        if java is None:
            raise CannotStart(f"Neo4j {self.line.version} needs Java {self.line.java[0]} or later")
        library = jars(self.line.version)
        self._configure()
        with (self.home / "console.log").open("wb") as log:
            self.process = subprocess.Popen(
                self._command(java, library),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _command(self, java: Path, library: Path) -> list[str]:
        opened = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
        return [
            str(java),
            *("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
            *(["-XX:TieredStopAtLevel=1"] if self.brief else []),
            *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in opened),
            *("--enable-native-access=ALL-UNNAMED", "-Dlog4j2.disable.jmx=true"),
            *("-Dio.netty.tryReflectionSetAccessible=true", "-Dfile.encoding=UTF-8"),
            *("-cp", f"{library}/*", self.line.main_class),
            *(f"--home-dir={self.home}", f"--config-dir={self.home}/conf", "--console-mode"),
        ]

    def _configure(self) -> None:
        kinds = ("data", "logs", "run", "plugins", "import")
        for name in (*kinds, "conf"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        settings = [
            *(f"server.directories.{name}={self.home}/{name}" for name in kinds),
            "server.default_listen_address=127.0.0.1",
            "server.bolt.enabled=true",
            f"server.bolt.listen_address=127.0.0.1:{self.port}",
            f"server.bolt.advertised_address=127.0.0.1:{self.port}",
            "server.bolt.connection_keep_alive=5s",
            "server.bolt.connection_keep_alive_probes=2",
            "server.http.enabled=false",
            "server.https.enabled=false",
            f"dbms.security.auth_enabled={str(self.auth).lower()}",
            "dbms.security.allow_csv_import_from_file_urls=false",
            "internal.dbms.cypher_ip_blocklist=0.0.0.0/0,::/0",
            "dbms.usage_report.enabled=false",
            "server.memory.pagecache.size=128m",
            "server.memory.heap.initial_size=512m",
            "server.memory.heap.max_size=512m",
            "db.transaction.timeout=120s",
            "db.lock.acquisition.timeout=20s",
            "db.tx_log.preallocate=false",
            "db.tx_log.rotation.size=16m",
            "db.tx_log.rotation.retention_policy=keep_none",
            *self.line.settings,
            *(BRIEF_SETTINGS if self.brief else ()),
        ]
        (self.home / "conf" / "neo4j.conf").write_text("\n".join(settings) + "\n")

    def _wait(self) -> None:
        assert self.process is not None
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self.process.poll() is not None:
                log = (self.home / "console.log").read_text(errors="replace")
                raise CannotStart(f"Neo4j ended at once: {log[-2000:]}")
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1),
            ):
                return
            time.sleep(0.1)
        self.kill()
        raise CannotStart(f"Neo4j did not open its port within {START_SECONDS:.0f} s")

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def hang(self) -> None:
        """Stop it from answering while its port stays open (SIGSTOP)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on (SIGCONT)."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running(line: str = "5", *, auth: bool = False, brief: bool = True) -> Iterator[Server]:
    """Run a server in a folder of its own that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="trustdebt-neo4j-") as home:
        server = Server(Path(home), LINES[line], auth=auth, brief=brief)
        try:
            server.start()
            yield server
        finally:
            server.kill()  # an orderly end takes ten seconds, for data that nobody keeps


def main() -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Run Neo4j Community on the loopback interface.")
    parser.add_argument("--port", type=int, default=7687)
    parser.add_argument("--line", choices=sorted(LINES), default="5")
    chosen = parser.parse_args()
    line = LINES[chosen.line]
    server = Server(CACHE / f"served-{line.version}", line, port=chosen.port)
    try:
        print(f"Starting Neo4j {line.version}; the first time, Maven fetches its jars.", flush=True)
        server.start()
        print(f"{server.uri} (no sign-in; data in {server.home}; Ctrl-C ends it)", flush=True)
        assert server.process is not None
        return server.process.wait()
    except KeyboardInterrupt:
        return 0
    except CannotStart as error:
        print(error)
        return 1
    finally:
        server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
