"""The worked examples of TD-1, by hand: day 0 is 400 days ago."""

import json

import pandas as pd
import pytest

from analytics.debt import debt_of
from analytics.debt.totals import total
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago
from tests.support.printed import debt

NOW = 400
CLOSE = 5e-5  # four decimals


def day(number: float) -> str:
    return ago(NOW - number)


def clean(
    declares=EVERYTHING,
    grant=None,
    key=None,
    business_left: int | None = None,
    business: bool = True,
    **agent,
) -> Estate:
    """Build an agent that reads one confidential bucket, as it should be."""
    e = Estate(declares=declares).person("bob").account("svc", env="prod")
    e.person("ann", left=None if business_left is None else day(business_left))
    scope = json.dumps([{"resource": "s3:invoices", "level": "read"}])
    facts = {"aars": 0, "env": "prod", "created_at": day(0), "declared_scope": scope} | agent
    e.agent("bot", **facts).resource("s3:invoices", "confidential", env="prod")
    e.owned("bot", business="ann" if business else None, technical="bob")
    made = {"created_at": day(380), "expires_at": day(410), "storage": "vault"} | (key or {})
    e.thing("Credential", "k1", strength="strong", **made)
    e.link("bot", "USES", "k1").link("k1", "AUTHENTICATES_AS", "svc")
    usual = {"granted_at": day(380), "expires_at": day(420), "reviewed_at": day(380)}
    usual |= {"telemetry": "true", "last_used_at": {"read": day(395)}}
    return e.can("svc", "read", "s3:invoices", **usual | (grant or {}))


DECAYED = {
    "grant": {"granted_at": day(35), "expires_at": None, "reviewed_at": day(35),
              "last_used_at": {"read": day(100)}},
    "key": {"created_at": day(35), "expires_at": None},
}  # fmt: skip


def decayed() -> Estate:
    return clean(business_left=365, **DECAYED)


def broad(ledger: bool = True, invoices: bool = True) -> Estate:
    e = clean(business=False, aars=5, **DECAYED)
    if not invoices:
        e.rows = {
            k: [r for r in v if r.get("target_id") != "s3:invoices"] for k, v in e.rows.items()
        }
    e.resource("db:ledger", "restricted", env="prod")
    if ledger:
        e.can("svc", "read write admin", "db:ledger", granted_at=day(300), telemetry="true",
              last_used_at={"read": day(390)})  # fmt: skip
    return e.add(USE_EVENT, id="e", at=day(390), principal="bot", resource="db:ledger",
                 action="read", level="read", outcome="success")  # fmt: skip


def outlived() -> Estate:
    return clean(grant={"expires_at": day(390)})


def unseen() -> Estate:
    kinds = [k for k in EVERYTHING if k != "usage"]
    return clean(declares=kinds, grant={"telemetry": "false", "last_used_at": None})


EXAMPLES = {  # debt, principal, most principal, interest a day, ratio, unverified; grade
    "clean": (clean, (0, 0, 99.1667, 0, 0, 0), "A"),
    "decayed": (decayed, (120.7870, 33.3333, 99.1667, 0.25901, 0.2436, 0), "D"),
    "broad": (broad, (7099.5824, 2622.5, 6396.25, 33.2059, 0.2220, 0), "D"),
    "broad, without invoices": (
        lambda: broad(invoices=False), (6918.4018, 2572.5, 6247.5, 32.8174, 0.2215, 0), "D"),
    "broad, without the ledger": (
        lambda: broad(ledger=False), (181.1806, 50, 148.75, 0.38851, 0.2436, 0), "D"),
    "outlived": (outlived, (24.2857, 10, 99.1667, 1.4286, 0.0490, 0), "A"),
    "unseen": (unseen, (0, 0, 99.1667, 0, 0, 15), "NR"),
}  # fmt: skip
FIGURES = ("debt", "principal", "max_principal", "interest_per_day", "tdr", "unverified")


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_example(name):
    estate, figures, grade = EXAMPLES[name]
    answer = debt(estate().posture())
    assert [answer[f] for f in FIGURES] == [pytest.approx(x, abs=CLOSE) for x in figures]
    assert answer["grade"] == grade
    assert answer["max_debt"] == pytest.approx(5 * answer["max_principal"])


