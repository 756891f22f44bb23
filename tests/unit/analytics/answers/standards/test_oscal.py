"""Assessment results: valid OSCAL, the same bytes again, and a verdict only where it is known."""

import copy
import json
import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any

import pytest

from analytics.answers.standards.control_verdicts import Verdict, verdicts
from analytics.answers.standards.oscal import assessment_results, control_token
from analytics.figures.frameworks import UnknownFramework, all_frameworks
from analytics.posture import Posture
from ingest.generator import generate
from tests.support.estates import any_world
from tests.support.estates.accuracy import assessed
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import findings, frameworks
from tests.support.search import worlds
from tests.support.standards.oscal_schema import oscal_faults

SEEDS = range(worlds(2, 6))
HOSTILE = ' evil\n"\\<script>[x](javascript:1) '


@cache
def _any(seed: int) -> Posture:
    return any_world.estate(seed).posture()


@cache
def _text(seed: int) -> str:
    return json.dumps(assessment_results(_any(seed)), allow_nan=False)


def _owners() -> Estate:
    """State three agents; the owner of one has left."""
    e = Estate(declares=("grants", "owners")).person("ann").person("bob", left=ago(40))
    e.agent("kept", "left", "other", created_at=ago(300))
    for thing, owner in (("kept", "ann"), ("left", "bob"), ("other", "ann")):
        e.owned(thing, owner, owner, since=ago(300))
    return e


@cache
def _three() -> Posture:
    """Judge the three agents once; what is worked out of them is not changed."""
    return _owners().posture()


@cache
def _of_three() -> dict[str, Any]:
    return dict(assessment_results(_three(), "owasp_nhi_2025"))


def _result(document: dict[str, Any]) -> dict[str, Any]:
    (result,) = document["assessment-results"]["results"]
    return dict(result)


def _props(part: dict[str, Any]) -> dict[str, str]:
    return {prop["name"]: prop["value"] for prop in part["props"]}


def _observation(result: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    (found,) = (o for o in result["observations"] if _props(o).get(name) == value)
    return dict(found)


def _verdict(posture: Posture, name: str) -> Verdict:
    (verdict,) = verdicts(posture, name)
    return verdict


# ---------------------------------------------------------------- verdicts


def test_a_control_falls_short_where_a_rule_found_something() -> None:
    """Of three agents one lost its owner: CIS 5.5 is not fulfilled."""
    assert _verdict(_three(), "CIS Controls 5.5").fulfilled is False


def test_a_control_is_fulfilled_only_if_all_was_judged() -> None:
    """PR.AA-04 rests on CRD-03 and ISO-05: with credentials declared both judge everyone."""
    e = Estate().agent("a").person("ann").owned("a", "ann", "ann", since=ago(300))
    assert _verdict(e.posture(), "NIST CSF 2.0 PR.AA-04").fulfilled is True
    e.declares = ("grants", "owners")  # of credentials nothing is known
    verdict = _verdict(e.posture(), "NIST CSF 2.0 PR.AA-04")
    assert verdict.fulfilled is None
    assert any("CRD-03" in reason and "credentials" in reason for reason in verdict.because)


def test_a_control_that_nothing_speaks_of_is_not_known() -> None:
    verdict = _verdict(_three(), "ASI06")
    assert verdict.fulfilled is None
    assert verdict.because == ("the memory and context of an agent are not seen",)


def test_about_one_identity_only_its_own_findings_count() -> None:
    posture = _three()
    left, kept = posture.graph.find("left"), posture.graph.find("kept")
    (of_left,) = verdicts(posture, "OWASP NHI1:2025", left)
    (of_kept,) = verdicts(posture, "OWASP NHI1:2025", kept)
    short = {r.judged.rule.id for r in of_left.rules if r.passes is False}
    assert "OWN-02" in short
    assert {r.judged.rule.id for r in of_kept.rules if r.passes is False} == {
        rule["rule"]
        for rule in findings(posture, about=kept)["findings"]
        if any(ref.startswith("OWASP NHI1:2025") for ref in rule["references"])
    }
    assert all(measure.passes is None for measure in of_kept.measures)


@pytest.mark.parametrize("seed", SEEDS)
def test_verdicts_agree_with_the_answer_to_frameworks(seed: int) -> None:
    """A control with evidence that counts anybody is not fulfilled; one without has no verdict."""
    posture = _any(seed)
    rows = {(row["framework"], row["id"]): row for row in frameworks(posture)["controls"]}
    for verdict in verdicts(posture):
        row = rows[verdict.framework.name, verdict.control.id]
        if row["not_measured_because"] is not None:
            assert verdict.fulfilled is None
        if any("rule" in each and each["identities"] for each in row["evidence"]):
            assert verdict.fulfilled is False
        assert bool(verdict.because) == (verdict.fulfilled is None)


# ---------------------------------------------------------------- the document


def test_a_finding_counts_those_that_it_names() -> None:
    result = _result(_of_three())
    observation = _observation(result, "rule", "OWN-02")
    counts = _props(observation)
    assert counts["identities-judged"] == counts["identities"] == "3"
    assert counts["identities-with-a-finding"] == "1"
    (subject,) = observation["subjects"]
    items = {i["uuid"]: _props(i) for i in result["local-definitions"]["inventory-items"]}
    assert items[subject["subject-uuid"]]["identity-id"] == "left"
    (finding,) = (f for f in result["findings"] if _props(f)["published-id"] == "NHI1:2025")
    assert finding["target"]["status"] == {"state": "not-satisfied", "reason": "fail"}
    related = {r["observation-uuid"] for r in finding["related-observations"]}
    assert observation["uuid"] in related


def test_evidence_has_the_digest_of_what_the_command_prints() -> None:
    result = _result(_of_three())
    (evidence,) = _observation(result, "rule", "OWN-02")["relevant-evidence"]
    rows = findings(_three(), rule="OWN-02")["findings"]
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert rows
    assert _props(evidence) == {"sha-256": sha256(text.encode()).hexdigest()}


def test_every_control_has_a_finding_or_says_why_there_is_none() -> None:
    for seed in SEEDS:
        result = _result(json.loads(_text(seed)))
        selected = [
            control["control-id"]
            for selection in result["reviewed-controls"]["control-selections"]
            for control in selection["include-controls"]
        ]
        judged = [finding["target"]["target-id"] for finding in result["findings"]]
        unknown = [
            _props(o)["control"] for o in result["observations"] if o["methods"] == ["UNKNOWN"]
        ]
        assert sorted(judged + unknown) == sorted(selected)
        assert len(set(selected)) == len(selected)


def test_the_same_question_gives_the_same_bytes_and_another_one_other_ids() -> None:
    """Also of a graph that was made anew."""
    postures = _three(), _owners().posture()
    first, again = (json.dumps(assessment_results(posture)) for posture in postures)
    assert first == again
    left = postures[0].graph.find("left")
    about = json.dumps(assessment_results(postures[0], about=left))
    ids = [set(re.findall(r'"uuid": "([^"]+)"', text)) for text in (first, about)]
    assert ids[0] & ids[1] == set()


def test_control_ids_are_tokens_and_all_distinct() -> None:
    tokens = [control_token(f, c) for f in all_frameworks().values() for c in f.controls]
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]*", token) for token in tokens)


