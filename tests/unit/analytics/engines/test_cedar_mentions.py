"""What a policy can tell apart: every construct that could see more than it seems to."""

import json

import cedarpy
import pytest

from analytics.engines.cedar_mentions import mentions_of
from analytics.engines.cedar_slices import Slices
from analytics.engines.policy_set import Mentions, Question

ALL = "permit(principal, action, resource) when"


def forms(text: str) -> dict:
    parts = json.loads(cedarpy.policies_to_json_str(text))
    named = parts["staticPolicies"].items()
    return {int(name.removeprefix("policy")): form for name, form in named}


def mentions(body: str) -> Mentions:
    return mentions_of(forms(f"{ALL} {{ {body} }};").values())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("principal.a > 1", {"attributes": {"a"}}),
        ("principal has a", {"tested": {"a"}}),
        ("principal has a && principal.a", {"attributes": {"a"}}),
        ("resource.a.b == 1", {"attributes": {"a", "b"}}),
        ("context has why", {"presence": {"why"}}),
        ("context.why like \"x*\"", {"valued": {"why"}}),
        ("context has why && context.why == 1", {"valued": {"why"}}),
        ("context has why.text", {"valued": {"why"}, "attributes": {"text"}}),
        ("context.now < 5", {"now_against": {5}}),
        ("5 >= context.now && context.now != 7", {"now_against": {5, 7}}),
        ("context.end <= context.now", {"now_against": {"end"}, "presence": {"end"}}),
        ("context.now + 1 < 5", {"now_exact": True}),
        ("context.now < principal.end", {"now_exact": True, "attributes": {"end"}}),
        ("context has now", {"presence": {"now"}}),
        ("context == {a: 1}", {"everything": True}),
        ("[context].contains({a: 1})", {"everything": True}),
        ("principal == resource", {"principal_itself": True, "resource_itself": True}),
        ('principal == A::"x"', {"literals": {("A", "x")}}),
        ('[A::"x", A::"y"] == principal', {"literals": {("A", "x"), ("A", "y")}}),
        ('principal in [A::"x", A::"y"]', {"literals": {("A", "x"), ("A", "y")}}),
        ('principal is A in A::"g"', {"literals": {("A", "g")}}),
        ("principal is A", {}),
        ('A::"x" in resource', {"literals": {("A", "x")}, "resource_itself": True}),
        ("resource in principal.scope", {"scopes": {"scope"}}),
        ("resource in principal.scope.read", {"scopes": {"scope.read"}}),
        ("principal.scope.contains(resource)",
         {"attributes": {"scope"}, "resource_itself": True}),
        ("resource in resource.scope",
         {"attributes": {"scope"}, "resource_itself": True}),
        ('{x: resource}.x == A::"x"', {"literals": {("A", "x")}, "resource_itself": True,
                                       "attributes": {"x"}}),
        ('A::"x".a == 1', {"attributes": {"a"}, "literals": {("A", "x")}}),
        ('principal.hasTag("t")', {"principal_itself": True}),
    ],
)  # fmt: skip
def test_what_a_condition_mentions(body, expected):
    seen = mentions(body)
    told = {k: set(v) if isinstance(v, frozenset) else v for k, v in vars(seen).items() if v}
    assert told == {name: value for name, value in expected.items() if value}


def test_the_scope_mentions_its_entities():
    text = 'permit(principal in G::"g", action in [Action::"a"], resource is R in R::"r");'
    assert mentions_of(forms(text).values()).literals == {
        *(("G", "g"), ("Action", "a"), ("R", "r"))
    }


def test_a_slice_has_what_its_request_can_meet():
    text = "".join(f'permit(principal, action, resource == R::"{n}");' for n in range(3))
    text += 'forbid(principal == A::"x", action, resource);permit(principal, action, resource);'
    slices = Slices(forms(text))
    action = {"type": "Action", "id": "a"}
    questions = [
        Question({"type": "A", "id": "x"}, action, {"type": kind, "id": thing}, {})
        for kind, thing in (("R", "1"), ("R", "9"), ("S", "1"), ("R", "1"))
    ]
    assert list(slices.of(questions)) == [((1, 3, 4), [0, 3]), ((3, 4), [1, 2])]
