"""Campaigns: steps that people undertook, what is left of them, and the debt repaid so far."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analytics.answers.journal import journal_of
from analytics.answers.resolution import SHOWN, chosen_changes
from analytics.answers.shape import cut
from analytics.answers.table import OPTIONAL, Table, objects
from analytics.changes.differences import Changes, changes
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.remediation.campaign.progress import (
    DONE,
    NONE,
    REOPENED,
    UNSEEN,
    Moments,
    StepProgress,
    course,
)
from analytics.remediation.campaign.repaid import StepRepaid, repaid_by_step
from graph.access import AccessGraph, AmbiguousThing, UnknownThing
from graph.element import Element, Node
from graph.identity.renamed_ids import RenamedIds
from graph.journal.campaign_steps import CampaignStep
from graph.journal.entries import Campaign, Closing
from graph.once import once
from graph.schema import COVERS, HUMAN, OWNS
from graph.values import iso

UNDER_WAY, CLOSED, WITHDRAWN = "open", "closed", "withdrawn"
COLUMNS = (
    *("id", "entry", "name", "state", "by", "reason", "owner", "due", "started_at", "snapshot"),
    *("age_days", "steps", "done", "reopened", "unseen", "overdue", "promised", "repaid"),
    *("progress", "closed", "note"),
)
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Campaigns:
    """The campaigns, the latest first; see `campaigns`.

    `campaigns` has `id`, `entry`, `name`, `state`, `by`, `reason`, `owner` (a node, as a dict),
    `due`, `started_at`, `snapshot`, `age_days`, `steps` (dicts), `done`, `reopened`, `unseen`,
    `overdue` (counts), `promised`, `repaid`, `progress` (`done` and `of`), `closed` (a dict) and
    `note`. `steps` are those of the one campaign that was asked for, a row for each.
    """

    campaigns: Table
    left_out: int
    steps: Table | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Outcome:
    """What became of each step of a campaign (`steps`, plain data), and what cannot be measured."""

    steps: Sequence[Mapping[str, Any]]
    note: str | None


@kept
def campaigns(posture: Posture, asked: str | None = None, limit: int = 0) -> Campaigns:
    """Return the campaigns started so far, or the one that is asked for, by id or unique name.

    A step is `done` once its target is gone, or was changed as it asks, and `reopened` if that did
    not last. It is `unseen` if no source could show any more whether its target is there. `repaid`
    is what the ledger says of the items that a campaign promised.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    chosen = chosen_campaigns(posture, asked)[::-1]
    shown, left_out = cut(chosen, limit)
    rows = [_row(posture, campaign) for campaign in shown]
    table = Table(_frame(rows, COLUMNS), posture.graph.things)
    if asked is None:
        return Campaigns(table, left_out)
    steps, steps_left = cut(rows[0]["steps"], limit)
    return Campaigns(table, steps_left, Table(_frame(steps, tuple(steps[0])), posture.graph.things))


def _frame(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: objects([row[name] for row in rows]) for name in names})


