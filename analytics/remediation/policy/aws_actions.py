"""Actions of AWS narrowed to levels: what is left of the actions of a grant, and how it is written.

The table of each service (`graph.aws.actions`) says at which level an action is and which resources
it acts on. A pattern stays as it is if every action that it gives here is kept; else the kept ones
are written, by a common prefix where all actions with that prefix are kept.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analytics.remediation.policy.targets import Aws
from graph.aws import escalation
from graph.aws.actions import Service, known_services, level_of, service_of
from graph.aws.patterns import contains, is_wild
from graph.schema import LEVELS

ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_*?]+|\*")
EXCEPT = re.compile(r"NotAction\((.*)\)", re.DOTALL)
NARROWED = " (narrowed)"  # ends a pattern of which a denial takes an unknown part away
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
COMPANION = re.compile(r"List|Describe")
WORTH = 3  # actions with a common prefix that are written as one pattern
LIST, WRITE, ADMIN = (LEVELS.index(level) for level in ("list", "write", "admin"))


@dataclass(frozen=True)
class Wanted:
    """What is to be kept of a grant.

    `levels` and `granted` are bits. `companions`: of the level `list` only listing and describing
    actions are kept. `used` are the actions that were used, in small letters, if all are known.
    """

    levels: int
    granted: int
    companions: bool = False
    used: frozenset[str] | None = None


class Inexpressible(ValueError):
    """Actions that cannot be written without giving more than was granted; the text says why."""


def narrowed(actions: Sequence[str], target: Aws, wanted: Wanted) -> tuple[str, ...]:
    """Return the actions of a grant on a target that are kept, as policies of AWS write them.

    A grant that names no action of AWS gives all actions of its levels that the table has.

    Raises
    ------
    Inexpressible
    """
    named = [action for action in actions if _is_action(action)]
    if not named:
        return tuple(_by_levels(target, wanted))
    kept: dict[str, None] = {}
    for action in named:
        kept |= dict.fromkeys(_kept(action, target, wanted))
    wild = [text for text in kept if is_wild(text)]
    return tuple(
        text
        for text in kept
        if not any(text != other and contains(other.lower(), text.lower()) for other in wild)
    )


def _is_action(text: str) -> bool:
    return bool(ACTION.fullmatch(text.removesuffix(NARROWED)) or EXCEPT.fullmatch(text))


def _kept(action: str, target: Aws, wanted: Wanted) -> Iterator[str]:
    if action.endswith(NARROWED):
        raise Inexpressible(f"a denial takes an unknown part of {action} away")
    if action == "*" and target.account and wanted.levels >> ADMIN & 1:
        yield action
        return
    for service in _services(action, target):
        matched = _matched(action, service)
        if not matched and not is_wild(action):
            yield from _unknown(action, service.prefix, wanted)
            continue
        here = matched & _acting(service, target, wanted)
        bits = here & _of_levels(service, target, wanted)
        if target.account and not is_wild(action) and action in escalation.ALL:
            bits = matched  # no level of the grant is about it: nobody could see it used
        if bits and bits == here and ACTION.fullmatch(action) and _stays(action, target, wanted):
            yield action
        elif bits and bits == here and action == "*" and not target.account:
            yield f"{service.prefix}:*"
        else:
            yield from written(service, bits, action)


def _stays(action: str, target: Aws, wanted: Wanted) -> bool:
    """Return whether a pattern can stay: on an account it would give actions on everything."""
    if not target.account or not is_wild(action):
        return action != "*"
    return bool(wanted.levels >> ADMIN & 1) and action.lower().startswith("iam:")


def _services(action: str, target: Aws) -> list[Service]:
    """Return the services whose actions a text may mean on a target."""
    prefix = action.partition(":")[0].lower()
    if ACTION.fullmatch(action) and action != "*":
        return [service_of(prefix)]
    if target.account:
        return [service_of(each) for each in sorted(known_services())]
    return [service_of(target.service)]


def _matched(action: str, service: Service) -> int:
    exception = EXCEPT.fullmatch(action)
    if exception is None:
        return service.matched(action)
    bits = 0
    for text in exception[1].split(", "):
        bits |= service.matched(text)
    return service.every & ~bits


def _acting(service: Service, target: Aws, wanted: Wanted) -> int:
    """Return the actions that can act on a target; on an account those without a resource."""
    if target.principal:
        return service.every
    if not target.account:
        bits = 0
        for name in target.names:
            bits |= service.acting_on(name)
        return bits
    if service.prefix != "iam":
        return service.resourceless
    if wanted.levels >> ADMIN & 1:
        return service.every
    on_identities = escalation.ON_PRINCIPAL | escalation.ON_POLICY
    return service.every & ~sum(b for n, b in service.escalates.items() if n in on_identities)


def _of_levels(service: Service, target: Aws, wanted: Wanted) -> int:
    """Return the actions of the kept levels, and of these the used ones where they are known."""
    bits = 0
    for place, level in enumerate(LEVELS):
        if not wanted.levels >> place & 1:
            continue
        of_level = service.level[level]
        if place == LIST and wanted.companions:
            of_level &= _companions(service)
        if place == WRITE and target.account and not wanted.granted >> ADMIN & 1:
            of_level |= service.level[LEVELS[ADMIN]]
        bits |= of_level
    if not wanted.granted:  # a grant of actions, without levels
        bits = service.every
    if wanted.used is None:
        return bits
    used = 0
    for action in wanted.used:
        used |= service.matched(action)
    listing = service.level[LEVELS[LIST]] if wanted.companions else 0
    return bits & (used | listing)


@lru_cache(maxsize=1024)
def _companions(service: Service) -> int:
    return sum(1 << n for n, name in enumerate(service.names) if COMPANION.match(name))


def _unknown(action: str, prefix: str, wanted: Wanted) -> Iterator[str]:
    """Yield an action that the table does not know, if its verb is at a kept level."""
    level = LEVELS.index(level_of(prefix, action.partition(":")[2], None))
    if wanted.used is not None and action.lower() not in wanted.used:
        return
    if not wanted.granted or wanted.levels >> level & 1:
        yield action


def _by_levels(target: Aws, wanted: Wanted) -> Iterator[str]:
    if target.account or target.principal or target.service not in known_services():
        raise Inexpressible("the grant names no action, and no table lists those of its levels")
    service = service_of(target.service)
    bits = _acting(service, target, wanted) & _of_levels(service, target, wanted)
    if not bits:
        raise Inexpressible("the grant names no action, and the table has none of its levels")
    yield from written(service, bits, f"{service.prefix}:*")


def written(service: Service, bits: int, within: str = "*") -> list[str]:
    """Return actions by name, or by a prefix within the pattern `within` that gives no other."""
    if not bits:
        return []
    names = sorted(name.lower() for name in service.names)
    kept = sorted(service.names[n].lower() for n in range(len(service.names)) if bits >> n & 1)
    texts: list[str] = []
    covered = ""  # the last prefix: names that begin with it are given already
    for name in sorted((n for i, n in enumerate(service.names) if bits >> i & 1), key=str.lower):
        if covered and name.lower().startswith(covered):
            continue
        prefix = next(
            (p for p in _prefixes(name, f"{service.prefix}:", within) if _common(p, names, kept)),
            "",
        )
        covered = prefix.lower()
        texts.append(f"{service.prefix}:{prefix}*" if prefix else f"{service.prefix}:{name}")
    return texts


def _prefixes(name: str, service: str, within: str) -> Iterator[str]:
    """Yield the beginnings of a name, word by word, that lie within a pattern."""
    for word in WORD.finditer(name):
        pattern = f"{service}{name[: word.end()]}*"
        if EXCEPT.fullmatch(within) or contains(within.lower(), pattern.lower()):
            yield name[: word.end()]


def _common(prefix: str, names: Sequence[str], kept: Sequence[str]) -> bool:
    """Return whether all names with a prefix, and enough of them, are kept (both sorted)."""
    ends = prefix.lower(), prefix.lower() + chr(0x10FFFF)
    every, own = (bisect_left(n, ends[1]) - bisect_left(n, ends[0]) for n in (names, kept))
    return every == own >= WORTH
