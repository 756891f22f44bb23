"""AWS: what an identity can make itself able to do (rules A2 to A5).

A2 starts compute with a role that it may pass; A3 takes over compute that runs as a role; A4
gains a user or role by a key, a password or a changed trust; A5 gives permissions to itself or
to something it can become, and so administers the account.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from analytics.escalation.aws_permissions import Permission, Permissions, permissions
from analytics.escalation.rule import Derivation, EscalationRule, Known
from graph.access import AccessGraph
from graph.schema import GROUP, HUMAN, RESOURCE, ROLE, RUNS_AS, SERVICE_ACCOUNT, TRUSTS

ROLE_PASSING = "iam:PassRole"
GAINS = {  # the action, and the labels of what it gains
    "iam:CreateAccessKey": (HUMAN, SERVICE_ACCOUNT),
    "iam:CreateLoginProfile": (HUMAN, SERVICE_ACCOUNT),
    "iam:UpdateLoginProfile": (HUMAN, SERVICE_ACCOUNT),
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


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """Actions that together hand over a role which trusts `service`."""

    id: str
    kind: str
    service: str
    actions: tuple[str, ...]


@cache
def paths() -> tuple[EscalationPath, ...]:
    """Read the table of paths in `aws.toml`."""
    table = tomllib.loads(Path(__file__).with_name("aws.toml").read_text(encoding="utf-8"))
    return tuple(
        EscalationPath(p["id"], p["kind"], p["service"], tuple(p["actions"])) for p in table["path"]
    )


def _held(known: Known) -> Permissions:
    wanted = {a for p in paths() for a in p.actions} | {ROLE_PASSING, *GAINS, *REWRITES}
    held: Permissions = known.once(__name__, lambda: permissions(known.graph, wanted))
    return held


def passed_roles(known: Known) -> Iterator[Derivation]:
    """A2: may pass a role, and start compute of a service that the role trusts."""
    held, trusting = _held(known), _trusting(known)
    for holder in held.held:
        roles = held.on(holder, ROLE_PASSING)
        for path in _open(held, holder, "pass") if roles else ():
            needed = [held.any_of(holder, action) for action in path.actions]
            for role, trust in trusting.get(path.service, {}).items():
                if role in roles:
                    facts = [roles[role], *(n for n in needed if n)]
                    yield from _gain(holder, role, f"A2:{path.id}", facts, (trust,))


def taken_compute(known: Known) -> Iterator[Derivation]:
    """A3: takes over compute that runs as a role; assumed where no source lists the compute."""
    held, trusting, running = _held(known), _trusting(known), _running(known)
    for holder in held.held:
        for path in _open(held, holder, "take"):
            needed = [n for a in path.actions if (n := held.any_of(holder, a))]
            targets = held.on(holder, path.actions[0])
            listed = False
            for compute, first in targets.items():
                for role, link in running.get(compute, ()):
                    listed = True
                    yield from _gain(holder, role, f"A3:{path.id}", [first, *needed], (link,))
            if not listed:
                for role, trust in trusting.get(path.service, {}).items():
                    if _same_account(known.graph, holder, role):
                        rule = f"A3:{path.id}"
                        yield from _gain(holder, role, rule, needed, (trust,), assumed=True)


def gained_principals(known: Known) -> Iterator[Derivation]:
    """A4: makes a key or a password for a user, or lets itself into a role or a group."""
    held, graph = _held(known), known.graph
    users = graph.has_label(HUMAN, SERVICE_ACCOUNT)
    for holder in held.held:
        for action, labels in GAINS.items():
            if labels == (GROUP,) and not users[holder]:
                continue  # only a user can add itself to a group
            fitting = graph.has_label(*labels)
            for target, one in held.on(holder, action).items():
                if fitting[target] and target != holder:
                    yield from _gain(holder, target, f"A4:{action}", [one], ())


def rewritten_policies(known: Known) -> Iterator[Derivation]:
    """A5: gives any permission to itself, to a group it is in, or to what it can become."""
    held = _held(known)
    for holder in held.held:
        for action in REWRITES:
            for target, one in held.on(holder, action).items():
                account = _account(known.graph, target)
                doubt = None if account is None else _doubt(known, holder, target)
                if account is not None and doubt is not None:
                    yield from _gain(holder, account, f"A5:{action}", [one, *doubt], ())


def _doubt(known: Known, holder: int, target: int) -> list[Permission] | None:
    """Return what is uncertain about becoming `target`; None where there is no way."""
    if target == holder or target in known.reaches(holder, certain=True):
        return []
    if target in known.reaches(holder, certain=False):
        return [Permission(target, (), "becomes it by an uncertain step", eligible=False, own=True)]
    return None


def _open(held: Permissions, holder: int, kind: str) -> Iterator[EscalationPath]:
    """Yield the paths of a kind for which a holder has every action."""
    has = held.held[holder].keys()
    return (p for p in paths() if p.kind == kind and has >= set(p.actions))


def _gain(
    holder: int,
    target: int,
    rule: str,
    facts: Iterable[Permission],
    links: tuple[str, ...],
    assumed: bool = False,
) -> Iterator[Derivation]:
    """Conclude one edge, unless a group of the holder concludes the same by itself."""
    used = list(facts)
    if not any(one.own for one in used) and len({one.support[1:] for one in used}) == 1:
        return
    conditions = sorted({one.condition for one in used if one.condition})
    support = tuple(dict.fromkeys([*(i for one in used for i in one.support), *links]))
    eligible = any(one.eligible for one in used)
    yield Derivation(
        holder, target, rule, support, " and ".join(conditions), eligible, assumed=assumed
    )


def _trusting(known: Known) -> dict[str, dict[int, str]]:
    """Return for each service the roles that trust it, with the fact that says so."""
    graph = known.graph
    frame = graph.frames[TRUSTS]
    role, _ = graph.ends(TRUSTS)
    is_role, kept = graph.has_label(ROLE)[role], graph.in_force(TRUSTS)
    found: dict[str, dict[int, str]] = {}
    for row in np.flatnonzero(kept & is_role):
        service = str(frame["target_id"].iloc[row])
        found.setdefault(service, {}).setdefault(int(role[row]), str(frame["id"].iloc[row]))
    return found


def _running(known: Known) -> dict[int, list[tuple[int, str]]]:
    """Return for each compute the roles that it runs as, with the fact that says so."""
    graph = known.graph
    frame = graph.frames[RUNS_AS]
    compute, role = graph.ends(RUNS_AS)
    kept = graph.in_force(RUNS_AS) & graph.has_label(RESOURCE)[compute]
    found: dict[int, list[tuple[int, str]]] = {}
    for row in np.flatnonzero(kept):
        found.setdefault(int(compute[row]), []).append((int(role[row]), frame["id"].iloc[row]))
    return found


def _account_of(thing: str) -> str:
    parts = thing.split(":")
    return parts[4] if thing.startswith("arn:") and len(parts) > 5 else ""


def _same_account(graph: AccessGraph, one: int, other: int) -> bool:
    first, second = (_account_of(graph.thing(n)["id"]) for n in (one, other))
    return first == second


def _account(graph: AccessGraph, principal: int) -> int | None:
    """Return the account that a principal is in; in an estate of one account, that one."""
    name = graph.thing(principal)["id"]
    if _account_of(name):
        number = graph.number(f"arn:{name.split(':')[1]}:iam::{_account_of(name)}:root")
        return number if number >= 0 else None
    frame = graph.frames[RESOURCE]
    accounts = frame["id"][frame["type"] == "account"]
    return graph.number(str(accounts.iloc[0])) if len(accounts) == 1 else None


RULES = (
    EscalationRule(
        "A2", "Passes a role to new compute", ("grants", "trust"), (SOURCE,), passed_roles
    ),
    EscalationRule(
        "A3", "Takes over compute that has a role", ("grants", "trust"), (SOURCE,), taken_compute
    ),
    EscalationRule("A4", "Gains another principal", ("grants",), (SOURCE,), gained_principals),
    EscalationRule("A5", "Gives itself permissions", ("grants",), (SOURCE,), rewritten_policies),
)
