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
def _granted(known: Known) -> Permissions:
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
    granted = _granted(known)
    for holder in granted.by_holder:
        by_account = _on_accounts(known, granted.of(holder, ACTS_AS))
        starts = _starts(known, holder) if by_account else {}
        for account, acting in by_account.items():
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
    granted, lies = _granted(known), _world(known)
    things = known.graph.has_label(RESOURCE)
    for holder in granted.by_holder:
        for permission in sorted(p for p in granted.by_holder[holder] if p.endswith(SET_POLICY)):
            listed = granted.of(holder, permission)
            if permission == RULES_ACCOUNTS:
                for account, ways in _on_accounts(known, listed).items():
                    yield from _gained(holder, account, "G4", combined((ways,)))
            for grant in listed:
                way = combined(([grant],))
                if grant.target in lies.parents:
                    for part in lies.ruled(grant.target, permission):
                        for gained in (part, *lies.accounts.get(part, ())):
                            yield from _gained(holder, gained, "G4", way)
                elif things[grant.target]:
                    yield from _gained(holder, grant.target, "G4", way)


def _accounts(known: Known, rule: str, permission: str) -> Iterator[Derivation]:
    """Derive that a holder of a permission on a service account can act as it."""
    granted = _granted(known)
    for holder in granted.by_holder:
        for account, ways in _on_accounts(known, granted.of(holder, permission)).items():
            yield from _gained(holder, account, rule, combined((ways,)))


def _on_accounts(known: Known, listed: Sequence[Permission]) -> dict[int, list[Permission]]:
    """Return permissions by the accounts that they are on, directly or through a parent."""
    accounts: np.ndarray = known.graph.has_label(SERVICE_ACCOUNT)
    by_account: dict[int, list[Permission]] = {}
    for permission in listed:
        target = permission.target
        for account in [target] if accounts[target] else _world(known).accounts_in(target):
            by_account.setdefault(account, []).append(permission)
    return by_account


def _starts(known: Known, holder: int) -> dict[int, list[Together]]:
    """Return for each project the supports by which a holder starts code there."""
    granted, lies = _granted(known), _world(known)
    ways_by_project: dict[int, list[Together]] = {}
    for needs in COMPUTE.values():
        each: list[dict[int, list[Permission]]] = []
        for need in needs:
            by_project: dict[int, list[Permission]] = {}
            for permission in granted.of(holder, need):
                for part in lies.below.get(permission.target, ()):
                    by_project.setdefault(part, []).append(permission)
            each.append(by_project)
        for project in set.intersection(*map(set, each)):
            ways = combined(parts[project] for parts in each)
            ways_by_project.setdefault(project, []).extend(ways)
    return {project: any_of(ways) for project, ways in ways_by_project.items()}


def _gained(
    holder: int, target: int, rule: str, ways: Iterable[Together], condition: str = ""
) -> Iterator[Derivation]:
    """Derive an edge for each support, unless a group of the holder derives it by itself."""
    for way in ways:
        if holder != target and not way.of_one_group:
            both = " and ".join(filter(None, (way.by.condition, condition)))
            yield Derivation.of(holder, target, rule, replace(way.by, condition=both))


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
