"""Command for the smallest policy by observed use: policy."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Thing
from app.cli.output.columns import Columns

if TYPE_CHECKING:
    from analytics.answers.policy import PolicyAnswer
    from analytics.posture import Posture


ROW: Columns = {
    "resource": "resource",
    "levels": "levels",
    "holder": "holder",
    "grant": "grant",
    "state": "state",
}
POLICY: dict[str, Columns] = {
    "kept": {
        **ROW,
        "used": "used",
        "uses": "uses",
        "last used": "last_used_at",
        "not written": "not_written",
    },
    "dropped": {**ROW, "last used": "last_used_at", "watched days": "watched_days"},
    "asked": {**ROW, "because": "why"},
    "narrowed": {
        "resource": "resource",
        "loses": "levels",
        "actions lost": lambda r: len(r["actions"]) or None,
    },
    "documents": {"holder": "holder", "characters": "characters", "fits": "fits"},
    "held_out_refused": {
        "resource": "resource",
        "level": "level",
        "action": "action",
        "uses": "uses",
        "last used": "last_at",
        "because": "why",
    },
}


@question("policy", Group.MENDING, columns=POLICY, documents=("policy",))
def policy(
    posture: "Posture",
    thing: Thing,
    language: Annotated[
        str,
        typer.Option(
            "--format",
            help="iam, cedar, rego or mcp.",
            autocompletion=offer("iam", "cedar", "rego", "mcp"),
        ),
    ],
    window: Annotated[int, typer.Option(min=1, max=36_500, help="Days of use that count.")] = 90,
    logged: Annotated[
        list[str] | None,
        typer.Option(help="Things whose every use a log shows: an id, or as in choke-points."),
    ] = None,
    limit: LimitOption = LIMIT,
) -> "PolicyAnswer":
    """Write the smallest policy that observed use needs.

    Example: trustdebt policy bot --format cedar
    """
    from analytics.answers.policy import policy as answer
    from analytics.remediation.policy.formats import format_of
    from analytics.selectors import select

    form = format_of(language).name  # an unknown format is refused before an unknown thing
    identity = posture.graph.find(thing)
    return answer(posture, identity, form, window, limit, select(posture, logged or []))
