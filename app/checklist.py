"""The checklist of a retirement, for people: as rows, as Markdown and as CSV.

Names come from data: each is escaped for the reader of the format.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pandas as pd

from analytics.answers.decommission import Decommission, Phase
from analytics.answers.table import as_json
from analytics.remediation.handover.shell import is_command
from app.escape import csv_table, markdown
from app.printable import LINES, printable
from app.wording import counted, day, edge_words, thing_name

TITLES = {
    "evidence": "Keep the evidence",
    "stop": "Stop and disable, parents first",
    "sessions": "End sessions and tokens",
    "credentials": "End credentials",
    "grants": "End grants, memberships, trusts, delegations and registrations",
    "delete": "Delete identities, children first",
    "verify": "Verify at the next snapshot",
}
LONG = 4000  # characters of a text that is shown in full
COLUMNS = ("phase", "step", "action", "target", "command", "place", "undo", "why", "last used")


def target_words(step: dict[str, Any]) -> str:
    """Return what a step is on in words, not escaped."""
    target = step["target"]
    if "from" not in target:
        return thing_name(target)
    more = len(target["also"])
    return f"{edge_words(target)}{f' and {more} more' if more else ''}"


def action_words(step: dict[str, Any]) -> str:
    """Return what is to be done as words.

    >>> action_words({"action": "delete_identity"})
    'Delete identity'
    """
    return str(step["action"]).replace("_", " ").capitalize()


def steps_of(phase: Phase) -> list[dict[str, Any]]:
    """Return the steps of a phase as plain data."""
    steps: list[dict[str, Any]] = as_json(phase.steps)
    return steps


def checklist_csv(answer: Decommission) -> str:
    """Return a row for each step, with no cell that a spreadsheet runs."""
    rows = [_row(phase, step) for phase in answer.phases for step in steps_of(phase)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return csv_table(frame.map(lambda c: printable(c, LINES) if isinstance(c, str) else c))


def _row(phase: Phase, step: dict[str, Any]) -> tuple[Any, ...]:
    place = step["place"] or step["refused"]
    done = (step["command"], place, step["undo"], step["why"], step["last_used_at"])
    return phase.phase, phase.name, step["action"], target_words(step), *done


def checklist_markdown(answer: Decommission) -> str:
    """Return the phases as task lists, with commands in blocks of code."""
    return "\n".join(_lines(answer)) + "\n"


def _lines(answer: Decommission) -> Iterator[str]:
    yield f"# Retire {markdown(answer.thing['name'])}"
    yield ""
    yield "Nothing of this was executed. Every command is for a person to read, and then to run."
    for note in answer.notes:
        yield f"* {markdown(note, LONG)}"
    for phase in answer.phases:
        yield ""
        yield f"## Phase {phase.phase}: {TITLES[phase.name]}"
        steps = steps_of(phase)
        for step in steps:
            yield from _task(step)
        if not steps:
            yield "Nothing to do."
    yield ""
    yield "## Still used by others"
    rows = as_json(answer.still_used_by)
    for row in rows:
        users = ", ".join(markdown(each["name"]) for each in row["by"])
        yield f"* {markdown(row['name'])} stays: used by {users}"
    if not rows:
        yield "Nothing."


def _task(step: dict[str, Any]) -> Iterator[str]:
    yield f"- [ ] **{action_words(step)}** {markdown(target_words(step), LONG)}"
    if step["command"]:
        yield from _block(step["command"])
    for line in remarks(step):
        yield f"  {markdown(line, LONG)}  "
    yield from _undo(step)


def undo_parts(step: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    """Yield how a step is taken back: whether a part is lines for a shell, and its text."""
    for is_shell, lines in groupby(str(step["undo"]).split("\n"), is_command):
        yield is_shell, "\n".join(lines)


def _undo(step: dict[str, Any]) -> Iterator[str]:
    for is_shell, text in undo_parts(step):
        if is_shell:
            yield "  Undo:"
            yield from _block(text)
        else:
            yield f"  Undo: {markdown(' '.join(text.splitlines()), LONG)}  "


def _block(commands: str) -> Iterator[str]:
    """Yield commands as a block of code; none of them holds what could end it."""
    yield ""
    yield "  ```sh"
    yield from (f"  {printable(line)}" for line in commands.split("\n"))
    yield "  ```"
    yield ""


def remarks(step: dict[str, Any]) -> Iterator[str]:
    """Yield what to know of a step, not escaped: place, reason and last use."""
    if step["place"]:
        yield str(step["place"])
    if step["refused"]:
        yield f"No command is given: {step['refused']}."
    used = step["last_used_at"]
    yield f"Why: {step['why']}." + (f" Last used on {day(used)}." if used else "")


def summary(answer: Decommission) -> str:
    """Return what ends and what stays as a sentence.

    The counts are those of the answer.
    """
    counts = answer.counts
    parts = [
        counted(counts["tree"], "identity", "identities"),
        counted(counts["accounts"], "account"),
        counted(counts["credentials"], "credential"),
        counted(counts["bindings"], "binding"),
    ]
    return f"{', '.join(parts)}: {counted(counts['steps'], 'step')}."