def test_an_unknown_framework_is_refused() -> None:
    with pytest.raises(UnknownFramework):
        assessment_results(_three(), "nonsense")


# ---------------------------------------------------------------- by the published schema


@pytest.mark.parametrize("seed", SEEDS)
def test_results_of_any_world_are_valid(seed: int) -> None:
    assert oscal_faults(json.loads(_text(seed))) == []


def test_results_of_each_identity_are_valid() -> None:
    """As a pack of one identity holds them."""
    posture = _any(0)
    for number in posture.accountable[:3].tolist():
        assert oscal_faults(assessment_results(posture, about=number)) == []


def test_results_of_nothing_and_of_a_generated_estate_are_valid() -> None:
    for posture in (Estate().posture(), assessed(generate(30, seed=7, snapshots=1))):
        assert oscal_faults(assessment_results(posture)) == []


def test_names_from_the_data_stand_in_properties_only() -> None:
    """Titles and descriptions are Markdown."""
    e = Estate().agent(HOSTILE, name=HOSTILE).resource("r", "restricted").can(HOSTILE, "admin", "r")
    document = assessment_results(e.posture())
    assert oscal_faults(document) == []
    (item,) = _result(document)["local-definitions"]["inventory-items"]
    assert "<script>" in _props(item)["identity-id"]
    texts = json.dumps(_without_values(document))
    assert "<script" not in texts


def _without_values(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: _without_values(v) for k, v in part.items() if k != "value"}
    return [_without_values(each) for each in part] if isinstance(part, list) else part


def _set(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        inner: Any = document["assessment-results"]
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value

    return change


WRONG = [
    _set("maybe", "results", 0, "findings", 0, "target", "status", "state"),
    _set("1", "uuid"),
    _set("yesterday", "results", 0, "start"),
    _set("a b", "results", 0, "findings", 0, "target", "target-id"),
    _set([], "results"),
    _set("more", "nonsense"),
    _set("#00000000-0000-4000-8000-000000000000", "import-ap", "href"),
    _set(AS_OF.strftime("%Y-%m-%d"), "metadata", "last-modified"),
]


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_document_is_noticed(change: Callable[[dict[str, Any]], None]) -> None:
    """The twin: the validator does refuse."""
    document = _of_three()
    assert oscal_faults(document) == []
    wrong = copy.deepcopy(document)
    change(wrong)
    assert oscal_faults(wrong)


def test_an_observation_about_one_identity_is_in_the_singular():
    observations = _result(_of_three())["observations"]
    (words,) = (o["description"] for o in observations if o["title"].startswith("OWN-01 "))
    assert words.startswith("3 of 3 identities in service could be judged; 1 identity has a")
    about = assessment_results(_three(), "owasp_nhi_2025", _three().graph.find("left"))
    (words,) = (o["description"] for o in _result(about)["observations"] if "OWN-01" in o["title"])
    assert words.startswith("1 of 1 identity in service could be judged; 1 identity has a finding")
