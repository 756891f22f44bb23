"""Uses that a log gives added up: which of them decisions explain, and which nobody can tell."""

import json
import random
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.answers.evidence import evidence as evidence_of
from analytics.evidence.window import Window
from analytics.posture import assess
from analytics.proving.chain import USE, links
from analytics.usage.idle_access import idle_rows
from graph.access import AccessGraph
from graph.schema import DECISION_RECORD, USE_EVENT, USED
from graph.usage.by_day import write
from tests.support.estates.rule_findings import Beside
from tests.support.estates.side_by_side import named
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import cut, evidence, identities, kpis

MINUTE = 1 / 1440
DAY_0 = int(AS_OF.timestamp()) // 86_400


def bot() -> Estate:
    """Make an agent that uses the key of an account, which may read a restricted database."""
    e = Estate().agent("bot", created_at=ago(300)).account("svc").thing("Credential", "K")
    e.link("bot", "USES", "K").link("K", "AUTHENTICATES_AS", "svc").resource("db", "restricted")
    return e.can("svc", "read", "db", granted_at=ago(300))


def summed(e: Estate, who: str, first: float, last: float, count: int, days: Any = None) -> Estate:
    """State a sum of reads; `days` counts them by whole days before the estate's instant."""
    at = {DAY_0 - day: many for day, many in (days or {}).items()}
    said = {"by_day": write(at)} if days else {}
    times = {"first_at": ago(first), "last_at": ago(last)}
    return e.link(who, "USED", "db", level="read", count=count, **times, **said)


def decided(e: Estate, days: float, answer: str = "allow", **more: Any) -> Estate:
    facts = {"subject": "bot", "resource": "db", "action": "read", "decision": answer, **more}
    return e.add(DECISION_RECORD, id=f"d{days}{answer}", at=ago(days), **facts)


def states(e: Estate, back: float = 0) -> dict[str, int]:
    """Return how many uses are in which state."""
    told = evidence(e.posture(AS_OF - pd.Timedelta(days=back)))["states"]
    return {name: count for name, count in told.items() if count}


HOLDERS, ANSWERS = ("bot", "svc", "K"), ("allow", "deny", "escalate")
SINGLE = Beside(
    [(answer, who) for answer in ANSWERS for who in HOLDERS],
    lambda case: decided(summed(bot(), case[1], 5, 5, 1), 5 + MINUTE, case[0]),
)


@cache
def single_uses() -> list[dict[str, Any]]:
    return evidence(SINGLE.posture)["uses"]


@pytest.mark.parametrize("who", HOLDERS)
@pytest.mark.parametrize(
    ("answer", "state"),
    [("allow", "explained"), ("deny", "denied_but_happened"), ("escalate", "unexplained")],
)
def test_the_first_and_the_last_of_a_sum_are_judged_to_the_minute(
    who: str, answer: str, state: str
) -> None:
    case = answer, who
    mine = named(SINGLE.scopes[repr(case)], "bot")
    uses = [use for use in single_uses() if use["identity"]["id"] == mine]
    assert [(use["state"], use["count"]) for use in uses] == [(state, 1)]
    rule = {"denied_but_happened": "EVD-02", "unexplained": "EVD-01"}.get(state)
    for one in ("EVD-01", "EVD-02"):
        assert [f.subject for f in SINGLE.found(case, one)] == (["bot"] if one == rule else [])


def test_a_decision_an_hour_before_explains_nothing_unless_a_correlation_id_may_join_it() -> None:
    e = decided(summed(bot(), "svc", 5, 5, 1), 5 + 60 * MINUTE)
    assert states(e) == {"unexplained": 1}
    e = decided(summed(bot(), "svc", 5, 5, 1), 5 + 60 * MINUTE, correlation_id="c1")
    assert states(e) == {"unknown": 1}


def test_of_the_rest_as_many_are_explained_as_that_day_allowed() -> None:
    """Of 12 uses on two days two are known singly; one day allowed three of its six."""
    e = summed(bot(), "svc", 9.5, 3.5, 12, {10: 6, 4: 6})
    for nth in range(3):
        decided(e, 3.9 - nth / 100)
    told = evidence(e.posture())
    assert {k: v for k, v in told["states"].items() if v} == {
        "unexplained": 2, "explained": 2, "unknown": 8,
    }  # fmt: skip
    assert sum(use["count"] for use in told["uses"]) == 12
    assert told["coverage"]["unknown"] == 8


