"""The generator's labels of uses and decisions, against a plain count over the files it writes."""

import json
from collections import defaultdict
from fnmatch import fnmatchcase

import pytest

from ingest.generator import generate, write
from tests.support.estates.plain_estate import Plain, when

SENSITIVE = ("confidential", "restricted")


@pytest.fixture(scope="module", params=[(400, 3), (60, 11)], ids=["400 agents", "60 agents"])
def estate(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("estate")
    write(generate(*request.param), folder)
    return Plain(folder)


def test_evidence(estate):
    sensitivity = {r: row["sensitivity"] for r, row in estate.node("Resource").items()}
    owner = {a: g for g, held in estate.accounts.items() if g in estate.agents for a in held}
    decisions = defaultdict(list)
    for d in estate.lines("decisions.jsonl"):
        decisions[d["subject"]["id"], d["resource"]["id"]].append(d)
    found = defaultdict(set)
    for use in estate.lines("uses.jsonl"):
        agent, at = owner.get(use["principal"], use["principal"]), when(use["at"])
        near = [
            (d["decision"], (at - when(d["at"])).total_seconds())
            for d in decisions[agent, use["resource"]]
            if d["action"]["name"] == use.get("level")
        ]
        if any(said == "allow" and 0 <= lag <= 900 for said, lag in near):
            continue
        if any(said == "deny" and 0 <= lag <= 900 for said, lag in near):
            found["EVD-02"].add(agent)
        elif any(said == "allow" and lag < 0 for said, lag in near):
            found["EVD-03"].add(agent)
        elif sensitivity[use["resource"]] in SENSITIVE:
            found["EVD-01"].add(agent)
    for rule in ("EVD-01", "EVD-02", "EVD-03"):
        assert estate.planted(rule, "subject") == found[rule], rule


def test_records_of_decisions(estate):
    """By the written records alone: their outcomes, scopes, reasons and purposes."""
    agents, found = estate.node("Agent"), defaultdict(set)
    reasons = [d["justification"]["text"] for d in estate.lines("decisions.jsonl")]
    for d in estate.lines("decisions.jsonl"):
        agent, allowed = d["subject"]["id"], d["decision"] == "allow"
        if d["outcome"]["executed"] != allowed:
            found["EVD-04"].add(agent)
        scope = json.loads(agents[agent]["declared_scope"] or "null")
        if (
            allowed
            and scope is not None
            and not any(
                e["level"] == d["action"]["name"]
                and fnmatchcase(d["resource"]["id"], e["resource"])
                for e in scope
            )
        ):
            found["EVD-06"].add(agent)
        if allowed and reasons.count(d["justification"]["text"]) >= 3:
            found["EVD-07"].add(agent)
        purpose = agents[agent]["purpose"]
        if allowed and purpose and d["intent"]["purpose"] != purpose:
            found["EVD-08"].add(agent)
    for rule in ("EVD-04", "EVD-06", "EVD-07", "EVD-08"):
        assert estate.planted(rule, "subject") == found[rule], rule


def test_uses_of_another_platform(estate):
    """Without any decision about them; each second platform that is stated is the agent's own."""
    agents, resources = estate.node("Agent"), estate.node("Resource")
    owner = {a: g for g, held in estate.accounts.items() if g in agents for a in held}
    decided = {(d["subject"]["id"], d["resource"]["id"]) for d in estate.lines("decisions.jsonl")}
    found, same = set(), 0
    for use in estate.lines("uses.jsonl"):
        agent, resource = owner.get(use["principal"], use["principal"]), use["resource"]
        platform = resources[resource]["provider"]
        if use.get("level") and platform and (agent, resource) not in decided:
            same += platform == agents[agent]["provider"]
            if platform != agents[agent]["provider"]:
                found.add((agent, resource))
    assert estate.planted("EVD-05", "subject", "object") == found
    assert same
