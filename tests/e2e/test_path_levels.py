"""A path that is shown leads to the level that is claimed, by the facts that it rests on."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analytics.history import posture_in
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.e2e.conftest import Open
from tests.e2e.said import texts
from tests.e2e.test_pages import graph
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import path as path_answer


def two_ways() -> Estate:
    """Build an agent that may read a ledger itself, and administer it through a role alone."""
    e = Estate().agent("bot").account("svc").thing("Role", "dba").thing("Group", "ops")
    e.resource("ledger", "restricted").resource("wiki", "internal")
    e.link("bot", "RUNS_AS", "svc").can("svc", "read", "ledger", policy_id="read-only")
    e.link("svc", "MEMBER_OF", "ops").link("ops", "ASSUMES", "dba").can("svc", "read", "wiki")
    return e.can("dba", "read admin", "ledger", policy_id="dba-policy", granted_at=ago(9))


def steps(level: str | None) -> tuple[list[str], list[str]]:
    """Return the levels that the answer names, and the things that its first path passes."""
    posture = judged(two_ways())
    find = posture.graph.find
    said = path_answer(posture, find("bot"), find("ledger"), level)
    return said["levels"], [s["to"]["id"] for s in said["paths"][0]["steps"]]


def test_the_answer_names_every_level_and_leads_to_the_one_asked_for() -> None:
    assert steps(None) == (["read", "admin"], ["svc", "ledger"])
    assert steps("read") == (["read", "admin"], ["svc", "ledger"])
    assert steps("admin") == (["read", "admin"], ["svc", "ops", "dba", "ledger"])


def test_a_step_says_on_which_facts_it_rests() -> None:
    e = Estate().agent("bot").account("svc", "adm").resource("ledger", "restricted")
    e.link("bot", "RUNS_AS", "svc").can("adm", "admin", "ledger", policy_id="p1", actions=["x:Do"])
    e.can("svc", "", "adm", actions=["iam:CreateAccessKey"], policy_id="p2")
    posture = e.posture()
    find = posture.graph.find
    (path,) = path_answer(posture, find("bot"), find("ledger"), "admin")["paths"]
    _, taken, used = path["steps"]
    (fact,) = taken["rests_on"]
    assert (taken["rule"], fact["policy"], fact["actions"]) == (
        "A4:iam:CreateAccessKey",
        "p2",
        ["iam:CreateAccessKey"],
    )
    assert (fact["from"]["id"], fact["relationship"], fact["to"]["id"]) == (
        "svc",
        "CAN_ACCESS",
        "adm",
    )
    assert [f["policy"] for f in used["rests_on"]] == ["p1"]
    assert [f["id"] for f in taken["rests_on"]] == taken["support"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("levels") / "s"
    ingest(ParquetStore(folder), [two_ways().job()])
    return folder


def lit(test: AppTest) -> set[tuple[str, str]]:
    """Return the names of the ends of the edges that are drawn as the path."""
    return lit_all(test, "path")


def test_the_page_shows_the_way_to_the_highest_level(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="bot", focus="ledger")
    assert "How it is reached at level admin" in texts(test)
    assert "policy `dba-policy`" in texts(test)
    # The picture's tree hangs the ledger from the account that may only read it.
    assert lit(test) == {("bot", "svc"), ("svc", "ops"), ("ops", "dba"), ("dba", "ledger")}


def test_the_page_shows_the_way_to_a_lower_level_when_asked(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="bot", focus="ledger")
    (choice,) = [c for c in test.segmented_control if c.label == "Level"]
    assert (choice.options, choice.value) == (["read", "admin"], "admin")
    choice.set_value("read").run()
    assert "How it is reached at level read" in texts(test)
    assert "policy `read-only`" in texts(test)
    assert lit(test) == {("bot", "svc"), ("svc", "ledger")}
    one_level = open_page(store, "blast_radius", thing="bot", focus="wiki")
    assert "How it is reached at level read" in texts(one_level)
    assert not [c for c in one_level.segmented_control if c.label == "Level"]


def test_who_reaches_a_resource_is_told_at_the_level_of_its_row(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "blast_radius", thing="ledger", **{"from": "bot"})
    assert "How it is reached at level admin" in texts(test)
    assert "dba" in {name for ends in lit_all(test) for name in ends}


def lit_all(test: AppTest, mark: str = "") -> set[tuple[str, str]]:
    items = graph(test)["items"]
    names = {item["id"]: item["name"] for item in items if "name" in item}
    edges = [item for item in items if "from" in item and (not mark or mark in item["marks"])]
    return {(names[edge["from"]], names[edge["to"]]) for edge in edges}


def test_a_role_of_a_real_account_administers_it_by_another(
    open_page: Open, tmp_path: Path, real_data: Path
) -> None:
    path = real_data / "cloudmapper-demo" / "iam-get-account-authorization-details.json"
    kept = ParquetStore(tmp_path / "s")
    ingest(kept, [(all_sources()["aws"], Request([path]))])
    current = kept.current()
    assert current is not None
    posture = posture_in(kept, current.id)
    start, end = posture.graph.find("exfiller"), posture.graph.find("123456789012")
    (admin,) = path_answer(posture, start, end, "admin")["paths"]
    assert [s["to"]["name"] for s in admin["steps"]] == ["bad_role", "123456789012"]
    ids = [posture.graph.thing(n)["id"] for n in (start, end)]
    said = texts(open_page(tmp_path / "s", "blast_radius", thing=ids[0], focus=ids[1]))
    assert "How it is reached at level admin" in said
    assert "by rule A1" in said
    assert "`arn:aws:iam::123456789012:role/bad_role/inline/dostuff`" in said
