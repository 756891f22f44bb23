"""The rules about least privilege, each on what it is for and on near misses."""

import pytest

from tests.support.estates.rule_findings import Beside, facts, found, ms
from tests.support.estates.small_estates import Estate, ago


def bot(**more) -> Estate:
    """State a plain agent, of alpha 1, and resources of several classes."""
    e = Estate().agent("bot", kind="workload", **more).account("svc").link("bot", "RUNS_AS", "svc")
    e.resource("s3:x", "confidential").resource("db:y", "restricted").resource("wiki", "internal")
    return e.resource("acct", control_plane="true")


def used(**days: float) -> dict[str, str]:
    return {level: ago(at) for level, at in days.items()}


# -- LPR-01 and LPR-02 -----------------------------------------------------------------------------


USED = [
    ("read", 300, {"read": 91}, {}, 91, None),
    ("read", 300, {"read": 90}, {}, None, None),
    ("read", 91, {}, {}, 91, None),
    ("read", 90, {}, {}, None, None),
    ("read", 300, {}, {"telemetry": "false"}, None, None),
    ("read write", 300, {"read": 100, "write": 200}, {}, 100, None),
    ("read write", 300, {"read": 5}, {}, None, 300),
    ("read write", 300, {"read": 5, "write": 120}, {}, None, 120),
    ("read write", 300, {"read": 5, "write": 6}, {}, None, None),
    ("list read write", 300, {"read": 5, "list": 95, "write": 120}, {}, None, 95),
    ("read", 300, {"read": 91}, {"valid_to": ago(1)}, None, None),
]


def granted(case) -> Estate:
    levels, days, last, more, *_ = case
    facts = {"granted_at": ago(days), "last_used_at": used(**last), **more}
    return bot().can("svc", levels, "db:y", **facts)


GRANTS = Beside(USED, granted)


@pytest.mark.parametrize("case", USED)
def test_unused_as_a_whole_or_in_part(case):
    *_, whole, part = case
    for rule, days in (("LPR-01", whole), ("LPR-02", part)):
        since = [f.since for f in GRANTS.found(case, rule)]
        assert since == ([] if days is None else [ms(days - 90)]), rule


def test_an_unused_grant_says_what_to_drop_and_from_whom():
    e = bot().can("svc", "read write", "db:y", granted_at=ago(200), last_used_at=used(read=100))
    posture = e.posture()
    (one,) = found(posture, "LPR-01")
    assert (one.subject, one.object, one.severity) == ("bot", "db:y", "high")  # 0.75 * 30 * 3
    assert one.sentence.startswith("bot may read and write db:y through svc")
    assert one.remedy == "Drop read and write on db:y from svc: not used since 2026-04-23."
    assert one.evidence == (facts(posture, "CAN_ACCESS")["svc", "db:y"],)


def test_an_unused_level_says_what_is_left():
    e = bot().can("svc", "read write", "s3:x", granted_at=ago(200), last_used_at=used(read=1))
    (one,) = found(e, "LPR-02")
    assert one.severity == "medium"  # 0.75 * 10 * 3
    assert one.remedy == "Reduce the grant of svc on s3:x from read and write to read."


def test_unused_write_on_internal_is_low():
    (one,) = found(bot().can("svc", "write", "wiki", granted_at=ago(200)), "LPR-01")
    assert one.severity == "low"  # 0.75 * 3 * 3 = 6.75


@pytest.mark.parametrize("tag", ["seasonal", "breakglass"])
@pytest.mark.parametrize("where", ["grant", "identity"])
def test_marks_are_told_and_lower_nothing(tag, where):
    mark = {"tags": [tag]}
    e = bot(**(mark if where == "identity" else {}))
    e.can("svc", "write", "db:y", granted_at=ago(200), **(mark if where == "grant" else {}))
    (one,) = found(e, "LPR-01")
    assert one.severity == "high"
    assert tag[:5] in one.sentence
    assert "ask before" in one.sentence


def test_who_is_disabled_and_still_may_is_judged():
    e = bot(status="disabled").can("svc", "read", "db:y", granted_at=ago(200))
    assert [(f.subject, f.object) for f in found(e, "LPR-01")] == [("bot", "db:y")]


