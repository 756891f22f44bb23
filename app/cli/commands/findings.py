"""Command for findings, worst first: findings."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import FORMATS, SaidNo, UsageError, one_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption
from app.exchange import FINDINGS

if TYPE_CHECKING:
    from analytics.answers.findings import Findings
    from analytics.posture import Posture


WORST_FIRST = ("critical", "high", "medium", "low")  # analytics.weights has them, and is heavy
State = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        help="open, accepted, reopened, stale_evidence, resolved, or all; may be repeated.",
        autocompletion=offer("open", "accepted", "reopened", "stale_evidence", "resolved", "all"),
    ),
]


@question("findings", Group.WRONG, kept=True)
def findings(
    posture: "Posture",
    rule: Annotated[str | None, typer.Option(help="Only this rule, such as OWN-02.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="This severity or worse.", autocompletion=offer(*WORST_FIRST))
    ] = None,
    about: Annotated[str | None, typer.Option(help="Only about this thing.")] = None,
    state: State = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            help="Exit 1 if there is one as bad that nobody accepted.",
            autocompletion=offer(*WORST_FIRST),
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="table, json, csv, sarif or ocsf.",
            autocompletion=offer(*FORMATS, *FINDINGS),
        ),
    ] = "table",
    limit: LimitOption = LIMIT,
) -> "Findings":
    """List what is wrong, worst first.

    Example: trustdebt findings --severity high
    """
    from analytics.answers.findings import chosen
    from analytics.answers.findings import findings as answer
    from analytics.findings.lifecycle.states import FAILING
    from analytics.findings.rules import all_rules
    from analytics.weights import SEVERITIES

    for given in (severity, fail_on):
        if given is not None and given not in SEVERITIES:
            raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.upper() not in (known := [r.id for r in all_rules().values()]):
        raise UsageError(f"a rule is one of {', '.join(sorted(known))}")
    one_of(form, (*FORMATS, *FINDINGS), "--format")
    subject = posture.graph.find(about) if about else None
    listed = answer(posture, rule, severity, subject, limit, _states(state))
    if fail_on and len(chosen(posture, rule, fail_on, subject, FAILING)):
        raise SaidNo(listed)
    return listed


def _states(wanted: list[str] | None) -> tuple[str, ...]:
    """Return the states to list: all but resolved by default."""
    from analytics.findings.lifecycle.states import LISTED, STATES

    if not wanted:
        return LISTED
    if "all" in wanted:
        return STATES
    return tuple(one_of(each, STATES, "--state") for each in wanted)
