"""Command for what to change, most severe first: changes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import UsageError, one_of, question
from app.cli.exchange import TICKETS
from app.cli.groups import Group
from app.cli.options.tickets import TerraformOption, TicketsOption
from app.cli.options.usual import LIMIT, LimitOption
from app.cli.output.columns import Columns, Commands

if TYPE_CHECKING:
    from analytics.answers.changes import Changes
    from analytics.answers.tickets import Tickets
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


def _after_changes(result: dict[str, Any]) -> Commands:
    if not result.get("changes"):
        return []
    start = ("campaign", "start", "--by", "YOU", "--budget", "3")
    return [("plan", "--objective", "findings"), start, ("changes", "--format", "tickets-csv")]


def _closing(result: dict[str, Any]) -> str | None:
    from app.wording import counted

    counts = result.get("counts", {})
    if not counts.get("changes"):
        return None
    findings = counted(counts["findings"], "finding asks", "findings ask")
    return f"{findings} for {counted(counts['changes'], 'change')}."


@question(
    "changes",
    Group.MENDING,
    kept=True,
    following=_after_changes,
    columns=CHANGES,
    sentence=_closing,
)
def changes(
    posture: "Posture",
    rule: Annotated[str | None, typer.Option(help="What closes findings of this rule.")] = None,
    severity: Annotated[
        str | None, typer.Option(help="What closes findings of this severity or worse.")
    ] = None,
    about: Annotated[
        str | None, typer.Option(help="What closes findings about this thing.")
    ] = None,
    form: TicketsOption = "table",
    terraform: TerraformOption = None,
    limit: LimitOption = LIMIT,
) -> "Changes | Tickets":
    """List what to change to close findings, and who decides.

    Example: trustdebt changes
    """
    from analytics.answers.changes import changes as answer
    from analytics.answers.tickets import tickets
    from analytics.findings.rules import all_rules
    from analytics.weights import SEVERITIES
    from app.cli.options.terraform_file import addresses_of

    if severity is not None and severity not in SEVERITIES:
        raise UsageError(f"a severity is one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.upper() not in (known := [r.id for r in all_rules().values()]):
        raise UsageError(f"a rule is one of {', '.join(sorted(known))}")
    one_of(form, ("table", "json", *TICKETS), "--format")
    subject = posture.graph.find(about) if about else None
    made = answer(posture, rule, severity, subject, limit, addresses_of(terraform))
    return tickets(posture, made.changes, made.left_out) if form in TICKETS else made
