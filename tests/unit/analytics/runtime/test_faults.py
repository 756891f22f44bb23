"""Each rule, measure, assumption and rule of escalation may fail alone: the others still answer."""

import re
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analytics.assumptions import items
from analytics.assumptions.families import all_families
from analytics.escalation import all_escalations
from analytics.figures.measures import all_measures
from analytics.findings.rules import all_rules
from analytics.posture import Posture, assess
from analytics.runtime.faults import Faults, collecting, described, guarded
from graph.identity.lookup import UnknownThing
from tests.integration.cli import example
from tests.support.printed import debt, findings, frameworks, identities, kpis
from tests.support.search import some

CANARY = "canary-in-a-cell"
GRAPH = example().posture().graph


def fall(*_: object) -> Any:
    raise ValueError(CANARY)


def fresh() -> Posture:
    return assess(GRAPH)


WHOLE = fresh()  # without a fault, judged once


@pytest.mark.parametrize("name", some(sorted(all_rules()), 8))
def test_a_rule_that_fails_does_not_stop_the_others(monkeypatch, name):
    whole, rule = findings(WHOLE)["findings"], all_rules()[name]
    monkeypatch.setitem(all_rules(), name, replace(rule, find=fall))
    posture = fresh()
    result = findings(posture)
    assert set(posture.faults) == {rule.id}
    assert CANARY not in str(posture.faults)
    fallen = {row["id"] for row in whole if row["rule"] == rule.id}
    assert result["findings"] == [
        row | {"part_of": None} if row["part_of"] in fallen else row
        for row in whole
        if row["id"] not in fallen
    ]
    because = {row["rule"]: row["because"] for row in result["not_evaluable"]}
    assert "fault of trustdebt" in because[rule.id]


@pytest.mark.parametrize("name", some(sorted(all_measures()), 6))
def test_a_measure_that_fails_is_not_measured(monkeypatch, name):
    before = {row["name"]: row for row in kpis(WHOLE)["kpis"]}
    monkeypatch.setitem(all_measures(), name, replace(all_measures()[name], measure=fall))
    posture = fresh()
    rows = {row["name"]: row for row in kpis(posture)["kpis"]}
    mine = rows.pop(name)
    if mine["not_measured_because"].startswith("no source declares"):
        return
    assert set(posture.faults) == {name}
    assert (mine["value"], mine["numerator"], mine["denominator"]) == (None, None, None)
    assert "fault of trustdebt" in mine["not_measured_because"]
    assert rows == {n: row for n, row in before.items() if n != name}


@pytest.mark.parametrize("place", range(len(all_families())))
def test_an_assumption_that_fails_leaves_the_sum_unknown(monkeypatch, place):
    """The others are still told apart; the sum of all is not known, and no grade is given."""
    before = {g["key"]: g for g in debt(WHOLE)["groups"]}
    broken = tuple(fall if at == place else one for at, one in enumerate(all_families()))
    monkeypatch.setattr(items, "all_families", lambda: broken)
    posture = fresh()
    result = debt(posture)
    assert [name.partition(".")[0] for name in posture.faults] == ["debt"]
    assert all(np.isnan(result[k]) for k in ("debt", "principal", "tdr", "interest_per_day"))
    assert result["grade"] == "NR"
    assert "fault" in result["grade_because"]
    known = [g for g in result["groups"] if g["debt"] is not None]
    assert known
    assert all(g == before[g["key"]] for g in known)
    row = next(one for one in kpis(posture)["kpis"] if one["name"] == "debt")
    assert (row["value"], bool(row["not_measured_because"])) == (None, True)
    assert all(row["debt"] is None for row in identities(posture)["identities"])


def test_the_twin_every_assumption_judged(monkeypatch):
    result = debt(WHOLE)
    assert result["debt"] > 0
    assert result["grade"] in ("A", "B", "C", "D", "E", "F", "NR")


def test_a_control_whose_rule_fails_is_not_measured(monkeypatch):
    before = frameworks(WHOLE, "PR.AC-4")["controls"][0]
    assert before["numerator"] is not None
    rule = next(r for r in all_rules().values() if r.id == before["evidence"][0]["rule"])
    monkeypatch.setitem(all_rules(), rule.name, replace(rule, find=fall))
    row = frameworks(fresh(), "PR.AC-4")["controls"][0]
    assert (row["id"], row["numerator"], row["denominator"]) == ("PR.AA-05", None, None)
    assert rule.id in row["not_measured_because"]


def test_a_control_that_fails_itself_stops_no_other(monkeypatch):
    module = sys.modules["analytics.answers.frameworks"]
    whole = frameworks(WHOLE)["controls"]
    right = module._counted

    def first_falls(*parts: Any) -> Any:
        monkeypatch.setattr(module, "_counted", right)
        return fall()

    monkeypatch.setattr(module, "_counted", first_falls)
    posture = fresh()
    rows = frameworks(posture)["controls"]
    assert len(posture.faults) == 1
    assert rows[1:] == whole[1:]
    assert rows[0]["id"] == whole[0]["id"]
    assert rows[0]["not_measured_because"]


@pytest.mark.parametrize("rule", sorted(all_escalations()))
def test_a_rule_of_escalation_that_fails_concludes_nothing(monkeypatch, rule):
    monkeypatch.setitem(all_escalations(), rule, replace(all_escalations()[rule], derive=fall))
    posture = fresh()
    reach = [row["blast_radius"] for row in identities(posture)["identities"]]
    assert set(posture.faults) == {rule}
    assert {(each["resources"], each["weighted"]) for each in reach} == {(None, None)}
    assert not posture.reach_known.any()


def test_the_twin_every_rule_of_escalation_looked():
    reach = [row["blast_radius"] for row in identities(WHOLE)["identities"]]
    assert max(each["resources"] for each in reach) == 2  # bot and its child


def test_what_is_told_of_a_fault_holds_no_value():
    """Its kind and the places in our code are enough to find it."""
    with pytest.raises(TypeError) as raised:
        GRAPH.find(fall)  # type: ignore[arg-type]
    told = described(raised.value)
    assert re.fullmatch(r"TypeError at graph/access\.py:\d+( < graph/[\w/]+\.py:\d+)+", told)


def test_an_answer_with_an_exit_code_is_no_fault():
    def unknown() -> None:
        raise UnknownThing("x", [])

    faults: Faults = {}
    with pytest.raises(UnknownThing):
        guarded(faults, "show", unknown, lambda: None)
    assert faults == {}


def test_whoever_collects_is_told_of_other_postures_too():
    with collecting() as found:
        for _ in range(2):
            guarded({}, "a rule", fall, lambda: None)
    assert [one.rule for one in found] == ["a rule"]
