"""Completion in a shell: what a key completes, and nothing else printed or written."""

import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

import trustdebt
from tests.integration.cli import ROOT

BASH = ["bash", "--norc", "--noprofile"]
WAIT = 30  # seconds for an answer of the shell


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a home with nothing in it but the program, in a folder of the search path."""
    program = tmp_path / "bin" / "trustdebt"
    program.parent.mkdir()
    words = shlex.join([sys.executable, str(ROOT / "trustdebt.py")])
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    return {"HOME": str(home), "PATH": path, "TERM": "dumb", "HISTFILE": ""}


def files(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_key_completes_a_command_in_a_real_bash(home: Path) -> None:
    """As README has it: the line that sets it up, then a word and the key."""
    process, screen = pty.openpty()
    shell = subprocess.Popen(
        [*BASH, "-i"], stdin=screen, stdout=screen, stderr=screen, env=environment(home), cwd=home
    )
    os.close(screen)
    try:
        os.write(process, b'PS1="ready> "; eval "$(trustdebt --show-completion)"; echo set "up"\n')
        read_until(process, r"set up\s")
        os.write(process, b"trustdebt blast-r\t")  # completed, then shown instead of run
        read_until(process, r"blast-radius ")
        os.write(process, b"\x01echo [\x05]\n")
        shown = read_until(process, r"\[trustdebt blast-radius \]|\[trustdebt blast-radius\]\s")
    finally:
        os.close(process)
        shell.kill()
        shell.wait()
    assert "Traceback" not in shown
    assert files(home) == ["bin/trustdebt"]


def read_until(process: int, pattern: str) -> str:
    """Read what the shell shows until it matches."""
    shown, end = "", time.monotonic() + WAIT
    while not re.search(pattern, shown):
        ready, _, _ = select.select([process], [], [], max(end - time.monotonic(), 0))
        assert ready, shown
        shown += os.read(process, 4096).decode(errors="replace")
    return shown


def completed(home: Path, *words: str) -> list[str]:
    """Ask the function of the script as bash does; nothing but its answer may be printed."""
    asked = " ".join(map(shlex.quote, ["trustdebt", *words]))
    line = (
        'eval "$(_TRUSTDEBT_COMPLETE=source_bash trustdebt)"; '
        f"COMP_WORDS=({asked}); COMP_CWORD={len(words)}; "
        '_trustdebt_completion trustdebt; printf "<%s>\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [*BASH, "-c", line], env=environment(home), capture_output=True, text=True, cwd=home,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert all(re.fullmatch("<.*>", each) for each in lines), lines
    return [each[1:-1] for each in lines]


def test_options_and_their_values_are_completed(home: Path) -> None:
    assert completed(home, "findings", "--sev") == ["--severity"]
    assert completed(home, "findings", "--severity", "h") == ["high"]
    assert files(home) == ["bin/trustdebt"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_TRUSTDEBT_COMPLETE", f"source_{shell}")
    with pytest.raises(SystemExit) as ended:
        trustdebt.main([])
    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (0, "")
    assert f"complete_{shell}" in out


@pytest.mark.parametrize(
    ("shell", "expected"), [("zsh", '"blast-radius":"Show what'), ("fish", "blast-radius\tShow")]
)
def test_the_other_shells_are_told_the_commands_with_what_they_do(
    shell: str,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("_TRUSTDEBT_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "trustdebt bl")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    with pytest.raises(SystemExit):
        trustdebt.main([])
    out, err = capsys.readouterr()
    assert err == ""
    assert expected in out
    assert "findings" not in out
