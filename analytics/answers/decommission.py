"""Decommission: the phases that end an identity, what others go on using, and what would break."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, when
from analytics.answers.table import Kind, Table, instants, objects
from analytics.answers.what_if import uses
from analytics.posture import Posture
from analytics.remediation.handover import handover
from analytics.remediation.handover.step import Handover, Target
from analytics.remediation.handover.terraform import Addresses
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.changed_reach import changed_identities
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.retirement.bindings import ORDER
from analytics.remediation.retirement.links import links
from analytics.remediation.retirement.notes import notes
from analytics.remediation.retirement.phases import NAMES, Retirement, Step, retirement
from graph.element import Relationship
from graph.frames import records
from graph.instants import NEVER
from graph.schema import AUTHENTICATES_AS, CAN_ACCESS, CONTROL

NONE = Addresses()


@dataclass(frozen=True)
class Phase:
    """One phase and its steps, in order.

    `steps` has `action`, `target` (a node, or `from`, `relationship`, `to`, `ids` and `also`: what
    else the same policy is on), `command`, `place`, `terraform`, `undo`, `refused`, `why`, `stated`
    and `last_used_at`.
    """

    phase: int
    name: str
    steps: Table


@dataclass(frozen=True)
class Decommission:
    """How an identity is ended with all that it spawned; see `decommission`.

    `tree` are nodes. `still_used_by` and `no_longer_used` have, after a node itself, `by` (nodes
    with `relationship`, `last_used_at` and `use`) and `binding_removed` (relationships). `breaks`
    has the columns of `analytics.answers.what_if.uses`.
    """

    thing: dict[str, str]
    phases: tuple[Phase, ...]
    tree: Table
    still_used_by: Table
    no_longer_used: Table
    breaks: Table
    notes: list[str]
    counts: dict[str, int]
    left_out: int


def decommission(
    posture: Posture, node: int, limit: int = 0, addresses: Addresses = NONE
) -> Decommission:
    """Return the seven phases that end a node (its number) and all that it spawned.

    Nothing is executed. `still_used_by` are the accounts, roles, credentials and tools that others
    in service use too: they stay, and only the tree's own binding to each goes. `no_longer_used`
    are those that stay and nobody else is known to use. `breaks` are observed uses of others that
    would fail: they pass through the tree itself. A step that is not `stated` concerns what no
    source could state, such as sessions. `addresses` are those of a state or plan of Terraform.
    Each list is cut at `limit`, the steps of each phase too.

    Raises
    ------
    NotRetirable
    """
    plan = retirement(posture, node)
    outside = _outside(posture, plan)
    phases = [[step for step in plan.steps if step.phase == at] for at in range(len(NAMES))]
    shown = [cut(steps, limit)[0] for steps in phases]
    used = plan.shared.used
    lists = {
        "tree": _tree(posture, plan, limit),
        "still_used_by": _shared(posture, plan, plan.shared.things[used], limit),
        "no_longer_used": _shared(posture, plan, plan.shared.things[~used], limit),
        "breaks": uses(posture, cut(outside.breaks, limit)[0]),
    }
    counts = _counts(plan, outside)
    left_out = sum(counts[name] - len(rows) for name, rows in lists.items())
    return Decommission(
        thing=posture.graph.thing(node),
        phases=tuple(
            Phase(at, name, _steps(posture, steps, addresses))
            for at, (name, steps) in enumerate(zip(NAMES, shown, strict=True))
        ),
        **lists,
        notes=notes(plan),
        counts=counts,
        left_out=left_out + len(plan.steps) - sum(map(len, shown)),
    )


@dataclass(frozen=True)
class _Outside:
    """What the plan does to others: uses that fail, and how many identities reach less."""

    breaks: pd.DataFrame
    reach_less: int


def _outside(posture: Posture, plan: Retirement) -> _Outside:
    gone = plan.targets()
    after = changed(posture, gone)
    breaks = ended(posture, after, gone)
    breaks = breaks[~plan.own.ending[breaks["identity"].to_numpy(np.int64)]]
    less = changed_identities(posture, after)
    less = less[less["pairs_after"] < less["pairs_before"]]
    number = posture.graph.numbers(less["id"].astype("string"))
    return _Outside(breaks, int((~plan.own.ending[number]).sum()))


def _counts(plan: Retirement, outside: _Outside) -> dict[str, int]:
    own, used = plan.own, plan.shared.used
    return {
        "tree": len(own.tree),
        "accounts": int(own.accounts.sum()),
        "credentials": int(own.credentials.sum()),
        "bindings": len(plan.bound),
        "steps": len(plan.steps),
        "not_stated": sum(not step.stated for step in plan.steps),
        "still_used_by": int(used.sum()),
        "no_longer_used": int((~used).sum()),
        "breaks": len(outside.breaks),
        "others_reach_less": outside.reach_less,
    }


def _tree(posture: Posture, plan: Retirement, limit: int) -> Table:
    rows = pd.DataFrame({"node": cut(plan.own.tree, limit)[0]})
    return Table(rows, posture.graph.things, {"node": Kind.ITSELF})


# -- steps ---------------------------------------------------------------------------------------


def _steps(posture: Posture, steps: Sequence[Step], addresses: Addresses) -> Table:
    handed = [_handed(posture, step, addresses) for step in steps]
    columns: dict[str, Any] = {
        "action": [step.action for step in steps],
        "target": objects([_target(posture, step) for step in steps]),
        **{
            name: objects([getattr(each, name) for each in handed])
            for name in ("command", "place", "terraform", "undo", "refused")
        },
        "why": [step.why for step in steps],
        "stated": np.array([step.stated for step in steps], bool),
        "last_used_at": instants(
            np.array([_last_used(posture, step) for step in steps], np.int64)
        ).array,
    }
    return Table(pd.DataFrame(columns), posture.graph.things)


def _handed(posture: Posture, step: Step, addresses: Addresses) -> Handover:
    """Return what a person is given for a step; an agent is stopped and disabled at once."""
    target = step.target if step.target.node is None else Target(node=step.target.node)
    first = handover(posture, step.action, target, addresses)
    if step.action != "stop":
        return first
    return _joined(first, handover(posture, "disable_identity", target, addresses))


def _joined(first: Handover, second: Handover) -> Handover:
    """Return two instructions as one, the second after the first."""

    def both(name: str, between: str) -> str | None:
        parts = dict.fromkeys(p for h in (first, second) if (p := getattr(h, name)))
        return between.join(parts) or None

    return Handover(
        command=both("command", "\n"),
        place=both("place", " "),
        terraform=both("terraform", "\n"),
        undo=both("undo", "\n") or "",
        refused=both("refused", "; "),
    )


def _target(posture: Posture, step: Step) -> dict[str, Any]:
    kind = step.target.relationship
    if kind is None:
        assert step.target.node is not None
        return dict(posture.graph.thing(step.target.node))
    source, targets = (ends[list(step.rows)] for ends in posture.graph.ends(kind))
    first, *others = dict.fromkeys(targets.tolist())
    also = {"ids": list(step.target.ids), "also": [posture.graph.thing(node) for node in others]}
    return _edge(posture, kind, int(source[0]), first) | also


def _edge(posture: Posture, kind: Relationship, source: int, target: int) -> dict[str, Any]:
    thing = posture.graph.thing
    return {"from": thing(source), "relationship": kind.name, "to": thing(target)}


def _last_used(posture: Posture, step: Step) -> int:
    """Return when the target of a step was last used (milliseconds), `NEVER` where unknown."""
    activity, kind, rows = posture.activity, step.target.relationship, list(step.rows)
    if kind is None:
        return int(activity.last_active[step.target.node])
    if kind is CAN_ACCESS:
        return int(activity.last_granted[rows].max(initial=NEVER))
    if kind not in CONTROL:
        return NEVER
    return int(activity.last_taken[activity.steps_of(kind)][rows].max(initial=NEVER))


# -- what stays ----------------------------------------------------------------------------------


def _shared(posture: Posture, plan: Retirement, things: np.ndarray, limit: int) -> Table:
    shown = cut(things, limit)[0]
    users, bound = plan.shared.users, plan.bound
    by = [_users(posture, users[users["thing"] == thing]) for thing in shown.tolist()]
    removed = [_removed(posture, plan, bound, thing) for thing in shown.tolist()]
    columns = {"thing": shown, "by": objects(by), "binding_removed": objects(removed)}
    return Table(pd.DataFrame(columns), posture.graph.things, {"thing": Kind.ITSELF})


def _users(posture: Posture, rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        posture.graph.thing(row.user)
        | {"relationship": row.relationship, "last_used_at": when(row.last_used), "use": row.use}
        for row in records(rows)
    ]


def _removed(
    posture: Posture, plan: Retirement, bound: pd.DataFrame, thing: int
) -> list[dict[str, Any]]:
    """Return the tree's own bindings to a thing or its keys, and its logins that end with a key."""
    opens = links(posture, AUTHENTICATES_AS)
    keys = np.unique(opens.source[opens.target == thing])
    rows = bound[bound["target"].isin([thing, *keys])].drop_duplicates(["relationship", "source"])
    direct = [_edge(posture, ORDER[r.relationship], r.source, r.target) for r in records(rows)]
    keys = keys[plan.own.credentials[keys]]
    return direct + [_edge(posture, AUTHENTICATES_AS, int(key), thing) for key in keys]
