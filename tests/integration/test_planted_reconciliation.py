"""Planted contradictions of actions, decisions and entitlements: precision and recall are 1.

Each agent of a random estate shows one contradiction, or none. Every check must list exactly what
was planted for it, by the id of the use or of the record.
"""

import random
from collections import defaultdict
from collections.abc import Callable

import pytest

from analytics.posture import Posture
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import reconciliation
from tests.support.search import some

MINUTE = 1 / 1440
AGENTS, SEEDS = 120, some(range(3), 1)
LETTERS = "abcdefgh"
Planted = dict[str, set[str]]


class Planter:
    """Plants agents, and notes for each check the ids that it has to list."""

    def __init__(self, seed: int) -> None:
        self.lot, self.planted = random.Random(seed), defaultdict[str, set[str]](set)
        self.estate, self.number = Estate(), 0
        self.estate.resource("elsewhere", "internal", provider="aws")
        self.day = 0.0

    def fresh(self) -> None:
        """Begin another agent, which may read one resource of its own platform."""
        self.number += 1
        self.day = self.lot.uniform(2, 60)
        self.bot, self.place = f"bot-{self.number}", f"place-{self.number}"
        self.task = f"T-{self.number}"
        scope = [
            {"resource": self.place, "level": "read"},
            {"resource": "elsewhere", "level": "read"},
        ]
        self.estate.agent(self.bot, purpose="monthly close", provider="gcp", declared_scope=scope)
        self.estate.resource(self.place, "confidential", provider="gcp")
        self.estate.can(self.bot, "read", self.place, granted_at=ago(300), telemetry="true")

    def decided(self, minutes: float = 5, mark: str = "d", **more: object) -> str:
        """State a sound decision so many minutes before the use; `more` makes it unsound."""
        facts = {"subject": self.bot, "resource": self.place, "action": "read"}
        facts |= {"decision": "allow", "policy_id": "p", "policy_version": "2", "env": "prod"}
        facts |= {"purpose": "the monthly books", "task_id": self.task, "risk_score": 0.1}
        facts |= {"justification": f"asked for by {self.task}", "executed": "true"}
        id_ = f"{mark}-{self.number}"
        at = ago(self.day + minutes * MINUTE)
        self.estate.add(DECISION_RECORD, id=id_, at=at, **(facts | more))
        return id_

    def used(self, **more: object) -> str:
        """State a use."""
        facts = {"principal": self.bot, "resource": self.place, "level": "read"}
        id_ = f"u-{self.number}"
        self.estate.add(USE_EVENT, id=id_, at=ago(self.day), **(facts | more))
        return id_

    def plant(self, check: str, id_: str) -> None:
        """Note what a check has to list."""
        self.planted[check].add(id_)


def sound(p: Planter) -> None:
    p.decided()
    p.used()


def sound_by_correlation(p: Planter) -> None:
    p.decided(90, correlation_id=p.task)
    p.used(correlation_id=p.task)


def without_decision(p: Planter) -> None:
    p.plant("without_decision", p.used())


def too_late_for_its_decision(p: Planter) -> None:
    p.decided(16, executed=None)
    p.plant("without_decision", p.used())


def denied(p: Planter) -> None:
    p.decided(decision="deny", executed="false")
    p.plant("denied_but_happened", p.used())


def denied_then_allowed(p: Planter) -> None:
    p.decided(6, "e", decision="deny", executed="false")
    sound(p)


def denied_and_recorded_as_done(p: Planter) -> None:
    p.plant("denied_yet_executed", p.decided(decision="deny"))


def not_done(p: Planter) -> None:
    p.decided(executed="false")
    p.plant("recorded_as_not_done", p.used())


def not_seen(p: Planter) -> None:
    p.plant("done_and_not_seen", p.decided())


def crossed(p: Planter) -> None:
    id_ = p.used(resource="elsewhere")
    p.plant("crossed_without_decision", id_)
    p.plant("without_decision", id_)


def crossed_with_decision(p: Planter) -> None:
    p.decided(resource="elsewhere")
    p.used(resource="elsewhere")


