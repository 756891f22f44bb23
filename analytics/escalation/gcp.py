"""Google Cloud: service accounts and projects that a permission gives (rules G1 to G4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from analytics.escalation.aws_permissions import (
    Permission,
    Permissions,
    Together,
    any_of,
    combined,
)
from analytics.escalation.gcp_permissions import (
    ACTS_AS,
    COMPUTE,
    MAKES_KEYS,
    RULES_ACCOUNTS,
    RULES_PARENTS,
    SET_POLICY,
    TAKES,
    World,
    held_permissions,
    world,
)
from analytics.escalation.rule import Derivation, EscalationRule, Known
from graph.once import once
from graph.schema import RESOURCE, SERVICE_ACCOUNT

ESCALATION = "Google Cloud: roles for service account authentication"
FAR = "if the project lets accounts of other projects be attached"


@once
def _held(known: Known) -> Permissions:
    return held_permissions(known.graph)


@once
def _world(known: Known) -> World:
    return world(known.graph)


def taken(known: Known) -> Iterator[Derivation]:
    """G1: gets a token of a service account, signs as it, or delegates to itself through it."""
    for permission in TAKES:
        yield from _accounts(known, "G1", permission)


def keyed(known: Known) -> Iterator[Derivation]:
    """G2: makes a key of a service account."""
    yield from _accounts(known, "G2", MAKES_KEYS)


def started(known: Known) -> Iterator[Derivation]:
    """G3: may act as a service account, and start code that runs as it."""
    held = _held(known)
    for holder in held.held:
        found = _on_accounts(known, held.of(holder, ACTS_AS))
        starts = _starts(known, holder) if found else {}
        for account, acting in found.items():
            home = _world(known).project_of.get(account)
            ways = []
            for project, listed in starts.items():
                for way in combined((acting, listed)):
                    far = home is not None and project != home
                    ways.append((way, FAR if far else ""))
            near = [way for way, far in ways if not far]
            yield from _gained(holder, account, "G3", any_of(near))
            if not near:
                for way in any_of(way for way, _ in ways):
                    yield from _gained(holder, account, "G3", [way], FAR)


def ruled(known: Known) -> Iterator[Derivation]:
    """G4: sets the permissions on a resource, and so gives itself any permission there."""
    held, lies = _held(known), _world(known)
    things = known.graph.has_label(RESOURCE)
    for holder in held.held:
        for permission in sorted(p for p in held.held[holder] if p.endswith(SET_POLICY)):
            listed = held.of(holder, permission)
            if permission == RULES_ACCOUNTS:
                for account, ways in _on_accounts(known, listed).items():
                    yield from _gained(holder, account, "G4", combined((ways,)))
            for one in listed:
                way = combined(([one],))
                if one.target in lies.parents:
                    if permission in RULES_PARENTS:
                        for part in lies.below[one.target]:
                            yield from _gained(holder, part, "G4", way)
                        for account in lies.accounts_in(one.target):
                            yield from _gained(holder, account, "G4", way)
                elif things[one.target]:
                    yield from _gained(holder, one.target, "G4", way)


def _accounts(known: Known, rule: str, permission: str) -> Iterator[Derivation]:
    """Derive that a holder of a permission on a service account can act as it."""
    held = _held(known)
    for holder in held.held:
        for account, ways in _on_accounts(known, held.of(holder, permission)).items():
            yield from _gained(holder, account, rule, combined((ways,)))


def _on_accounts(known: Known, listed: Sequence[Permission]) -> dict[int, list[Permission]]:
    """Return permissions by the accounts that they are on, directly or through a parent."""
    accounts: np.ndarray = known.graph.has_label(SERVICE_ACCOUNT)
    found: dict[int, list[Permission]] = {}
    for one in listed:
        targets = [one.target] if accounts[one.target] else _world(known).accounts_in(one.target)
        for account in targets:
            found.setdefault(account, []).append(one)
    return found


def _starts(known: Known, holder: int) -> dict[int, list[Together]]:
    """Return for each project the supports by which a holder starts code there."""
    held, lies = _held(known), _world(known)
    found: dict[int, list[Together]] = {}
    for needs in COMPUTE.values():
        each: list[dict[int, list[Permission]]] = []
        for need in needs:
            by_project: dict[int, list[Permission]] = {}
            for one in held.of(holder, need):
                for part in lies.below.get(one.target, ()):
                    by_project.setdefault(part, []).append(one)
            each.append(by_project)
        for project in set.intersection(*map(set, each)):
            found.setdefault(project, []).extend(combined(parts[project] for parts in each))
    return {project: any_of(ways) for project, ways in found.items()}


def _gained(
    holder: int, target: int, rule: str, ways: Iterable[Together], condition: str = ""
) -> Iterator[Derivation]:
    """Derive an edge for each support, unless a group of the holder derives it by itself."""
    for way in ways:
        if holder != target and not way.of_one_group:
            said = " and ".join(filter(None, (way.by.condition, condition)))
            yield Derivation.of(holder, target, rule, replace(way.by, condition=said))


RULES = (
    EscalationRule(
        "G1",
        "Takes a token of a service account",
        ("grants",),
        ("CAN_ACCESS",),
        (ESCALATION,),
        taken,
        again=False,
    ),
    EscalationRule(
        "G2",
        "Makes a key of a service account",
        ("grants",),
        ("CAN_ACCESS",),
        (ESCALATION,),
        keyed,
        again=False,
    ),
    EscalationRule(
        "G3",
        "Starts code that runs as a service account",
        ("grants",),
        ("CAN_ACCESS",),
        (ESCALATION,),
        started,
        again=False,
    ),
    EscalationRule(
        "G4",
        "Sets who may do what on a project or resource",
        ("grants",),
        ("CAN_ACCESS",),
        ("Google Cloud: understanding allow policies",),
        ruled,
        again=False,
    ),
)
