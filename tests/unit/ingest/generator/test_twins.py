"""What generated estates tell of the ended and of use, beside what only looks like a defect."""

import pytest

from ingest.generator import generate, write
from tests.support.estates.plain_estate import Plain, days_ago, when


@pytest.fixture(scope="module", params=[(400, 3), (110, 11)], ids=["400 agents", "110 agents"])
def estate(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("estate")
    write(generate(*request.param), folder)
    return Plain(folder)


def test_what_is_left_of_the_ended(estate):
    keys = estate.live_keys
    left = {u["source_id"] for u in estate.links("USES") if u["target_id"] in keys}
    left |= {r["source_id"] for r in estate.links("RUNS_AS")}
    left |= {s["source_id"] for s in estate.links("SPAWNS") if s["target_id"] in estate.active}
    over = estate.agents.keys() - estate.active
    assert estate.planted("RES-01", "subject") == over & left
    assert set(estate.labels["near_misses"]["RES-01"]) == over - left
    revived = {a for a, row in estate.agents.items() if row["revived_at"]}
    assert estate.planted("REV-03", "subject") == revived
    assert all(when(estate.agents[a]["deleted_at"]) < when(estate.agents[a]["revived_at"])
               for a in revived)  # fmt: skip


def test_roles_that_trust_anyone(estate):
    trusted = {t["source_id"]: t["target_id"] for t in estate.links("TRUSTS")}
    public = {role for role, whom in trusted.items() if whom == "*"}
    assert estate.planted("ISO-06", "subject") == public
    assert set(estate.labels["near_misses"]["ISO-06"]) == trusted.keys() - public


FACTS = (
    ("Agent", "last_active_at"),
    ("ServiceAccount", "last_used_at"),
    ("Credential", "last_used_at"),
    ("USES", "last_used_at"),
    ("AUTHENTICATES_AS", "last_used_at"),
    ("RUNS_AS", "last_used_at"),
    ("USED", "last_at"),
)


def test_use_is_told_in_every_way_and_of_some_by_one_fact_alone(estate):
    """Else a rule that reads one of them only would find all that it should, and no more."""
    for table, column in FACTS:
        told = estate.node(table).values() if table[1].islower() else estate.links(table)
        assert any(row[column] for row in told), table
    uses = estate.lines("uses.jsonl")
    assert any(use.get("credential") and not use.get("level") for use in uses)
    silent = [a for a in estate.labels["near_misses"]["TIM-03"]
              if not estate.agents[a]["last_active_at"]]  # fmt: skip
    assert silent
    assert all(days_ago(estate.last_seen[agent]) <= 45 for agent in silent)
