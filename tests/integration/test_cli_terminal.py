"""On a terminal: colour where it is wanted, none where it is not, the accent on the sentence."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli import ROOT, execute

ACCENTED = re.compile(r"\x1b\[1;36m([^\x1b]*)\x1b\[0m")  # bold cyan
LINES = (["board"], ["findings", "--limit", "3"], ["show", "bot"])
SENTENCES = {  # how the sentence that answers begins
    "board": "Grade C: ",
    "findings": "20 findings, and what is open ",
    "show": "Number 1 of 6, the worst first: Invoice bot owes ",
}


def on_a_terminal(line: list[str], store: Path, **env: str) -> str:
    """Return what a command writes to a terminal that has colours."""
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "trustdebt.py", *line, "--store", str(store)],
        cwd=ROOT,
        env=clean | {"TERM": "xterm-256color"} | env,
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(end)
        written = b"".join(iter(lambda: _read(terminal), b""))
    os.close(terminal)
    assert process.returncode == 0
    return written.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_the_accent_is_on_the_sentence_and_nowhere_else(line: list[str], kept: Path) -> None:
    written = on_a_terminal(line, kept)
    accented = " ".join(ACCENTED.findall(written))
    assert " ".join(accented.split()).startswith(SENTENCES[line[0]])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", ACCENTED.sub("", written))
    assert SENTENCES[line[0]] not in plain


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_who_wants_no_colour_gets_no_escape_code(line: list[str], kept: Path) -> None:
    assert "\x1b" not in on_a_terminal(line, kept, NO_COLOR="1")


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_pipe_gets_no_escape_code(line: list[str], kept: Path) -> None:
    shown = execute(
        [sys.executable, "trustdebt.py", *line, "--store", str(kept)], TERM="xterm-256color"
    )
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout + shown.stderr
