"""Boundary: a scope is approved, and neither access nor use goes beyond it."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import entitlements
from analytics.assumptions.families.scope import scopes_of
from analytics.assumptions.model import model
from analytics.changes.drift.baseline import Baseline, approved, reviewed
from analytics.coverage import stated_by
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.families.scope_use import outside
from analytics.findings.rule import plural, verb
from analytics.posture import Posture
from graph.coverage import can_state

# What is known of the scope of an identity.
DECLARED, REVIEWED, LAPSED, KNOWN, OPEN, ROLE = range(6)
NOTHING = {
    LAPSED: "the approval of its scope has ended, or was revoked since.",
    KNOWN: "no scope is declared.",
    OPEN: "no source could have declared a scope.",
    ROLE: "a role has no declared scope, and no review lists what it was approved for.",
}
OF = {DECLARED: "the declared scope", REVIEWED: "what its last review approved"}


def judge(posture: Posture) -> Judged:
    """Count the entitlements within the scope, and what was used outside of it.

    The scope is the one that is declared for the identity, else what its last approving review
    lists; one that has ended, or was revoked, approves nothing. A role has no declared scope.
    """
    identities, baselines = posture.accountable, approved(posture.graph)
    units, state = entitlements(posture, model()), _state(posture, baselines)
    beyond, used = _beyond(posture, state, baselines), _used(posture, state, baselines)
    used_place = np.searchsorted(identities, used["identity"].to_numpy(np.int64))
    of = np.bincount(units.place, minlength=len(identities))
    over = np.bincount(units.place, beyond, len(identities)).astype(np.int64)
    uses = np.bincount(used_place, minlength=len(identities))
    hidden = ~posture.entitlements_known[identities]
    scoped = state <= REVIEWED
    facts = pd.concat(
        [
            _approvals(posture, state, baselines),
            _lapsed(posture, state),
            _grants(posture, beyond & scoped[units.place]),
            _uses(used, used_place),
        ],
        ignore_index=True,
    )
    rows = zip(
        *(each.tolist() for each in (state, of, over, uses, hidden)),
        strict=True,
    )
    return Judged(
        np.where(scoped, of - over, 0),
        np.where(scoped, over + uses, np.isin(state, (LAPSED, KNOWN))).astype(np.int64),
        np.where(scoped, hidden, state > KNOWN).astype(np.int64),
        np.array([_because(*row) for row in rows], object),
        facts,
        dict.fromkeys(
            np.flatnonzero(state == ROLE), "A review that lists what it is approved for."
        ),
    )


def _state(posture: Posture, baselines: dict[int, Baseline]) -> np.ndarray:
    graph, identities = posture.graph, posture.accountable
    possible = can_state(graph, "declared_scope")[identities]
    masks = (
        np.isin(identities, list(scopes_of(posture))),
        np.isin(identities, list(baselines)),
        np.isin(identities, list(reviewed(graph))),
        stated_by(graph, "scope")[identities] & possible,
        possible,
    )
    return np.select(list(masks), [DECLARED, REVIEWED, LAPSED, KNOWN, OPEN], ROLE)


def _beyond(posture: Posture, state: np.ndarray, baselines: dict[int, Baseline]) -> np.ndarray:
    """Return a mask of the entitlements beyond the scope of their identity."""
    units = entitlements(posture, model())
    beyond = counted(posture, "scope").facts["failing"].to_numpy(bool, copy=True)
    for place in np.flatnonzero(state == REVIEWED).tolist():
        rows = slice(units.first[place], units.first[place + 1])
        baseline = baselines[int(units.identities[place])]
        beyond[rows] = ~baseline.allows(posture.graph, units.resource[rows], units.level[rows])
    return beyond


def _used(posture: Posture, state: np.ndarray, baselines: dict[int, Baseline]) -> pd.DataFrame:
    """Return the uses beyond the scope of their identity; see `outside`."""
    approved = posture.accountable[state == REVIEWED].tolist()
    entries = {number: baselines[number].entries for number in approved}
    return pd.concat([outside(posture), outside(posture, entries)], ignore_index=True)


def _because(state: int, of: int, over: int, uses: int, hidden: bool) -> str:
    if state not in OF:
        return NOTHING[state]
    text = f"{over} of {plural(of, 'entitlement')} {verb(over, 'goes', 'go')} beyond {OF[state]}"
    was = verb(uses, "was", "were")
    text += f", and {plural(uses, 'resource')} outside of it {was} used" if uses else ""
    return f"{text}{'; not all of its access is known' if hidden else ''}."


def _approvals(posture: Posture, state: np.ndarray, baselines: dict[int, Baseline]) -> pd.DataFrame:
    """Return what states the scope: the identity itself, or a review."""
    place = np.flatnonzero(state <= REVIEWED)
    numbers = posture.accountable[place]
    ids = posture.graph.things["id"].to_numpy(object)[numbers]
    by_review = state[place] == REVIEWED
    ids[by_review] = [baselines[int(number)].by for number in numbers[by_review]]
    return facts_of(place, ids, False)


def _lapsed(posture: Posture, state: np.ndarray) -> pd.DataFrame:
    """Return the reviews that approved a scope once."""
    place, by = np.flatnonzero(state == LAPSED), reviewed(posture.graph)
    ids = [by[int(number)].by for number in posture.accountable[place]]
    return facts_of(place, np.array(ids, object), True)


def _grants(posture: Posture, beyond: np.ndarray) -> pd.DataFrame:
    facts = counted(posture, "scope").facts[beyond]
    return facts_of(facts["place"].to_numpy(), facts["fact"].to_numpy(object), True)


def _uses(used: pd.DataFrame, place: np.ndarray) -> pd.DataFrame:
    pairs = [(p, fact) for p, facts in zip(place, used["facts"], strict=True) for fact in facts]
    columns = zip(*pairs, strict=True) if pairs else ((), ())
    places, facts = (list(column) for column in columns)
    return facts_of(np.array(places, np.int64), np.array(facts, object), True)


CLAIM = Claim(
    name="boundary",
    order=3,
    says="A scope is approved, and neither its access nor its use goes beyond it.",
    needs=("scope",),
    otherwise="A read of all of its access.",
    remedy="Declare its scope, and take away what is beyond it.",
    judge=judge,
)
