"""Command for what to change, most severe first: changes."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.columns import Columns
from app.cli.command import LIMIT, LimitOption, UsageError, question

if TYPE_CHECKING:
    from analytics.answers.changes import Changes
    from analytics.posture import Posture

CHANGES: dict[str, Columns] = {
    "changes": {
        "severity": "severity",
        "what": "sentence",
        "debt": "debt",
        "closes": lambda row: "all" if row["closes"] else f"not {len(row['remaining'])}",
        "id": "id",
    },
}


@question("changes", columns=CHANGES)
def changes(
    posture: "Posture",
    rule: Annotated[str | None, typer.Option(help="What closes findings of this rule.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="What closes findings of this severity or worse.")
    ] = None,
    about: Annotated[
        str | None, typer.Option(help="What closes findings about this thing.")
    ] = None,
    limit: LimitOption = LIMIT,
) -> "Changes":
    """List what to change to close findings, and who decides. Example: trustdebt changes."""
    from analytics.answers.changes import changes as answer
    from analytics.findings.rules import all_rules
    from analytics.weights import SEVERITIES

    if severity is not None and severity not in SEVERITIES:
        raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.upper() not in (known := [r.id for r in all_rules().values()]):
        raise UsageError(f"a rule is one of {', '.join(sorted(known))}")
    subject = posture.graph.find(about) if about else None
    return answer(posture, rule, severity, subject, limit)