def test_where_only_the_number_is_told_the_rest_is_unknown() -> None:
    """200 uses, of which the first and the last came right after a decision."""
    e = summed(bot(), "bot", 9, 1, 200)
    decided(decided(e, 9 + MINUTE), 1 + MINUTE)
    assert states(e) == {"explained": 2, "unknown": 198}
    row = next(r for r in kpis(e.posture())["kpis"] if r["name"] == "evidence_coverage")
    assert (row["numerator"], row["denominator"]) == (2, 2)


def test_where_nothing_is_known_of_any_use_the_figure_says_so_and_denies_none() -> None:
    e = summed(bot(), "bot", 9, 1, 200)
    e.add(DECISION_RECORD, id="d", at=ago(400), subject="other", resource="db", action="read",
          decision="allow", correlation_id="c")  # fmt: skip
    e = decided(e, 200, correlation_id="c")
    assert states(e) == {"unknown": 200}
    row = next(r for r in kpis(e.posture())["kpis"] if r["name"] == "evidence_coverage")
    assert row["value"] is None
    assert "whether a decision explains it" in row["not_measured_because"]


def test_one_use_told_by_account_by_key_by_agent_and_as_an_event_is_one() -> None:
    e = bot()
    for who in ("bot", "svc", "K"):
        summed(e, who, 5, 5, 1, {5: 1})
    e.add(USE_EVENT, id="e", at=ago(5), principal="svc", credential="K", resource="db",
          level="read", outcome="success")  # fmt: skip
    assert states(decided(e, 5 + MINUTE)) == {"explained": 1}


def test_what_was_done_with_the_key_of_one_of_two_agents_is_that_ones() -> None:
    e = bot().agent("other").thing("Credential", "K2").link("other", "USES", "K2")
    e.link("K2", "AUTHENTICATES_AS", "svc")
    summed(summed(e, "svc", 7, 5, 2), "K", 5, 5, 1)
    uses = evidence(decided(e, 300).posture())["uses"]
    assert sorted((u["identity"]["id"], u["count"]) for u in uses) == [("bot", 1), ("svc", 1)]


def test_nothing_is_told_of_uses_after_the_moment_looked_at() -> None:
    e = decided(summed(bot(), "svc", 9.5, 3.5, 12, {10: 6, 4: 6}), 9.5 + MINUTE)
    assert states(e, back=5) == {"explained": 1, "unknown": 5}
    assert states(e, back=20) == {}


def test_a_log_names_a_user_that_the_account_says_is_no_person() -> None:
    """The last use that one source states under another label is not lost."""
    e = Estate().account("user/pay").thing("Human", "user/pay", last_used_at=ago(3))
    posture = e.posture()
    (row,) = identities(posture)["identities"]
    assert (row["label"], row["last_active_at"]) == ("ServiceAccount", ago(3))


@pytest.mark.parametrize(
    "tag", ["breakglass", "break-glass", "BreakGlass", "break_glass", "Break Glass"]
)
@pytest.mark.parametrize("marked", ["agent", "grant"])
def test_break_glass_is_protected_however_it_is_spelled(tag: str, marked: str) -> None:
    tags = {"tags": json.dumps([tag])}
    e = Estate().agent("em", **(tags if marked == "agent" else {})).resource("jewel", "restricted")
    e.can("em", "admin", "jewel", granted_at=ago(300), **(tags if marked == "grant" else {}))
    posture = e.posture()
    ends = (np.array([posture.graph.number(thing)]) for thing in ("em", "jewel"))
    assert not cut(posture, *ends)["separable"]
    assert not len(idle_rows(posture))


def test_access_without_such_a_tag_may_be_cut() -> None:
    e = Estate().agent("em", tags='["breaking-news"]').resource("jewel", "restricted")
    posture = e.can("em", "admin", "jewel", granted_at=ago(300)).posture()
    ends = (np.array([posture.graph.number(thing)]) for thing in ("em", "jewel"))
    assert cut(posture, *ends)["separable"]
    assert len(idle_rows(posture)) == 1


@pytest.mark.parametrize("days", [{200: 40, 100: 9, 5: 2}, {200: 40, 91: 9, 5: 2}, None])
def test_uses_that_the_days_put_before_the_ninety_are_none_of_these(days: Any) -> None:
    """Of 51 uses 2 were in the last 90 days: the first of these is not known, the last is.

    All 49 that nobody knows one by one were uses of the last 90 days, and with them nothing of
    what is known was proven. Without days nobody can tell. A decision explains the last.
    """
    e = decided(summed(bot(), "svc", 200 - 0.5, 5 - 0.5, 51, days), 4.5 + MINUTE)
    figure = next(f for f in kpis(e.posture())["kpis"] if f["name"] == "evidence_coverage")
    unknown = 1 if days else 49
    assert (figure["numerator"], figure["denominator"]) == (1, 1)
    assert figure["detail"]["unknown"] == unknown
    assert states(e) == {"explained": 1, "unexplained": 1, "unknown": 49}


