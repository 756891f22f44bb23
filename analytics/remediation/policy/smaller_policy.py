"""The smallest policy that the observed use of an identity needs, and what it drops."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Filter, Posture
from analytics.remediation.policy.aws_actions import Inexpressible, Wanted, narrowed
from analytics.remediation.policy.evidence import (
    Period,
    State,
    actions_of,
    evidence,
)
from analytics.remediation.policy.format import Allowance, Draft, Format, Thing, Written
from analytics.remediation.policy.held_out import HeldOut, held_out
from analytics.remediation.policy.holdings import holdings
from analytics.remediation.policy.targets import NotAws, aws_target, patterns
from analytics.remediation.policy.uses import uses
from analytics.remediation.policy.verdict import Verdict, verdict
from analytics.usage.action_levels import UNKNOWN, level_of
from graph.access import flags
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import CALLS, CAN_ACCESS, IDENTITIES, LEVEL_SETS, RESOURCE, TOOL
from graph.values import strict_json


class NoPolicy(Exception):
    """A thing for which no policy can be written; the text says why."""

    exit_code, code = 2, "no-policy"


@dataclass(frozen=True)
class SmallerPolicy:
    """A policy with its reasons; arrays have a position for each permission of `verdict`.

    `allowances` are those that are kept, by the position of their permission. `written` is None
    where nobody knows what the identity holds; `complete`: nothing that it holds is unknown.
    """

    period: Period
    verdict: Verdict
    allowances: dict[int, Allowance]
    written: Written | None
    held_out: HeldOut
    complete: bool


def smaller_policy(
    posture: Posture, identity: int, form: Format, days: int, logged: np.ndarray
) -> SmallerPolicy:
    """Write the smallest policy for an identity (a node's number) by its use in the last days.

    `logged` are things (numbers) whose use counts as watched; see `evidence`.

    Raises
    ------
    NoPolicy
        If it is no agent, account or role, or was deleted.
    """
    _check(posture, identity)
    period = Period.of(posture.graph.now, days)
    known = evidence(posture, holdings(posture, identity), uses(posture, identity), logged)
    judged = verdict(posture, known, period)
    allowances = dict(_allowances(posture, judged))
    reach = posture.known(Filter(identity_only=True))
    nobody_knows = not reach.known[identity] and not len(known.holdings)
    kept = judged.permissions(judged.kept)
    target = known.holdings.target
    draft = Draft(
        thing_of(posture, identity),
        list(allowances.values()),
        [thing_of(posture, lost) for lost in np.setdiff1d(target[~kept], target[kept]).tolist()],
    )
    return SmallerPolicy(
        period,
        judged,
        allowances,
        None if nobody_knows else form.write(draft),
        held_out(posture, known, period, form.by_action),
        bool(reach.complete[identity]),
    )


def _check(posture: Posture, identity: int) -> None:
    thing = posture.graph.thing(identity)
    if thing["label"] not in {node.name for node in IDENTITIES}:
        reason = "a policy is written for an agent, a service account or a role"
        raise NoPolicy(f"{thing['id']} ({thing['name']}) is a {thing['label']}: {reason}")
    if posture.deleted[identity]:
        raise NoPolicy(f"{thing['id']} ({thing['name']}) does not exist at this moment")


def thing_of(posture: Posture, number: int) -> Thing:
    """Return a node as formats name it."""
    thing = posture.graph.thing(number)
    return Thing(thing["id"], thing["label"], thing["name"], _kinds(posture).get(number))


@once
def _kinds(posture: Posture) -> dict[int, str]:
    """Return the types of resources and the kinds of tools, by number."""
    kinds: dict[int, str] = {}
    for label, name in ((RESOURCE, "type"), (TOOL, "kind")):
        frame = posture.graph.frames[label]
        stated = frame[frame[name].notna()]
        kinds |= zip(
            posture.graph.numbers(stated["id"]).tolist(), stated[name].tolist(), strict=True
        )
    return kinds


# -- allowances ------------------------------------------------------------------------------------


def _allowances(posture: Posture, judged: Verdict) -> Iterator[tuple[int, Allowance]]:
    """Yield the permissions that are kept, with their positions."""
    of = judged.evidence.holdings
    kept = judged.levels(judged.kept)
    proper = judged.levels(judged.kept & ~judged.among((State.COMPANION,)))
    for place in np.flatnonzero(judged.permissions(judged.kept)).tolist():
        levels = int(kept[place])
        wanted = Wanted(
            levels,
            int(of.levels[place]),
            companions=levels != int(proper[place]),
            used=judged.used_actions[place],
        )
        yield place, _allowance(posture, judged, place, wanted)


def _allowance(posture: Posture, judged: Verdict, place: int, wanted: Wanted) -> Allowance:
    of, graph = judged.evidence.holdings, posture.graph
    call, row, target = bool(of.call[place]), int(of.row[place]), int(of.target[place])
    relationship, path = CALLS if call else CAN_ACCESS, of.paths[int(of.path[place])]
    fact = graph.frames[relationship].iloc[row]
    expires = NEVER if call else int(milliseconds(pd.Series([fact["expires_at"]]))[0])
    granted = () if call else actions_of(posture, row)
    pattern = bool(patterns(posture)[target])
    condition = fact["condition"]
    return Allowance(
        id=str(fact["id"]),
        relationship=relationship.name,
        holder=thing_of(posture, int(of.holder[place])),
        target=thing_of(posture, target),
        levels=tuple(LEVEL_SETS[wanted.levels]),
        actions=_actions(granted, str(graph.ids[target]), pattern, wanted),
        conditions=(condition,) if isinstance(condition, str) else (),
        step_conditions=path.conditions,
        activation=path.activation
        or bool(flags(pd.Series([fact["eligible"]], dtype="boolean"))[0]),
        ends_at=None if expires == NEVER else expires,
        pattern=pattern,
        wanted=wanted,
        granted_actions=granted,
        actions_on=None if call else _actions_on(fact["actions_on"]),
    )


def _actions_on(text: object) -> dict[str, list[str]] | None:
    """Return the actions by name; None where they are on all of the target."""
    stated = strict_json(text) if isinstance(text, str) else None
    if not isinstance(stated, dict):
        return None
    return {str(name): [str(action) for action in actions] for name, actions in stated.items()}


def _actions(
    granted: tuple[str, ...], target: str, pattern: bool, wanted: Wanted
) -> tuple[str, ...]:
    """Return the actions of a grant that are kept, as its source names them."""
    if not granted:
        return tuple(sorted(wanted.used or ()))
    try:
        return narrowed(granted, aws_target(target, pattern), wanted)
    except (NotAws, Inexpressible):
        return tuple(action for action in granted if _stays(action, wanted))


def _stays(action: str, wanted: Wanted) -> bool:
    """Return whether an action stays: by its use where all are known, else by its verb."""
    if wanted.used is not None:
        return action.lower() in wanted.used
    level = level_of(action)
    return level == UNKNOWN or not wanted.granted >> level & 1 or bool(wanted.levels >> level & 1)
