"""Sources that know the same things by other ids, connected in any order at any time.

The world does not change in these histories; only what is seen of it does. Which ids are one is
planted: every id tells what it stands for, and no rule of the product is asked.
"""

import random
from collections.abc import Iterator
from functools import cache
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers import journal as decisions
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import STATES
from analytics.history import History
from analytics.posture import Posture
from graph.facts import Facts
from graph.identity.match import Identities
from graph.values import iso
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.few_rules import only_rules
from tests.support.histories.small_history import books, history_of
from tests.support.printed import diff, findings
from tests.support.search import some

SEEDS = some(range(3), 1)
SOURCES = ("cloud", "hub", "idp", "iga")
AGENTS, THINGS = ("a0", "a1", "a2"), ("r0", "r1", "r2")
TOKENS = ("github:acme/{}", "oidc:https://idp.test|{}", "spiffe:spiffe://acme.test/{}")
KINDS = {
    "cloud": ("grants", "usage"),
    "hub": ("grants", "owners", "reviews"),
    "idp": ("owners",),
    "iga": ("owners", "reviews", "usage", "grants"),
}
HOUR = pd.Timedelta(hours=1)
LATER = AS_OF + pd.Timedelta(days=300)
RULES = ("no_accountable_owner", "unused_grant", "review_overdue", "separation_of_duties")
About = tuple[str, str, str | None]


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to a few rules: how a finding is followed does not depend on the others."""
    with only_rules(*RULES):
        yield


class World:
    """What is so, and by which ids and tokens each source knows it; drawn once."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.says: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {s: [] for s in SOURCES}
        for label, names in (("Agent", AGENTS), ("Resource", THINGS)):
            for name, source in product(names, SOURCES):
                if source == "iga":  # it knows all there is by all its names
                    tokens = TOKENS
                else:
                    tokens = tuple(rng.sample(TOKENS, rng.choice([0, 1, 1, 2])))
                if (tokens and rng.random() < 0.85) or source == "iga":
                    self.says[source].append((label, name, tokens))
        pairs = list(product(AGENTS, THINGS))
        self.grants = {pair: rng.choice(SOURCES) for pair in rng.sample(pairs, 6)}
        self.owners = {name: rng.choice([None, *SOURCES[1:]]) for name in AGENTS}
        self.rng = rng

    def source(self, source: str, at: pd.Timestamp) -> Estate:
        """State what a source knows."""
        e = Estate(at=at, source=source, declares=KINDS[source])
        mine = {name for _, name, _ in self.says[source]}
        for label, name, tokens in self.says[source]:
            known = [token.format(name) for token in tokens]
            e.thing(label, f"{source}/{name}", external_ids=known)
        for (agent, thing), teller in self.grants.items():
            if teller == source and {agent, thing} <= mine:
                facts = {"granted_at": ago(200), "telemetry": "true", "expires_at": ago(-400)}
                e.can(f"{source}/{agent}", "read", f"{source}/{thing}", **facts)
        for agent, teller in self.owners.items():
            if teller == source and agent in mine:
                e.person("ann").owned(f"{source}/{agent}", "ann")
        return e

    @cache  # noqa: B019 - a world is kept for all tests anyway
    def state(self, connected: tuple[str, ...]) -> Facts:
        """State what the sources connected by then know; one is connected an hour."""
        at = AS_OF + len(connected) * HOUR
        return together(*(self.source(s, at) for s in connected))

    def history(self, order: tuple[str, ...], journal: Path | None = None) -> History:
        """Connect one source an hour."""
        states = [self.state(order[: n + 1]) for n in range(len(order))]
        return history_of(*states, journal=journal)


@cache
def world(seed: int) -> World:
    return World(seed)


def orders(seed: int) -> list[tuple[str, ...]]:
    return random.Random(seed).sample(list(permutations(SOURCES)), 2)


def about(rule: str, subject: str, other: str | None) -> About:
    """Return what a finding is about, by what its ids stand for."""
    return (rule, *(end and end.partition("/")[2] for end in (subject, other)))  # type: ignore[return-value]


def listed(posture: Posture) -> list[dict[str, Any]]:
    found = findings(posture, states=STATES)["findings"]
    for f in found:
        ends = (f[end] and f[end]["id"] for end in ("subject", "object"))
        f["about"] = about(f["rule"], *ends)
    return found


def first_seen(history: History) -> dict[About, str]:
    """Return when each finding was there first, by looking at each snapshot by itself."""
    first: dict[About, str] = {}
    for info in history.infos:
        posture = history.posture(info.id)
        rows = find_all(posture)
        ids = [*posture.graph.ids.to_pylist(), None]
        for rule, subject, other in zip(rows["rule"], rows["subject"], rows["object"], strict=True):
            first.setdefault(about(rule, ids[subject], ids[other]), iso(info.taken_at))
    return first


@pytest.mark.parametrize("seed", SEEDS)
def test_when_a_source_is_connected_means_nothing_to_what_is_found(seed):
    current = []
    for order in orders(seed):
        history = world(seed).history(order)
        found = listed(history.posture(history.infos[-1].id))
        there = [f for f in found if f["state"] != "resolved"]
        first = first_seen(history)
        assert {f["about"]: f["first_seen"] for f in there} == {
            f["about"]: first[f["about"]] for f in there}  # fmt: skip
        gone = {f["about"] for f in found if f["state"] == "resolved"}
        assert not gone & {f["about"] for f in there}
        current.append(sorted(f["id"] for f in there))
    nothing_changed(history)
    assert current[0]
    assert current[0] == current[1]


def nothing_changed(history: History) -> None:
    """Check that the books and a comparison show nothing but what is seen anew."""
    done = books(history)
    for figures in (done.figures, *(step.figures for step in done.steps)):
        for name in ("new", "retired", "rescored"):
            assert figures[name] == pytest.approx(figures[f"{name}_by_coverage"], abs=1e-9)
    assert {e.kind for e in done.entries} <= {"seen", "unseen"}
    first, last = history.infos[0], history.infos[-1]
    assert diff(history, first, last, 0)["removed"]["nodes"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_accepted_at_any_time_stays_accepted(seed, tmp_path):
    for at, order in enumerate(orders(seed), 1):
        file = tmp_path / str(at)
        then = world(seed).history(order[:at], file)
        before = then.posture(then.infos[-1].id)
        there = [f for f in listed(before) if f["state"] == "open"]
        chosen = random.Random(seed).sample(there, (len(there) + 1) // 2)
        for finding in chosen:
            decisions.accept(before, finding["id"], LATER, "ann", "known")
        history = world(seed).history(order, file)
        wanted = {f["about"] for f in chosen}
        for finding in listed(history.posture(history.infos[-1].id)):
            if finding["state"] != "resolved":
                accepted = finding["state"] == "accepted"
                assert accepted == (finding["about"] in wanted), (order, at, finding["about"])


def test_it_would_show_if_names_were_not_followed(monkeypatch):
    """The twin: by ids alone, things vanish and are found anew."""
    monkeypatch.setattr(Identities, "grouped", {})
    monkeypatch.setattr(
        "graph.identity.renamed_ids.names_in", lambda later, steps: dict(steps[0].canonical)
    )
    history = world(0).history(orders(0)[0])
    found = listed(history.posture(history.infos[-1].id))
    gone = {f["about"] for f in found if f["state"] == "resolved"}
    assert gone & {f["about"] for f in found if f["state"] == "open"}
    with pytest.raises(AssertionError):
        nothing_changed(history)
