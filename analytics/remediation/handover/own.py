"""Actions that are done with trustdebt itself, on whatever platform a thing lives."""

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.shell import checked, line, lines
from analytics.remediation.handover.step import Instruction
from graph.schema import CAN_ACCESS, OWNS

EVIDENCE = ("show", "blast-radius", "evidence")


def review(subject: Thing | Link) -> Instruction:
    """Have access approved or revoked: the decision, and who decides, are a person's."""
    holder = subject.source if isinstance(subject, Link) else subject
    grant = subject.text("grant_id") if _is_grant(subject) else ""
    words = ["trustdebt", "review", checked(holder.id)]
    words += ["--grant", checked(grant)] if grant else []
    return Instruction(
        place=f"Decide with: {line(*words)} --decision approve or revoke, --by the person who"
        " decides, --reason in a few words."
    )


def assign_owner(subject: Thing | Link) -> Instruction:
    """Name the person who answers for it: whom, only people know."""
    thing = _owned(subject) if isinstance(subject, Link) else subject
    return Instruction(
        place=f"Record it with: {line('trustdebt', 'attest', checked(thing.id))} --owner the"
        " person, --role business or technical, --by the person who says so; and write it where"
        f" {thing.stated_in} reads owners from, so that the next reading has it."
    )


def keep_evidence(subject: Thing | Link) -> Instruction:
    """Keep what is known before anything is changed."""
    id_ = checked((subject.source if isinstance(subject, Link) else subject).id)
    return Instruction(
        lines(line("trustdebt", command, id_, "--json") for command in EVIDENCE),
        "Keep what these print with the ticket.",
    )


def verify(subject: Thing | Link) -> Instruction:
    """Ask a later snapshot what is left."""
    id_ = checked((subject.source if isinstance(subject, Link) else subject).id)
    return Instruction(
        line("trustdebt", "revocation", id_),
        "After the sources have been read again: the residue must be empty.",
    )


def write(action: str, subject: Thing | Link) -> Instruction | None:
    """Return what is done with trustdebt itself; None for an action on a platform."""
    made = {
        "review": review,
        "assign_owner": assign_owner,
        "keep_evidence": keep_evidence,
        "verify": verify,
    }.get(action)
    return made(subject) if made else None


def _owned(link: Link) -> Thing:
    return link.target if link.element is OWNS else link.source


def _is_grant(subject: Thing | Link) -> bool:
    return isinstance(subject, Link) and subject.element is CAN_ACCESS
