"""Replay: each recorded use and decision under a policy set, with the posture of its time."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.answers.replay import replay
from analytics.answers.table import as_json
from analytics.engines.reading import policy_set
from analytics.history import open_posture
from analytics.posture import Posture
from graph.schema import DECISION_RECORD, USE_EVENT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.unit.analytics.engines.test_cedar import VERIFIED

PERMIT = "permit(principal, action, resource);"
OWNED = '@id("odd") forbid(principal, action, resource) unless { principal.owner_active };'


def used(e: Estate, agent: str, resource: str, at: str, **facts: Any) -> Estate:
    number = len(e.rows.get(USE_EVENT, []))
    facts = {"level": "read", "outcome": "success", **facts}
    return e.add(USE_EVENT, id=f"u{number}", at=at, principal=agent, resource=resource, **facts)


def decided(e: Estate, agent: str, resource: str, at: str, decision: str, **facts: Any) -> Estate:
    number = len(e.rows.get(DECISION_RECORD, []))
    return e.add(DECISION_RECORD, id=f"d{number}", at=at, subject=agent, action="read",
                 resource=resource, decision=decision, policy_id="p", **facts)  # fmt: skip


def answered(posture: Posture, folder: Path, text: str, limit: int = 0) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / "set.cedar").write_text(text)
    return as_json(replay(posture, policy_set(folder / "set.cedar"), limit))


def of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = (r for r in answer["identities"] if r["identity"]["id"] == name)
    return row


def agents() -> Estate:
    e = Estate().person("ann")
    for name, sensitivity, expires in (
        *(("fine", "internal", ago(-9)), ("orphan", "internal", None)),
        *(("late", "internal", ago(10)), ("bare", "confidential", None)),
        *(("wide", "internal", None), ("quiet", "internal", None)),
    ):
        scope = [{"resource": "other" if name == "wide" else f"r-{name}", "level": "read"}]
        e.agent(name, declared_scope=scope).resource(f"r-{name}", sensitivity)
        e.can(name, "read", f"r-{name}", granted_at=ago(300), expires_at=expires)
        if name != "orphan":
            e.owned(name, "ann", "ann")
        if name != "quiet":
            decided(e, name, f"r-{name}", ago(2), "allow",
                    justification=None if name == "bare" else "monthly close")  # fmt: skip
            used(e, name, f"r-{name}", ago(2))
    return used(e, "fine", "r-fine", ago(1))


def test_who_would_be_denied_and_by_which_policy(tmp_path):
    answer = answered(agents().posture(), tmp_path, VERIFIED)
    denied = {"orphan": ["deny-orphaned"], "late": ["deny-expired-grant"],
              "bare": ["needs-justification"], "wide": []}  # fmt: skip
    for name, policies in denied.items():
        row = of(answer, name)
        assert (row["uses"], row["would_deny"], row["would_allow"]) == (1, 1, 0), name
        (broken,) = row["broken_but_used"]
        assert broken["policies"] == policies, name
        assert (broken["resource"]["id"], broken["level"]) == (f"r-{name}", "read")
        assert (broken["uses"], broken["last_used_at"]) == (1, ago(2))
    fine = of(answer, "fine")
    assert (fine["uses"], fine["would_allow"], fine["broken_but_used"]) == (2, 2, [])
    assert answer["uses"] | {"evaluated": 0} == {
        **{"of": 6, "judged": 6, "would_allow": 2, "would_deny": 4, "would_escalate": 0},
        **{"unknown": 0, "not_evaluated": 0, "not_judged": 0, "absent_then": 0, "unplaced": 0},
        **{"with_earliest_snapshot": 6, "evaluated": 0},
    }
    assert answer["never_decided"] == ["deny-debt-restricted"]
    assert any(note.startswith("1 of 6") for note in answer["notes"])


def test_refused_access_is_counted_in_debt(tmp_path):
    """Of what `late` owes, all is owed for the one grant that the set refuses."""
    answer = answered(agents().posture(), tmp_path, VERIFIED)
    late, fine = of(answer, "late"), of(answer, "fine")
    assert late["debt"] > 0
    assert late["debt_refused"] == late["broken_but_used"][0]["debt"] == late["debt"]
    assert fine["debt_refused"] == 0
    refused = sum(row["debt_refused"] for row in answer["identities"])
    assert answer["debt"]["refused"] == pytest.approx(refused)
    assert answer["debt"]["of"] >= answer["debt"]["refused"]


def test_the_opposite_what_past_decisions_would_have_been(tmp_path):
    e = Estate().agent("bot").resource("open").resource("shut")
    decided(e, "bot", "open", ago(4), "allow")
    decided(e, "bot", "shut", ago(3), "allow")
    decided(e, "bot", "open", ago(2), "deny")
    decided(e, "bot", "shut", ago(1), "deny")
    decided(e, "stranger", "open", ago(1), "allow")
    text = 'permit(principal, action, resource == Resource::"open");'
    answer = answered(e.posture(), tmp_path, text)
    assert answer["decisions"]["of"] == 5
    assert answer["decisions"]["judged"] == 4
    by = answer["decisions"]["recorded"]
    assert (by["allow"]["would_allow"], by["allow"]["would_deny"]) == (1, 1)
    assert (by["deny"]["would_allow"], by["deny"]["would_deny"]) == (1, 1)
    assert by["allow"]["not_judged"] == 1
    assert [r["decision"] for r in answer["now_refused"]] == ["d1"]
    assert [r["decision"] for r in answer["now_allowed"]] == ["d2"]


def test_each_use_is_judged_with_the_posture_of_its_time(tmp_path):
    """The owner left in the middle of July: the use before that was owned, the one after not."""
    store = tmp_path / "store"
    for at in (AS_OF.replace(month=7), AS_OF):
        e = Estate(at=at).agent("bot").resource("r")
        e.person("ann", left=None if at.month == 7 else "2026-07-15T00:00:00Z")
        e.owned("bot", "ann", "ann")
        for day in ("2026-06-20", "2026-07-10", "2026-08-01"):
            if pd.Timestamp(day, tz="UTC") <= at:
                used(e, "bot", "r", f"{day}T00:00:00Z")
        if at.month == 8:
            e.rows[USE_EVENT] = [{**row, "id": f"u{n}"} for n, row in enumerate(e.rows[USE_EVENT])]
        ingest(ParquetStore(store), [e.job()])
    answer = answered(open_posture(str(store)), tmp_path / "set", PERMIT + OWNED)
    row = of(answer, "bot")
    assert (row["would_allow"], row["would_deny"]) == (2, 1)
    assert row["broken_but_used"][0]["last_used_at"] == "2026-08-01T00:00:00Z"
    assert answer["uses"]["with_earliest_snapshot"] == 1
    assert [s["uses"] for s in answer["snapshots"]] == [2, 1]
    assert [s["taken_at"] for s in answer["snapshots"]] == [
        "2026-07-01T00:00:00Z",
        "2026-08-01T00:00:00Z",
    ]


def test_what_was_not_there_then_is_counted(tmp_path):
    store = tmp_path / "store"
    for at, names in ((AS_OF.replace(month=7), ["old"]), (AS_OF, ["old", "new"])):
        e = Estate(at=at).agent(*names).resource("r")
        used(e, names[-1], "r", "2026-07-10T00:00:00Z") if at == AS_OF else e
        ingest(ParquetStore(store), [e.job()])
    answer = answered(open_posture(str(store)), tmp_path / "set", PERMIT)
    assert answer["uses"]["absent_then"] == 1
    assert any("does not have" in note for note in answer["notes"])


def test_a_use_of_an_unknown_level_is_not_judged_and_a_tool_is_called(tmp_path):
    e = Estate().agent("bot").resource("r").thing("Tool", "t")
    used(e, "bot", "r", ago(2), level=None, action="frobnicate")
    used(e, "bot", "t", ago(1), level=None, action="frobnicate")
    text = 'permit(principal, action == Action::"call", resource == Tool::"t");'
    row = of(answered(e.posture(), tmp_path, text), "bot")
    assert (row["uses"], row["not_judged"], row["would_allow"]) == (2, 1, 1)


def test_what_stood_in_the_decision_is_the_context_of_the_use(tmp_path):
    e = Estate().agent("bot").resource("r")
    decided(e, "bot", "r", ago(2), "allow", purpose="close", task_id="T-1", risk_score=0.25,
            on_behalf_of="ann", env="prod", tool="t", justification="so",
            justification_expires_at=ago(1.999))  # fmt: skip
    used(e, "bot", "r", ago(2))
    test = (
        'context.purpose == "close" && context.task == "T-1" && context.env == "prod" && '
        'context.risk == decimal("0.25") && context.on_behalf_of == "ann" && '
        'context.tool == "t" && context.justification == "so" && context.now == '
        f"{int((AS_OF - pd.Timedelta(days=2)).timestamp())}"
    )
    answer = answered(
        e.posture(), tmp_path, f"permit(principal, action, resource) when {{ {test} }};"
    )
    assert (of(answer, "bot")["would_allow"], answer["errors"]) == (1, [])


@pytest.mark.parametrize("minutes", [-1, 20])
def test_a_justification_that_did_not_hold_is_none(tmp_path, minutes):
    """It was written after the use, or had ended before it; the correlation id joins them."""
    e = Estate().agent("bot").resource("r")
    at = AS_OF - pd.Timedelta(days=2)
    said = (at - pd.Timedelta(minutes=minutes)).isoformat()
    decided(e, "bot", "r", said, "allow", justification="so", correlation_id="tx",
            justification_expires_at=(at - pd.Timedelta(minutes=10)).isoformat()
            if minutes > 0 else None)  # fmt: skip
    used(e, "bot", "r", at.isoformat(), correlation_id="tx")
    text = "permit(principal, action, resource) when { context has justification };"
    answer = answered(e.posture(), tmp_path, text)
    assert of(answer, "bot")["would_deny"] == 1
    assert answer["decisions"]["recorded"]["allow"]["would_allow"] == 1


def test_a_grant_without_an_end_beside_one_that_ended(tmp_path):
    """The use may rest on either: the access has an end only if every grant that gives it has."""
    text = f"{PERMIT} forbid(principal, action, resource) when {{ context has grant_expires_at }};"
    for ends, expected in (([ago(9)], 1), ([ago(9), None], 0), ([ago(9), ago(-9)], 1)):
        e = Estate().agent("bot").account("svc").resource("r").link("bot", "RUNS_AS", "svc")
        for at, end in enumerate(ends):
            e.can(("bot", "svc")[at], "read", "r", expires_at=end)
        used(e, "bot", "r", ago(2))
        assert of(answered(e.posture(), tmp_path, text), "bot")["would_deny"] == expected, ends


def test_equal_requests_are_evaluated_once_and_counted_each(tmp_path):
    e = Estate().agent("bot").resource("r")
    for day in range(50):
        used(e, "bot", "r", ago(day))
    middle = int((AS_OF - pd.Timedelta(days=20)).timestamp())
    text = f"permit(principal, action, resource) when {{ context.now < {middle} }};"
    answer = answered(e.posture(), tmp_path, text)
    row = of(answer, "bot")
    assert (row["would_allow"], row["would_deny"]) == (29, 21)  # days 21 to 49; 0 to 20
    assert answer["uses"]["evaluated"] == 3  # before it, at it, after it


def test_a_policy_that_fails_is_counted_with_its_uses(tmp_path):
    e = used(Estate(declares=("usage",)).agent("bot").resource("r"), "bot", "r", ago(1))
    answer = answered(e.posture(), tmp_path, PERMIT + OWNED)
    row = of(answer, "bot")
    assert (row["would_allow"], row["unknown"]) == (0, 1)
    (error,) = answer["errors"]
    assert (error["policy"], error["uses"]) == ("odd", 1)
    (odd,) = (p for p in answer["policies"] if p["id"] == "odd")
    assert (odd["uses"], odd["errors"]) == (0, 1)


def test_a_limit_counts_what_it_leaves_out(tmp_path):
    whole = answered(agents().posture(), tmp_path, VERIFIED)
    cut = answered(agents().posture(), tmp_path, VERIFIED, limit=1)
    lists = [name for name, value in whole.items() if isinstance(value, list)]
    lists = [name for name in lists if whole[name] and isinstance(whole[name][0], dict)]
    assert all(len(cut[name]) == 1 for name in lists)
    assert cut["left_out"] == sum(len(whole[name]) - 1 for name in lists)


def test_a_hostile_name_stays_a_name(tmp_path):
    name = 'bot"); permit(principal, action, resource);//'
    e = used(Estate().agent(name).resource("r\u0000\n"), name, "r\u0000\n", ago(1))
    answer = answered(e.posture(), tmp_path, 'permit(principal == Agent::"x", action, resource);')
    assert (of(answer, name)["would_deny"], answer["errors"]) == (1, [])


SERVING = """permit(principal, action, resource);
@id("ended") forbid(principal, action, resource)
when { principal has status && principal.status != "active" };
@id("unknown") @decision("escalate") forbid(principal, action, resource)
unless { principal has status };"""


def test_a_policy_reads_the_status_of_an_identity_and_unknown_is_absent(tmp_path):
    e = Estate().resource("r")
    for name, status in (("on", "active"), ("off", "disabled"), ("gone", "retired"), ("x", None)):
        e.agent(name, **({} if status is None else {"status": status}))
        used(e, name, "r", ago(1))
    answer = answered(e.posture(), tmp_path, SERVING)
    counts = {n: tuple(of(answer, n)[f"would_{w}"] for w in ("allow", "deny", "escalate"))
              for n in ("on", "off", "gone", "x")}  # fmt: skip
    assert counts == {"on": (1, 0, 0), "off": (0, 1, 0), "gone": (0, 1, 0), "x": (0, 0, 1)}
    assert of(answer, "off")["broken_but_used"][0]["policies"] == ["ended"]


def test_the_status_is_that_of_the_moment_looked_at(tmp_path):
    """It was disabled five days ago: nine days ago nobody knew of that, and its state was open."""
    e = Estate().agent("bot", status="disabled", status_at=ago(5)).resource("r")
    used(e, "bot", "r", ago(9))
    text = SERVING.partition('@id("unknown")')[0]
    now = of(answered(e.posture(), tmp_path, text), "bot")
    then = of(answered(e.posture(as_of=pd.Timestamp(ago(7))), tmp_path, text), "bot")
    assert (now["would_deny"], then["would_allow"]) == (1, 1)
