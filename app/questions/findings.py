"""What is wrong, worst first."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import FORMATS, LIMIT, LimitOption, SaidNo, UsageError, one_of, question

if TYPE_CHECKING:
    from analytics.posture import Posture


@question("findings")
def findings(
    posture: "Posture",
    rule: Annotated[str | None, typer.Option(help="Only this rule, such as OWN-02.")] = None,
    severity: Annotated[str | None, typer.Option(help="This severity or worse.")] = None,
    about: Annotated[str | None, typer.Option(help="Only about this thing.")] = None,
    fail_on: Annotated[str | None, typer.Option(help="Exit 1 if there is one as bad.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    limit: LimitOption = LIMIT,
) -> dict[str, Any]:
    """List what is wrong, worst first. Example: trustdebt findings --severity high."""
    from analytics import answers
    from analytics.answers.findings import SEVERITIES
    from analytics.rules import all_rules

    for given in (severity, fail_on):
        if given is not None and given not in SEVERITIES:
            raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.upper() not in (known := [r.id for r in all_rules().values()]):
        raise UsageError(f"a rule is one of {', '.join(sorted(known))}")
    subject = posture.graph.find(about) if about else None
    one_of(form, FORMATS, "--format")
    result = answers.findings(posture, rule, severity, subject, limit)
    if fail_on and answers.findings(posture, rule, fail_on, subject, limit=1)["findings"]:
        raise SaidNo(result)
    return result
