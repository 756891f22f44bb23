"""Hand-over of steps to the people who carry them out: command, place, address, undo, ticket.

Nothing is ever run. What is said of a step comes from the provider that its ids are of
(`providers/`), from trustdebt itself (`own`), or, where neither knows it, from its facts (`words`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from analytics.posture import Posture
from analytics.remediation.handover import own, words
from analytics.remediation.handover.facts import Link, Thing, links_of, thing_of
from analytics.remediation.handover.providers import providers_of
from analytics.remediation.handover.shell import Refused
from analytics.remediation.handover.step import ACTIONS as ACTIONS
from analytics.remediation.handover.step import (
    Handover as Handover,
)
from analytics.remediation.handover.step import (
    Instruction,
    UnknownAction,
    together,
)
from analytics.remediation.handover.step import Target as Target
from analytics.remediation.handover.terraform import Addresses
from graph.element import Relationship
from graph.schema import AUTHENTICATES_AS, CAN_ACCESS, CREDENTIAL, USES

MANAGED = "Terraform manages it as {}: take it out of its configuration too, or the next apply"
BACK = " puts it back."
KEYS: Mapping[Relationship, Callable[[Link], Thing]] = {  # whose credential it is, is no access
    USES: lambda link: link.target,
    AUTHENTICATES_AS: lambda link: link.source,
}
NOTHING = "nothing to undo"
NONE = Addresses()


def handover(
    posture: Posture, action: str, target: Target, addresses: Addresses = NONE
) -> Handover:
    """Return what a person needs to carry out an action on a target.

    There is a command only if every part of it is known, of everything that the target names.
    `addresses` are those of a state or a plan of Terraform.

    Raises
    ------
    UnknownAction
    """
    if action not in ACTIONS:
        raise UnknownAction(f"an action is one of {', '.join(ACTIONS)}")
    subjects = _subjects(posture, target)
    if not subjects:
        return Handover(None, words.GONE, None, NOTHING)
    made, refused = [], []
    for subject in subjects:
        try:
            made.append(_instruction(action, subject))
        except Refused as reason:
            refused.append(str(reason))
    if refused:
        made = [_in_words(action, subject, Instruction()) for subject in subjects]
    step = together(made)
    terraform = ", ".join(dict.fromkeys(a for s in subjects if (a := addresses.of(s)))) or None
    place = [step.place, MANAGED.format(terraform) + BACK if terraform else None]
    return Handover(
        step.command,
        " ".join(filter(None, place)) or None,
        terraform,
        step.undo or NOTHING,
        "; ".join(dict.fromkeys(refused)) or None,
    )


def _subjects(posture: Posture, target: Target) -> list[Link | Thing]:
    """Return what a target names and the snapshot has, the credential of a login for the login."""
    if target.relationship is not None:
        links = links_of(posture, target.relationship, target.ids)
        key = KEYS.get(target.relationship)
        return [key(link) for link in links] if key else list(links)
    numbers = [posture.graph.number(id_) for id_ in target.ids]
    numbers += [target.node] if target.node is not None else []
    return [thing_of(posture, number) for number in numbers if number >= 0]


def _instruction(action: str, subject: Link | Thing) -> Instruction:
    made = own.write(action, subject) or _of_providers(action, subject)
    return _in_words(action, subject, made or Instruction())


def _of_providers(action: str, subject: Link | Thing) -> Instruction | None:
    """Return what providers say: a thing that several of them have is changed at each of them."""
    if isinstance(subject, Link):
        return next(_written(action, subject, _ids(subject)), None)
    parts = [*_written(action, subject, subject.names)]
    return together(parts) if parts else next(_written(action, subject, _holders(subject)), None)


def _written(action: str, subject: Link | Thing, ids: Iterable[str]) -> Iterator[Instruction]:
    """Yield what the providers of `ids` say, of those that say anything."""
    made = (provider.write(action, subject) for provider in providers_of(ids))
    return (part for part in made if part)


def _in_words(action: str, subject: Link | Thing, made: Instruction) -> Instruction:
    """Return an instruction with words for what it lacks."""
    place = made.place or (None if made.command else words.place_of(action, subject))
    return Instruction(made.command, place, made.undo or words.undo_of(action, subject))


def _ids(link: Link) -> Iterator[str]:
    """Yield the ids by which the provider is recognised, those of the place of a change first."""
    if link.element is CAN_ACCESS:
        yield from (link.text("policy_id"), link.text("grant_id"))
    for end in link.ends:
        yield from end.names


def _holders(thing: Thing) -> Iterator[str]:
    """Yield the names of whose credential a thing is."""
    if thing.element is CREDENTIAL:
        for link in thing.links(AUTHENTICATES_AS):
            yield from link.target.names
