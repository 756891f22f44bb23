"""Every id is either refused, or comes out of a shell exactly as it went in."""

import shlex
import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.remediation.handover.shell import Refused, checked, line

TEXTS = st.text(min_size=0, max_size=20) | st.text("ab -~#;$`'\"\\\n*?[]{}()<>|&!", max_size=8)


def taken(values: list[str]) -> list[str]:
    kept = []
    for value in values:
        try:
            kept.append(checked(value))
        except Refused:
            continue
    return kept


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=20, max_size=40))
def test_words_come_out_of_a_shell_as_they_went_in(values: list[str]) -> None:
    kept = taken(values)
    script = "\n".join(line("printf", r"%s\0", value) for value in kept)
    assert [shlex.split(each)[-1] for each in script.splitlines()] == kept
    subprocess.run(["sh", "-n", "-c", script], check=True)
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == kept


@settings(max_examples=300)
@given(TEXTS)
def test_what_is_taken_holds_nothing_that_a_shell_acts_on(value: str) -> None:
    if not taken([value]):
        return
    assert value.strip()
    assert value.isprintable()
    assert not set(value) & set("`$\\\"'|&;<>(){}[]*?!")
    assert value[0] not in "-#~"
