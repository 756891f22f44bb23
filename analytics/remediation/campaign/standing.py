"""Where a step stands in one snapshot: still to be done, carried out, or not to be seen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.reviews import reviews
from analytics.posture import Posture
from analytics.remediation.campaign.parts import (
    LABELS,
    TYPES,
    last_end,
    node,
    node_row,
    owners,
    rows_left,
)
from analytics.residue import alive
from graph.access import AccessGraph
from graph.coverage import kind_of_element
from graph.element import Element
from graph.facts import Coverage
from graph.instants import milliseconds
from graph.journal.campaign_steps import CampaignStep, StepPart
from graph.journal.entries import Campaign
from graph.schema import CREDENTIAL, CREDENTIAL_ENDED, LEVELS


class Standing(Enum):
    """Where a step stands."""

    LEFT = auto()
    CARRIED_OUT = auto()
    ABSENT = auto()  # its target is not among the facts
    HIDDEN = auto()  # whether it is carried out cannot be seen


@dataclass(frozen=True)
class View:
    """A posture that is looked at, with the ids that it has for earlier ones, where they differ."""

    posture: Posture
    names: Mapping[str, str]

    @property
    def graph(self) -> AccessGraph:
        """The graph of the posture."""
        return self.posture.graph

    def number(self, part: StepPart) -> int:
        """Return the number of the node that a part is about; -1 if it is not there."""
        return node(self.graph, part.ends[0]["id"], self.names)


def standing(view: View, campaign: Campaign, step: CampaignStep) -> Standing:
    """Return where a step of a campaign stands in a posture, whatever its sources could state."""
    each = {_of_part(view, campaign, step, part) for part in step.parts}
    order = (Standing.LEFT, Standing.HIDDEN, Standing.ABSENT, Standing.CARRIED_OUT)
    return next(state for state in order if state in each)


def elements_of(step: CampaignStep) -> set[Element]:
    """Return the type of the relationships that a step is on, or the labels of its nodes."""
    if step.relationship is not None:
        return {TYPES[step.relationship]}
    return {LABELS[part.ends[0]["label"]] for part in step.parts}


def could_state(
    step: CampaignStep,
    scopes: Iterable[tuple[str, str]],
    before: Iterable[Coverage],
    now: Iterable[Coverage],
) -> bool:
    """Return whether all `scopes` that stated the target of a step before could state it now.

    A scope could not if it is gone, was read only in part, or declares facts of its kind no more.
    """
    kinds = {kind_of_element(element) for element in elements_of(step)}
    declared, declares = ({c.key: c for c in coverage} for coverage in (before, now))

    def silent(scope: tuple[str, str]) -> bool:
        was, is_ = declared.get(scope), declares.get(scope)
        if is_ is None or not is_.complete:
            return True
        return was is not None and bool(kinds & set(was.declares) - set(is_.declares))

    return not any(silent(scope) for scope in scopes)


def _of_part(view: View, campaign: Campaign, step: CampaignStep, part: StepPart) -> Standing:
    action = Action(step.action)
    if step.relationship is not None:
        rows = rows_left(view.graph, step, part, view.names)
        if not len(rows):
            return Standing.ABSENT
        is_left = _ON_ROWS.get(action)
        left = is_left is None or is_left(view, step, part, rows)
        return Standing.LEFT if left else Standing.CARRIED_OUT
    number = view.number(part)
    if number < 0:
        return Standing.ABSENT
    if action is Action.ASSIGN_OWNER and _owner_unknown(view, part, number):
        return Standing.HIDDEN
    left = _ON_NODES[action](view, campaign, part, number)
    return Standing.LEFT if left else Standing.CARRIED_OUT


# -- what is left to do on relationships --------------------------------------------------------


def _wide(view: View, step: CampaignStep, part: StepPart, rows: np.ndarray) -> bool:
    """Return whether any level is left that was unused; or, if none was, whether all levels are."""
    bits = int(np.bitwise_or.reduce(view.graph.levels[rows], initial=0))
    levels = {level for place, level in enumerate(LEVELS) if bits >> place & 1}
    unused, every = set(part.was["unused"]), set(part.was["levels"])
    return bool(levels & unused) if unused else levels >= every


def _unending(view: View, step: CampaignStep, part: StepPart, rows: np.ndarray) -> bool:
    """Return whether there is no end, or none that is earlier than it was."""
    relationship = TYPES[str(step.relationship)]
    end = last_end(relationship, view.graph.frames[relationship].iloc[rows])
    was = part.was["ends"]
    return end is None or (was is not None and pd.Timestamp(end) >= pd.Timestamp(was))


_ON_ROWS: Mapping[Action, Callable[[View, CampaignStep, StepPart, np.ndarray], bool]] = {
    Action.NARROW_GRANT: _wide,
    Action.SET_EXPIRY: _unending,
}  # any other action is carried out once they are gone


# -- what is left to do on nodes -----------------------------------------------------------------


def _active(view: View, campaign: Campaign, part: StepPart, number: int) -> bool:
    """Return whether a credential is not ended, or an identity is in service or left something."""
    label = LABELS[view.graph.thing(number)["label"]]
    if label is CREDENTIAL:
        return not node_row(view.graph, label, number)["status"].isin(CREDENTIAL_ENDED).any()
    return bool(alive(view.posture)[number])


def _unrotated(view: View, campaign: Campaign, part: StepPart, number: int) -> bool:
    """Return whether a credential has the value that it had; an ended one opens nothing."""
    row = node_row(view.graph, CREDENTIAL, number)
    rotated = milliseconds(row["rotated_at"]).max(initial=_ms(campaign.as_of))
    return _active(view, campaign, part, number) and rotated <= _ms(campaign.as_of)


def _unowned(view: View, campaign: Campaign, part: StepPart, number: int) -> bool:
    """Return whether a role still has nobody; if none had, whether no owner is new."""
    lacking = part.was["roles"]
    if lacking:
        covered = view.posture.ownership.covered
        return any(covered[role][number] < 0 for role in lacking)
    return set(owners(view.posture, number)) <= set(part.was["owners"])


def _owner_unknown(view: View, part: StepPart, number: int) -> bool:
    """Return whether no source could state who owns a node in a role that nobody had."""
    owned, roles = view.posture.ownership, part.was["roles"]
    if not roles:
        return not owned.known[number]
    nobody = any(owned.missing(role)[number] for role in roles)
    return not nobody and not all(owned.known_in[role][number] for role in roles)


def _undecided(view: View, campaign: Campaign, part: StepPart, number: int) -> bool:
    return bool(reviews(view.graph).last_thing[number] >> 1 <= _ms(campaign.as_of))


_ON_NODES: Mapping[Action, Callable[[View, Campaign, StepPart, int], bool]] = {
    Action.DEACTIVATE_CREDENTIAL: _active,
    Action.DISABLE_IDENTITY: _active,
    Action.ROTATE_CREDENTIAL: _unrotated,
    Action.ASSIGN_OWNER: _unowned,
    Action.REVIEW: _undecided,
}


def _ms(instant: pd.Timestamp) -> int:
    return int(milliseconds(pd.Series([instant]))[0])