def no_enforcing_point(p: Planter) -> None:
    tool = f"tool-{p.number}"
    p.estate.thing("Tool", tool, f"{tool}-decided").link(p.bot, "CALLS", tool)
    p.estate.link(p.bot, "CALLS", f"{tool}-decided")
    p.decided(tool=f"{tool}-decided")
    p.used()
    p.plant("no_enforcing_point", tool)


def outside_scope(p: Planter) -> None:
    p.plant("allowed_outside_scope", p.decided(action="write"))
    p.used(level="write")


def other_purpose(p: Planter) -> None:
    p.plant("other_purpose", p.decided(purpose="translating novels"))
    p.used()


def ended_task(p: Planter) -> None:
    p.estate.can(p.bot, "list", p.place, task_id=p.task, task_ended_at=ago(p.day + 1))
    p.plant("ended_task", p.decided())
    p.used()


def template(p: Planter) -> None:
    """State one of several alike; `planted` makes at least three of them."""
    p.plant("template_justification", p.decided(justification=f"Request {p.number} approved"))
    p.used()


def no_reason(p: Planter) -> None:
    p.plant("no_justification", p.decided(justification=None))
    p.used()


def afterwards(p: Planter) -> None:
    p.decided(-3)
    p.plant("decided_afterwards", p.used())


def expired(p: Planter) -> None:
    p.decided(justification_expires_at=ago(p.day + 2 * MINUTE))
    p.plant("justification_expired", p.used())


def old_policy(p: Planter) -> None:
    p.plant("decided_by_old_policy", p.decided(policy_version="1", policy_id="old"))
    p.plant("done_under_old_policy", p.used())


def silent(p: Planter) -> None:
    reason = " ".join("".join(p.lot.choices(LETTERS, k=9)) for _ in range(2))
    nothing = dict.fromkeys(("purpose", "task_id", "env", "risk_score"))
    id_ = p.decided(justification=reason, **nothing)
    for check in ("no_intent", "no_context", "no_risk"):
        p.plant(check, id_)
    p.used()


KINDS: tuple[Callable[[Planter], None], ...] = (
    *(sound, sound_by_correlation, denied_then_allowed, crossed_with_decision),
    *(without_decision, too_late_for_its_decision, denied, denied_and_recorded_as_done),
    *(
        no_enforcing_point,
        not_done,
        not_seen,
        crossed,
        outside_scope,
        other_purpose,
        ended_task,
        template,
    ),
    *(no_reason, afterwards, expired, old_policy, silent),
)


def planted(seed: int) -> tuple[Posture, Planted]:
    p = Planter(seed)
    p.fresh()
    p.day = 70  # the newer version of the policy `old`, before all other records
    p.decided(policy_id="old", mark="newer")
    p.used()
    kinds = [*KINDS, *p.lot.choices(KINDS, k=AGENTS - len(KINDS))]
    kinds += [template] * max(0, 3 - kinds.count(template))
    p.lot.shuffle(kinds)
    for kind in kinds:
        p.fresh()
        kind(p)
    return p.estate.posture(), p.planted


def listed(posture: Posture) -> Planted:
    found: Planted = defaultdict(set)
    for row in reconciliation(posture)["cases"]:
        found[row["check"]].add(row["use"] or row["decision"] or row["resource"]["id"])
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_check_lists_what_was_planted_and_nothing_else(seed):
    posture, expected = planted(seed)
    found = listed(posture)
    rows = {row["check"] for row in reconciliation(posture)["checks"]}
    assert rows == expected.keys(), "a check for which nothing is planted"
    assert found == expected
    assert all(len(ids) >= 1 for ids in expected.values())


def test_the_twin_a_check_that_lists_too_little_or_too_much_shows(monkeypatch):
    from analytics.findings.reconciliation import scope

    posture, expected = planted(0)
    monkeypatch.setattr(scope, "inside_scope", lambda *given: given[2] < 0)
    assert listed(posture)["allowed_outside_scope"] > expected["allowed_outside_scope"]