PARTS = {
    "decayed": {"owner": 25, "necessity": 25, "standing": 13.3333, "review": 30.4167,
                "cred_age": 27.0370},
    "broad": {"owner": 1612.5, "scope": 2047.5, "necessity": 525, "standing": 555.0685,
              "review": 570.625, "evidence": 45, "cred_age": 1743.8889},
    "outlived": {"outlived": 24.2857},
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_debt_by_assumption(name):
    groups = debt(EXAMPLES[name][0]().posture())["groups"]
    owed = {g["key"]: g["debt"] for g in groups if g["debt"]}
    assert owed == {k: pytest.approx(v, abs=CLOSE) for k, v in PARTS[name].items()}


@pytest.mark.parametrize(
    ("at", "owed"),
    [(365, 91.722), (366, 92.695), (372, 98.535), (400, 120.787), (500, 144.326), (800, 153.973)],
)
def test_debt_grows_by_the_day(at, owed):
    posture = decayed().posture(AS_OF - pd.Timedelta(days=NOW - at))
    assert total(debt_of(posture)).debt == pytest.approx(owed, abs=5e-4)


def test_what_nobody_sees_widens_the_ratio():
    answer = debt(unseen().posture())
    assert answer["coverage"] == pytest.approx(0.8487, abs=CLOSE)
    assert answer["tdr_range"] == [0, pytest.approx(0.1513, abs=CLOSE)]
    assert answer["lag_factor"] is None


def test_lag_is_one_more_than_the_cycles_missed_on_average():
    assert debt(decayed().posture())["lag_factor"] == pytest.approx(120.787037 / 33.333333)


# ---------------------------------------------------------------- what is no law


def two_agents(clean_grant: bool = True) -> Estate:
    """Build the decayed agent beside a tidy one with the same business owner, who left."""
    e = decayed()
    e.agent("neat", aars=0, env="prod", created_at=day(0),
            declared_scope=json.dumps([{"resource": "s3:invoices", "level": "read"}]))  # fmt: skip
    e.owned("neat", business="ann", technical="bob").account("svc2", env="prod")
    e.thing("Credential", "k2", strength="strong", storage="vault", created_at=day(380),
            expires_at=day(410))  # fmt: skip
    e.link("neat", "USES", "k2").link("k2", "AUTHENTICATES_AS", "svc2")
    if clean_grant:
        e.can("svc2", "read", "s3:invoices", granted_at=day(380), expires_at=day(420),
              reviewed_at=day(380), telemetry="true", last_used_at={"read": day(395)})  # fmt: skip
    return e


def figures(estate: Estate) -> tuple[float, float]:
    whole = total(debt_of(estate.posture()))
    return whole.debt, whole.ratio


def test_the_ratio_may_rise_when_a_clean_grant_goes():
    assert figures(two_agents()) == (
        pytest.approx(145.787, abs=5e-4),
        pytest.approx(0.1470, abs=CLOSE),
    )
    assert figures(two_agents(clean_grant=False)) == (
        pytest.approx(120.787, abs=5e-4),
        pytest.approx(0.2436, abs=CLOSE),
    )


def test_an_expiry_in_the_past_adds_debt():
    assert figures(outlived())[0] > figures(clean())[0]


def test_a_decision_to_revoke_that_is_not_carried_out_adds_debt():
    e = clean().thing("Review", "v", decision="revoke", decided_at=day(386))
    assert figures(e.link("v", "COVERS", "bot"))[0] == pytest.approx(10 * (1 + 14 / 7))


def test_a_lost_review_adds_debt():
    e = clean(grant={"reviewed_at": None, "granted_at": day(200)})
    without = figures(e)[0]
    e.thing("Review", "v", decision="approve", decided_at=day(380)).link("v", "COVERS", "svc")
    assert figures(e)[0] == 0 < without


def test_an_owning_team_that_loses_its_last_member_adds_debt():
    e = clean(business=False).thing("Team", "m").link("m", "OWNS", "bot", role="business")
    alone = figures(e)[0]
    assert figures(e.link("bob", "MEMBER_OF", "m"))[0] == 0 < alone


def test_a_broader_declared_scope_lowers_debt():
    narrow, broad_scope = (
        clean(declared_scope=json.dumps([{"resource": r, "level": "read"}])) for r in ("z", "*")
    )
    assert figures(narrow)[0] > figures(broad_scope)[0] == 0


def test_an_account_left_without_its_agent_answers_for_itself():
    """To part an agent from its account lowers the debt of the agent, not that of everybody."""
    e = clean()
    e.rows = {
        k: [r for r in v if r.get("source_id") not in ("bot", "k1")] for k, v in e.rows.items()
    }
    posture = e.posture()
    owed = {g["key"]: g["debt"] for g in debt(posture, "identity")["groups"]}
    none = 10 + 7.5 * (1 + 20 / 30)  # no owner (undated), no scope
    assert owed == {"svc": pytest.approx(none), "bot": 0}


def test_a_use_without_a_decision_costs_what_a_decision_explains():
    e = clean().add(USE_EVENT, id="e", at=day(395), principal="bot", resource="s3:invoices",
                    action="read", level="read", outcome="success")  # fmt: skip
    assert figures(e)[0] == pytest.approx(7.5 * (1 + 5 / 30))
    e.add(DECISION_RECORD, id="d", at=ago(5.001), subject="bot", action="read",
          resource="s3:invoices", decision="allow", policy_id="p")  # fmt: skip
    assert figures(e)[0] == 0
