"""Requests of a file, and what they say themselves of their ends."""

import json

import pytest

from analytics.engines.reading import policy_set
from analytics.policies.evaluation import evaluate
from analytics.policies.requests import batches, entities_in, requests_in, with_properties
from graph.files.regular import InputRefused

ONE = {
    "subject": {"type": "user", "id": "ann", "properties": {"role": "editor"}},
    "action": {"name": "read"},
    "resource": {"type": "todo", "id": "1", "ownerID": "ann"},
}


def written(path, *documents):
    path.write_text("\n".join(json.dumps(each) for each in documents))
    return path


def test_properties_are_attributes_also_as_drafts_had_them(tmp_path):
    (request,) = requests_in(written(tmp_path / "r.json", ONE))
    assert request.properties == {
        ("user", "ann"): {"role": "editor"},
        ("todo", "1"): {"ownerID": "ann"},
    }
    assert request.place == ""


def test_lines_and_lists_have_places(tmp_path):
    assert [r.place for r in requests_in(written(tmp_path / "l.jsonl", ONE, ONE))] == [
        "line 1",
        "line 2",
    ]
    assert [r.place for r in requests_in(written(tmp_path / "a.json", [ONE, ONE]))] == ["/0", "/1"]


def test_an_evaluation_takes_what_it_does_not_state(tmp_path):
    other = {"type": "todo", "id": "2"}
    document = {**ONE, "evaluations": [{}, {"resource": other}], "context": {"a": 1}}
    first, second = requests_in(written(tmp_path / "r.json", document))
    assert (first.question.resource["id"], second.question.resource["id"]) == ("1", "2")
    assert second.question.context == {"a": 1}


def test_a_known_fact_is_not_replaced():
    known = [{"uid": {"type": "user", "id": "ann"}, "attrs": {"role": "viewer"}, "parents": []}]
    facts = {("user", "ann"): {"role": "admin", "age": 7, "why": None, "share": 0.5}}
    (entity,) = with_properties(known, facts)
    assert entity["attrs"]["role"] == "viewer"
    assert entity["attrs"]["age"] == 7
    assert "why" not in entity["attrs"]
    assert entity["attrs"]["share"] == {"__extn": {"fn": "decimal", "arg": "0.5000"}}
    assert len(with_properties(known, {("user", "bob"): {"a": 1}})) == 2


def test_requests_that_contradict_each_other_are_apart(tmp_path):
    changed = {**ONE, "subject": {**ONE["subject"], "properties": {"role": "viewer"}}}
    listed = requests_in(written(tmp_path / "r.json", [ONE, ONE, changed, ONE]))
    assert [len(batch) for batch in batches(listed)] == [2, 1, 1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ""),
        ("[]", ""),
        ("{", ""),
        ('{"a": 1, "a": 2}', ""),
        ("{}\n{", "line 2"),
        ('[{"principal": "Agent", "action": "x", "resource": "y"}]', "/0/principal"),
        ('{"principal": {"type": "A", "id": "b"}, "action": 1, "resource": "y"}', "/action"),
    ],
)
def test_what_is_no_request_is_refused(tmp_path, text, place):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(InputRefused) as refused:
        requests_in(tmp_path / "r.json")
    assert refused.value.place == place


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"uid": 1}]', "x"])
def test_what_are_no_entities_is_refused(tmp_path, text):
    (tmp_path / "e.json").write_text(text)
    with pytest.raises(InputRefused):
        entities_in(tmp_path / "e.json")


CEDAR = {"principal": 'A::"x"', "action": 'Action::"r"', "resource": 'R::"y"'}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({**ONE, "evaluations": [{}], "options": "x"}, "/options"),
        ({**ONE, "evaluations": [{}], "options": [1]}, "/options"),
        ({**CEDAR, "principal": 'A::"\\x41"'}, "/principal"),
        ({**CEDAR, "principal": 'A::"a\nb"'}, "/principal"),
        ({**ONE, "context": {"a": [[[]]] * 1, "deep": json.loads("[" * 400 + "]" * 400)}}, ""),
    ],
)
def test_what_is_no_request_is_refused_at_its_place(tmp_path, document, place):
    with pytest.raises(InputRefused) as refused:
        requests_in(written(tmp_path / "r.json", document))
    assert refused.value.place == place


@pytest.mark.parametrize(
    ("entity", "place"),
    [
        ({"uid": {"type": "A", "id": "x"}, "attrs": []}, "/0/attrs"),
        ({"uid": {"type": "A", "id": "x"}, "attrs": None}, "/0/attrs"),
        ({"uid": {"type": "A"}}, "/0/uid/id"),
        ({"uid": {"__entity": "x"}}, "/0/uid/type"),
        ({"uid": {"type": "A", "id": "x"}, "parents": {}}, "/0/parents"),
        ({"uid": {"type": "A", "id": "x"}, "parents": ["x"]}, "/0/parents/0"),
        ({"attrs": {}}, "/0"),
    ],
)
def test_what_is_no_entity_is_refused_at_its_place(tmp_path, entity, place):
    with pytest.raises(InputRefused) as refused:
        entities_in(written(tmp_path / "e.json", [entity]))
    assert refused.value.place == place


def test_an_entity_may_name_itself_and_what_contains_it_in_full(tmp_path):
    named = {"__entity": {"type": "A", "id": "x"}}
    path = written(tmp_path / "e.json", [{"uid": named, "attrs": {"a": 1}, "parents": [named]}])
    (entity,) = with_properties(entities_in(path), {("A", "x"): {"a": 2, "b": 3}})
    uid = {"type": "A", "id": "x"}
    assert entity == {"uid": uid, "attrs": {"a": 1, "b": 3}, "parents": [uid]}


def test_what_one_request_says_of_a_thing_is_nothing_to_the_next(tmp_path):
    """The second is about another agent, and the policy looks at the first one."""
    (tmp_path / "set.cedar").write_text(
        'permit(principal, action, resource) when { A::"x".trusted };'
    )
    first, second = (
        {
            "subject": {"type": "A", "id": name, "properties": facts},
            "action": {"name": "read"},
            "resource": {"type": "R", "id": "y"},
        }
        for name, facts in (("x", {"trusted": True}), ("z", {"age": 1}))
    )
    asked = requests_in(written(tmp_path / "r.json", [first, second]))
    answers = evaluate(policy_set(tmp_path / "set.cedar"), asked, [])
    assert [verdict.decision for _, verdict in answers] == ["allow", "deny"]
