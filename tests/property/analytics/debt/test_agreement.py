"""One judgement: who owes for an assumption is who a rule that feeds it finds, and nobody else.

The rules are those of the catalogue, with the assumption that each feeds. Only identities that
are entitled to anything can owe, so only they are compared.
"""

from collections.abc import Mapping

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.owed import debt_of
from analytics.findings.evaluation import find_all
from analytics.findings.rules import rule_of
from analytics.posture import Posture
from analytics.residue import ACCOUNTS, residue
from graph.schema import AGENT, CAN_ACCESS, CREDENTIAL, DECISION_RECORD, ROLE, USE_EVENT
from tests.support.estates.debt_estates import AGENTS, DECLARES, RESOURCES, estates
from tests.support.estates.small_estates import Estate, ago

FEEDS: Mapping[str, tuple[str, ...]] = {
    "owner": ("OWN-01", "OWN-02", "OWN-04", "OWN-05", "OWN-06"),
    "scope": ("SCP-01", "SCP-02"),
    "necessity": ("LPR-01", "LPR-02"),
    "standing": ("TIM-01",),
    "outlived": ("TIM-02", "REV-02", "RES-01"),
    "review": ("REV-01",),
    "evidence": ("EVD-01", "EVD-02", "EVD-03"),
    "cred_storage": ("CRD-02",),
    "cred_age": ("CRD-01",),
    "cred_auth": ("CRD-03",),
    "cred_shared": ("CRD-04",),
    "cred_human": ("CRD-05",),
    "env": ("ISO-01",),
    "third_party": ("ISO-02",),
    "sod": ("ISO-03",),
}
STATUS = st.sampled_from([None, "active", "active", "disabled", "retired", "deleted"])
TAGS = st.sampled_from([None, None, '["blue"]', '["green"]', '["break-glass"]', '["deployer"]'])


@st.composite
def worlds(draw: st.DrawFn) -> Estate:
    """Draw an estate in which identities end, share, are tagged, and are seen using things.

    What a source states need not be of a kind that it declares.
    """
    e = draw(estates())
    e.declares = (*draw(DECLARES), *draw(st.sets(st.sampled_from(["grants", "credentials"]))))
    for row in e.rows[AGENT]:
        row |= {"status": draw(STATUS), "status_at": ago(30), "tags": draw(TAGS)}
        row |= {"blueprint_id": draw(st.sampled_from([None, "b"])), "purpose": "closing"}
        row["expires_at"] = draw(st.sampled_from([None, None, ago(10), ago(-10)]))
    for row in e.rows[CREDENTIAL]:
        row["sender_constrained"] = draw(st.sampled_from([None, "true", "false"]))
    for row in e.rows[ROLE]:
        row["status"] = draw(st.sampled_from([None, None, "disabled", "deleted"]))
    e.resource("lambda", type="service")
    for role in draw(st.sets(st.sampled_from(["r0", "r1"]))):
        e.link(role, "TRUSTS", "lambda", id=f"trust-{role}")
    for n in range(draw(st.integers(0, 4))):
        who, what = draw(st.sampled_from(AGENTS)), draw(st.sampled_from(RESOURCES))
        at = draw(st.sampled_from([1, 40, 120]))
        level = draw(st.sampled_from(["read", "write"]))
        e.add(USE_EVENT, id=f"use{n}", at=ago(at), principal=who, resource=what, action=level,
              level=level, outcome="success")  # fmt: skip
        if decision := draw(st.sampled_from([None, "allow", "deny"])):
            later = draw(st.sampled_from([0.001, -0.001]))  # before the use, or after it
            e.add(DECISION_RECORD, id=f"d{n}", at=ago(at + later), subject=who, action=level,
                  resource=what, decision=decision, policy_id="p")  # fmt: skip
    return e


