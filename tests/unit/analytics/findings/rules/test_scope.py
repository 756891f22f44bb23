"""The rules about purpose and scope, each on what it is for and on near misses."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analytics.findings.lifecycle.states import lives
from analytics.history import History, posture_of
from graph.stores import SnapshotInfo
from tests.support.estates.rule_findings import Beside, facts, found, ms
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.few_rules import only_rules
from tests.support.histories.small_history import history_of

READ = [{"resource": "s3:x", "level": "read"}]


def bot(scope=READ, purpose="close the month", **more) -> Estate:
    """State a plain agent that may read one confidential resource."""
    e = Estate().agent(
        "bot",
        kind="workload",
        purpose=purpose,
        declared_scope=scope,
        created_at=ago(400),
        **more,
    )
    e.resource("s3:x", "confidential").resource("db:y", "restricted").resource("wiki", "internal")
    return e.can("bot", "read", "s3:x", granted_at=ago(300))


# -- SCP-01 ----------------------------------------------------------------------------------------


LACKING = [
    ({"purpose": None}, "a purpose"),
    ({"purpose": "  "}, "a purpose"),
    ({"scope": None}, "a scope"),
    ({"scope": None, "purpose": None}, "a purpose and a scope"),
]
UNDECLARED = Beside([facts for facts, _ in LACKING], lambda facts: bot(**facts))


@pytest.mark.parametrize(("facts", "lacks"), LACKING)
def test_without_a_purpose_or_a_scope(facts, lacks):
    (one,) = UNDECLARED.found(facts, "SCP-01")
    assert (one.subject, one.object, one.since) == ("bot", "", ms(400))
    assert one.severity == "low"  # 0.75 * 10 * 1
    assert f"declared {lacks} for bot" in one.sentence
    assert "1 entitlement " in one.sentence


def test_an_account_of_its_own_is_judged_and_a_role_is_not():
    e = bot().account("svc").thing("Role", "role").can("svc", "write", "db:y")
    e.link("role", "TRUSTS", "lambda.amazonaws.com", workload="true").can("role", "read", "s3:x")
    e.resource("lambda.amazonaws.com", type="service")
    assert [(f.subject, f.severity) for f in found(e, "SCP-01")] == [("svc", "high")]  # 67.5


def test_who_declares_nothing_is_not_judged():
    assert found(bot(), "SCP-01") == []
    assert found(bot(scope=[]), "SCP-01") == []  # it was declared that it may use nothing
    assert found(Estate().agent("bot", status="retired"), "SCP-01") == []  # nothing of it is left
    assert [f.subject for f in found(bot(scope=None, status="retired"), "SCP-01")] == ["bot"]
    silent = Estate(declares=("grants",), scope="elsewhere").agent("cat")
    posture = _assessed(together(bot(), silent))
    assert found(posture, "SCP-01") == []


def _assessed(facts, infos=None):
    info = SnapshotInfo("1", 1, facts.taken_at, facts.taken_at, "", facts.coverage, {}, {})
    return posture_of(info, facts, None, None)


# -- SCP-02 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "beyond"),
    [
        (READ, ["db:y"]),
        ([{"resource": "s3:*", "level": "read"}, {"resource": "db:y", "level": "write"}], []),
        ([{"resource": "s3:*", "level": "read"}, {"resource": "db:*", "level": "admin"}], ["db:y"]),
        ([{"resource": "*", "level": "read"}], ["db:y"]),
        ([], ["db:y", "s3:x"]),
        (None, []),  # nothing to hold it against: that is another finding
    ],
)
def test_granted_beyond_the_scope(scope, beyond):
    e = bot(scope).can("bot", "write", "db:y", granted_at=ago(20))
    assert [f.object for f in found(e, "SCP-02")] == beyond


def test_drift_says_what_came_when_and_after_which_approval():
    e = bot().account("svc").link("bot", "RUNS_AS", "svc")
    e.can("svc", "read write", "db:y", granted_at=ago(20), last_used_at={"read": ago(3)})
    e.thing("Review", "ok", decision="approve", decided_at=ago(100)).link("ok", "COVERS", "bot")
    posture = e.posture()
    (one,) = found(posture, "SCP-02")
    assert (one.subject, one.object, one.since) == ("bot", "db:y", ms(20))
    assert one.severity == "high"  # 0.75 * 30 * 3
    assert one.evidence == (facts(posture, "CAN_ACCESS")["svc", "db:y"],)
    assert "read and write db:y through svc" in one.sentence
    assert "2026-07-12, after the approval of 2026-04-23" in one.sentence
    assert "The only entry of that scope was not used lately." in one.sentence


def test_two_grants_on_one_resource_are_two_findings():
    e = bot([]).can("bot", "read", "s3:x", grant_id="second", granted_at=ago(30))
    ids = {f.id for f in found(e, "SCP-02")}
    assert len(ids) == 2
    fewer = found(bot([]), "SCP-02")
    assert {f.id for f in fewer} < ids


# -- SCP-03 ----------------------------------------------------------------------------------------


def event(e: Estate, who: str, what: str, days: float, level: str = "read", **more) -> Estate:
    from graph.schema import USE_EVENT

    given = {"outcome": "success", "action": level, **more}
    nth = len(e.rows.get(USE_EVENT, []))
    return e.add(
        USE_EVENT, id=f"e{nth}", at=ago(days), principal=who, resource=what, level=level, **given
    )


SEEN = {
    "an event": (lambda: event(bot(), "bot", "db:y", 5), 5),
    "a summary": (
        lambda: bot().link("bot", "USED", "db:y", level="read", last_at=ago(7), count=3),
        7,
    ),
    "the last use of a grant": (
        lambda: bot().can("bot", "read", "db:y", last_used_at={"read": ago(9)}),
        9,
    ),
    "an event of its account": (
        lambda: event(bot().account("svc").link("bot", "RUNS_AS", "svc"), "svc", "db:y", 5),
        5,
    ),
    "another level": (lambda: event(bot(), "bot", "s3:x", 5, "write"), 5),
}
UNSEEN = {
    "in the scope": lambda: event(bot(), "bot", "s3:x", 5),
    "too long ago": lambda: event(bot(), "bot", "db:y", 91),
    "refused": lambda: event(bot(), "bot", "db:y", 5, outcome="denied"),
    "no scope": lambda: event(bot(None), "bot", "db:y", 5),
    "anybody's account": lambda: event(
        bot()
        .agent("cat", declared_scope=READ)
        .account("svc")
        .link("bot", "RUNS_AS", "svc")
        .link("cat", "RUNS_AS", "svc"),
        "svc",
        "db:y",
        5,
    ),
    "part of what is in the scope": lambda: event(
        bot().resource("s3:x/part", "restricted", parent_id="s3:x"), "bot", "s3:x/part", 5
    ),
    "retired, with nothing left": lambda: event(
        Estate().agent("bot", status="retired", declared_scope=READ).resource("db:y", "restricted"),
        "bot",
        "db:y",
        5,
    ),
}


USES = Beside([*SEEN, *UNSEEN], lambda case: SEEN[case][0]() if case in SEEN else UNSEEN[case]())


@pytest.mark.parametrize("case", SEEN)
def test_seen_outside_the_scope(case):
    _, days = SEEN[case]
    (one,) = USES.found(case, "SCP-03")
    assert (one.subject, one.since, one.severity) == ("bot", ms(days), "critical")
    assert one.evidence


@pytest.mark.parametrize("case", UNSEEN)
def test_not_seen_outside_the_scope(case):
    assert USES.found(case, "SCP-03") == []


def test_what_is_not_sensitive_weighs_as_it_does():
    (one,) = found(event(event(bot(), "bot", "wiki", 5), "bot", "wiki", 8, "write"), "SCP-03")
    assert (one.object, one.severity, one.since) == ("wiki", "low", ms(8))
    assert "read and write wiki" in one.sentence
    assert "2 uses in 90 days" in one.sentence


SUMS = {
    "all of them lately": ({"first_at": ago(60), "last_at": ago(2)}, 60, " 57 uses in 90 days"),
    "on one day": ({"first_at": ago(2), "last_at": ago(2)}, 2, " 57 uses in 90 days"),
    "some before": ({"first_at": ago(200), "last_at": ago(2)}, 2, " at least 1 use in 90 days"),
}


@pytest.mark.parametrize("case", SUMS)
def test_uses_that_a_log_sums_up_all_count(case):
    facts, since, said = SUMS[case]
    e = bot().link("bot", "USED", "db:y", level="read", count=57, **facts)
    (one,) = found(e.can("bot", "read", "db:y", last_used_at={"read": ago(2)}), "SCP-03")
    assert (one.since, said in one.sentence) == (ms(since), True)


# -- SCP-04 ----------------------------------------------------------------------------------------


def past(levels: list[int], *others: Estate, joined_at: int = 0):
    """Assess the last of monthly snapshots in which the agent held so many grants.

    `others` are sources that speak from snapshot `joined_at` on.
    """
    kept = {}
    for nth, count in enumerate(levels):
        at = AS_OF - pd.Timedelta(days=30 * (len(levels) - 1 - nth))
        e = bot()
        e.at = at
        for k in range(count):
            e.resource(f"r{k}", "internal").can("bot", "read", f"r{k}")
        more = others if nth >= joined_at else ()
        said = together(e, *more)
        info = SnapshotInfo(f"{nth:06}", nth, at, at, f"{nth}", said.coverage, {}, {})
        kept[info.id] = info, replace(said)
    history = History([info for info, _ in kept.values()], kept.__getitem__)
    last = list(kept)[-1]
    return history.posture(last)


def test_a_step_up_in_exposure():
    posture = past([2] * 6 + [9] * 6)
    (one,) = found(posture, "SCP-04")
    assert (one.subject, one.object, one.since) == ("bot", "", ms(30 * 5))
    came = facts(posture, "CAN_ACCESS")
    assert set(one.evidence) == {came["bot", f"r{k}"] for k in range(2, 9)}
    assert "from 16 to 37" in one.sentence  # 10 + 2 * 3, then 10 + 9 * 3
    assert "7 grants came" in one.sentence
    assert one.severity == "low"  # 0.75 * 3


@pytest.mark.parametrize(
    "levels",
    [
        [2] * 5 + [9] * 4,  # nine snapshots
        [2] * 12,
        [9] * 6 + [2] * 6,  # it shrank
        [20] * 6 + [22] * 6,  # by less than a fifth
    ],
)
def test_no_step_up(levels):
    assert found(past(levels), "SCP-04") == []


def test_a_step_too_late_to_be_placed_is_told_without_its_grants():
    """There must be five snapshots after it, so the best place is before it happened."""
    (one,) = found(past([2] * 9 + [9] * 3), "SCP-04")
    assert one.evidence == ()
    assert "0 grants came" in one.sentence


def test_a_source_that_joins_is_no_growth():
    other = Estate(scope="new", at=AS_OF - pd.Timedelta(days=400))
    other.agent("bot", kind="workload")
    for k in range(7):
        other.resource(f"n{k}", "internal").can("bot", "read", f"n{k}")
    assert found(past([2] * 12, other, joined_at=6), "SCP-04") == []
    assert found(past([2] * 12, other, joined_at=0), "SCP-04") == []
    assert len(found(past([2] * 6 + [9] * 6, other, joined_at=0), "SCP-04")) == 1


def test_growth_was_first_seen_where_exports_read_late_show_it(tmp_path):
    """What was kept of nine snapshots is not what they say with three before them."""
    states = []
    for nth in range(13):
        e = bot()
        e.at = AS_OF - pd.Timedelta(days=30 * (12 - nth))
        for k in range(2 if nth < 6 else 9):
            e.resource(f"r{k}", "internal").can("bot", "read", f"r{k}")
        states.append(e)

    def seen(*read: Estate, journal: Path | None) -> list[int]:
        history = history_of(*read, journal=journal)
        return lives(history.posture(history.infos[-1].id)).rows["first_seen"].tolist()

    with only_rules("exposure_growth"):
        kept = tmp_path / "journal.sqlite"
        assert seen(*states[3:12], journal=kept) == []  # too few to show a step
        late = (*states[3:12], *states[:3], states[12])
        assert seen(*late, journal=kept) == seen(*late, journal=None) != []


def test_without_a_history_nothing_grew():
    assert found(bot(), "SCP-04") == []


def test_what_drifted_is_not_taken_from_those_who_need_it():
    """The role is somebody else's, too: the remedy is about this agent alone."""
    e = bot().agent("cat").thing("Role", "role").can("role", "write", "db:y", granted_at=ago(20))
    e.link("bot", "RUNS_AS", "role")
    (alone,) = found(e, "SCP-02")
    assert alone.remedy.startswith("Take write on db:y from role; or get it approved")
    (shared,) = [f for f in found(e.link("cat", "RUNS_AS", "role"), "SCP-02") if f.subject == "bot"]
    assert "Take write on db:y from bot, and leave role to the others" in shared.remedy
