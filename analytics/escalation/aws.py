"""AWS: what an identity can make itself able to do (rules A2 to A5).

A2 starts compute with a role that it may pass; A3 takes over compute that runs as a role; A4 gains
a user or role by a key, a password or a changed trust; A5 gives permissions to itself or to a
principal it can become, and so administers the account.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from analytics.escalation.aws_accounts import Accounts
from analytics.escalation.aws_permissions import (
    Permission,
    Permissions,
    Together,
    any_of,
    combined,
    permissions,
)
from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.support import NOTHING, Support, facts_of, together
from graph.aws.conditions import left_of
from graph.once import once
from graph.schema import GROUP, HUMAN, RESOURCE, ROLE, RUNS_AS, SERVICE_ACCOUNT, TRUSTS

ROLE_PASSING = "iam:PassRole"
# The first is refused where there is a password, the other one where there is none.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
FIRST_PROFILE, NEXT_PROFILE = "iam:CreateLoginProfile", "iam:UpdateLoginProfile"
IN_CHINA = "arn:aws-cn:"
PASSED_TO = "iam:passedtoservice"  # the key of a condition, in lower case
GAINS = {  # the action, and the labels of the gained nodes
    "iam:CreateAccessKey": (HUMAN, SERVICE_ACCOUNT),
    FIRST_PROFILE: (HUMAN, SERVICE_ACCOUNT),
    NEXT_PROFILE: (HUMAN, SERVICE_ACCOUNT),
    "iam:UpdateAssumeRolePolicy": (ROLE,),
    "iam:AddUserToGroup": (GROUP,),
}
REWRITES = (
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
)
SOURCE = "pathfinding.cloud (Datadog)"
MOST_OF_ACCOUNT = 64  # most supports of an edge to one account, for each holder


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """Actions that together give a role which trusts `service`."""

    id: str
    kind: str
    service: str
    actions: tuple[str, ...]


@cache
def paths() -> tuple[EscalationPath, ...]:
    """Return the table of paths in `aws.toml`."""
    table = tomllib.loads(Path(__file__).with_name("aws.toml").read_text(encoding="utf-8"))
    return tuple(
        EscalationPath(p["id"], p["kind"], p["service"], tuple(p["actions"])) for p in table["path"]
    )


@once
def _granted(known: Known) -> Permissions:
    wanted = {a for p in paths() for a in p.actions} | {ROLE_PASSING, *GAINS, *REWRITES}
    return permissions(known.graph, wanted)


@once
def _accounts(known: Known) -> Accounts:
    return Accounts(known.graph)


# -- A2 and A3: compute ------------------------------------------------------------------------


def passed_roles(known: Known) -> Iterator[Derivation]:
    """A2: may pass a role, and start compute of a service that the role trusts."""
    granted, trusting, accounts = _granted(known), _trusting(known), _accounts(known)
    for holder in granted.by_holder:
        passable = {} if granted.only_a_member(holder) else granted.on(holder, ROLE_PASSING)
        for service, starts in _starts(granted, holder).items() if passable else ():
            for role, trust in trusting.get(service, {}).items():
                names = [service]
                if str(known.graph.ids[role]).startswith(IN_CHINA):
                    names.append(f"{service}.cn")
                passed = _passed_to(passable.get(role, ()), names)
                if passed and accounts.same(holder, role):
                    for path, ways in starts.items():
                        supports = combined((passed, ways, trust))
                        yield from _gained(holder, role, f"A2:{path}", supports)


def _passed_to(permissions: Iterable[Permission], services: Iterable[str]) -> list[Permission]:
    """Return the permissions to pass a role to a service, without what names the service."""
    kept = []
    for permission in permissions:
        if not permission.by.condition:
            kept.append(permission)
            continue
        texts = [left_of(permission.by.condition, {PASSED_TO: name}) for name in services]
        rest = min((text for text in texts if text is not None), key=len, default=None)
        if rest is not None:
            kept.append(replace(permission, by=replace(permission.by, condition=rest)))
    return kept


def _starts(granted: Permissions, holder: int) -> dict[str, dict[str, list[Together]]]:
    """Return for each service the paths and permissions by which a holder starts compute."""
    by_service: dict[str, dict[Support, tuple[str, Together]]] = {}
    for path in _open(granted, holder, "pass"):
        for way in combined(granted.of(holder, action) for action in path.actions):
            by_service.setdefault(path.service, {}).setdefault(way.by, (path.id, way))
    starts: dict[str, dict[str, list[Together]]] = {}
    for service, by_support in by_service.items():
        for way in any_of(way for _, way in by_support.values()):
            path_id = by_support[way.by][0]
            starts.setdefault(service, {}).setdefault(path_id, []).append(way)
    return starts


def taken_compute(known: Known) -> Iterator[Derivation]:
    """A3: takes over compute that runs as a role; assumed where no source lists the compute."""
    granted = _granted(known)
    for holder in granted.by_holder:
        if not granted.only_a_member(holder):
            for path in _open(granted, holder, "take"):
                yield from _takes_listed(known, holder, path)
                yield from _takes_unlisted(known, holder, path)


def _takes_listed(known: Known, holder: int, path: EscalationPath) -> Iterator[Derivation]:
    """Derive edges for compute whose role a source declares.

    The first action must be on the compute itself, or on all of its account, where the trust of the
    role shows which service the compute belongs to.
    """
    granted, running, accounts = _granted(known), _running(known), _accounts(known)
    trusted = _trusting(known).get(path.service, {})
    for target, first in granted.on(holder, path.actions[0]).items():
        on_account = target not in running
        for compute in accounts.within(target, running) if on_account else (target,):
            others = [
                [p for p in granted.of(holder, action) if p.target in (target, compute)]
                or [p for p in granted.of(holder, action) if p.target not in running]
                for action in path.actions[1:]
            ]
            for role, link in running[compute]:
                if not on_account or role in trusted:
                    trust = trusted[role] if on_account else [Together(NOTHING, frozenset())]
                    supports = combined((first, *others, [link], trust))
                    yield from _gained(holder, role, f"A3:{path.id}", supports)


def _takes_unlisted(known: Known, holder: int, path: EscalationPath) -> Iterator[Derivation]:
    """Derive assumed edges: each role that a service may use runs some unlisted compute."""
    granted, accounts = _granted(known), _accounts(known)
    trusted = _trusting(known).get(path.service, {})
    ours = [r for r in trusted if accounts.same(holder, r) and not accounts.lists(r, path.service)]
    ways = combined(granted.of(holder, action) for action in path.actions) if ours else []
    for role in ours:
        supports = combined((ways, trusted[role]))
        sure = (Together(replace(way.by, assumed=True), way.groups) for way in supports)
        yield from _gained(holder, role, f"A3:{path.id}", sure)


def _open(granted: Permissions, holder: int, kind: str) -> Iterator[EscalationPath]:
    """Yield the paths of a kind for which a holder has every action."""
    has = granted.by_holder[holder].keys()
    return (p for p in paths() if p.kind == kind and has >= set(p.actions))


def _gained(holder: int, target: int, rule: str, ways: Iterable[Together]) -> Iterator[Derivation]:
    """Derive an edge for each support, unless a group of the holder derives it by itself."""
    for way in ways:
        if not way.of_one_group and holder != target:
            yield Derivation.of(holder, target, rule, way.by)


# -- A4 and A5: users, roles, groups and their policies ----------------------------------------


def gained_principals(known: Known) -> Iterator[Derivation]:
    """A4: makes a key or a password for a user, or lets itself into a role or a group."""
    granted, graph, accounts = _granted(known), known.graph, _accounts(known)
    users = graph.has_label(HUMAN, SERVICE_ACCOUNT)
    for holder in granted.by_holder:
        for action, labels in GAINS.items():
            joins = labels == (GROUP,)
            if not users[holder] if joins else granted.only_a_member(holder):
                continue  # only a user can add itself to a group; a group gains for its members
            fitting = graph.has_label(*labels)
            if action == FIRST_PROFILE:
                fitting &= ~_with_password(known)
            if action == NEXT_PROFILE:
                fitting &= ~_without_password(known)
            for target, permitted in granted.on(holder, action).items():
                if fitting[target] and target != holder and accounts.same(holder, target):
                    for way in combined((permitted,)):
                        if joins or not way.of_one_group:
                            yield Derivation.of(holder, target, f"A4:{action}", way.by)


@once
def _with_password(known: Known) -> np.ndarray:
    """Return a mask of the users that have a password, by the credential report.

    It tells of each user whether there is a second factor; who has a password, too, is a person.
    Whoever signed in some day may have none any more.
    """
    frame = known.graph.facts.frames[HUMAN]
    reported = (frame["source"] == "aws").fillna(False) & frame["mfa"].notna()
    mask = np.zeros(len(known.graph.ids), bool)
    mask[known.graph.numbers(frame["id"][reported.to_numpy(bool)])] = True
    return mask


@once
def _without_password(known: Known) -> np.ndarray:
    """Return a mask of the users that have no password, by the credential report."""
    frame = known.graph.facts.frames[SERVICE_ACCOUNT]
    reported = (frame["source"] == "aws").fillna(False) & ~frame["has_password"].fillna(True)
    mask = np.zeros(len(known.graph.ids), bool)
    mask[known.graph.numbers(frame["id"][reported.to_numpy(bool)])] = True
    return mask


def rewritten_policies(known: Known) -> Iterator[Derivation]:
    """A5: gives any permission to itself, to a group it is in, or to what it can become."""
    granted, groups = _granted(known), known.graph.has_label(GROUP)
    by_group: dict[int, set[int]] = {}  # the targets each group rewrites, which its members skip
    for holder in sorted(granted.by_holder, key=lambda h: not groups[h]):
        ways: dict[int, dict[Support, tuple[str, Together]]] = {}
        for target, permitted in _rewritable(known, holder).items():
            skipped = {p for p in permitted if target in by_group.get(p.group, ())}
            remaining = {p: a for p, a in permitted.items() if p not in skipped}
            becoming = _becoming(known, holder, target, bool(groups[target])) if remaining else []
            if becoming and groups[holder]:
                by_group.setdefault(holder, set()).add(target)
            account = _accounts(known).of(target)
            if account is None or not becoming:
                continue
            for permission, action in remaining.items():
                for way in combined(((permission,), becoming)):
                    ways.setdefault(account, {}).setdefault(way.by, (action, way))
        for account, to_it in ways.items():
            for way in any_of((way for _, way in to_it.values()), MOST_OF_ACCOUNT):
                yield Derivation.of(holder, account, f"A5:{to_it[way.by][0]}", way.by)


def _rewritable(known: Known, holder: int) -> dict[int, dict[Permission, str]]:
    """Return for each target in the account the permissions by which a holder rewrites it."""
    granted, accounts = _granted(known), _accounts(known)
    by_target: dict[int, dict[Permission, str]] = {}
    for action in REWRITES:
        for permission in granted.of(holder, action):
            if accounts.same(holder, permission.target):
                by_target.setdefault(permission.target, {}).setdefault(permission, action)
    return by_target


def _becoming(known: Known, holder: int, target: int, is_group: bool) -> list[Together]:
    """Return the supports by which a holder acts as `target`, within the permission boundary."""
    ways = [NOTHING] if holder == target else known.ways(holder, target)
    bounded = _accounts(known).boundary(holder if is_group else target)
    return [Together(together((way, bounded)), frozenset()) for way in ways]


# -- what the rules look up --------------------------------------------------------------------


@once
def _trusting(known: Known) -> dict[str, dict[int, list[Together]]]:
    """Return for each service the roles that trust it, with the trusting facts."""
    graph = known.graph
    named, fact = graph.frames[TRUSTS]["target_id"].to_numpy(object), facts_of(graph, TRUSTS)
    # China has another domain for some services: ec2.amazonaws.com.cn
    trusted = np.array([str(id_).removesuffix(".cn") for id_ in named], dtype=object)
    role, _ = graph.ends(TRUSTS)
    kept = graph.in_force(TRUSTS) & graph.has_label(ROLE)[role]
    services = {path.service for path in paths()}
    kept &= np.isin(trusted.astype(str), sorted(services))
    by_service: dict[str, dict[int, list[Together]]] = {}
    for row in np.flatnonzero(kept):
        trust = Together(fact(int(row)), frozenset())
        by_service.setdefault(str(trusted[row]), {}).setdefault(int(role[row]), []).append(trust)
    return by_service


@once
def _running(known: Known) -> dict[int, list[tuple[int, Together]]]:
    """Return for each compute the roles that it runs as, with the facts."""
    graph = known.graph
    compute, role = graph.ends(RUNS_AS)
    fact = facts_of(graph, RUNS_AS)
    kept = graph.in_force(RUNS_AS) & graph.has_label(RESOURCE)[compute]
    by_compute: dict[int, list[tuple[int, Together]]] = {}
    for row in np.flatnonzero(kept):
        link = Together(fact(int(row)), frozenset())
        by_compute.setdefault(int(compute[row]), []).append((int(role[row]), link))
    return by_compute


REFERENCES = (SOURCE,)
RULES = (
    EscalationRule(
        "A2",
        "Passes a role to new compute",
        ("grants", "trust"),
        ("CAN_ACCESS.actions", "TRUSTS"),
        REFERENCES,
        passed_roles,
        again=False,
    ),
    EscalationRule(
        "A3",
        "Takes over compute that has a role",
        ("grants", "trust"),
        ("CAN_ACCESS.actions", "RUNS_AS"),
        REFERENCES,
        taken_compute,
        again=False,
    ),
    EscalationRule(
        "A4",
        "Gains another principal",
        ("grants",),
        ("CAN_ACCESS.actions",),
        REFERENCES,
        gained_principals,
        again=False,
    ),
    EscalationRule(
        "A5",
        "Gives itself permissions",
        ("grants",),
        ("CAN_ACCESS.actions",),
        REFERENCES,
        rewritten_policies,
    ),
)