def chosen_campaigns(posture: Posture, asked: str | None) -> list[Campaign]:
    """Return the campaigns that had begun by the instant looked at, or the one that is asked for.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    journal = journal_of(posture)
    begun = [c for c in journal.campaigns() if c.since <= posture.graph.as_of]
    if asked is None:
        return begun
    by_id = [c for c in begun if asked in (c.id, str(c.number))]
    named = by_id or [c for c in begun if c.name.lower() == asked.lower()]
    if len(named) > 1:
        raise AmbiguousThing(asked, [c.id for c in named])
    if not named:
        raise UnknownThing(asked, [c.id for c in begun[-3:]], "no campaign")
    return named


def outcome_of(posture: Posture, campaign: Campaign) -> Outcome:
    """Return what became of a campaign as of a posture, computed once for it."""
    kept = _outcomes(posture)
    if campaign.number not in kept:
        moments = Moments.of(posture, campaign)
        progress = course(campaign, moments)
        amounts = repaid_by_step(campaign, moments, progress)
        each = zip(campaign.steps, progress.steps, amounts, strict=True)
        steps = [_became(moments, *became) for became in each]
        kept[campaign.number] = Outcome(steps, _note(campaign, moments))
    return kept[campaign.number]


@once
def _outcomes(posture: Posture) -> dict[int, Outcome]:
    """Return the cache of outcomes, by the number of the campaign."""
    return {}


def _note(campaign: Campaign, moments: Moments) -> str | None:
    """Return what cannot be measured because snapshots were pruned."""
    if moments.start is not None:
        return None
    begun = f"the snapshot {campaign.snapshot} that it was worked out on was pruned"
    if not moments.later:
        return begun
    return f"{begun}: debt that was gone by {moments.later[0].id} is `unmeasured`, and not repaid"


# -- rows ---------------------------------------------------------------------------------------


def _row(posture: Posture, campaign: Campaign) -> dict[str, Any]:
    """Describe a campaign as of a posture, or as it was when it was closed."""
    graph, as_of = posture.graph, posture.graph.as_of
    closing = _closing(posture, campaign)
    if closing is None:
        outcome, ended = outcome_of(posture, campaign), as_of
    else:
        outcome, ended = Outcome(closing.outcome, None), closing.as_of
    pairs = zip(campaign.steps, outcome.steps, strict=True)
    steps = [_described(graph, step, became, ended) for step, became in pairs]
    states = [step["state"] for step in steps]
    return {
        "id": campaign.id,
        "entry": campaign.number,
        "name": campaign.name,
        "state": _state(campaign, closing, as_of),
        "by": campaign.by,
        "reason": campaign.reason,
        "owner": _person(graph, campaign.owner),
        "due": iso(campaign.due),
        "started_at": iso(campaign.since),
        "snapshot": campaign.snapshot,
        "age_days": (ended - campaign.since) / DAY,
        "steps": steps,
        "done": states.count(DONE),
        "reopened": states.count(REOPENED),
        "unseen": states.count(UNSEEN),
        "overdue": sum(step["overdue"] for step in steps),
        "promised": math.fsum(step.promised for step in campaign.steps),
        "repaid": math.fsum(step["repaid"] for step in steps),
        "progress": {"done": states.count(DONE), "of": len(steps)},
        "closed": None if closing is None else _closed(closing),
        "note": outcome.note,
    }


def _closing(posture: Posture, campaign: Campaign) -> Closing | None:
    """Return the close of a campaign that is in force."""
    closings = (c for c in journal_of(posture).closings() if c.closes == campaign.number)
    return next((c for c in closings if c.holds(posture.graph.as_of)), None)


def _closed(closing: Closing) -> dict[str, Any]:
    author = {"by": closing.by, "reason": closing.reason}
    return {"entry": closing.number, "at": iso(closing.since)} | author


def _state(campaign: Campaign, closing: Closing | None, as_of: pd.Timestamp) -> str:
    if campaign.withdrawn_at is not None and campaign.withdrawn_at <= as_of:
        return WITHDRAWN
    return UNDER_WAY if closing is None else CLOSED


def _described(
    graph: AccessGraph, step: CampaignStep, became: Mapping[str, Any], now: pd.Timestamp
) -> dict[str, Any]:
    """Describe a step with what became of it."""
    return {
        "id": step.id,
        "action": step.action,
        "target": _target(step),
        "findings": list(step.findings),
        "owner": None if step.owner is None else _person(graph, step.owner),
        "due": iso(step.due),
        "overdue": became["state"] != DONE and step.due < now,
        "promised": step.promised,
        "promised_in": list(step.promised_in),
        **became,
    }


def _target(step: CampaignStep) -> dict[str, Any]:
    """Return what a step is about; an end is null where its relationships have several."""
    sides = zip(*(part.ends for part in step.parts), strict=True)
    ends = [dict(side[0]) if all(end == side[0] for end in side) else None for side in sides]
    ids = {"ids": list(step.ids)}
    if step.relationship is not None:
        return {"from": ends[0], "relationship": step.relationship, "to": ends[1], **ids}
    return (ends[0] or dict.fromkeys(("id", "label", "name"))) | ids


def _person(graph: AccessGraph, id_: str) -> dict[str, str]:
    """Return a person as a dict; one who is not in the snapshot has the id for a name."""
    number = graph.number(graph.identities.canonical.get(id_, id_))
    return graph.thing(number) if number >= 0 else {"id": id_, "label": HUMAN.name, "name": id_}


def _became(
    moments: Moments, step: CampaignStep, progress: StepProgress, amounts: StepRepaid
) -> dict[str, Any]:
    return {
        "state": progress.state,
        "done_by": _by(moments, step, progress.done),
        "reopened_by": _by(moments, step, progress.reopened),
        "repaid": amounts.repaid,
        "unseen": amounts.unseen,
        "unmeasured": amounts.unmeasured,
    }


# -- the changes that did it ----------------------------------------------------------------------


def _by(moments: Moments, step: CampaignStep, place: int) -> dict[str, Any] | None:
    """Return the snapshot that shows a step carried out, or undone, and the changes that did it.

    The changes are null if the snapshot before it was pruned.
    """
    if place == NONE:
        return None
    info, last = moments.later[place], len(moments.later) - 1
    at = moments.now.graph.as_of if place == last else info.taken_at
    shown = {"snapshot": info.id, "at": iso(at)}
    if not moments.has(place - 1):
        return shown | {"changes": None, "more": 0}
    about = _About(step, moments.posture(place).graph)
    rows = chosen_changes(_compared(moments, place), about.mask)
    return shown | {"changes": rows[:SHOWN], "more": max(len(rows) - SHOWN, 0)}


@once
def _compared(moments: Moments, place: int) -> Changes:
    """Compare a snapshot with the one before it, once for all steps."""
    earlier, later = moments.posture(place - 1).graph, moments.posture(place).graph
    return changes(RenamedIds(earlier, later).graph, later)


class _About:
    """The facts that the target of a step consists of, under the ids of a graph."""

    def __init__(self, step: CampaignStep, graph: AccessGraph) -> None:
        self.relationship, canonical = step.relationship, graph.identities.canonical
        self.ends = [[canonical.get(e["id"], e["id"]) for e in part.ends] for part in step.parts]

    def mask(self, element: Element, frame: pd.DataFrame) -> pd.Series:
        """Return a mask of the changes of an element that are about the target."""
        nodes = [ids[0] for ids in self.ends] if self.relationship is None else []
        if isinstance(element, Node):
            return frame["id"].isin(nodes)
        if element in (OWNS, COVERS) and nodes:
            return frame["target_id"].isin(nodes)
        mask = pd.Series(False, index=frame.index)
        for source, target in self.ends if element.name == self.relationship else ():
            mask |= (frame["source_id"] == source) & (frame["target_id"] == target)
        return mask
