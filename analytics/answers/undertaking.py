"""Undertakings: the start of a campaign from the steps of a plan, and its close."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pandas as pd

from analytics.answers.campaign import Campaigns, campaigns, chosen_campaigns, outcome_of
from analytics.answers.journal import Refused, checked_text, decider, journal_of
from analytics.answers.plan import RemovalPlan, plan
from analytics.answers.table import as_json
from analytics.assumptions.model import NUMBER, model
from analytics.ownership.owners import active_people
from analytics.posture import Posture
from analytics.remediation.campaign.asked import Asked, asked_in, asked_of
from analytics.remediation.campaign.parts import parts_of, scopes_of
from analytics.remediation.campaign.progress import Moments
from analytics.remediation.campaign.promise import Promise, promises
from analytics.remediation.campaign.repaid import keys_of, keys_under
from graph.element import Element
from graph.journal.actor import By
from graph.journal.campaign_steps import CampaignStep, Undertaking
from graph.journal.entries import Campaign, under_way
from graph.schema import FACT_NODES
from graph.values import iso

DAY = pd.Timedelta(days=1)


def steps_of_plan(
    posture: Posture, budget: int, objective: str, whose: Sequence[str] = ()
) -> list[Asked]:
    """Return the steps that `plan` proposes, for some identities only if `whose` selects them."""
    return steps_of(posture, plan(posture, budget, objective, whose=whose))


def steps_of(posture: Posture, answer: RemovalPlan) -> list[Asked]:
    """Return the steps of an answer of `plan` about this posture."""

    def refuse(place: str, reason: str) -> NoReturn:
        raise AssertionError(f"{place} {reason}")

    return asked_of(posture, as_json(answer.steps), "/steps", refuse)


def steps_of_file(posture: Posture, path: Path) -> list[Asked]:
    """Return the steps of an answer of `plan` or `changes` that was kept in a file.

    Raises
    ------
    InputRefused
    """
    return asked_in(posture, path)


def start(
    posture: Posture,
    asked: Sequence[Asked],
    name: str,
    by: str | By,
    reason: str = "",
    due: pd.Timestamp | None = None,
    owner: str | None = None,
) -> Campaigns:
    """Start a campaign of some steps, and answer as `campaigns` does about it.

    Who starts it is its `owner` unless another person is named. Each step is due when the step says
    so, or else `due`, or else after one cycle of the assumptions that it mends.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    journal, graph = journal_of(posture), posture.graph
    if not asked:
        raise Refused("there is no step to undertake")
    if due is not None and due <= graph.as_of:
        raise Refused(f"it must be due after {iso(graph.as_of)}, the instant looked at")
    person = decider(posture, by)
    title, why = checked_text("name", name), checked_text("reason", reason, needed=False)
    answers = person.name if owner is None else _owner(posture, owner)
    assert graph.snapshot is not None, "a posture with a journal is of a snapshot"
    made = promises(posture, [step.change for step in asked])
    steps = tuple(
        _step(posture, step, promise, due) for step, promise in zip(asked, made, strict=True)
    )
    undertaking = Undertaking(
        name=title,
        snapshot=graph.snapshot.id,
        as_of=graph.as_of,
        owner=answers,
        due=max(step.due for step in steps),
        steps=steps,
    )
    keys_now = {c.number: _keys_now(posture, c) for c in under_way(journal.entries())}
    entry = journal.start_campaign(undertaking, person, why, graph.as_of, keys_now)
    return campaigns(posture, entry.id)


def close(posture: Posture, campaign: str, by: str | By, reason: str) -> Campaigns:
    """Close a campaign as it stands, and answer as `campaigns` does about it.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, NoSuchEntry, StoreError
    """
    journal = journal_of(posture)
    (entry,) = chosen_campaigns(posture, campaign)
    person, why = decider(posture, by), checked_text("reason", reason)
    outcome = outcome_of(posture, entry).steps
    journal.close_campaign(entry.number, person, why, posture.graph.as_of, outcome)
    return campaigns(posture, entry.id)


def _owner(posture: Posture, asked: str) -> str:
    number = posture.graph.find(asked)
    if not active_people(posture.graph)[0][number]:
        name = posture.graph.thing(number)["name"]
        raise Refused(f"{name} is no active person, and cannot answer for a campaign")
    return posture.graph.thing(number)["id"]


def _step(
    posture: Posture, asked: Asked, promise: Promise, due: pd.Timestamp | None
) -> CampaignStep:
    change, graph = asked.change, posture.graph
    cycle = promise.cycle or float(model().cycles[NUMBER["review"]])
    elements: tuple[Element, ...] = (
        (change.relationship,) if change.relationship is not None else FACT_NODES
    )
    return CampaignStep(
        id=asked.id,
        action=change.action.value,
        relationship=change.relationship.name if change.relationship is not None else None,
        ids=change.ids,
        parts=parts_of(posture, change.action, change.relationship, change.ids),
        findings=asked.findings,
        owner=asked.owner,
        due=asked.due or due or (graph.as_of + cycle * DAY).floor("ms"),
        items=promise.items,
        scopes=tuple(sorted(scopes_of(graph, elements, change.ids))),
    )


def _keys_now(posture: Posture, campaign: Campaign) -> dict[str, str]:
    """Return the present keys of the items of a campaign by its own, where they differ.

    They are unknown if the snapshot that it was worked out on was pruned.
    """
    begun = Moments.of(posture, campaign).start
    if begun is None:
        return {}
    keys = keys_of(campaign)
    now = keys_under(begun, posture, keys, ())
    pairs = zip(keys.tolist(), now.tolist(), strict=True)
    return {f"{old:016x}": f"{new:016x}" for old, new in pairs if old != new}
