"""The smallest policy against a plain calculation, and what each written policy really allows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture import Posture
from analytics.remediation.policy import uses
from graph.schema import LEVELS, USE_EVENT
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import policy
from tests.support.references.policies import (
    cedar_allows,
    check_iam,
    iam_allows,
    rego_allows,
)
from tests.support.references.smaller_policy import (
    ACTIONS,
    BUCKETS,
    RESOURCES,
    Judged,
    Plain,
    worlds,
)

IDENTITIES = st.sampled_from(["a0", "a1", "s0", "s1", "r0"])
DROPPED = ("unused", "ended")
SURE = ("used", "companion")


@settings(max_examples=30)
@given(worlds(), IDENTITIES)
def test_the_policy_is_that_of_a_plain_calculation(estate, identity):
    _agree(estate, identity)


def _agree(estate: Estate, identity: str) -> None:
    posture, plain = estate.quick(), Plain(estate, identity)
    now, by_form = plain.judged(until=0), {}
    for form in ("cedar", "rego", "iam"):
        answer = by_form[form] = _asked(posture, identity, form)
        _agrees_on_grants(answer, plain, now)
        _agrees_on_later_uses(answer["held_out"], plain.held_out(by_action=form == "iam"))
    _allows_what_is_kept(by_form["cedar"]["policy"], cedar_allows, plain, now)
    _allows_what_is_kept(by_form["rego"]["policy"], rego_allows, plain, now)
    _allows_what_was_used(by_form["iam"]["policy"], plain, now)


def _asked(posture: Posture, identity: str, form: str) -> dict[str, Any]:
    answer: dict[str, Any] = policy(posture, posture.graph.find(identity), form)
    return answer


def _levels(rows: list[dict[str, Any]]) -> dict[str, set[str]]:
    return {row["grant"]: set(row["levels"]) for row in rows if row["levels"]}


def _agrees_on_grants(answer: dict[str, Any], plain: Plain, now: Judged) -> None:
    kept: dict[str, set[str]] = {}
    asked: dict[str, set[str]] = {}
    for (grant, level), state in now.states.items():
        if state not in DROPPED:
            kept.setdefault(grant, set()).add(level)
            if state not in SURE:
                asked.setdefault(grant, set()).add(level)
    lost = {grant: plain.levels[grant] - levels for grant, levels in kept.items()}
    assert _levels(answer["kept"]) == kept
    assert _levels(answer["asked"]) == asked
    assert {row["grant"] for row in answer["dropped"]} == set(plain.levels) - set(kept)
    assert _levels(answer["narrowed"]) == {g: levels for g, levels in lost.items() if levels}


def _agrees_on_later_uses(of: dict[str, Any], expected: tuple[int, int, int]) -> None:
    allowed, refused, unplaced = expected
    assert of["unplaced"] == unplaced
    if allowed + refused:
        assert (of["uses"], of["allowed"], of["why"]) == (allowed + refused, allowed, None)
        assert sum(row["uses"] for row in of["refused"]) == refused
    else:
        assert (of["uses"], of["allowed"]) == (None, None)
        assert of["why"]


def _allows_what_is_kept(text: str, allows: Any, plain: Plain, now: Judged) -> None:
    """Check that levels are allowed exactly where they are kept."""
    expected = {
        (plain.grants[grant]["target_id"], level)
        for (grant, level), state in now.states.items()
        if state not in DROPPED
    }
    allowed = {
        (resource, level)
        for resource in RESOURCES
        for level in LEVELS
        if allows(text, plain.identity, level, resource)
    }
    assert allowed == expected


def _allows_what_was_used(document: Any, plain: Plain, now: Judged) -> None:
    """Check that a document of AWS allows what was used, and nothing that was not granted."""
    check_iam(document)
    for bucket in BUCKETS:
        for action in ACTIONS:
            if iam_allows(document, action, f"{bucket}/x") or iam_allows(document, action, bucket):
                assert plain.granted(action, bucket), (action, bucket)
    for event in plain.uses_in_window():
        states = now.states.items()
        live = any(
            plain.gives(grant, level, event)
            and state != "ended"
            and plain.names(grant, event["action"])
            for (grant, level), state in states
        )
        if event["action"] and live and event["resource"] in BUCKETS:
            part = "" if "Bucket" in event["action"] else "/x"
            assert iam_allows(document, event["action"], event["resource"] + part), event


def test_a_policy_that_takes_others_for_us_is_noticed(monkeypatch):
    """The twin: with the uses of everybody counted as its own, the two calculations part."""
    e = Estate().agent("a0", "a1").account("s0", "s1").thing("Role", "r0").resource("db:0")
    e.thing("Group", "g0").thing("Credential", "k0")
    for agent, account in (("a0", "s0"), ("a1", "s1")):
        e.link(agent, "RUNS_AS", account, id=f"runs {agent}", ceiling=None)
        e.link(account, "MEMBER_OF", "g0", id=f"member {account}", ceiling=None)
    facts = dict.fromkeys(("actions", "expires_at", "last_used_at"))
    e.can("g0", "read", "db:0", id="g", telemetry="true", granted_at=ago(300), **facts)
    use = {"principal": "a1", "credential": None, "resource": "db:0", "action": None}
    e.add(USE_EVENT, id="u", at=ago(5), level="read", **use)
    _agree(e, "a0")

    def everybody(near, principal, key):
        mask = np.ones(len(principal), bool)
        return mask, mask, ~mask

    monkeypatch.setattr(uses._Near, "judged", everybody)
    with pytest.raises(AssertionError):
        _agree(e, "a0")