def test_older_uses_that_were_explained_or_seen_one_by_one_are_not_counted_again() -> None:
    """Of 3 uses 100 days ago a decision explains one, and an event is another: one is left.

    The event was 100 days ago at noon, the first use 200 days ago and the last 5 days ago.
    """
    days = {200: 1, 100: 3, 5: 1}
    e = summed(bot(), "svc", 199.5, 4.5, 5, days)
    for number in (1, 2):  # one for the event, which is one of the two that were allowed
        decided(e, 99.5 + number * MINUTE)
    event = {"principal": "svc", "resource": "db", "level": "read", "outcome": "success"}
    e.add(USE_EVENT, id="u", at=ago(99.5), **event)
    assert states(e) == {"explained": 2, "unexplained": 2, "unknown": 1}
    figure = next(f for f in kpis(e.posture())["kpis"] if f["name"] == "evidence_coverage")
    assert (figure["denominator"], figure["detail"].get("unknown")) == (1, None)


def random_days(draw: random.Random) -> dict[int, int]:
    """Return how often something was used so many days ago, on the first and last day at noon."""
    return {day: draw.randint(1, 4) for day in draw.sample(range(2, 150), draw.randint(2, 30))}


@pytest.mark.parametrize("seed", range(2))
def test_a_window_has_the_uses_of_its_days(seed: int) -> None:
    """A window between the first and the last use had none of those that the days tell of.

    Every count comes from the days as they are stated; the windows together have all uses.
    """
    draw = random.Random(seed)
    days = random_days(draw)
    e = summed(bot(), "svc", max(days) - 0.5, min(days) - 0.5, sum(days.values()), days)
    decided(decided(e, draw.choice(list(days)) - 0.7), 40)  # on a day of use, and elsewhere
    posture, total = e.posture(), 0
    cuts = sorted({160, *draw.sample(range(2, 150), 3), 0}, reverse=True)
    for since, until in pairwise(cuts):
        window = Window(pd.Timestamp(ago(since)), pd.Timestamp(ago(until)))
        answer = evidence_of(posture, window=window)
        counted = sum(answer.states.values())
        assert counted == sum(n for day, n in days.items() if until < day <= since)
        total += counted
        chain = links(posture, posture.graph.find("bot"), window.since, window.until)
        own = chain.rows[chain.rows["kind"] == USE]
        assert chain.uses["count"].to_numpy()[own["place"].to_numpy(int)].sum() == counted
        assert answer.actions.every["actions"] == counted
        checks = answer.reconciliation.checks.frame
        (row,) = checks[checks["check"] == "denied_but_happened"].to_dict("records")
        assert row["of"] + row["unknown"] == counted
    assert total == sum(days.values())


def test_without_days_what_is_not_known_counts_where_the_sum_ends() -> None:
    posture = summed(bot(), "svc", 60, 5, 20).posture()
    for since, until, count in ((50, 10, 0), (10, 0, 19)):
        window = Window(pd.Timestamp(ago(since)), pd.Timestamp(ago(until)))
        assert sum(evidence_of(posture, window=window).states.values()) == count


@pytest.mark.parametrize("overlap", [False, True])
def test_a_log_in_two_parts_is_counted_like_the_log(overlap: bool) -> None:
    """Two trails see one agent: 7 uses on three days, of which both may have seen the middle one.

    Of two logs only the one that was read last was counted, so that some of the uses were lost.
    """
    every = {30: 3, 20: 2, 10: 2}
    parts = [{30: 3, 20: 2}, {20: 2, 10: 2} if overlap else {10: 2}]
    logs = [Estate(source="trail", scope=f"s{n}", declares=("usage",)) for n in range(len(parts))]
    for log, days in zip(logs, parts, strict=True):
        first, last = max(days) - 0.5, min(days) - 0.6
        summed(log, "svc", first, last, sum(days.values()), days)
    posture = assess(AccessGraph.of(together(bot(), *logs)))
    (row,) = posture.graph.frames[USED].to_dict("records")
    assert (row["count"], row["by_day"]) == (7, write({DAY_0 - d: n for d, n in every.items()}))
    assert sum(evidence(posture)["states"].values()) == 7
