"""The one move: what to do first, what it frees, and what it breaks.

A leaked credential that caps the grade goes first, because nothing else lifts the cap. Otherwise it
is the step without which most starts reach no crown jewel, of those that a plan may remove: none
that is in use or for emergencies, no last login and no last administrator. Where no such step frees
any, it is the change that pays off most debt (`analytics.answers.plan`). Reach, debt and broken
uses are those of what-if.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.actions import LOGINS, REMOVING, Action
from analytics.answers.board.headlines import best_items, paths_in_scope, points_of
from analytics.answers.board.scope import Scope, scope_of
from analytics.answers.board.standing import Standing, heaviest_opened
from analytics.answers.board.words import amount, counted
from analytics.answers.changes import NOUNS, ORDERS
from analytics.answers.debt import LEAKED
from analytics.answers.handed_over import handed_over
from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.shape import VERBS
from analytics.answers.shares import first_few, percent
from analytics.answers.table import Kind, Table
from analytics.answers.what_if import uses
from analytics.assumptions.live_credentials import holdings
from analytics.kept.answers import kept
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.choke_points import ChokePoints
from analytics.remediation.handover import Target
from analytics.remediation.plan.greedy import Safety
from analytics.remediation.plan.idle_of import IdleOf
from analytics.remediation.removal.before_and_after import changed, debt_owed, reach_of
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.removable import observed, removals_of
from analytics.remediation.removal.what_if import Removal
from analytics.usage.idle_access import idle_rows
from analytics.usage.logins import numbers_after
from graph.once import once
from graph.schema import CREDENTIAL, RELATIONSHIPS

LEAK, CHOKE_POINT, PLANNED = "leak", "choke_point", "plan"
STEPS = 5  # changes of the plan
UNBROKEN = {  # by whether a use would have been seen; None where nothing is taken away
    True: "nothing in use breaks",
    False: "nobody would see a use that breaks: ask first",
    None: "nothing is taken away today",
}


@dataclass(frozen=True)
class Move:
    """What to do first.

    `why` is `leak`, `choke_point` or `plan`. `order` is what to do, `sentence` the same with what
    it frees and breaks. `target` is a node, or `from`, `relationship` and `to`; `items` name it for
    what-if. `frees` counts the starts that reach no crown jewel any more, of `of` that reach one.
    `reach_removed` is a share, `debt_removed` trust points. `breaks` has the columns of
    `analytics.answers.what_if.uses`; `observed` is whether a use would have been seen (null where
    nothing is taken away). `command`, `place` and `undo` are those of a hand-over.
    """

    why: str
    action: str
    order: str
    sentence: str
    target: dict[str, Any]
    items: list[str]
    frees: int | None
    of: int | None
    reach_removed: float
    debt_removed: float
    breaks: Table
    observed: bool | None
    owner: dict[str, str] | None
    command: str | None
    place: str | None
    undo: str | None


@kept
def move(posture: Posture, scope: Scope, stands: Standing) -> Move | None:
    """Return what to do first about the identities of a scope; None if nothing helps."""
    leaks = [cause["thing"]["id"] for cause in stands.causes if cause["because"] == LEAKED]
    if leaks:
        return _of_leak(posture, scope, posture.graph.number(leaks[0]))
    item = _allowed_item(posture, points_of(posture, scope))
    return _of_plan(posture, scope) if item is None else _of_item(posture, scope, item)


@dataclass(frozen=True)
class _Step:
    """A removal to be measured: `node` is what it is on, `on` the same for the hand-over.

    `seen` tells whether a use would have been seen, `closes` what a thief of a leaked key loses.
    """

    why: str
    action: Action
    target: dict[str, Any]
    node: int
    on: Target
    gone: list[Removal]
    frees: int
    seen: bool
    closes: int = 0


def _allowed_item(posture: Posture, points: ChokePoints) -> int | None:
    """Return the item that frees most of those that a plan may remove; None if there is none."""
    items = points.items
    free = [item for item in best_items(points) if not items.protected[item]]
    if not free:
        return None
    idle, safety = IdleOf(posture), Safety(posture)
    for item in free:
        relationship = RELATIONSHIPS[int(items.relationship[item])]
        ends = int(items.source[item]), int(items.target[item])
        if relationship in LOGINS:
            candidate = idle.of_key(ends[LOGINS[relationship]])
        else:
            candidate = idle.between(relationship, *ends)
        if candidate is not None and safety.allows([candidate]):
            return item
    return None


def _of_leak(posture: Posture, scope: Scope, key: int) -> Move:
    rows, opened = idle_rows(posture), heaviest_opened(posture, key)
    logins = rows["telemetry"][rows["credential"] == key].astype(bool)
    seen, closes = bool(len(logins)) and bool(logins.all()), opened[1] + 1 if opened else 0
    return _measured(posture, scope, _of_key(posture, scope, LEAK, key, seen, closes))


def _of_item(posture: Posture, scope: Scope, item: int) -> Move:
    """Return the removal of a step; of a login, that of its credential."""
    points = points_of(posture, scope)
    items, thing, chosen = points.items, posture.graph.thing, np.array([item])
    relationship = RELATIONSHIPS[int(items.relationship[item])]
    ends = int(items.source[item]), int(items.target[item])
    seen = bool(observed(posture, items, chosen)[0])
    if relationship in LOGINS:
        key = ends[LOGINS[relationship]]
        return _measured(posture, scope, _of_key(posture, scope, CHOKE_POINT, key, seen))
    gone = removals_of(posture, items, chosen)
    ids = tuple(id_ for removal in gone for _, id_ in removal.relationships)
    step = _Step(
        why=CHOKE_POINT,
        action=REMOVING[relationship],
        target={"from": thing(ends[0]), "relationship": relationship.name, "to": thing(ends[1])},
        node=ends[0],
        on=Target(relationship, ids),
        gone=gone,
        frees=int(points.item_exposure[item]),
        seen=seen,
    )
    return _measured(posture, scope, step)


def _of_key(
    posture: Posture, scope: Scope, why: str, key: int, seen: bool, closes: int = 0
) -> _Step:
    thing = posture.graph.thing(key)
    gone = [Removal(thing["id"], "", things=(thing["id"],))]
    frees, on = _freed(posture, scope, gone), Target(node=key)
    rows = holdings(posture)
    users = rows["identity"][rows["number"] == key].to_numpy(np.int64)
    node = int(users[0]) if len(users) else key  # whoever answers for its user decides
    return _Step(why, REMOVING[CREDENTIAL], thing, node, on, gone, frees, seen, closes)


def _measured(posture: Posture, scope: Scope, step: _Step) -> Move:
    """Measure a removal as what-if does."""
    after = changed(posture, step.gone)
    fails = uses(posture, ended(posture, after, step.gone))
    before = reach_of(posture)
    reach = (before - reach_of(after)) / before if before else 0.0
    debt = debt_owed(posture) - debt_owed(after)
    of, order = points_of(posture, scope).exposed, order_words(step.action.value, step.target)
    parts = [f"whoever has it loses {counted(step.closes, 'resource')}"] if step.closes else []
    gains = ", ".join([*parts, *_gains(scope, step.frees, of, reach, debt)])
    handed = handed_over(posture, [(step.action.value, step.on)])
    return Move(
        why=step.why,
        action=step.action.value,
        order=order,
        sentence=f"{order}: {gains or 'it works no more'}; {_break_words(fails, step.seen)}.",
        target=step.target,
        items=_items(step.target),
        frees=step.frees,
        of=of,
        reach_removed=reach,
        debt_removed=debt,
        breaks=fails,
        observed=step.seen,
        owner=_owner(posture, step.node),
        **{name: handed[name][0] for name in ("command", "place", "undo")},
    )


def _of_plan(posture: Posture, scope: Scope) -> Move | None:
    """Return the change that pays off most debt; None if none does."""
    made = first_changes(posture, scope)
    if not len(made.steps):
        return None
    row = made.steps.frame.iloc[0]
    total, target = made.before["reach"], dict(row["target"])
    reach = row["reach_removed"] / total if total else 0.0
    order = order_words(row["action"], target, row["on"])
    nothing = uses(posture, ended(posture, posture, []))
    gains = ", ".join(_gains(scope, 0, 0, reach, float(row["debt_removed"])))
    breaks = len(row["breaks"])
    rest = f"{counted(breaks, 'use')} would fail" if breaks else UNBROKEN[row["observed"]]
    owner = int(row["owner"])
    return Move(
        why=PLANNED,
        action=row["action"],
        order=order,
        sentence=f"{order}: {gains}; {rest}.",
        target={key: value for key, value in target.items() if key != "ids"},
        items=[item for each in row["on"] for item in _items(each)],
        frees=None,
        of=None,
        reach_removed=reach,
        debt_removed=float(row["debt_removed"]),
        breaks=nothing,
        observed=row["observed"],
        owner=posture.graph.thing(owner) if owner >= 0 else None,
        command=row["command"],
        place=row["place"],
        undo=row["undo"],
    )


def first_changes(posture: Posture, scope: Scope) -> RemovalPlan:
    """Return the first changes of the plan against debt, of what the identities of a scope have."""
    return _planned(posture, scope.team)


@once
def _planned(posture: Posture, team: int | None) -> RemovalPlan:
    if team is None:
        return plan(posture, STEPS, "debt")
    numbers = posture.accountable[scope_of(posture, team).places]
    whose = [str(id_) for id_ in posture.graph.things["id"].iloc[numbers]]
    # Without selectors a plan is of the whole estate: a team of nothing has none of its changes.
    return plan(posture, STEPS if whose else 0, "debt", whose=whose)


@kept
def moves(posture: Posture, scope: Scope) -> Table:
    """Return the first changes of the plan against debt, each as an order.

    Returns
    -------
    Table
        `id`, `order`, `debt_removed`, `reach_removed` (a share), `identities`, `breaks` (a count),
        `use` and `verdict` (see `analytics.answers.plan`), and `owner` (a node).
    """
    made = first_changes(posture, scope)
    steps, reach = made.steps.frame, made.before["reach"] or 1.0
    orders = [
        order_words(*step)
        for step in zip(steps["action"], steps["target"], steps["on"], strict=True)
    ]
    frame = pd.DataFrame(
        {
            "id": steps["id"],
            "order": pd.array(orders, dtype="string"),
            "debt_removed": steps["debt_removed"].astype(float),
            "reach_removed": steps["reach_removed"].astype(float) / reach,
            "identities": steps["identities"],
            "breaks": [len(fails) for fails in steps["breaks"]],
            "use": steps["use"],
            "verdict": steps["verdict"],
            "owner": steps["owner"],
        }
    )
    return Table(frame, posture.graph.things, {"owner": Kind.NODE})


def _freed(posture: Posture, scope: Scope, gone: list[Removal]) -> int:
    """Count the starts that reach a target now and have no login to one after a removal."""
    after = changed(posture, gone)
    number = numbers_after(posture.graph, after.graph)
    starts, targets = (number[ends] for ends in (scope.starts, scope.targets))
    left = Scope(scope.team, scope.places, starts[starts >= 0], scope.agents, targets[targets >= 0])
    return points_of(posture, scope).exposed - paths_in_scope(after, left, moved=False).starts


def order_words(
    action: str, target: Mapping[str, Any], on: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Return what to do, as an order; `on` is everything that it is on, the target first.

    >>> order_words("deactivate_credential", {"id": "k", "label": "Credential", "name": "key-1"})
    'Deactivate key-1'
    >>> ends = {"from": {"name": "bot"}, "relationship": "MEMBER_OF", "to": {"name": "admins"}}
    >>> order_words("remove_member", ends)
    'Remove the membership: bot is a member of admins'
    >>> ends = {"from": {"name": "bot"}, "relationship": "CAN_ACCESS", "to": {"name": "db"}}
    >>> order_words("set_expiry", ends, [ends, ends | {"to": {"name": "wiki"}}])
    'Set an end to the access: bot can access db; bot can access wiki'
    """
    clause = first_few([_clause(each) for each in on or [target]])
    if "from" not in target:
        return ORDERS[Action(action)].format(clause)
    if Action(action) is Action.SET_EXPIRY:
        return f"Set an end to the access: {clause}"
    noun = NOUNS.get(Action(action), ("access", "access"))[min(len(on) - 1, 1) if on else 0]
    verb = "Narrow" if Action(action) is Action.NARROW_GRANT else "Remove"
    return f"{verb} the {noun}: {clause}"


