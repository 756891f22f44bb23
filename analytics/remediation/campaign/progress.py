"""Progress: what became of each step of a campaign in the snapshots since it began."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from analytics.past import past
from analytics.posture import Posture
from analytics.remediation.campaign.parts import scopes_of
from analytics.remediation.campaign.standing import (
    Standing,
    View,
    could_state,
    elements_of,
    standing,
)
from graph.facts import Coverage
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds
from graph.journal.campaign_steps import CampaignStep
from graph.journal.entries import Campaign
from graph.stores import SnapshotInfo

OPEN, DONE, REOPENED, UNSEEN = "open", "done", "reopened", "unseen"
NONE = -1


@dataclass(frozen=True)
class Moments:
    """The snapshots from the beginning of a campaign to its close, or to the present.

    `start` is the snapshot it was worked out on; None if that was pruned. `later` are those after
    it, oldest first; the last of them is that of `now`, if `now` is any later.
    """

    start: Posture | None
    later: tuple[SnapshotInfo, ...]
    now: Posture

    def posture(self, place: int) -> Posture:
        """Return the posture of one of `later`; `NONE` stands for the start."""
        if place == NONE:
            assert self.start is not None
            return self.start
        if place == len(self.later) - 1:
            return self.now
        assert self.now.history is not None
        return self.now.history.posture(self.later[place].id)

    @classmethod
    def of(cls, now: Posture, campaign: Campaign) -> "Moments":
        """Return the moments of a campaign, as seen from a posture of a store."""
        history, info = now.history, now.graph.snapshot
        assert history is not None
        assert info is not None
        begun = next((i for i in history.every if i.id == campaign.snapshot), None)
        later = [i for i in past(now) if _after(i, campaign, begun)]
        if _after(info, campaign, begun) or now.graph.as_of > campaign.as_of:
            later.append(info)
        if begun is None:
            return cls(None, tuple(later), now)
        moved = None if campaign.as_of == begun.taken_at else campaign.as_of
        return cls(history.posture(begun.id, moved), tuple(later), now)

    def has(self, place: int) -> bool:
        """Return whether the snapshot at a place is kept."""
        return place > NONE or self.start is not None


def _after(info: SnapshotInfo, campaign: Campaign, begun: SnapshotInfo | None) -> bool:
    """Return whether a snapshot comes after the one that a campaign was worked out on."""
    return info.order > begun.order if begun is not None else info.taken_at > campaign.as_of


@dataclass(frozen=True)
class StepProgress:
    """What became of a step: its `state`, and the places in `Moments.later` that show it.

    `done` is where it was carried out for the last time, `reopened` where it came back after that;
    `NONE` where it was not.
    """

    state: str
    done: int = NONE
    reopened: int = NONE


@dataclass(frozen=True)
class Course:
    """What became of the steps of a campaign, and the merged ids of the snapshots on the way."""

    steps: tuple[StepProgress, ...]
    between: tuple[Identities, ...]


def course(campaign: Campaign, moments: Moments) -> Course:
    """Follow the steps of a campaign from snapshot to snapshot."""
    coverage = moments.start.graph.coverage if moments.start is not None else ()
    walks = [_Walk(step, coverage) for step in campaign.steps]
    between: list[Identities] = []
    for place, info in enumerate(moments.later):
        posture = moments.posture(place)
        names = _names(moments.start, posture, between)
        for walk in walks:
            walk.look(View(posture, names), campaign, info)
        between.append(posture.graph.identities)
    return Course(tuple(walk.result() for walk in walks), tuple(between[:-1]))


def _names(start: Posture | None, later: Posture, between: Sequence[Identities]) -> dict[str, str]:
    """Return the ids in a later graph of the nodes of the start, where they differ."""
    if start is None:
        return {}
    return dict(RenamedIds(start.graph, later.graph, between).names)


class _Walk:
    """One step, followed from snapshot to snapshot."""

    def __init__(self, step: CampaignStep, coverage: tuple[Coverage, ...]) -> None:
        self.step = step
        self._scopes = set(step.scopes)
        self._coverage = coverage
        self._seen: list[Standing] = []

    def look(self, view: View, campaign: Campaign, info: SnapshotInfo) -> None:
        """Note where the step stands in the next snapshot.

        What is not there counts as carried out if the scopes that stated it last would state it.
        """
        now = standing(view, campaign, self.step)
        before = self._seen[-1] if self._seen else Standing.LEFT
        if now in (Standing.ABSENT, Standing.HIDDEN) and before is Standing.CARRIED_OUT:
            now = before
        elif now is Standing.ABSENT:
            seen = could_state(self.step, self._scopes, self._coverage, info.coverage)
            now = Standing.CARRIED_OUT if seen else Standing.HIDDEN
        if now is Standing.LEFT:
            stated = scopes_of(view.graph, elements_of(self.step), self.step.ids)
            self._scopes = stated or self._scopes
            self._coverage = info.coverage
        self._seen.append(now)

    def result(self) -> StepProgress:
        """Return what became of the step."""
        runs = [(state, len(list(same))) for state, same in groupby(self._seen)]
        if not runs:
            return StepProgress(OPEN)
        begins = [sum(length for _, length in runs[:at]) for at in range(len(runs))]
        done = [at for at, (state, _) in enumerate(runs) if state is Standing.CARRIED_OUT]
        last = runs[-1][0]
        if not done:
            return StepProgress(UNSEEN if last is Standing.HIDDEN else OPEN)
        place = begins[done[-1]]
        if last is Standing.CARRIED_OUT:
            return StepProgress(DONE, place)
        return StepProgress(REOPENED, place, begins[done[-1] + 1])
