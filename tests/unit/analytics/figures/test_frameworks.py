"""Frameworks: exact ids, references that hold, and no control measured without evidence."""

import re
from pathlib import Path

import pytest

from analytics.answers.standards.control_verdicts import verdicts
from analytics.figures.controls import measures_for, rules_for
from analytics.figures.frameworks import (
    UnknownFramework,
    UnknownReference,
    all_frameworks,
    framework,
    parse,
)
from analytics.figures.measures import all_measures
from analytics.findings.rules import all_rules
from graph.schema import OWNS
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import findings, frameworks

REFERRING = [*all_rules().values(), *all_measures().values()]
DATA = Path(__file__).parents[4] / "analytics" / "figures" / "frameworks"


@pytest.mark.parametrize("one", REFERRING, ids=lambda one: one.name)
def test_every_reference_is_to_a_listed_control(one: object) -> None:
    for reference in one.references:  # type: ignore[attr-defined]
        name, control = parse(reference)
        assert control in all_frameworks()[name].by_id


@pytest.mark.parametrize(
    "wrong",
    [
        "OWASP NHI11:2025",
        "OWASP NHI1:2025 Secret Leakage",  # the title of another one
        "NIST CSF 2.0 PR.DS-07",  # gone with the first edition
        "NIST AI RMF GOVERN 9.9",
        "MITRE ATT&CK T9999",
        "Some Framework 1.1",
        "",
    ],
)
def test_a_reference_to_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(UnknownReference):
        parse(wrong)


def test_least_privilege_of_the_first_edition_is_found_in_the_second() -> None:
    assert parse("NIST CSF 2.0 PR.AC-4") == ("nist_csf_2_0", "PR.AA-05")


def test_ids_as_published() -> None:
    """Counts and forms as the publications have them; CSF and SP 800-53 are chosen parts."""
    ids = {name: [c.id for c in f.controls] for name, f in all_frameworks().items()}
    assert ids["owasp_nhi_2025"] == [f"NHI{n}:2025" for n in range(1, 11)]
    assert ids["owasp_agentic_2026"] == [f"ASI{n:02}" for n in range(1, 11)]
    assert ids["owasp_agentic_threats"] == [f"T{n}" for n in range(1, 16)]
    wanted = "GOVERN 1.6|GOVERN 1.7|GOVERN 2.1|MAP 1.1|MAP 3.3|MAP 3.5|MEASURE 2.4|MEASURE 2.8"
    wanted += "|MEASURE 3.1|MANAGE 1.2|MANAGE 1.3|MANAGE 1.4|MANAGE 2.4|MANAGE 4.1"
    assert set(wanted.split("|")) <= set(ids["nist_ai_rmf_1_0"])
    act = "12.1|12.2.a|12.2.b|12.2.c|12.3.a|12.3.d|14.4.e|19|26.2|26.5|26.6"
    assert ids["eu_ai_act"] == act.split("|")
    annex = "A.3.2|A.4.2|A.4.4|A.6.2.5|A.6.2.6|A.6.2.8|A.9.2|A.9.4|A.10.2|A.10.3"
    assert ids["iso_iec_42001_2023"] == annex.split("|")
    assert {"IAM-19", "AIS-11"} <= set(ids["csa_aicm_1_0"])
    new = "T0108|T0110|T0109|T0112.000|T0034.002|M0033"
    assert {f"AML.{each}" for each in new.split("|")} <= set(ids["mitre_atlas"])
    for name, found in ids.items():
        assert len(found) == len(set(found))
        pattern = all_frameworks()[name].pattern
        assert all(re.fullmatch(pattern, one) for one in found)


def test_a_control_is_measured_or_says_why_it_cannot_be() -> None:
    """A reason beside a rule or a figure that refers to it would be no true one."""
    for listed in all_frameworks().values():
        for control in listed.controls:
            key = listed.name, control.id
            measured = key in rules_for() or key in measures_for()
            assert measured == (control.because is None), key


def test_the_ai_act_says_from_when_it_applies() -> None:
    answer = frameworks(_estate().posture(), "eu_ai_act")
    (row,) = answer["frameworks"]
    assert "2027-12-02, as reported" in row["applies"]
    (other,) = frameworks(_estate().posture(), "owasp_nhi_2025")["frameworks"]
    assert other["applies"] is None


def test_data_files_do_not_say_which_rules_are_evidence() -> None:
    """What is evidence follows from the references alone, so that it is written once."""
    ids = {rule.id for rule in all_rules().values()}
    for path in DATA.glob("*.toml"):
        assert not {one for one in ids if one in path.read_text(encoding="utf-8")}


