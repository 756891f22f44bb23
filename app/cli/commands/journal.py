"""Commands for decisions of people: accept, confirm, attest, review, apart, withdraw, journal."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.command import instant_of, question
from app.cli.completion import offer
from app.cli.groups import Group
from app.cli.options.usual import LIMIT, LimitOption, Thing
from app.cli.output.columns import Columns, Commands, Row

if TYPE_CHECKING:
    from analytics.posture import Posture

By = Annotated[str, typer.Option("--by", help="The person who decides: id, e-mail or name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
Since = Annotated[
    str | None, typer.Option("--since", help="When it was decided, if that was before now.")
]


def _about(row: Row) -> str:
    """Name what an entry is about."""
    named = row.get("finding") or row.get("thing") or row.get("name")
    number = row.get("withdraws") or row.get("closes") or row.get("confirms")
    return str(named or f"entry {number}")


def _decided(row: Row) -> str | None:
    """Say what an entry decided."""
    if row.get("second") and not row.get("confirmed_at"):
        return f"until {row['until']}, pending: nobody confirmed it"
    decided = row.get("decision") or row.get("owner") or row.get("until")
    return None if decided is None else str(decided)


ENTRIES: dict[str, Columns] = {
    "entries": {
        "entry": "entry",
        "kind": "kind",
        "about": _about,
        "what": _decided,
        "by": lambda r: r["by"] if r["signed_in"] else f"{r['by']} (not signed in)",
        "from": "since",
        "withdrawn": "withdrawn_at",
        "reason": "reason",
    },
}


@question("accept", Group.PEOPLE, writes=True)
def accept(
    posture: "Posture",
    finding: Annotated[str, typer.Argument(help="The finding's id, or a prefix of it.")],
    until: Annotated[str, typer.Option("--until", help="When it is open again by itself.")],
    by: By,
    reason: Reason,
) -> dict[str, Any]:
    """Accept a finding until a day; a critical one awaits confirm.

    Example: trustdebt accept F-1a2b --until 2027-01-31 --by ann --reason replaced
    """
    from analytics.answers.journal import accept

    lapses = instant_of(until, "--until")
    assert lapses is not None
    return accept(posture, finding, lapses, by, reason)


@question("confirm", Group.PEOPLE, writes=True)
def confirm(
    posture: "Posture",
    entry: Annotated[int, typer.Argument(help="The number of the acceptance; see journal.")],
    by: By,
    reason: Reason,
) -> dict[str, Any]:
    """Confirm, as somebody else, that a critical one is accepted.

    Example: trustdebt confirm 3 --by bob --reason "ends with it"
    """
    from analytics.answers.journal import confirm

    return confirm(posture, entry, by, reason)


@question("attest", Group.PEOPLE, writes=True)
def attest(
    posture: "Posture",
    thing: Thing,
    owner: Annotated[str, typer.Option("--owner", help="The person or team that owns it.")],
    by: By,
    role: Annotated[
        str,
        typer.Option(
            help="business, technical or sponsor.",
            autocompletion=offer("business", "technical", "sponsor"),
        ),
    ] = "business",
    note: Annotated[str, typer.Option(help="A note on it.")] = "",
    since: Since = None,
) -> dict[str, Any]:
    """Record who answers for a thing.

    Example: trustdebt attest bot --owner ann --by ann
    """
    from analytics.answers.journal import attest

    return attest(posture, thing, owner, role, by, note, instant_of(since, "--since"))


@question("review", Group.PEOPLE, writes=True)
def review(
    posture: "Posture",
    thing: Annotated[str, typer.Argument(help="An id, a unique name, or a packet of reviews.")],
    decision: Annotated[
        str,
        typer.Option(
            "--decision",
            help="approve, revoke or modify.",
            autocompletion=offer("approve", "revoke", "modify"),
        ),
    ],
    by: By,
    reason: Reason,
    grant: Annotated[str | None, typer.Option(help="Only this grant, by its grant id.")] = None,
    since: Since = None,
) -> dict[str, Any]:
    """Approve or revoke access, of a thing or of one grant.

    Example: trustdebt review bot --decision approve --by ann --reason "in use"
    """
    from analytics.answers.journal import review

    at = instant_of(since, "--since")
    return review(posture, thing, decision, by, reason, grant, at)


@question("apart", Group.PEOPLE, writes=True)
def apart(
    posture: "Posture",
    thing: Annotated[
        str, typer.Argument(help="The id that does not belong to them, as its source has it.")
    ],
    other: Annotated[str, typer.Argument(help="Another id, or the name, of what it is not.")],
    by: By,
    reason: Reason,
) -> dict[str, Any]:
    """Keep two ids apart that are not one thing.

    Example: trustdebt apart gh:bot invoice-bot --by ann --reason "not ours"
    """
    from analytics.answers.journal import apart

    return apart(posture, thing, other, by, reason)


@question("withdraw", Group.PEOPLE, writes=True)
def withdraw(
    posture: "Posture",
    entry: Annotated[int, typer.Argument(help="The number of the entry; see journal.")],
    by: By,
    reason: Reason,
) -> dict[str, Any]:
    """Withdraw an entry of the journal.

    Example: trustdebt withdraw 3 --by ann --reason error
    """
    from analytics.answers.journal import withdraw

    return withdraw(posture, entry, by, reason)


def _after_journal(result: dict[str, Any]) -> Commands:
    from graph.journal.entries import FINAL

    undo, final = ("--by", "YOU", "--reason", "WHY"), [kind.kind for kind in FINAL]
    standing = (r for r in result["entries"] if r["kind"] not in final and not r["withdrawn_at"])
    entries = [("withdraw", str(row["entry"]), *undo) for row in standing][:1]
    return entries or [("findings",)]


@question("journal", Group.PEOPLE, following=_after_journal, columns=ENTRIES)
def journal(posture: "Posture", limit: LimitOption = LIMIT) -> dict[str, Any]:
    """List what people decided, the latest first.

    Example: trustdebt journal
    """
    from analytics.answers.journal import journal

    return journal(posture, limit)
