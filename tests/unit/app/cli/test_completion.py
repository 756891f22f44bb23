"""What the Tab key offers for the values of options."""

import pytest
import typer

import trustdebt
from analytics.answers.plan import OBJECTIVES
from analytics.debt.groups import GROUPINGS
from analytics.findings.lifecycle.states import STATES
from analytics.posture import MODES
from analytics.remediation.policy.formats import all_formats
from analytics.weights import SEVERITIES
from graph.journal.entries import DECISIONS, ROLES
from graph.schema import LEVELS


@pytest.mark.parametrize(
    ("name", "option", "values"),
    [
        ("exposure", "level", LEVELS),
        ("blast-radius", "mode", MODES),
        ("plan", "objective", OBJECTIVES),
        ("debt", "by", GROUPINGS),
        ("attest", "role", ROLES),
        ("review", "decision", DECISIONS),
        ("policy", "language", tuple(all_formats())),
        ("findings", "state", (*STATES, "all")),
        ("findings", "severity", SEVERITIES),
    ],
)
def test_it_offers_all_that_the_command_takes_and_nothing_else(
    name: str, option: str, values: tuple[str, ...]
) -> None:
    """The words stand beside the commands once more, as what has them is slow to load."""
    command = typer.main.get_command(trustdebt.app).commands[name]  # type: ignore[attr-defined]
    (chosen,) = (each for each in command.params if each.name == option)
    offered = [item.value for item in chosen.shell_complete(typer.Context(command), "")]
    assert sorted(offered) == sorted(values)
