"""Leadership figures: by hand on small estates, and the same as what other answers say."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.answers.board import risks, scope_of
from analytics.evidence.window import Window
from analytics.figures.measures import all_measures
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.history import open_posture
from analytics.posture import Posture, assess
from app.cli import commands
from app.cli.command import QUESTIONS
from app.web.views.posture.leadership import rows_behind
from graph.access import AccessGraph
from graph.journal.journal import Journal
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate, ago, together
from tests.support.histories.small_history import history_of
from tests.support.printed import debt, evidence, frameworks, kpis, revocation, stale
from tests.support.printed import orphans as orphans_answer

UNITS = {"share", "tp", "tp/day", "days", "ratio"}


def figures(posture: Posture) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in kpis(posture)["kpis"]}


def terms(posture: Posture, name: str) -> tuple[Any, Any]:
    row = figures(posture)[name]
    return row["numerator"], row["denominator"]


def estate() -> Estate:
    """Let four workloads read something of 10 each, one write to it (30): exposure 70 in all."""
    e = Estate().person("ann", "bob").person("gone", left=ago(20))
    names = ("good", "half", "none", "idle")
    e.agent(*names, kind="workload", created_at=ago(300), purpose="p", last_active_at=ago(2))
    for name in names:
        e.resource(f"r-{name}", "confidential")
    e.owned("good", "ann", "bob", since=ago(300)).owned("half", "ann", since=ago(300))
    e.owned("idle", "ann", "bob", since=ago(300)).owned("none", "gone", "gone", since=ago(300))
    fresh = {"granted_at": ago(40), "last_used_at": {"read": ago(1)}, "telemetry": "true"}
    e.can("good", "read", "r-good", expires_at=ago(39.5), **{**fresh, "valid_to": ago(-9)})
    e.can("half", "read", "r-half", **fresh).can("none", "read", "r-none", **fresh)
    old = {"granted_at": ago(200), "telemetry": "true", "last_used_at": {"read": ago(150)}}
    return e.can("idle", "read write", "r-idle", **old)


def test_ownership_plain_and_by_exposure() -> None:
    """Two of four have both owners; they hold 10 and 40 of 70. One of 10 has no owner at all."""
    posture = estate().posture()
    assert terms(posture, "ownership_coverage") == (2, 4)
    assert terms(posture, "ownership_coverage_weighted") == pytest.approx((50, 70))
    assert terms(posture, "unowned_access") == pytest.approx((10, 70))


def test_a_target_is_not_met_while_nobody_knows_who_owns_the_rest() -> None:
    """Of 30 both owners are known, of 300 nobody could state any: from none to 300 of 330."""
    known = Estate().person("ann", "bob").agent("a", kind="workload").owned("a", "ann", "bob")
    known.resource("x", "restricted").can("a", "read", "x", granted_at=ago(9))
    silent = [kind for kind in EVERYTHING if kind != "owners"]
    dark = Estate(scope="west", declares=silent).agent("b", kind="workload")
    dark.resource("y", "restricted").can("b", "admin", "y", granted_at=ago(9))
    rows = figures(assess(AccessGraph.of(together(known, dark))))
    unowned, owned = rows["unowned_access"], rows["ownership_coverage_weighted"]
    assert (unowned["value"], unowned["range"]) == (0.0, [0.0, pytest.approx(300 / 330)])
    assert (owned["value"], owned["range"]) == (1.0, [pytest.approx(30 / 330), 1.0])
    assert unowned["on_target"] is owned["on_target"] is None


def test_no_target_of_exposure_is_met_while_some_access_is_unknown() -> None:
    """All that is known of one is in order; what the other may use, no source could state."""
    scope = [{"resource": "x", "level": "read"}]
    known = Estate().person("ann").agent("a", kind="workload", env="prod", declared_scope=scope)
    known.owned("a", "ann", "ann").resource("x", "internal", env="prod")
    known.can("a", "read", "x", granted_at=ago(9), last_used_at={"read": ago(1)})
    silent = [kind for kind in EVERYTHING if kind != "grants"]
    dark = Estate(scope="west", declares=silent).person("bob").agent("b").owned("b", "bob", "bob")
    alone, both = (figures(assess(AccessGraph.of(together(*e)))) for e in ([known], [known, dark]))
    names = "review_coverage", "scope_coverage", "verified_exposure"
    for name in (*names, "unused_exposure", "observed_exposure"):
        assert alone[name]["value"] == both[name]["value"], name
        assert (alone[name]["on_target"], alone[name]["range"]) == (True, None), name
        assert (both[name]["on_target"], both[name]["range"]) == (None, [0.0, 1.0]), name
    for name in ("unowned_access", "ownership_coverage_weighted"):  # whatever it is, it is owned
        assert both[name]["on_target"] is True, name
    orphan = Estate(scope="west", declares=silent).agent("b")
    dark = figures(assess(AccessGraph.of(together(known, orphan))))
    assert dark["unowned_access"]["range"] == [0.0, 1.0]
    assert dark["ownership_coverage_weighted"]["range"] == [0.0, 1.0]


def test_a_role_has_no_scope_that_could_cover_it() -> None:
    e = Estate().resource("x", "restricted").resource("lambda", type="service")
    e.thing("Role", "r").link("r", "TRUSTS", "lambda").can("r", "admin", "x")
    row = figures(e.posture())["scope_coverage"]
    assert (row["value"], row["denominator"]) == (None, 0)
    e.agent("bot", kind="workload", declared_scope=[]).can("bot", "read", "x")
    row = figures(e.posture())["scope_coverage"]
    assert (row["value"], row["numerator"], row["denominator"]) == (0.0, 0.0, 30.0)
    assert (row["detail"]["identities"], row["detail"]["of_identities"]) == (0, 1)


def test_what_was_withdrawn_did_not_lapse(tmp_path: Path) -> None:
    """Two were accepted until yesterday; one of them was withdrawn before, and is open by that."""
    journal = tmp_path / "journal.sqlite"
    posture = history_of(estate(), journal=journal).at(AS_OF)
    found = find_all(posture)
    first, second = found["id"][found["rule"] == "TIM-01"].tolist()[:2]
    since, until = AS_OF - pd.Timedelta(days=9), AS_OF - pd.Timedelta(days=1)
    kept = Journal(journal)
    for finding in (first, second):
        about = what_it_is_about(posture, finding)
        entry = kept.accept(finding, until, "ann", "for now", since, about).number
    kept.withdraw(entry, "ann", "not so", until - pd.Timedelta(days=1))
    later = history_of(estate(), journal=journal).at(AS_OF)
    assert figures(later)["risks_answered"]["detail"]["lapsed_and_still_there"] == 1
    assert risks(later, scope_of(later)).lapsed == 1


def test_exposure_that_is_unused_standing_and_reviewed() -> None:
    """Idle holds 40 unused; good's grant lasted half a day; idle's approval is 200 days old."""
    posture = estate().posture()
    assert terms(posture, "unused_exposure") == pytest.approx((40, 70))
    assert terms(posture, "standing_share") == pytest.approx((60, 70))
    assert terms(posture, "standing_privilege") == pytest.approx((60, 70))
    assert terms(posture, "review_coverage") == pytest.approx((30, 70))
    assert terms(posture, "observed_exposure") == pytest.approx((70, 70))


def test_lifecycle_evidence_needs_all_three() -> None:
    e = estate().thing("Review", "ok", decision="approve", decided_at=ago(9), kind="approval")
    e.agent("bare", created_at=ago(9)).link("ok", "COVERS", "good").link("ok", "COVERS", "none")
    row = figures(e.posture())["lifecycle_evidence"]
    assert (row["numerator"], row["denominator"]) == (1, 5)
    parts = {k: row["detail"][k] for k in ("with_owner", "with_purpose", "with_review")}
    assert parts == {"with_owner": 3, "with_purpose": 4, "with_review": 2}


def test_dormant_are_those_that_do_nothing_for_45_days() -> None:
    e = Estate().agent("a", last_active_at=ago(44)).agent("b", last_active_at=ago(46))
    assert terms(e.agent("c", created_at=ago(2)).posture(), "dormant_share") == (1, 3)


def test_credentials_by_hand() -> None:
    e = Estate().agent("bot").agent("old", status="retired")
    for name, facts in {
        "short": {"expires_at": ago(-30), "storage": "vault", "last_used_at": ago(3)},
        "long": {"expires_at": ago(-300), "storage": "code", "last_used_at": ago(90)},
        "open": {"storage": "unknown"},
        "oidc": {"type": "federated"},
        "dead": {"status": "revoked", "storage": "code", "last_used_at": ago(90)},
    }.items():
        e.thing("Credential", name, created_at=ago(20), **facts).link("bot", "USES", name)
    posture = e.posture()
    assert terms(posture, "short_lived_credentials") == (2, 4)
    assert terms(posture, "secrets_in_vault") == (1, 2)
    assert terms(posture, "idle_credentials") == (1, 4), "of two never used, made 20 days ago"


def test_who_reaches_sensitive_data_now() -> None:
    """To list names is not to read, and a ceiling keeps out whom it should."""
    e = Estate().resource("db", "restricted").resource("site", "public")
    e.agent("reads", "lists", "calls", "low", "public").thing("Tool", "t", "capped").account("svc")
    e.can("reads", "read", "db").can("lists", "list", "db").can("public", "admin", "site")
    e.can("svc", "write", "db").link("t", "RUNS_AS", "svc").link("calls", "CALLS", "t")
    e.link("low", "CALLS", "capped", ceiling="read").link("capped", "RUNS_AS", "svc")
    row = figures(e.posture())["sensitive_reach"]
    assert (row["numerator"], row["denominator"]) == (3, 6)  # reads, calls and svc itself


def unrated() -> Estate:
    """One agent reads a resource of unstated sensitivity, another reads nothing."""
    return Estate().resource("db").agent("reads", "idle").can("reads", "read", "db")


def test_who_reads_sensitive_data_is_unknown_where_nothing_is_rated() -> None:
    row = figures(unrated().posture())["sensitive_reach"]
    assert (row["value"], row["numerator"], row["denominator"]) == (None, None, 2)
    assert row["not_measured_because"] == "no source states how sensitive any resource is"


def test_what_is_unrated_bounds_who_reads_sensitive_data() -> None:
    """One rated resource that `idle` reads is public: none reads what is sensitive, or `reads`."""
    e = unrated().resource("site", "public").can("idle", "read", "site")
    row = figures(e.posture())["sensitive_reach"]
    assert (row["value"], row["denominator"], row["range"]) == (0.0, 2, [0.0, 0.5])


def test_concentration_of_reach() -> None:
    """Of eleven, ten reach 1 and one reaches 30: the widest tenth, two of them, has 31 of 40."""
    e = Estate().resource("db", "restricted").resource("site", "public")
    for n in range(10):
        e.agent(f"a{n}").can(f"a{n}", "read", "site")
    row = figures(e.agent("wide").can("wide", "read", "db").posture())["reach_concentration"]
    assert (row["numerator"], row["denominator"]) == (31, 40)
    assert row["detail"]["gini"] == pytest.approx(29 * 10 / (11 * 40))


def test_unapproved_tools_and_tools_of_which_nobody_says() -> None:
    e = Estate().agent("bot").thing("Tool", "yes", approved="true").thing("Tool", "unsaid")
    e.thing("Tool", "no", "apart", approved="false")
    e.thing("Tool", "gone", status="deleted", approved="false")
    e.thing("Tool", "off", status="disabled", approved="false")
    for name in ("yes", "no", "unsaid", "gone", "off"):
        e.link("bot", "CALLS", name)
    posture = e.posture()
    row = figures(posture)["approved_tools"]
    assert (row["numerator"], row["denominator"], row["detail"]["unknown"]) == (1, 2, 1)
    listed = rows_behind(posture, "approved_tools")
    assert listed is not None
    assert set(listed["Tool"]) == {"yes", "no", "unsaid"}


# -- unknown is not nought --------------------------------------------------------------------


@pytest.mark.parametrize("declares", [(), ("grants",), ("grants", "owners")])
def test_a_figure_without_facts_says_why(declares: tuple[str, ...]) -> None:
    e = estate()
    e.declares = declares
    for name, row in figures(e.posture()).items():
        assert (row["value"] is None) == (row["not_measured_because"] is not None), name
        stated = {"owners"}  # though nobody may declare them: known for whom they are stated
        needs = set(all_measures()[name].needs) - set(declares) - stated
        assert not needs or row["value"] is None, name
        assert row["unit"] in UNITS


def test_an_empty_estate_has_no_figures_and_no_pillars() -> None:
    answer = kpis(Estate().posture())
    assert {r["name"] for r in answer["kpis"] if r["value"] is not None} <= {
        *("debt", "principal", "interest"),
    }
    assert [p["value"] for p in answer["pillars"]] == [None] * 5


def test_pillars_count_the_unknown_against_evidence() -> None:
    posture = estate().posture()
    by_name = {p["name"]: p for p in kpis(posture)["pillars"]}
    assert list(by_name) == ["discovery", "lifecycle", "policy", "monitoring", "ownership"]
    owner = by_name["ownership"]
    assert (owner["numerator"], owner["denominator"]) == pytest.approx((55, 70))
    assert owner["value"] == pytest.approx(55 / 70)
    known = by_name["discovery"]
    assert {p["name"]: p["numerator"] for p in known["parts"]} == {
        **{"complete": 4, "created": 4, "environment": 0, "purpose": 4, "activity": 4}
    }
    assert (known["numerator"], known["denominator"]) == (16, 20)


def test_a_pillar_that_nobody_could_tell_of_is_unknown() -> None:
    e = estate()
    e.declares = ("grants",)
    e.rows = {k: v for k, v in e.rows.items() if k.name != "OWNS"}
    owner = kpis(e.posture())["pillars"][-1]
    assert (owner["value"], owner["numerator"]) == (None, 0)
    assert owner["unknown"] == owner["denominator"] == pytest.approx(70)


# -- one population ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Posture:
    """Open a made-up estate with its history, as the command line would."""
    uri = str(tmp_path_factory.mktemp("kpis") / "store")
    with closing(open_store(uri)) as store:
        for state in generate(60, 7).history[-3:]:
            ingest_reading(store, all_sources()["estate"], reading(state))
    return open_posture(uri)


def test_a_lag_is_on_target_only_if_what_is_unverified_cannot_have_one() -> None:
    """No source sees use, so that a grant without a date owes, as far as is known, no interest."""
    e = Estate(declares=("grants", "owners")).person("ann").agent("bot").resource("db", "internal")
    e.owned("bot", "ann", "ann", since=ago(1)).can("bot", "admin", "db")
    lag = figures(e.posture())["lag_factor"]
    owed = debt(e.posture())
    principal, unverified = owed["principal"], owed["unverified"]
    assert (lag["value"], lag["on_target"]) == (1.0, None)
    cap = owed["max_debt"] / owed["max_principal"]
    assert lag["range"] == [
        1.0, pytest.approx((principal + cap * unverified) / (principal + unverified))
    ]  # fmt: skip


def test_figures_agree_with_the_other_answers(generated: Posture) -> None:
    found = figures(generated)
    owed = debt(generated)
    assert found["debt"]["value"] == owed["debt"]
    assert found["debt"]["denominator"] == owed["max_debt"]
    assert found["principal"]["value"] == owed["principal"]
    assert found["interest"]["value"] == owed["interest_per_day"]
    assert found["debt_ratio"]["value"] == owed["tdr"]
    assert found["debt_ratio"]["detail"]["grade"] == owed["grade"]
    assert found["lag_factor"]["value"] == owed["lag_factor"]
    assert found["verified_exposure"]["value"] == owed["coverage"]
    orphans = orphans_answer(generated)
    lacking = {row["identity"]["id"] for row in orphans["orphaned"]}
    plain = found["ownership_coverage"]
    assert plain["denominator"] == orphans["judged"] - orphans["unknown"]
    assert plain["denominator"] - plain["numerator"] == len(lacking) > 0
    regained = stale(generated, limit=1)["regained"]
    assert (found["stale_reach"]["numerator"], found["stale_reach"]["denominator"]) == (
        pytest.approx((regained["weighted"], regained["of"]))
    )
    recent = evidence(generated, window=Window(generated.graph.as_of - pd.Timedelta(days=90)))
    assert found["evidence_coverage"]["value"] == recent["coverage"]["count"]
    speed = revocation(generated)["time_to_revoke"]
    assert found["time_to_revoke"]["value"] == speed["median_days"]


def test_rows_behind_the_debt_figures_add_up(generated: Posture) -> None:
    """Every unit of unused, unreviewed and unowned exposure is an item of debt."""
    items = debt(generated, items=True)["items"]
    weight = {"necessity": 0.75, "review": 0.75, "scope": 0.75}
    found = figures(generated)
    for assumption, name in (("necessity", "unused_exposure"), ("review", "review_coverage")):
        mine = [i for i in items if i["assumption"] == assumption and i["principal"]]
        broken = sum(i["principal"] for i in mine) / weight[assumption]
        row = found[name]
        share = (
            row["numerator"]
            if assumption == "necessity"
            else (row["denominator"] - row["numerator"])
        )
        assert share == pytest.approx(broken), name


def test_dormant_and_credentialed_is_a_part_of_dormant(generated: Posture) -> None:
    dormant = find_all(generated)["rule"] == "TIM-03"
    assert 0 < dormant.sum() <= figures(generated)["dormant_share"]["numerator"]


@pytest.mark.parametrize("back", [0, 40, 200, 2000])
def test_answers_are_plain_data_at_any_moment(generated: Posture, back: int) -> None:
    history, info = generated.history, generated.graph.snapshot
    assert history is not None
    assert info is not None
    posture = history.posture(info.id, generated.graph.as_of - pd.Timedelta(days=back))
    for answer in (kpis, frameworks, orphans_answer, revocation):
        json.dumps(answer(posture), allow_nan=False)


def test_every_figure_leads_to_a_command_and_has_a_source(generated: Posture) -> None:
    commands.load_all()
    for row in kpis(generated)["kpis"]:
        assert row["rows"].split()[1] in QUESTIONS, row["name"]
        assert row["source"], row["name"]
        assert all(p["source"] and p["year"] > 2000 for p in row["published"])
        assert row["value"] is None or np.isfinite(row["value"])
    assert len([r for r in kpis(generated)["kpis"] if r["three"]]) == 3
