"""Command that plays a leak of credentials through: drill."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.columns import Columns, words
from app.cli.command import LIMIT, LimitOption, Mode, UsageError, mode_of, question
from app.cli.groups import Group

if TYPE_CHECKING:
    from analytics.answers.drill import Drill
    from analytics.posture import Posture

DRILL: dict[str, Columns] = {
    "credentials": {
        "credential": lambda r: r,
        "type": "type",
        "storage": "storage",
        "created": "created_at",
        "last used": "last_used_at",
        "bound": lambda r: "yes" if r["bound"] else None,
    },
    "dead": {"already dead": lambda r: r, "status": "status", "expires": "expires_at"},
    "identities": {
        "identity": lambda r: r,
        "label": "label",
        "authenticated by": lambda r: r["authenticated_by"] or None,
        "uses": lambda r: r["uses"] or None,
    },
    "kill_set": {
        "end": lambda r: r,
        "label": "label",
        "kind": "kind",
        "action": lambda r: words(r["action"]),
        "serves others too": lambda r: "yes" if r["shared"] else None,
    },
    "rotation": {
        "order": "order",
        "credential": "credential",
        "use": lambda r: words(r["use"]),
        "breaks": lambda r: r["uses"] or None,
        "first": lambda r: r["breaks"][0]["identity"] if r["breaks"] else None,
        "weight": "weighted",
    },
    "alive_after_kill": {
        "possible foothold": lambda r: r,
        "label": "label",
        "by": "by",
        "relationship": "relationship",
        "rule": "rule",
        "resources": "resources",
        "weight": "weighted",
    },
    "still_reachable": {
        "resource": lambda r: r,
        "sensitivity": "sensitivity",
        "levels": "levels",
        "weight": "weight",
        "through": "through",
    },
}

Credentials = Annotated[
    list[str] | None, typer.Option("--credential", help="A credential; may be repeated.")
]
Stores = Annotated[
    list[str] | None,
    typer.Option("--stored-in", help="A resource, type:TYPE, or storage:WORD; may be repeated."),
]
Providers = Annotated[
    list[str] | None, typer.Option("--provider", help="Such as aws; may be repeated.")
]
Identities = Annotated[
    list[str] | None, typer.Option("--all", help="Whose: all-agents, label:Role, an id, ...")
]


@question("drill", Group.ENDS, columns=DRILL)
def drill(
    posture: "Posture",
    credentials: Credentials = None,
    stores: Stores = None,
    providers: Providers = None,
    identities: Identities = None,
    mode: Mode = "standing",
    limit: LimitOption = LIMIT,
) -> "Drill":
    """Play a leak of credentials through.

    Example: trustdebt drill --all all-agents
    """
    from analytics.answers.drill import drill as answer
    from analytics.remediation.leak.selection import Selection

    given = (credentials, stores, providers, identities)
    selection = Selection(*(tuple(names or ()) for names in given))
    if not selection:
        raise UsageError("drill needs --credential, --stored-in, --provider or --all")
    return answer(posture, selection, mode_of(mode), limit)
