"""Every name leads to the card of what it names, and from the card to its findings."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from analytics.answers.journal import attest
from analytics.answers.undertaking import start, steps_of_plan
from analytics.history import open_posture
from app.web.views.audit import things_in
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.conftest import Open
from tests.e2e.said import texts
from tests.support.estates.decision_log import at, log
from tests.support.estates.small_estates import Estate

GRANT = "deploy,CAN_ACCESS,db-00"


def addresses(test: AppTest, page: str) -> list[dict[str, list[str]]]:
    """Return the parameters of each link in the page itself to a page."""
    links = [each.proto for each in test.main.get("page_link")]
    return [parse_qs(link.query_string) for link in links if link.page == page]


def cards(test: AppTest) -> set[str]:
    """Return the ids of the things to whose cards the page links."""
    return {given["id"][0] for given in addresses(test, "identity") if "id" in given}


def pick(test: AppTest, key: str, column: str, value: str) -> None:
    """Choose the row of the table with a key in which a column has a value, as a click would."""
    frame = next(f for f in test.dataframe if f"-{key}:" in f.proto.id)
    row = frame.value[column].tolist().index(value)
    full = frame.proto.id.split("-", 2)[2]
    test.session_state[full] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    test.run()
    assert not test.exception


def test_the_panel_beside_the_picture_leads_to_the_card_its_findings_and_its_owners(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "blast_radius", thing="orphan")
    assert "orphan" in cards(test)
    assert ["orphan"] in [given.get("about") for given in addresses(test, "findings")]
    assert {"wide", "ann"} <= cards(open_page(store, "blast_radius", thing="wide"))
    chosen = open_page(store, "blast_radius", thing="wide", focus="db-00")
    assert "db-00" in cards(chosen)


def test_a_step_leads_to_the_cards_of_both_ends(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", edge=GRANT)
    assert {"deploy", "db-00"} <= cards(test)


@pytest.mark.parametrize("item", ["deploy", GRANT])
def test_a_chosen_choke_point_leads_to_the_cards_of_what_it_is(
    open_page: Open, store: Path, item: str
) -> None:
    ends = set(item.split(",")) - {"CAN_ACCESS"}
    assert ends <= cards(open_page(store, "choke_points", item=item))


def test_a_step_of_the_smallest_cut_leads_to_the_cards_of_its_ends(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "choke_points", start="wide", target="db-00")
    assert "wide" not in cards(test)
    (step,) = next(f.value for f in test.dataframe if "-cut:" in f.proto.id).to_dict("records")
    pick(test, "cut", "From", step["From"])
    ids = {"wide-bot": "wide", "svc-wide": "svc-wide", "deploy": "deploy", "db-00": "db-00"}
    assert {ids[step["From"]], ids[step["To"]]} <= cards(test)


def test_a_chosen_change_and_a_step_of_the_plan_lead_to_what_they_are_on_and_who_decides(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "plan", plan="shown")
    assert not cards(test)
    rows = next(f.value for f in test.dataframe if "-plan:changes:" in f.proto.id)
    (words,) = [w for w in rows["What to change"] if w.startswith("deploy may read db-00:")]
    pick(test, "plan:changes", "What to change", words)
    assert cards(test) == {"deploy", "db-00", "ann"}
    test = open_page(store, "plan", plan="shown")
    pick(test, "plan:debt", "On", "wide-bot")
    assert cards(test) == {"wide", "ann"}


def test_a_campaign_and_its_steps_lead_to_who_leads_it_and_what_they_are_on(
    open_page: Open, own_copy: Path
) -> None:
    posture = open_posture(str(own_copy))
    start(posture, steps_of_plan(posture, 1, "debt"), "tidy", "ann")
    test = open_page(own_copy, "plan")
    pick(test, "campaigns", "Campaign", "tidy")
    assert cards(test) == {"ann"}
    pick(test, "campaign:C-1", "Action", "review")
    assert cards(test) == {"ann", "wide"}


def test_what_would_stop_working_leads_to_who_and_what(open_page: Open, store: Path) -> None:
    test = open_page(store, "blast_radius", thing="wide", remove=["deploy,CAN_ACCESS,db-01"])
    before = cards(test)
    assert "db-01" not in before
    pick(test, "lost", "Resource", "db-01")
    assert "db-01" in cards(test)
    test = open_page(store, "blast_radius", thing="clean-1", remove=["deploy,CAN_ACCESS,db-01"])
    assert not {"deploy", "wide"} & cards(test)
    pick(test, "breaks", "What", "db-01")
    assert {"deploy", "db-01"} <= cards(test)
    pick(test, "less", "Identity", "wide-bot")
    assert "wide" in cards(test)


def test_the_owner_of_a_finding_is_a_link(open_page: Open, store: Path) -> None:
    rows = open_page(store, "findings", about="wide").dataframe[0].value
    assert set(rows["Owner"]) == {"Ann"}
    test = open_page(store, "findings", about="wide")
    pick(test, "findings", "Owner", "Ann")
    assert {"wide", "ann"} <= cards(test)


def test_a_proof_a_case_and_an_identity_of_the_evidence_lead_to_cards(
    open_page: Open, tmp_path: Path
) -> None:
    made = log().person("ann").owned("bot", "ann", "ann")
    made.can("bot", "read", "r", granted_at=at("09:00"))
    made.decided("12:00", "deny").used("12:01")
    ingest(ParquetStore(tmp_path / "s"), [made.job()])
    assert {"bot", "r"} <= cards(open_page(tmp_path / "s", "evidence", use="u2"))
    test = open_page(tmp_path / "s", "evidence")
    assert not cards(test)
    pick(test, "evidence:identities", "Identity", "bot")
    assert cards(test) == {"bot"}


def test_an_entry_of_the_trail_leads_to_who_decided_and_about_what(
    open_page: Open, own_copy: Path
) -> None:
    attest(open_posture(str(own_copy)), "orphan", "ann", "business", "ann")
    test = open_page(own_copy, "audit")
    assert not cards(test)
    pick(test, "audit", "Did", "attested an owner")
    assert cards(test) == {"orphan", "ann"}


def test_ids_that_hold_spaces_are_found_in_what_an_entry_is_about() -> None:
    posture = Estate().agent("my bot", "my").resource("a b c").posture()
    assert things_in(posture, "my bot a b c F-1") == ["my bot", "a b c", "F-1"]


def test_identities_of_unknown_owners_lead_to_their_cards(open_page: Open, tmp_path: Path) -> None:
    e = Estate(declares=("inventory", "grants")).agent("bot").resource("r").can("bot", "read", "r")
    ingest(ParquetStore(tmp_path / "s"), [e.job()])
    test = open_page(tmp_path / "s", "ownership")
    pick(test, "unknown", "Identity", "bot")
    assert cards(test) == {"bot"}


def test_statements_about_owners_lead_to_the_owner_that_they_name(
    open_page: Open, store: Path
) -> None:
    test = open_page(store, "ownership")
    pick(test, "owners", "Identity", "left-bot")
    assert "left" in cards(test)
    assert "zed" not in cards(test)
    pick(test, "statements:left", "Owner", "Zed")
    assert {"left", "zed"} <= cards(test)


def test_names_that_attack_are_links_by_their_escaped_names(
    open_page: Open, hostile_store: Path
) -> None:
    test = open_page(hostile_store, "blast_radius", thing="wide", remove=[GRANT])
    assert {"wide", "ann"} <= cards(test)
    assert "\u202e" not in texts(test)
    labels = [each.proto.label for each in test.main.get("page_link")]
    assert not [label for label in labels if "<" in label.replace("\\<", "")]
