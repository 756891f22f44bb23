"""Repaid debt: what the ledger says of the items that a campaign promised."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from analytics.debt.ledger.balance import Balance, balance, present, renamed_keys
from analytics.debt.ledger.of_items import repaid
from analytics.debt.ledger.period import Period, period
from analytics.posture import Posture
from analytics.remediation.campaign.parts import rows_left
from analytics.remediation.campaign.progress import DONE, Course, Moments
from analytics.remediation.campaign.standing import View
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds
from graph.journal.campaign_steps import CampaignStep
from graph.journal.entries import Campaign
from graph.schema import CAN_ACCESS


@dataclass(frozen=True)
class StepRepaid:
    """What became of the debt that a step promised, in trust points.

    `repaid` went by real changes; what is owed for access that came in place of the target is taken
    off. `unseen` went only because coverage changed. `unmeasured` was not owed any more on the
    oldest snapshot kept, as the one that the campaign began with was pruned.
    """

    repaid: float = 0.0
    unseen: float = 0.0
    unmeasured: float = 0.0


def repaid_by_step(campaign: Campaign, moments: Moments, progress: Course) -> list[StepRepaid]:
    """Return what was repaid of each step of a campaign."""
    counts = [len(step.items) for step in campaign.steps]
    if not moments.later or not sum(counts):
        return [StepRepaid() for _ in counts]
    keys, between = keys_of(campaign), progress.between
    promised = np.array([amount for step in campaign.steps for _, amount in step.items])
    start, pruned = moments.start, np.zeros(len(promised))
    if start is None:
        start, between = moments.posture(0), between[1:]
        pruned = np.where(present(keys, balance(start).owed), 0.0, np.maximum(promised, 0.0))
    of = period(balance(start), balance(moments.now), between)
    done = repaid(of, keys_under(start, moments.now, keys, between))
    shrunk, grown = np.maximum(done.amount, 0.0), np.minimum(done.amount, 0.0)
    amount = np.where(promised > 0, shrunk, grown)  # what grew by itself is not taken off
    ends = np.cumsum(counts)[:-1]
    columns = (np.split(c, ends) for c in (amount, done.unseen, pruned))
    sums = [[math.fsum(part) for part in parts] for parts in zip(*columns, strict=True)]
    names = dict(RenamedIds(start.graph, moments.now.graph, between).names)
    view = View(moments.now, names)
    replaced = [
        _in_its_place(of, view, step) if became.state != DONE else 0.0
        for step, became in zip(campaign.steps, progress.steps, strict=True)
    ]
    return [
        StepRepaid(gone - back, unseen, unmeasured)
        for (gone, unseen, unmeasured), back in zip(sums, replaced, strict=True)
    ]


def _in_its_place(of: Period, view: View, step: CampaignStep) -> float:
    """Return what is owed for grants that came in place of those of a step since it began."""
    if step.relationship != CAN_ACCESS.name:
        return 0.0
    end = of.end
    new = np.setdiff1d(of.new, of.new[of.seen])
    rows = [rows_left(view.graph, step, part, view.names) for part in step.parts]
    grants = np.concatenate(rows)
    own = view.graph.frames[CAN_ACCESS]["id"].iloc[grants].isin(step.ids).to_numpy(bool)
    return math.fsum(end.amount[new[np.isin(_grants(end)[new], grants[~own])]])


def _grants(of: Balance) -> np.ndarray:
    """Return the grant (a row of CAN_ACCESS) of each item that is owed."""
    entitlement = of.debt.rows.entitlement[of.row]
    return np.asarray(of.debt.units.grant[entitlement])


def keys_of(campaign: Campaign) -> np.ndarray:
    """Return the keys of all items that a campaign promised (uint64), step by step."""
    keys = [int(key, 16) for step in campaign.steps for key, _ in step.items]
    return np.array(keys, np.uint64)


def keys_under(
    start: Posture, now: Posture, keys: np.ndarray, between: Iterable[Identities]
) -> np.ndarray:
    """Return the keys that items of one posture have under the ids of a later one."""
    return renamed_keys(balance(start), keys, RenamedIds(start.graph, now.graph, between))
