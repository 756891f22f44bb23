"""Seven phases that end a delegation tree, and what they take away.

0 evidence, 1 stop, 2 sessions, 3 credentials, 4 grants, 5 delete, 6 verify. Agents are stopped top
down, so that none starts another again, and deleted bottom up. Nothing that others use ends: only
the tree's own binding to it does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.actions import REMOVING, Action
from analytics.posture import Posture
from analytics.remediation.handover.step import Target
from analytics.remediation.removal.what_if import Removal
from analytics.remediation.retirement.bindings import ORDER, bindings
from analytics.remediation.retirement.links import links
from analytics.remediation.retirement.own_things import OwnThings, own_things
from analytics.remediation.retirement.shared_things import SharedThings, shared_things
from graph.access import flags
from graph.element import Relationship
from graph.once import once
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    IDENTITIES,
    MEMBER_OF,
    OWNS,
    RUNS_AS,
    SPAWNS,
    TRUSTS,
    USES,
)

EVIDENCE, STOP, SESSIONS, CREDENTIALS, GRANTS, DELETE, VERIFY = range(7)
NAMES = ("evidence", "stop", "sessions", "credentials", "grants", "delete", "verify")
NAMED = 3  # things named in a sentence
GRACE_DAYS = 7  # between deactivating and deleting; the cycle of the assumption `outlived`
TOKENS = ("token", "oauth_refresh")  # types of credentials that end like sessions
ENDS = ("stop", "disable_identity", "deactivate_credential", "delete_credential", "delete_identity")
ACTIONS = {**REMOVING, USES: Action.ROTATE_CREDENTIAL}  # who shares it continues with a new value
WHY = {
    SPAWNS: "its parent could start it again",
    ACTS_FOR: "what was delegated ends with who had it, or who gave it",
    CALLS: "a registration outlives who made it",
    MEMBER_OF: "the group stays, and a name that is used again would be in it",
    TRUSTS: "the trust names it, and would let in whoever gets its name",
    ASSUMES: "the role stays, and may be taken no longer",
    RUNS_AS: "others run as it too, so it stays",
    USES: "others use it too, and it is known to what is retired: they get a new value",
    CAN_ACCESS: "a grant outlives who had it",
    CONTROLS: "it could make itself act as the other",
}
# From members to their accounts and keys, from keys to what they open, and from accounts to keys.
WAYS = ((RUNS_AS, False), (USES, False), (AUTHENTICATES_AS, False), (AUTHENTICATES_AS, True))
UNATTACHED = "what phases 1 and 2 put on it is taken off first"
UNSTATED = "no source states these: look for them in the place itself"


class NotRetirable(ValueError):
    """A node that is not retired by this plan; the text says why."""

    exit_code, code = 2, "not-retirable"


@dataclass(frozen=True)
class Step:
    """One thing to do; `stated` is False where no source says whether there is anything to do.

    `rows` are those of the target in the frame of its relationship.
    """

    phase: int
    action: str
    target: Target
    why: str
    stated: bool = True
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Retirement:
    """The steps that end the tree of a node, in order, and what it shares."""

    posture: Posture
    root: int
    own: OwnThings
    bound: pd.DataFrame
    steps: tuple[Step, ...]

    @cached_property
    def shared(self) -> SharedThings:
        """What the tree used, and stays."""
        return shared_things(self.posture, self.own, self.bound)

    def targets(self) -> list[Removal]:
        """Return what the steps take away, for `changed`; each once."""
        removals = [removal_of(self.posture, step) for step in self.steps]
        return [removal for removal in dict.fromkeys(removals) if removal is not None]


def removal_of(posture: Posture, step: Step) -> Removal | None:
    """Return what a step takes away; None if it changes nothing that a source states."""
    target = step.target
    if target.relationship is not None and step.action in ACTIONS.values():
        named = tuple((target.relationship, id_) for id_ in target.ids)
        return Removal("", step.action, relationships=named)
    if target.node is None or step.action not in ENDS:
        return None
    return Removal("", "end", things=(posture.graph.thing(target.node)["id"],))


def retirement(posture: Posture, root: int) -> Retirement:
    """Return the steps that end a node (its number) with all that it spawned.

    Raises
    ------
    NotRetirable
        It is no identity, it is deleted already, or agents in service log in to it.
    """
    _check(posture, root)
    own = own_things(posture, root)
    bound = bindings(posture, own)
    plan = _Phases(posture, own, bound)
    steps = [step for phase in plan.phases() for step in phase]
    return Retirement(posture, root, own, bound, tuple(steps))


def _check(posture: Posture, root: int) -> None:
    graph = posture.graph
    thing = graph.thing(root)
    name, label = thing["name"] or thing["id"], thing["label"]
    if label not in [kind.name for kind in IDENTITIES]:
        kinds = ", ".join(kind.name for kind in IDENTITIES)
        raise NotRetirable(f"{name} is a {label}; what can be retired is one of {kinds}")
    if not graph.existing[root]:
        raise NotRetirable(f"{name} does not exist yet on {graph.as_of.date()}")
    if posture.deleted[root]:
        left = f"trustdebt revocation {thing['id']} shows what is left of it"
        raise NotRetirable(f"{name} is deleted already; {left}")
    if label == AGENT.name:
        return
    of = posture.logins
    users = np.unique(of.source[(of.target == root) & posture.in_service[of.source]])
    if len(users):
        names = named(posture, users)
        raise NotRetirable(
            f"{name} is acted as by {names}: retire who uses it, or give them another first"
        )


def named(posture: Posture, nodes: np.ndarray) -> str:
    """Return the names of the first few nodes, and count the rest."""
    names = [str(posture.graph.thing(int(node))["name"]) for node in nodes[:NAMED]]
    if len(nodes) > NAMED:
        names.append(f"{len(nodes) - NAMED} more")
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


class _Phases:
    """The steps of each phase."""

    def __init__(self, posture: Posture, own: OwnThings, bound: pd.DataFrame) -> None:
        self.posture, self.own, self.bound = posture, own, bound
        present = ~posture.deleted
        self.members = own.tree[present[own.tree]].tolist()
        self.accounts = self._in_order(own.accounts & present)
        self.keys = self._in_order(own.credentials)

    def phases(self) -> Iterator[Iterator[Step]]:
        """Yield the steps of each phase, in order."""
        yield self._of_members(EVIDENCE, "keep_evidence", "what it could and did is proof later")
        yield self._stop()
        yield self._sessions()
        yield self._credentials()
        yield self._grants()
        yield self._delete()
        yield self._of_members(VERIFY, "verify", "the next snapshot shows what is left of it")

    def _in_order(self, chosen: np.ndarray) -> list[int]:
        """Return the nodes in a mask, in the order of the first member that has each."""
        first = np.full(len(chosen), len(chosen))
        first[self.own.tree] = np.arange(len(self.own.tree))
        for kind, turned in WAYS:
            ends = links(self.posture, kind)
            holder, has = (ends.target, ends.source) if turned else (ends.source, ends.target)
            np.minimum.at(first, has, first[holder])
        at = np.flatnonzero(chosen)
        return [int(node) for node in at[np.lexsort((at, first[at]))]]

    def _of_members(self, phase: int, action: str, why: str) -> Iterator[Step]:
        for node in self.members:
            yield Step(phase, action, Target(node=node), why)

    def _stop(self) -> Iterator[Step]:
        ended = ~self.posture.in_service
        for node in self.members:
            why = "who can start others comes before them"
            if ended[node]:
                why = "a source says that it has ended: make sure that nothing starts it again"
            yield Step(STOP, "stop", Target(node=node), why)
        for node in self.accounts:
            why = "nothing else in service acts as it"
            yield Step(STOP, "disable_identity", Target(node=node), why)

    def _sessions(self) -> Iterator[Step]:
        for node in (*self.members, *self.accounts):
            why = f"a session lives on after its login is gone; {UNSTATED}"
            yield Step(SESSIONS, "revoke_sessions", Target(node=node), why, stated=False)
        frame = self.posture.graph.frames[CREDENTIAL]
        tokens = self.posture.graph.numbers(frame["id"][frame["type"].isin(TOKENS).to_numpy(bool)])
        for node in (key for key in self.keys if key in set(tokens.tolist())):
            why = "a token works until it is revoked"
            yield Step(SESSIONS, "deactivate_credential", Target(node=node), why)

    def _credentials(self) -> Iterator[Step]:
        frame = self.posture.graph.frames[CREDENTIAL]
        off = self.posture.graph.numbers(frame["id"][(frame["status"] == "disabled").fillna(False)])
        for node in (key for key in self.keys if key not in set(off.tolist())):
            why = "nobody outside of the tree uses it; it can be taken back while it is watched"
            yield Step(CREDENTIALS, "deactivate_credential", Target(node=node), why)
        for node in self.keys:
            why = f"after {GRACE_DAYS} days in which nobody missed it"
            yield Step(CREDENTIALS, "delete_credential", Target(node=node), why)

    def _grants(self) -> Iterator[Step]:
        group = self._groups()
        first = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(group) else group
        order = self.bound["row"].to_numpy(np.int64)
        for at, rows in zip(first.tolist(), np.split(order, first[1:]), strict=False):
            kind, target = (int(self.bound[name].iloc[at]) for name in ("relationship", "target"))
            yield self._binding(ORDER[kind], target, rows)
        for node in self.members:
            why = f"a schedule, trigger or webhook would start it again; {UNSTATED}"
            yield Step(GRANTS, "remove_schedule", Target(node=node), why, stated=False)
        for node in self._owned():
            yield Step(GRANTS, "assign_owner", Target(node=node), "who answered for it is retired")

    def _groups(self) -> np.ndarray:
        """Return the number of the step of each binding: what one policy gives ends together."""
        key = self.bound[["relationship", "source", "policy", "target"]].copy()
        key.loc[key["policy"] != "", "target"] = -1  # whatever the policy is on
        return key.groupby(list(key), sort=False).ngroup().to_numpy(np.int64)

    def _binding(self, kind: Relationship, target: int, rows: np.ndarray) -> Step:
        ids, derived = _facts(self.posture, kind)
        why = WHY[kind]
        if derived[rows].all():
            why += "; its source concluded it from other facts, with which it ends"
        named = Target(kind, tuple(ids[rows].tolist()), target if kind is USES else None)
        return Step(GRANTS, ACTIONS[kind], named, why, rows=tuple(rows.tolist()))

    def _owned(self) -> list[int]:
        """Return what stays and is owned by what ends."""
        owns = links(self.posture, OWNS)
        mask = self.own.identities[owns.source] & ~self.own.ending[owns.target]
        mask &= ~self.posture.deleted[owns.target]
        return [int(node) for node in np.unique(owns.target[mask])]

    def _delete(self) -> Iterator[Step]:
        for node in reversed(self.members):
            why = f"children before their parents, after {GRACE_DAYS} days; {UNATTACHED}"
            yield Step(DELETE, "delete_identity", Target(node=node), why)
        for node in reversed(self.accounts):
            why = f"once nothing is left that acts as it, after {GRACE_DAYS} days; {UNATTACHED}"
            yield Step(DELETE, "delete_identity", Target(node=node), why)


@once
def _facts(posture: Posture, kind: Relationship) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of a type's relationships (objects), and a mask of derived ones (cached)."""
    frame = posture.graph.frames[kind]
    derived = flags(frame["derived"]) if "derived" in frame else np.zeros(len(frame), bool)
    return frame["id"].to_numpy(object), derived
