"""Findings as OCSF events: valid by the published schema, and each of the class of its kind."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers.standards.ocsf import ocsf_events
from analytics.findings.kind import FindingKind
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.stores.parquet.store import ParquetStore
from ingest.generator import generate
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.estates import any_world
from tests.support.estates.accuracy import assessed
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.search import worlds
from tests.support.standards.ocsf_schema import OcsfSchema

CLASSES = {FindingKind.CONTROL: 2003, FindingKind.EVENT: 2004, FindingKind.ACCESS: 2008}
HOSTILE = 'evil"\\<script>\x1b[31m\u202e'


@pytest.fixture(scope="module")
def schema(real_data: Path) -> OcsfSchema:
    """Read the published schema."""
    return OcsfSchema(real_data)


@cache
def _any(seed: int) -> Posture:
    return any_world.estate(seed).posture()


@cache
def _events_of(posture: Posture) -> list[dict[str, Any]]:
    """Return the events of a posture once; whoever changes one takes a copy."""
    return list(ocsf_events(posture))


@cache
def _world() -> Posture:
    """State one agent with a key and a grant of two levels, of which it uses one."""
    e = (
        Estate()
        .agent("bot", third_party="true", created_at=ago(400))
        .resource("ledger", "restricted")
    )
    e.thing("Credential", "k1", type="api_key", status="active", last_used_at=ago(10))
    e.thing("Credential", "k2", type="certificate", status="active")
    e.link("bot", "USES", "k1").link("bot", "USES", "k2")
    facts = {"granted_at": ago(300), "policy_id": "p-1", "role_name": "clerk", "telemetry": "true"}
    used = {"read": ago(5)}
    actions = ["s3:GetObject", "s3:PutObject"]
    e.can("bot", "read write", "ledger", id="g1", last_used_at=used, actions=actions, **facts)
    e.agent("dark", third_party="false").resource("cellar", "restricted")
    dark = {"telemetry": "false", "condition": "only at night"}
    return e.can("dark", "admin", "cellar", id="g2", granted_at=ago(300), **dark).posture()


def _event(posture: Posture, rule: str, subject: str) -> dict[str, Any]:
    (event,) = (
        event
        for event in _events_of(posture)
        if event["finding_info"]["analytic"]["uid"] == rule
        and event["resources"][0]["uid"] == subject
    )
    return event


def test_a_finding_on_access_says_who_has_it_and_what_is_unused() -> None:
    event = _event(_world(), "LPR-02", "bot")
    user = {"uid": "bot", "name": "bot", "type_id": 4, "type": "Service"}
    assert event["class_uid"] == 2008
    assert event["user"] == user
    assert event["access_analysis_result"] == {
        "accessors": [user],
        "access_level": "write",
        "access_type": "External",
        "granted_privileges": ["s3:GetObject", "s3:PutObject"],
    }
    assert event["permission_analysis_results"] == [
        {
            "policy": {"uid": "p-1", "name": "clerk", "is_applied": True},
            "granted_privileges": ["read", "write"],
            "analyzed_privileges_count": 2,
            "unused_privileges_count": 1,
        }
    ]


def test_activity_names_the_keys_and_when_each_was_last_used() -> None:
    at = {days: int(pd.Timestamp(ago(days)).timestamp() * 1000) for days in (5, 10)}
    metrics = _event(_world(), "LPR-02", "bot")["identity_activity_metrics"]
    assert metrics["last_seen_time"] == at[5]  # it used the ledger after its key was last seen
    assert metrics["last_authentication_time"] == at[10]
    assert metrics["programmatic_credentials"] == [
        {"uid": "k1", "type": "api_key", "last_used_time": at[10]},
        {"uid": "k2", "type": "certificate"},
    ]


def test_a_grant_that_nobody_could_see_used_has_no_counts() -> None:
    """Not observable is neither used nor unused."""
    event = _event(_world(), "TIM-01", "dark")
    (result,) = event["permission_analysis_results"]
    assert result["granted_privileges"] == ["admin"]
    assert not {"unused_privileges_count", "analyzed_privileges_count"} & result.keys()
    assert event["access_analysis_result"]["access_type"] == "Internal"
    conditions = [{"name": "condition", "value": "only at night"}]
    assert event["access_analysis_result"]["condition_keys"] == conditions
    assert "programmatic_credentials" not in event.get("identity_activity_metrics", {})


def test_about_one_identity_are_its_events_alone() -> None:
    posture = _world()
    events = ocsf_events(posture, posture.graph.find("bot"))
    every = [e for e in _events_of(posture) if "bot" in [r["uid"] for r in e["resources"]]]
    assert events == every != []
    assert ocsf_events(posture, posture.graph.find("k2")) == []


def test_the_class_follows_from_the_kind_of_the_rule() -> None:
    assert {rule.kind for rule in all_rules().values()} == set(FindingKind)
    for event in _events_of(_any(3)):
        rule = next(
            r for r in all_rules().values() if r.id == event["finding_info"]["analytic"]["uid"]
        )
        assert event["class_uid"] == CLASSES[rule.kind], rule.id


def test_a_rule_on_uses_or_decisions_is_about_an_event() -> None:
    """And one that is rests on those, on a person who was seen, or on a leak."""
    for rule in all_rules().values():
        facts = " ".join(rule.facts)
        acts = "UseEvent" in facts or "DecisionRecord" in facts
        assert not acts or rule.kind is FindingKind.EVENT, rule.id
        if rule.kind is FindingKind.EVENT:
            assert acts or rule.id in ("CRD-05", "CRD-07"), rule.id


# ---------------------------------------------------------------- by the published schema


@pytest.mark.parametrize("seed", range(worlds(2, 8)))
def test_events_of_any_world_are_valid(schema: OcsfSchema, seed: int) -> None:
    events = _events_of(_any(seed))
    assert events
    for event in events:
        assert schema.faults(event) == [], event


def test_events_of_a_hostile_estate_are_valid(schema: OcsfSchema) -> None:
    e = Estate().agent(HOSTILE, name=HOSTILE).resource(HOSTILE + "r", "restricted")
    e.thing("Credential", HOSTILE + "k").link(HOSTILE, "USES", HOSTILE + "k")
    e.can(HOSTILE, "admin", HOSTILE + "r", condition=HOSTILE, policy_id=HOSTILE)
    events = ocsf_events(e.posture())
    assert {2003, 2008} <= {event["class_uid"] for event in events}
    for event in events:
        assert schema.faults(event) == [], event


def test_events_of_a_generated_estate_are_valid(schema: OcsfSchema) -> None:
    events = ocsf_events(assessed(generate(60, seed=7, snapshots=1)))
    assert {event["class_uid"] for event in events} == set(CLASSES.values())
    assert [fault for event in events for fault in schema.faults(event)] == []


REAL = [
    ("aws", "cloudmapper-demo", "2019-06-23T00:00:00Z"),
    ("aws", "cloudsplaining-small", None),
    ("kubernetes", "kubehound-rbac", None),
    ("mcp_config", "agent-configs/clients", None),
    ("entra", "scubagear/ProviderSettingsExport.json", None),
]


@pytest.mark.parametrize(("source", "name", "as_of"), REAL)
def test_events_of_real_exports_are_valid(
    schema: OcsfSchema, real_data: Path, tmp_path: Path, source: str, name: str, as_of: str | None
) -> None:
    posture = _read(tmp_path, source, real_data / name, as_of)
    events = ocsf_events(posture)
    assert events
    assert [fault for event in events for fault in schema.faults(event)] == []


def _read(folder: Path, source: str, path: Path, as_of: str | None = None) -> Posture:
    store = ParquetStore(folder / "store")
    ingest(store, [(all_sources()[source], Request((path,), "t", AS_OF))])
    info, facts = store.read(None)
    return Posture(AccessGraph.of(facts, pd.Timestamp(as_of) if as_of else None, info))


def _without(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        inner = event
        for name in names[:-1]:
            inner = inner[name]
        del inner[names[-1]]

    return change


def _with(value: Any, *names: str) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        inner = event
        for name in names[:-1]:
            inner = inner[name]
        inner[names[-1]] = value

    return change


WRONG = {
    "time: is required": _without("time"),
    "finding_info.uid: is required": _without("finding_info", "uid"),
    "metadata.version: is not 1.8.0": _with("1.3.0", "metadata", "version"),
    "nonsense: is not declared": _with(1, "nonsense"),
    "time: is no long_t": _with("2026", "time"),
    "severity_id: 7 is not among": _with(7, "severity_id"),
    "severity_id: severity is": _with("Nice", "severity"),
    "type_uid: is not class_uid": _with(200899, "type_uid"),
    "access_analysis_result.accessors: is required": _without(
        "access_analysis_result", "accessors"
    ),
    "access_analysis_result.accessors: is no list": _with(
        [], "access_analysis_result", "accessors"
    ),
    "user: is no object": _with("bot", "user"),
    "user.: has not at_least_one": _with({"type_id": 4}, "user"),
    "finding_info.product_uid: is deprecated": _with("x", "finding_info", "product_uid"),
    "cloud: is of a profile": _with({"provider": "aws"}, "cloud"),
    "class_uid: 1 is no class": _with(1, "class_uid"),
    "message: is no text": _with(None, "message"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_event_is_noticed(schema: OcsfSchema, fault: str) -> None:
    """The twin of the tests above: the validator does refuse."""
    event = _event(_world(), "LPR-02", "bot")
    assert schema.faults(event) == []
    wrong = copy.deepcopy(event)
    WRONG[fault](wrong)
    assert any(each.startswith(fault) for each in schema.faults(wrong)), schema.faults(wrong)
