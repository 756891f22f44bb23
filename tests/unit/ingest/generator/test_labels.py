"""The generator's labels against a plain count over the files it writes."""

import hashlib
import json
from collections import defaultdict

import pytest

from ingest.generator import generate, write
from tests.support.estates.plain_estate import NOW, Plain, days_ago, rows, when

SENSITIVE = ("confidential", "restricted")


@pytest.fixture(scope="module", params=[(400, 3), (60, 11)], ids=["400 agents", "60 agents"])
def estate(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("estate")
    write(generate(*request.param), folder)
    return Plain(folder)


def covered_roles(estate):
    """Find the roles that somebody active answers for; children inherit from the owned."""
    people = {h for h, row in estate.node("Human").items() if row["status"] == "active"}
    manned = {m["target_id"] for m in estate.links("MEMBER_OF") if m["source_id"] in people}
    roles = defaultdict(set)
    for own in estate.links("OWNS"):
        if own["source_id"] in people | manned:
            roles[own["target_id"]].add(own["role"])
    parents = {s["target_id"]: s["source_id"] for s in estate.links("SPAWNS")}
    for child, parent in parents.items():
        if estate.agents[parent]["status"] == "active":
            roles[child] |= roles[parent]
    return roles


def test_nobody_and_one_role_only(estate):
    roles = covered_roles(estate)
    assert estate.planted("OWN-01", "subject") == {a for a in estate.active if not roles[a]}
    half = {a for a in estate.active if len(roles[a]) == 1}
    assert estate.planted("OWN-04", "subject") == half


def test_owners_who_left(estate):
    people, roles = estate.node("Human"), covered_roles(estate)
    found = {
        (own["target_id"], own["source_id"], own["role"])
        for own in estate.links("OWNS")
        if own["source_id"] in people
        and people[own["source_id"]]["status"] != "active"
        and own["role"] not in roles[own["target_id"]]
    }
    assert estate.planted("OWN-02", "subject", "object", "detail") == found
    since = {(d["object"], d["since"]) for d in estate.labels["defects"] if d["rule"] == "OWN-02"}
    assert since == {(h, people[h]["left_at"]) for _, h, _ in found}


def test_teams_and_software_as_owners(estate):
    people, teams = estate.node("Human"), estate.node("Team")
    owners = defaultdict(set)
    for own in estate.links("OWNS"):
        owners[own["target_id"]].add(own["source_id"])
    only_teams = {a for a, o in owners.items() if a in estate.agents and o <= teams.keys()}
    assert estate.planted("OWN-03", "subject") == only_teams
    soft = {a for a, o in owners.items() if not o & (people.keys() | teams.keys())}
    assert estate.planted("OWN-06", "subject") == soft


def test_orphans_by_spawn_chain(estate):
    roles = covered_roles(estate)
    children = {s["target_id"]: s["source_id"] for s in estate.links("SPAWNS")}
    orphans = {
        child
        for child, parent in children.items()
        if not roles[child] and (estate.agents[parent]["status"] != "active" or not roles[parent])
    }
    assert estate.planted("OWN-05", "subject") == orphans


def test_silent_transfers(estate):
    silent = {
        (own["target_id"], own["source_id"])
        for own in estate.links("OWNS")
        if not own["acknowledged_at"] and days_ago(own["since"]) > 30
    }
    assert estate.planted("OWN-07", "subject", "object") == silent


def test_purpose_and_scope(estate):
    bare = {a for a, r in estate.agents.items() if not r["purpose"] or not r["declared_scope"]}
    assert estate.planted("SCP-01", "subject") == bare

    def allows(scope, resource, level):
        return any(
            s["level"] == level
            and (s["resource"] == resource or resource.startswith(s["resource"].rstrip("*")))
            for s in scope
        )

    drift = {
        (agent, grant["grant_id"])
        for agent, row in estate.agents.items()
        if row["declared_scope"]
        for grant in estate.entitlements(agent)
        for level in json.loads(grant["levels"])
        if not allows(json.loads(row["declared_scope"]), grant["target_id"], level)
    }
    assert estate.planted("SCP-02", "subject", "detail") == drift
    lately = {pair for pair in drift if pair[1] in estate.used}
    assert estate.planted("SCP-03", "subject", "detail") == lately


def unused_levels(grant):
    used = json.loads(grant["last_used_at"] or "{}")
    if grant["telemetry"] != "true" or days_ago(grant["granted_at"]) <= 90:
        return set()
    return {v for v in json.loads(grant["levels"]) if v not in used or days_ago(used[v]) > 90}


def test_unused_grants_and_levels(estate):
    whole = {g["grant_id"] for g in estate.held if unused_levels(g) == set(json.loads(g["levels"]))}
    part = {g["grant_id"] for g in estate.held if unused_levels(g)} - whole
    assert estate.planted("LPR-01", "detail") == whole
    assert estate.planted("LPR-02", "detail") == part
    admin = {g["grant_id"] for g in estate.held if "admin" in g["levels"]}
    assert estate.planted("LPR-03", "detail") == admin
    sensitivity = {r: row["sensitivity"] for r, row in estate.node("Resource").items()}
    assert all(
        sensitivity[g["target_id"]] in SENSITIVE for g in estate.held if "admin" in g["levels"]
    )


def test_standing_outlived_and_unreviewed_grants(estate):
    standing = {g["grant_id"] for g in estate.held if not g["expires_at"] and not g["eligible"]}
    assert estate.planted("TIM-01", "detail") == standing
    over = {
        g["grant_id"]
        for g in estate.held
        if any(t and when(t) <= NOW for t in (g["expires_at"], g["task_ended_at"]))
    }
    assert estate.planted("TIM-02", "detail") == over
    overdue = {
        g["grant_id"]
        for g in estate.held
        if min(days_ago(t) for t in (g["granted_at"], g["reviewed_at"]) if t) > 90
    }
    assert estate.planted("REV-01", "detail") == overdue
    reviews = estate.node("Review")
    revoked = {
        c["grant_id"] for c in estate.links("COVERS")
        if c.get("grant_id") and reviews[c["source_id"]]["decision"] == "revoke"
    }  # fmt: skip
    assert estate.planted("REV-02", "detail") == revoked & {g["grant_id"] for g in estate.held}
    approved = {
        c["target_id"]: reviews[c["source_id"]]
        for c in estate.links("COVERS")
        if not c.get("grant_id")
    }
    assert all(days_ago(r["decided_at"]) > 90 for r in approved.values()), (
        "no approval hides a grant"
    )


def test_roles_that_are_never_taken(estate):
    stale = defaultdict(set)
    for link in estate.links("ASSUMES"):
        assert link["telemetry"] == "true"
        last = link["last_used_at"] or link["valid_from"]
        if days_ago(last) > 90:
            stale[link["source_id"]].add(link["target_id"])
    found = {
        (agent, role)
        for agent in estate.active
        for account in estate.accounts[agent]
        for role in stale[account]
    }
    assert estate.planted("LPR-05", "subject", "object") == found
    chains = [role for roles in stale.values() for role in roles if role.endswith("-recovery")]
    assert chains, "there is a chain of two roles that nobody ever took"


ORDER = ("list", "read", "write", "admin")


def control_edges(estate):
    """Return (source, target, ceiling, stale) for every control edge, those over vaults too."""
    edges, idle = [], {agent for agent in estate.agents if estate.asleep(agent, 90)}
    for kind in ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES", "SPAWNS", "CALLS"):
        for link in estate.links(kind):
            last = link.get("last_used_at") or link.get("valid_from")
            stale = link.get("telemetry") == "true" and days_ago(last) > 90
            stale |= kind in ("USES", "RUNS_AS") and link["source_id"] in idle
            ceiling = link.get("ceiling") or "admin"
            edges.append((link["source_id"], link["target_id"], ORDER.index(ceiling), stale))
    kept = defaultdict(set)
    for link in estate.links("STORED_IN"):
        kept[link["target_id"]].add(link["source_id"])
    for grant in estate.grants:
        for key in kept[grant["target_id"]]:
            edges.append((grant["source_id"], key, ORDER.index("admin"), False))
    return edges


def reached(estate, start, edges, with_stale):
    """Walk from `start`; return the (resource, level) pairs that it reaches."""
    best, todo = {start: 3}, [start]
    while todo:
        here = todo.pop()
        for target, ceiling, stale in edges[here]:
            passed = min(best[here], ceiling)
            if (with_stale or not stale) and passed > best.get(target, -1):
                best[target] = passed
                todo.append(target)
    return {
        (grant["target_id"], level)
        for holder, ceiling in best.items()
        for grant in estate.by_holder[holder]
        if not grant["eligible"]  # access that must be activated first is not standing
        for level in set(json.loads(grant["levels"]))
        - (set() if with_stale else unused_levels(grant))
        if ORDER.index(level) <= ceiling
    }


def test_stale_access_paths(estate):
    edges = defaultdict(list)
    for source, target, ceiling, stale in control_edges(estate):
        edges[source].append((target, ceiling, stale))
    found = {
        agent
        for agent in estate.active
        if reached(estate, agent, edges, True) != reached(estate, agent, edges, False)
    }
    assert estate.planted("TIM-04", "subject") == found


def test_dormant_agents_with_live_credentials(estate):
    live = estate.live_keys
    held = {u["source_id"] for u in estate.links("USES") if u["target_id"] in live}
    asleep = {a for a in estate.active & held if estate.asleep(a, 45)}
    assert estate.planted("TIM-03", "subject") == asleep


def test_credentials(estate):
    keys = estate.node("Credential")
    users = defaultdict(set)
    for link in estate.links("USES"):
        users[link["target_id"]].add(link["source_id"])

    def long_lived(key):
        if key["expires_at"]:
            return (when(key["expires_at"]) - when(key["created_at"])).days > 90
        return True

    def among(test):
        return {k for k, row in keys.items() if row["status"] != "revoked" and test(k, row)}

    assert estate.planted("CRD-01", "subject") == among(
        lambda k, r: long_lived(r) and days_ago(r["rotated_at"] or r["created_at"]) > 90
    )
    assert estate.planted("CRD-02", "subject") == among(lambda k, r: r["storage"] != "vault")
    assert estate.planted("CRD-03", "subject") == among(lambda k, r: r["strength"] == "weak")
    assert estate.planted("CRD-04", "subject") == among(lambda k, r: len(users[k]) > 1)
    assert estate.planted("CRD-05", "subject") == among(lambda k, r: r["human_used_at"])
    assert estate.planted("CRD-06", "subject") == among(
        lambda k, r: (
            days_ago(estate.told.get(k) or r["created_at"]) > 45
            or (r["expires_at"] and when(r["expires_at"]) <= NOW)
        )
    )
    assert estate.planted("CRD-07", "subject") == among(lambda k, r: r["status"] == "leaked")


def test_isolation(estate):
    env = {r: row["env"] for r, row in estate.node("Resource").items()}
    account_env = {a: row["env"] for a, row in estate.node("ServiceAccount").items()}
    crossing = {
        (grant["source_id"], grant["target_id"])
        for agent, row in estate.agents.items()
        for grant in estate.entitlements(agent)
        if row["env"] != "prod" and env[grant["target_id"]] == "prod"
    }
    assert estate.planted("ISO-01", "subject", "object") == crossing
    assert all(
        account_env[a] == row["env"] for g, row in estate.agents.items() for a in estate.accounts[g]
    )
    reviews = estate.node("Review")
    vetted = {
        c["target_id"]
        for c in estate.links("COVERS")
        if reviews[c["source_id"]]["decision"] == "approve"
    }
    strangers = {a for a, row in estate.agents.items() if row["third_party"] == "true"}
    assert estate.planted("ISO-02", "subject") == strangers - vetted
    bought = {t for t, row in estate.node("Tool").items() if row["third_party"] == "true"}
    assert bought <= vetted
    pairs = rows(estate.folder / "sod.csv")
    both = set()
    for agent in estate.agents:
        written = {g["target_id"] for g in estate.entitlements(agent) if "write" in g["levels"]}
        if any({p["left_resource"], p["right_resource"]} <= written for p in pairs):
            both.add(agent)
    assert estate.planted("ISO-03", "subject") == both
    loose = {
        (s["source_id"], s["target_id"])
        for kind in ("SPAWNS", "ACTS_FOR")
        for s in estate.links(kind)
        if not s["ceiling"] or not s["valid_to"]
    }
    assert estate.planted("ISO-05", "subject", "object") == loose


def test_trifecta(estate):
    tools, called = estate.node("Tool"), defaultdict(set)
    for call in estate.links("CALLS"):
        called[call["source_id"]] |= set(json.loads(tools[call["target_id"]]["capabilities"]))
    sensitivity = {r: row["sensitivity"] for r, row in estate.node("Resource").items()}
    found = {
        agent
        for agent, abilities in called.items()
        if {"untrusted_input", "external_comm"} <= abilities
        and any(
            "read" in g["levels"] and sensitivity[g["target_id"]] in SENSITIVE
            for g in estate.entitlements(agent)
        )
    }
    assert estate.planted("ISO-04", "subject") == found


def test_readers_of_vaults(estate):
    kept = defaultdict(set)
    for link in estate.links("STORED_IN"):
        kept[link["target_id"]].add(link["source_id"])
    found = {
        agent
        for agent in estate.agents
        for grant in estate.entitlements(agent)
        if kept[grant["target_id"]] and {"read", "admin"} & set(json.loads(grant["levels"]))
    }
    assert estate.planted("LPR-04", "subject") == found


def test_agents_that_may_change_a_log(estate):
    resources, found = estate.node("Resource"), set()
    for agent, row in estate.agents.items():
        for grant in estate.entitlements(agent) if row["status"] != "deleted" else ():
            log = resources[grant["target_id"]]
            shown = log["provider"] in ("", row["provider"]) and log["type"] == "audit_log"
            if shown and {"write", "admin"} & set(json.loads(grant["levels"])):
                found.add((agent, grant["target_id"]))
    assert estate.planted("LPR-06", "subject", "object") == found


def test_uses_agree_with_the_grants(estate):
    last = {
        (g["source_id"], g["target_id"]): json.loads(g["last_used_at"] or "{}")
        for g in estate.grants
    }
    for use in estate.lines("uses.jsonl"):
        if not use.get("level"):
            continue  # it was seen connecting, and nobody says to do what
        holders = {use["principal"]} | estate.accounts[use["principal"]]
        times = [
            last[h, use["resource"]].get(use["level"])
            for h in holders
            if (h, use["resource"]) in last
        ]
        assert use["at"] in times


def test_decisions_are_a_hash_chain(estate):
    previous = "0" * 64
    for record in estate.lines("decisions.jsonl"):
        said = record.pop("hash")
        assert record["prev_hash"] == previous
        text = json.dumps(record, sort_keys=True, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).hexdigest()
        assert said == previous


def test_controls_have_no_defect_of_their_own_or_of_what_they_hold(estate):
    assert estate.labels["clean"]
    bad = {d["subject"] for d in estate.labels["defects"]}
    keys = defaultdict(set)
    for link in estate.links("USES"):
        keys[link["source_id"]].add(link["target_id"])
    for agent in estate.labels["clean"]:
        assert not (estate.holders(agent) | keys[agent]) & bad


def test_every_rule_is_planted(estate):
    wanted = {
        *(f"OWN-0{n}" for n in range(1, 8)), "SCP-01", "LPR-01", "LPR-02", "LPR-03",
        *(f"TIM-0{n}" for n in range(1, 5)), "REV-01", *(f"CRD-0{n}" for n in range(1, 7)),
        "CRD-07", "LPR-05", "ISO-03", "ISO-04", "ISO-05", "EVD-01", "EVD-02", "EVD-03",
        "EVD-04", "EVD-05", "EVD-08",
    }  # fmt: skip
    if len(estate.agents) > 300:
        wanted |= {"EVD-06", "EVD-07", "SCP-02", "SCP-03", "REV-02", "ISO-01", "ISO-02", "LPR-04"}
        wanted |= {"LPR-06"}
    assert wanted <= estate.labels["planted"].keys()
