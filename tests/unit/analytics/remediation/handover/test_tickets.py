"""Tickets: one for each change, the same in every run, due by the strictest assumption."""

from typing import Any

import pandas as pd
import pytest

from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from analytics.remediation.handover.tickets import Assignment, effort, ticket_id, tickets
from graph.instants import NEVER
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of

DAY = 86_400_000
CYCLES = {"OWN-01": 7, "LPR-01": 90}  # days, as the model TD-1 has them


def estate(at: pd.Timestamp = AS_OF) -> Estate:
    """State an agent that nobody owns, and a grant of its account that nobody used for long."""
    e = Estate(at=at).agent("bot").account("svc").person("ann").resource("db", "restricted")
    e.link("bot", "RUNS_AS", "svc", last_used_at=ago(1))
    return e.can("svc", "write", "db", id="g", grant_id="g-17", granted_at=ago(400), telemetry=True)


def findings(posture: Posture, *rules: str) -> tuple[str, ...]:
    rows = find_all(posture)
    return tuple(rows["id"][rows["rule"].isin(rules)])


def assignment(posture: Posture, *rules: str, **facts: Any) -> Assignment:
    number = posture.graph.find
    given = {
        "action": "remove_grant",
        "identity": number("svc"),
        "resource": number("db"),
        "owner": number("ann"),
        "findings": findings(posture, *rules),
        "facts": ("g",),
        "debt": 12.5,
        "interest": 0.25,
        "command": None,
        "place": "somewhere",
        "undo": "put it back",
    }
    return Assignment(**given | facts)


def one(posture: Posture, *rules: str, **facts: Any) -> Any:
    frame = tickets(posture, [assignment(posture, *rules, **facts)])
    assert len(frame) == 1
    return frame.iloc[0]


def test_a_ticket_has_its_findings_the_worst_first_and_what_they_say() -> None:
    posture = judged(estate())
    row = one(posture, *CYCLES)
    rows = find_all(posture).set_index("id")
    assert set(row["finding_ids"]) == set(findings(posture, *CYCLES))
    ranks = [rows["rank"][id_] for id_ in row["finding_ids"]]
    assert ranks == sorted(ranks)
    assert row["severity"] == rows["severity"][row["finding_ids"][0]]
    for id_ in row["finding_ids"]:
        assert rows["sentence"][id_] in row["reason"]
    assert row["evidence"][0] == "g"
    assert row["grant_id"] == "g-17"
    assert any("NHI" in each for each in row["refs"])
    assert (row["debt"], row["interest_per_day"], row["effort_h"]) == (12.5, 0.25, 1.0)


@pytest.mark.parametrize("rules", [("OWN-01",), ("LPR-01",), ("OWN-01", "LPR-01")])
def test_it_is_due_after_the_shortest_cycle(rules: tuple[str, ...]) -> None:
    posture = judged(estate())
    assert findings(posture, *rules)
    days = min(CYCLES[rule] for rule in rules)
    assert one(posture, *rules)["due"] == posture.graph.now + days * DAY


def test_a_later_run_does_not_move_the_day() -> None:
    earlier = AS_OF - pd.Timedelta(days=20)
    history = history_of(estate(earlier), estate())
    posture = history.posture(history.infos[-1].id)
    posture.history = history
    due = one(posture, "OWN-01")["due"]
    assert due == posture.graph.now + (7 - 20) * DAY  # it is overdue, and says so


def test_without_a_finding_the_reason_is_that_of_the_step() -> None:
    row = one(judged(estate()), reason="Nobody was seen using it.")
    assert row["reason"] == "Nobody was seen using it."
    assert row["severity"] is None
    assert row["due"] == NEVER
    assert row["finding_ids"] == []


def test_the_id_stays_while_findings_come_and_go() -> None:
    posture = judged(estate())
    every = {one(posture, *rules)["ticket_id"] for rules in ((), ("OWN-01",), tuple(CYCLES))}
    assert len(every) == 1
    later = estate(AS_OF + pd.Timedelta(days=30)).posture()
    assert one(later, "OWN-01")["ticket_id"] in every


def test_other_actions_identities_and_things_have_other_ids() -> None:
    ids = {
        ticket_id(action, agent, resource)
        for action in ("remove_grant", "review")
        for agent in ("a", "b")
        for resource in ("a", "b", "")
    }
    assert len(ids) == 12
    assert ticket_id("review", "a", "bc") != ticket_id("review", "ab", "c")


@pytest.mark.parametrize(
    ("action", "hours"),
    [
        *(("assign_owner", 0.5), ("set_expiry", 0.5), ("remove_grant", 1.0), ("review", 0.5)),
        *(("rotate_credential", 2.0), ("disable_identity", 4.0)),
    ],
)
def test_hours_are_those_of_the_model(action: str, hours: float) -> None:
    assert effort(action) == hours


def test_what_is_on_several_things_is_told_apart_by_its_facts() -> None:
    posture = judged(estate())
    several = {"identity": -1, "resource": -1, "several": True}
    facts = [("g",), ("h",), ("g", "h"), ("h", "g")]
    ids = [one(posture, facts=each, **several)["ticket_id"] for each in facts]
    assert len(set(ids)) == 3
    assert ids[2] == ids[3]


def test_no_steps_are_no_tickets() -> None:
    assert len(tickets(judged(estate()), [])) == 0


def test_what_is_not_known_is_null() -> None:
    row = one(judged(estate()), debt=None, interest=None, owner=-1, facts=())
    assert row["debt"] is pd.NA
    assert row["interest_per_day"] is pd.NA
    assert row["owner_to_notify"] == -1
    assert row["grant_id"] is None