def _clause(target: Mapping[str, Any]) -> str:
    if "from" not in target:
        return str(target["name"])
    return f"{target['from']['name']} {VERBS[target['relationship']]} {target['to']['name']}"


def _gains(scope: Scope, frees: int, of: int, reach: float, debt: float) -> list[str]:
    kind = ("agent", "agents") if scope.agents else ("identity", "identities")
    parts = []
    if frees:
        verb = "reaches" if frees == 1 else "reach"
        parts.append(f"{frees:,} of {counted(of, *kind)} {verb} no crown jewel any more")
    if round(reach, 3) > 0:
        parts.append(f"{percent(reach)} of all reach goes")
    if round(debt, 1) > 0:
        parts.append(f"{amount(debt)} of debt is paid off")
    return parts


def _break_words(fails: Table, seen: bool) -> str:
    if not len(fails):
        return UNBROKEN[seen]
    user, used = (fails.of_nodes(column, "name").iloc[0] for column in ("identity", "resource"))
    verb = VERBS.get(str(fails.frame["through.relationship"].iloc[0]), "uses")
    rest = f" and {len(fails) - 1:,} more" if len(fails) > 1 else ""
    return f"{counted(len(fails), 'recent use')} would fail: {user} {verb} {used}{rest}"


def _items(target: Mapping[str, Any]) -> list[str]:
    """Return the target as an item of what-if."""
    if "from" in target:
        return [",".join((target["from"]["id"], target["relationship"], target["to"]["id"]))]
    return [target["id"]]


def _owner(posture: Posture, node: int) -> dict[str, str] | None:
    person = int(accountable_people(posture)[node])
    return posture.graph.thing(person) if person >= 0 else None
