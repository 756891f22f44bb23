"""Command that plays a leak of credentials through: drill."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.command import UsageError, mode_of, question
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Mode

if TYPE_CHECKING:
    from analytics.answers.drill import Drill
    from analytics.posture import Posture

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


@question("drill", Group.ENDS)
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