def owing(posture: Posture) -> dict[str, set[int]]:
    """Return who owes for each assumption, by number."""
    debt = debt_of(posture)
    rows = debt.rows
    broken = rows.degree > 0
    who = debt.units.identity[rows.entitlement[broken]]
    frame = pd.DataFrame({"k": rows.assumption[broken], "who": who})
    return {name: set(frame["who"][frame["k"] == k]) for k, name in enumerate(ASSUMPTIONS)}


def finding(posture: Posture) -> dict[str, set[int]]:
    """Return whom the rules find that feed each assumption, by number.

    Findings of a feeding rule that feed nothing, because the specification wants it so:

    * SCP-01 about a missing purpose alone: the assumption is about the scope;
    * ISO-01 about a credential: it is owed for as what is shared, where several have it;
    * EVD-02 about what is less than confidential: the assumption begins there;
    * EVD-* about what the identity is not entitled to: there is nothing that could be owed for.
    """
    rows = find_all(posture)
    rows = rows[~((rows["rule"] == "ISO-01") & posture.graph.has_label(CREDENTIAL)[rows["object"]])]
    by_evidence = rows["rule"].isin(FEEDS["evidence"])
    found = {
        name: set(rows["subject"][rows["rule"].isin(rules) & ~by_evidence].tolist())
        for name, rules in FEEDS.items()
    }
    found["evidence"] = _unexplained(posture, rows[by_evidence])
    left = residue(posture)  # what a deleted agent left is its account's, which answers for itself
    accounts = left[(left["kind"] == ACCOUNTS) & posture.deleted[left["identity"]]]
    found["outlived"] |= set(accounts["thing"].tolist())
    return found


def _unexplained(posture: Posture, rows: pd.DataFrame) -> set[int]:
    """Return who is entitled to what a finding of evidence says that it, or its account, used."""
    units = debt_of(posture).units
    sensitive = units.weight >= 10
    pairs = set(zip(rows["subject"].tolist(), rows["object"].tolist(), strict=True))
    columns = (a.tolist() for a in (units.identity, units.holder, units.resource, sensitive))
    rows_of_units = zip(*columns, strict=True)
    return {i for i, h, r, s in rows_of_units if s and {(i, r), (h, r)} & pairs}


def entitled(posture: Posture) -> set[int]:
    return set(debt_of(posture).units.identity.tolist())


def test_every_assumption_is_fed_by_a_rule():
    assert set(FEEDS) == set(ASSUMPTIONS)


def test_who_accepts_a_finding_accepts_what_it_feeds():
    for name, rules in FEEDS.items():
        for rule in rules:
            assert name in rule_of(rule).feeds.assumptions, rule


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_who_owes_is_who_is_found(estate):
    posture = estate.quick()
    owed, found, may = owing(posture), finding(posture), entitled(posture)
    names = posture.graph.thing
    for assumption in ASSUMPTIONS:
        mine = found[assumption] & may
        if assumption == "evidence":  # a finding is of a resource, an item of one level of it
            assert owed[assumption] <= mine
            continue
        assert {names(n)["id"] for n in owed[assumption]} == {names(n)["id"] for n in mine}, (
            assumption
        )


@pytest.mark.parametrize("declares", [(), ("grants",), ("credentials", "reviews")])
def test_what_is_stated_without_being_declared_is_found_and_owed(declares):
    """The world of the audit: a key in code and a decision to revoke, of kinds nobody declared."""
    e = Estate(declares=declares).agent("bot").resource("db", "restricted").can("bot", "read", "db")
    e.thing("Credential", "k", storage="code").link("bot", "USES", "k")
    e.thing("Review", "v", decision="revoke", decided_at=ago(3)).link("v", "COVERS", "bot")
    posture = e.posture()
    bot = posture.graph.number("bot")
    for assumption in ("cred_storage", "outlived", "standing"):
        assert bot in owing(posture)[assumption]
        assert bot in finding(posture)[assumption]
    assert len(posture.graph.frames[CAN_ACCESS]) == 1
