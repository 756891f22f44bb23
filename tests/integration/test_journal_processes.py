"""The journal under several processes at once, and under processes that die in the middle."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from graph.journal.journal import Journal, clock

ROOT = Path(__file__).parents[2]
LATER = pd.Timestamp("2099-01-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about
WRITER = """
import os, signal, sys
from pathlib import Path
import pandas as pd
from graph.journal.journal import Journal, clock

ABOUT = "OWN-01", "bot", ""
names, count, dies = sys.argv[2].split(), int(sys.argv[3]), sys.argv[4]
begun = next((n for n in names[1:] if not os.fork()), None)  # a process for each name
name = begun or names[0]

def deadly():
    os.kill(os.getpid(), signal.SIGKILL)

journal = Journal(Path(sys.argv[1]), deadly if dies == "inside" else clock)
for number in range(count):
    later = pd.Timestamp("2099-01-01", tz="UTC")
    journal.accept(f"{name}-{number}", later, name, "x", None, ABOUT)
    os.write(1, f"{name}-{number}\\n".encode())  # in one piece, as others write there
    if dies == "after":
        os.kill(os.getpid(), signal.SIGKILL)
if begun is None:
    sys.exit(any([os.wait()[1] for _ in names[1:]]))
"""


def _writer(file: Path, names: str, count: int, dies: str = "never") -> subprocess.Popen[str]:
    """Start a process for each of the names, in one group; the first waits for the others."""
    line = [sys.executable, "-c", WRITER, str(file), names, str(count), dies]
    return subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def _written(journal: Journal) -> list[str]:
    return [a.finding for a in journal.acceptances()]


def test_two_processes_write_at_once(tmp_path):
    """Both start on a file that is not there yet; every entry is kept, once, in one chain."""
    file = tmp_path / "journal.sqlite"
    both = _writer(file, "a b", 25)
    said = both.communicate(timeout=120)[0].split()
    assert both.returncode == 0
    assert {line[0] for line in said} == {"a", "b"}
    entries = Journal(file).acceptances()
    assert [e.number for e in entries] == list(range(1, 51))
    assert sorted(e.finding for e in entries) == sorted(said)
    assert [e.at for e in entries] == sorted(e.at for e in entries)


@pytest.mark.parametrize(("dies", "kept"), [("inside", ["before"]), ("after", ["before", "b-0"])])
def test_a_process_that_dies_leaves_all_of_an_entry_or_nothing(tmp_path, dies, kept):
    journal = Journal(tmp_path / "journal.sqlite")
    journal.accept("before", LATER, "ann", "x", None, ABOUT)
    writer = _writer(journal.path, "b", 1, dies)
    writer.communicate(timeout=120)
    assert writer.returncode == -signal.SIGKILL
    assert _written(journal) == kept
    journal.accept("next", LATER, "ann", "x", None, ABOUT)
    assert _written(journal) == [*kept, "next"]


def test_the_first_write_may_die(tmp_path):
    """What it leaves of a file is no damage: it reads as empty, and takes the next entry."""
    journal = Journal(tmp_path / "journal.sqlite")
    _writer(journal.path, "b", 1, "inside").communicate(timeout=120)
    assert journal.path.exists()
    assert _written(journal) == []
    journal.accept("next", LATER, "ann", "x", None, ABOUT)
    assert _written(journal) == ["next"]


def test_what_was_acknowledged_is_never_lost(tmp_path):
    """Two writers are killed at random times, again and again."""
    journal, chance = Journal(tmp_path / "journal.sqlite"), random.Random(5)
    said: list[str] = []
    for round_ in range(4):
        names = {f"{name}{round_}" for name in "ab"}
        both = _writer(journal.path, " ".join(sorted(names)), 100_000)
        assert both.stdout is not None
        with both.stdout as lines:
            while not names <= {line.partition("-")[0] for line in said}:  # both write by then
                said.append(lines.readline().strip())
            time.sleep(chance.uniform(0, 0.3))
            os.killpg(both.pid, signal.SIGKILL)
            said += lines.read().split()  # where readline left off: it took more than one line
        both.wait(60)
        kept = _written(journal)
        assert set(said) <= set(kept)
        assert len(kept) == len(set(kept)) <= len(said) + 2 * (round_ + 1)
    journal.accept("last", LATER, "ann", "x", clock(), ABOUT)
    assert _written(journal)[-1] == "last"


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, 16_384))  # bytes that one file may have


def test_a_full_disk_costs_no_entry(tmp_path):
    """The entry is refused, by a process without room; what was written before stays readable."""
    journal = Journal(tmp_path / "journal.sqlite")
    journal.accept("before", LATER, "ann", "x", None, ABOUT)
    code = (
        "import sys; from pathlib import Path; import pandas as pd\n"
        "from graph.journal.journal import Journal; from graph.stores import StoreError\n"
        "j, later = Journal(Path(sys.argv[1])), pd.Timestamp('2099-01-01', tz='UTC')\n"
        "try: j.accept('big', later, 'b', 'x' * 60_000, None, ('OWN-01', 'bot', ''))\n"
        "except StoreError as error: print(error); sys.exit(error.exit_code)\n"
    )
    line = [sys.executable, "-c", code, str(journal.path)]
    done = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, preexec_fn=_no_room, check=False
    )
    assert done.returncode == 4, done.stderr
    assert str(journal.path) in done.stdout
    assert "damaged" not in done.stdout
    assert _written(journal) == ["before"]
    journal.accept("next", LATER, "ann", "x" * 60_000, None, ABOUT)
    assert _written(journal) == ["before", "next"]


WITHDRAWER = """
import sys, time
from pathlib import Path
from graph.journal.entries import NoSuchEntry
from graph.journal.journal import Journal

journal = Journal(Path(sys.argv[1]))
print("ready", flush=True)
for number in map(int, sys.stdin.readline().split()):
    try:
        journal.withdraw(number, sys.argv[2], "x", None)
    except NoSuchEntry:
        print(number, "refused", flush=True)
    else:
        print(number, "done", flush=True)
"""


def test_of_two_withdrawals_at_once_one_is_refused(tmp_path):
    file, count = tmp_path / "journal.sqlite", 40
    journal = Journal(file)
    for number in range(count):
        journal.accept(f"F-{number}", LATER, "ann", "x", None, ABOUT)
    numbers = " ".join(map(str, range(1, count + 1)))
    line = [sys.executable, "-c", WITHDRAWER, str(file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    both = [subprocess.Popen([*line, name], **pipes) for name in ("ann", "bob")]
    assert [one.stdout.readline() for one in both] == ["ready\n"] * 2
    for one in both:
        one.stdin.write(f"{numbers}\n")
        one.stdin.flush()
    said = sorted(line for one in both for line in one.communicate(timeout=60)[0].splitlines())
    assert said == sorted(f"{n + 1} {how}" for n in range(count) for how in ("done", "refused"))
    assert len(journal.entries()) == 2 * count