def test_turned_round_it_is_the_same() -> None:
    there = {(r.id, parse(ref)) for r in all_rules().values() for ref in r.references}
    back = {(rule.id, key) for key, rules in rules_for().items() for rule in rules}
    assert there == back
    there = {(m.name, parse(ref)) for m in all_measures().values() for ref in m.references}
    assert there == {(m.name, key) for key, found in measures_for().items() for m in found}


def _estate() -> Estate:
    e = Estate().person("ann").person("bob", left=ago(40)).resource("r", "restricted")
    e.agent("kept", "left", "other", purpose="p", created_at=ago(300))
    e.owned("kept", "ann", "ann", since=ago(300)).owned("left", "bob", "bob", since=ago(300))
    e.owned("other", "ann", "ann", since=ago(300))
    return e.can("left", "read", "r", granted_at=ago(200), id="g").can("kept", "read", "r")


def test_offboarding_counts_whom_the_rules_find_of_whom_they_judge() -> None:
    answer = frameworks(_estate().posture(), "owasp_nhi_2025", limit=1)
    row = next(c for c in answer["controls"] if c["id"] == "NHI1:2025")
    departed = next(e for e in row["evidence"] if e.get("rule") == "OWN-02")
    assert (departed["judged"], departed["identities"]) == (3, 1)
    assert row["denominator"] == 3
    assert row["numerator"] <= 3
    assert all(len(e["findings"]) <= 1 for e in row["evidence"] if "rule" in e)
    cut = [e for e in row["evidence"] if "rule" in e and e["left_out"]]
    assert all(len(e["findings"]) == 1 for e in cut)


def test_numbers_are_those_of_the_findings_that_cite_the_control() -> None:
    posture = _estate().posture()
    found = findings(posture)["findings"]
    cited: dict[tuple[str, str], set[str]] = {}
    for one in found:
        for reference in one["references"]:
            cited.setdefault(parse(reference), set()).add(one["subject"]["id"])
    rows = {(c["framework"], c["id"]): c for c in frameworks(posture)["controls"]}
    assert cited
    for key, row in rows.items():
        if any("rule" in e for e in row["evidence"]):
            assert row["numerator"] == len(cited.get(key, set())), key
        ids = {f for e in row["evidence"] if "rule" in e for f in e["findings"]}
        assert ids == {f["id"] for f in found if key in map(parse, f["references"])}, key


def test_what_outlived_its_identity_falls_short_and_so_does_a_key_that_leaked_alone() -> None:
    """Neither the deleted agent nor the key is in service; beside them are an agent and `svc`."""
    e = Estate().person("ann").agent("bot").owned("bot", "ann", "ann").resource("db", "restricted")
    e.can("bot", "read", "db").agent("old", status="deleted", deleted_at=ago(30)).account("svc")
    e.link("old", "RUNS_AS", "svc").can("svc", "admin", "db")
    posture = e.thing("Credential", "key", status="leaked").posture()
    rows = {(c["framework"], c["id"]): c for c in frameworks(posture)["controls"]}
    for key, rule in (
        (("cis_controls_8_1", "6.2"), "RES-01"),
        (("nist_sp_800_53", "IR-4"), "CRD-07"),
    ):
        row = rows[key]
        assert (row["numerator"], row["denominator"]) == (1, 3)
        (proof,) = [each for each in row["evidence"] if each.get("rule") == rule]
        assert (proof["identities"], proof["judged"], len(proof["findings"])) == (1, 3, 1)
    results = {(v.framework.name, v.control.id): v for v in verdicts(posture)}
    counts = {(r.count, r.of) for v in results.values() for r in v.rules if r.subjects.size}
    assert counts == {(2, 2)}  # of those in service
    assert results["cis_controls_8_1", "6.2"].fulfilled is False


@pytest.mark.parametrize("declares", [(), ("grants",), ("grants", "owners"), None])
def test_what_is_measured_has_evidence_and_what_is_not_says_why(
    declares: tuple[str, ...] | None,
) -> None:
    e = _estate()
    if declares is not None:
        e.declares = declares
    for row in frameworks(e.posture())["controls"]:
        assert bool(row["evidence"]) == (row["not_measured_because"] is None), row
        assert (row["numerator"] is None) == (not row["evidence"]), row


def test_a_silent_rule_is_no_evidence() -> None:
    """Without owners stated nobody is orphaned, and offboarding is not called in order."""
    e = _estate()
    del e.rows[OWNS]
    e.declares = ("grants",)
    answer = frameworks(e.posture(), "cis_controls_8_1")
    row = next(c for c in answer["controls"] if c["id"] == "5.5")
    assert row["evidence"] == []
    assert "owners" in row["not_measured_because"]


def test_a_framework_goes_by_part_of_its_name() -> None:
    assert framework("csf").name == "nist_csf_2_0"
    for wrong in ("nist", "", "nonsense"):
        with pytest.raises(UnknownFramework):
            framework(wrong)
