"""Drift over random histories: what is known by changes alone is what reading everything shows."""

import random

import pytest

from analytics.changes.drift import baseline, drift, past_grants
from analytics.posture import Posture
from graph.schema import LEVELS
from tests.support.estates.small_estates import Estate, ago
from tests.support.histories.merged_things import ARN, BUCKET, cloud, day, hub
from tests.support.histories.small_history import history_of
from tests.support.search import searching, some

MONTHS = 5


class World:
    """What there is of agents, grants and policies; each month something else."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.agents = self.rng.sample("abcd", 2)
        self.grants: dict[str, tuple[str, str, tuple[int, ...], str | None]] = {}
        for number in range(4):
            self.grant(number)

    def grant(self, number: int) -> None:
        """State a grant, anew or otherwise than before."""
        levels = tuple(sorted(self.rng.sample(range(4), self.rng.randint(1, 3))))
        holder, policy = self.rng.choice("abcd"), self.rng.choice([None, "p", "q"])
        self.grants[f"g{number}"] = holder, f"x{self.rng.randrange(3)}", levels, policy

    def change(self) -> None:
        """Let agents come and go, and grants be made, altered and removed."""
        self.agents = sorted({*self.agents, self.rng.choice("abcd")})
        if self.rng.random() < 0.4:
            self.agents.remove(self.rng.choice(self.agents))
        for _ in range(self.rng.randint(1, 3)):
            self.grant(self.rng.randrange(6))
        if self.rng.random() < 0.5:
            del self.grants[self.rng.choice(sorted(self.grants))]

    def estate(self, month: int) -> Estate:
        """State what there is."""
        e = Estate(at=day(30 * month)).agent(*self.agents).person("ann")
        for number in range(3):
            e.resource(f"x{number}", "internal", env=self.rng.choice([None, "prod", "test"]))
        for name, (holder, target, levels, policy) in sorted(self.grants.items()):
            if holder in self.agents:
                facts = {"grant_id": name, "policy_id": policy}
                e.can(holder, " ".join(LEVELS[at] for at in levels), target, **facts)
        return e

    def others(self, month: int) -> list[Estate]:
        """Return sources with an agent that is known by one id, by another, or by both."""
        aws = cloud(30 * month)
        if self.rng.random() < 0.5:
            aws.can(ARN, self.rng.choice(LEVELS), BUCKET, granted_at=ago(100))
        return self.rng.choice([[], [hub(30 * month)], [aws], [hub(30 * month), aws]])


def drawn(seed: int) -> list[Posture]:
    """Return the posture of each month but the first; of a day, of the third and the last."""
    world, states = World(seed), []
    for month in range(MONTHS):
        states.append([world.estate(month), *world.others(month)])
        world.change()
    history = history_of(*states)
    later = history.infos[1:] if searching() else history.infos[2::2]
    return [history.posture(info.id) for info in later]


def shown(posture: Posture) -> list[object]:
    return [(d.identity, d.baseline, d.excess, d.shrink) for d in drift(posture)]


@pytest.mark.parametrize("seed", some(range(400), 6))
def test_changes_alone_say_what_reading_everything_says(seed, monkeypatch):
    with monkeypatch.context() as patch:
        for module in (baseline, past_grants):  # each snapshot is read in full
            patch.setattr(module, "following", lambda *_: None)
        expected = [shown(posture) for posture in drawn(seed)]
    assert [shown(posture) for posture in drawn(seed)] == expected


def cause_of_widening() -> tuple[str, str | None]:
    """Return why the agent of a grant that was widened has more than in its first snapshot."""
    states = [Estate(at=day(n)).agent("a").resource("x", "internal").person("ann") for n in (0, 30)]
    for e, levels in zip(states, ("read", "read admin"), strict=True):
        e.can("a", levels, "x", grant_id="g", policy_id="p")
    history = history_of(*states)
    (of_agent,) = drift(history.posture(history.infos[-1].id))
    (excess,) = of_agent.excess
    return excess.cause, excess.policy


def test_a_policy_that_grew_is_known_from_what_changed():
    assert cause_of_widening() == ("policy", "p")


def test_without_what_changed_it_is_not(monkeypatch):
    """The twin."""
    real = past_grants._differing
    monkeypatch.setattr(past_grants, "_differing", lambda step: real(step).head(0))
    assert cause_of_widening() == ("direct", None)