def test_a_ceiling_limits_what_is_unused():
    """The agent takes the role up to read: that it never wrote is no finding."""
    e = bot().thing("Role", "role").link("svc", "ASSUMES", "role", ceiling="read")
    e.can("role", "read write", "db:y", granted_at=ago(200), last_used_at=used(read=1))
    assert found(e, "LPR-01") + found(e, "LPR-02") == []


# -- LPR-03 ----------------------------------------------------------------------------------------


BROAD = [
    ("admin", "db:y", None, "critical"),
    ("admin", "s3:x", None, "high"),
    ("admin", "acct", None, "critical"),  # a control plane is taken for restricted
    ("admin", "wiki", None, None),
    ("write", "db:y", None, None),
    ("read", "db:y", ["*"], "medium"),
    ("read", "db:y", ["s3:*"], "medium"),
    ("read", "db:y", ["s3:Get*"], None),
    ("read", "db:y", ["NotAction(iam:*, sts:*)"], "medium"),  # all but these, of every service
    ("read", "wiki", ["NotAction(iam:*, sts:*)"], None),
    ("read", "wiki", ["*"], None),
]


def broad(case) -> Estate:
    levels, resource, actions, _ = case
    return bot().can("svc", levels, resource, actions=actions, granted_at=ago(7))


BROADS = Beside(BROAD, broad)


@pytest.mark.parametrize("case", BROAD)
def test_administration_or_wildcard(case):
    *_, severity = case
    got = BROADS.found(case, "LPR-03")
    assert [f.severity for f in got] == ([severity] if severity else [])
    assert all(f.since == ms(7) for f in got)


def test_many_administered_things_are_one_finding_with_all_of_them():
    e = (
        bot()
        .can("svc", "admin", "s3:x")
        .can("svc", "read admin", "db:y")
        .can("svc", "read", "wiki")
    )
    posture = e.posture()
    (one,) = found(posture, "LPR-03")
    granted = facts(posture, "CAN_ACCESS")
    assert one.evidence == (granted["svc", "db:y"], granted["svc", "s3:x"])
    assert "bot may administer db:y through svc. It has 2 such grants." in one.sentence


# -- LPR-04 ----------------------------------------------------------------------------------------


def reader(levels="read", opened="db:y", **more) -> Estate:
    """State an agent that may read the store in which the key of another account is kept."""
    e = bot().resource("vault", "confidential").thing("Credential", "key").account("other")
    e.link("key", "AUTHENTICATES_AS", "other").link("key", "STORED_IN", "vault", valid_from=ago(3))
    e.can("svc", levels, "vault", granted_at=ago(9), last_used_at=used(read=1), **more)
    return e.can("other", "write", opened, granted_at=ago(50))


def test_an_escalation_path_says_what_it_rests_on():
    posture = reader().posture()
    (one,) = found(posture, "LPR-04")
    assert (one.subject, one.object, one.severity) == ("bot", "key", "high")  # 0.75 * 90
    assert one.since == ms(3)  # the later of the two facts
    kept = facts(posture, "STORED_IN")["key", "vault"]
    assert set(one.evidence) == {kept, facts(posture, "CAN_ACCESS")["svc", "vault"]}
    assert "X1" in one.sentence


def test_it_is_broken_where_nobody_will_miss_it():
    told = {
        days: found(
            bot()
            .resource("vault")
            .thing("Credential", "key")
            .account("other")
            .link("key", "AUTHENTICATES_AS", "other")
            .link("key", "STORED_IN", "vault")
            .can("other", "write", "db:y")
            .can("svc", "read", "vault", granted_at=ago(400), last_used_at=used(read=days)),
            "LPR-04",
        )[0].remedy
        for days in (1, 200)
    }
    assert told[200] == "Break it at the access of svc to vault."
    assert told[1] == "Break it at the copy of key in vault."


@pytest.mark.parametrize(
    "estate",
    [
        reader("list"),
        reader("read", opened="vault").can("svc", "write", "vault"),  # it has that already
        reader().link("bot", "USES", "key"),  # it holds the key anyway
        bot().can("svc", "admin", "acct"),
    ],
    ids=["cannot read it", "gains nothing", "is it already", "no rule"],
)
def test_no_escalation_path(estate):
    assert found(estate, "LPR-04") == []


def test_several_ways_to_one_target_are_one_finding():
    e = reader().resource("copy").link("key", "STORED_IN", "copy").can("svc", "read", "copy")
    (one,) = found(e, "LPR-04")
    assert "there are 2 ways" in one.sentence
