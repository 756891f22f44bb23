"""What is said of an action where no command is known: what to do, where, and how to undo it."""

from collections.abc import Mapping

from analytics.remediation.handover.facts import Link, Thing, one_line
from graph.schema import CAN_ACCESS

OF_LINKS: Mapping[str, str] = {
    "remove_grant": "take away the access of {source} to {target}{by}",
    "narrow_grant": "narrow the access of {source} to {target}{by} to the levels that are needed",
    "remove_member": "take {source} out of {target}",
    "remove_trust": "take away that {source} {verb} {target}",
    "end_delegation": "end that {source} {verb} {target}",
    "unregister_tool": "remove {target} from what {source} may call",
    "remove_schedule": "remove the schedule by which {source} {verb} {target}",
    "set_expiry": "set an end for that {source} {verb} {target}{by}",
}
OF_THINGS: Mapping[str, str] = {
    "deactivate_credential": "deactivate {thing}",
    "delete_credential": "delete {thing}",
    "rotate_credential": "replace the value of {thing}, and then end the one it has now",
    "disable_identity": "disable {thing}",
    "delete_identity": "delete {thing}",
    "stop": "stop what runs as {thing}, with its schedules and triggers",
    "revoke_sessions": "end the sessions and tokens of {thing}",
    "remove_schedule": "remove the schedules and triggers that start {thing}",
    "unregister_tool": "remove {thing} from the tools that agents may call",
    "assign_owner": "name a person who answers for {thing}",
    "set_expiry": "set an end for {thing}",
    "review": "have {thing} approved or revoked",
    "keep_evidence": "keep what is known of {thing}",
    "verify": "check that nothing of {thing} is left",
}
OTHERWISE = "carry out {action} on {thing}"
UNDO_THINGS: Mapping[str, str] = {
    "deactivate_credential": "activate {thing} again",
    "delete_credential": "cannot be undone: whoever needs it gets a new credential",
    "rotate_credential": "use the value of before again, as long as it is active",
    "disable_identity": "enable {thing} again",
    "delete_identity": "make {thing} anew, from the evidence that was kept",
    "stop": "start {thing} again",
    "revoke_sessions": "nothing to undo: whoever may still sign in gets a new session",
    "remove_schedule": "put back the schedules and triggers of {thing}",
    "unregister_tool": "register {thing} again",
    "assign_owner": "take the attestation back, with trustdebt withdraw",
    "set_expiry": "remove the end of {thing}",
    "review": "take the decision back, with trustdebt withdraw",
    "keep_evidence": "nothing to undo: it changes nothing",
    "verify": "nothing to undo: it changes nothing",
}
BY = (("role_name", "by role"), ("policy_id", "by policy"), ("grant_id", "as grant"))
GONE = "Nothing to do: no source states it any more."


def place_of(action: str, subject: Link | Thing) -> str:
    """Return what to do, and in which source and scope it is stated, as a sentence."""
    if isinstance(subject, Link) and action in OF_LINKS:
        named = {"source": subject.source, "target": subject.target, "by": _by(subject)}
        todo = OF_LINKS[action].format(**named, verb=_verb(subject))
    else:
        thing = shown(subject)
        todo = OF_THINGS.get(action, OTHERWISE).format(thing=thing, action=action)
    return f"In {subject.stated_in}{_platform(subject)}: {todo}."


def _platform(subject: Link | Thing) -> str:
    """Return the platform that a source names for a thing, where its id does not show it."""
    thing = subject.ends[0] if isinstance(subject, Link) else subject
    provider = one_line(thing.text("provider"))
    return f", on {provider}" if provider and provider != subject.text("source") else ""


def undo_of(action: str, subject: Link | Thing) -> str:
    """Return how it is taken back, by the facts of the snapshot."""
    if isinstance(subject, Thing) or action in ("review", "assign_owner", "keep_evidence"):
        return UNDO_THINGS.get(action, "undo it by hand").format(thing=shown(subject))
    parts = [f"put back {subject.element.name} from {subject.source.id} to {subject.target.id}"]
    if levels := subject.texts("levels"):
        parts.append(f"levels {' '.join(levels)}")
    if subject.element is CAN_ACCESS:
        parts += [f"{words} {subject.text(n)}" for n, words in BY if subject.text(n)]
    elif subject.text("ceiling"):
        parts.append(f"up to level {subject.text('ceiling')}")
    if subject.text("condition"):
        parts.append("under the condition it had")
    ends = subject.text("expires_at") or subject.text("valid_to")
    parts += [f"until {ends}"] if ends else []
    return one_line(", ".join([*parts, f"in {subject.stated_in}"]))


def shown(subject: Link | Thing) -> str:
    """Return a thing, or both ends of a relationship, for a sentence."""
    if isinstance(subject, Thing):
        return str(subject)
    return f"that {subject.source} {_verb(subject)} {subject.target}{_by(subject)}"


def _verb(link: Link) -> str:
    return str(getattr(link.element, "verb", link.element.name))


def _by(link: Link) -> str:
    named = [f"{words} {one_line(link.text(name))}" for name, words in BY if link.text(name)]
    return f" ({', '.join(named)})" if named else ""
