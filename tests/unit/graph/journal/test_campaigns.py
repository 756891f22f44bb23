"""Campaigns in the journal: written and read back whole, and no debt promised by two of them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from graph.journal.campaign_steps import CampaignStep, StepPart, Undertaking
from graph.journal.entries import NoSuchEntry
from graph.journal.journal import Journal

NOW = pd.Timestamp("2026-08-10T12:00:00Z").as_unit("ms")
BEGIN = pd.Timestamp("2026-08-01", tz="UTC").as_unit("ms")
DUE = pd.Timestamp("2026-09-01", tz="UTC").as_unit("ms")
BOT = {"id": "bot", "label": "Agent", "name": "Bot \u202e<b>"}
CRM = {"id": "crm", "label": "Resource", "name": "CRM"}
STEP = CampaignStep(
    id="S-1",
    action="remove_grant",
    relationship="CAN_ACCESS",
    ids=("g1",),
    parts=(StepPart(ends=(BOT, CRM), beside=("m",), was={"levels": ["read"]}),),
    findings=("F-1", "F-2"),
    owner=None,
    due=DUE,
    items=(("00000000000000ff", 1.5), ("0000000000000001", 0.1)),
    scopes=(("estate", "acme"),),
)
TIDY = Undertaking(
    name="tidy", snapshot="000001-a", as_of=BEGIN, owner="ann", due=DUE, steps=(STEP,)
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite", lambda: NOW)


def test_a_campaign_is_read_back_as_it_was_written(journal):
    written = journal.start_campaign(TIDY, "ann", "the audit", BEGIN)
    (read,) = Journal(journal.path).campaigns()
    assert read == written
    assert (read.id, read.since, read.at, read.steps) == ("C-1", BEGIN, NOW, (STEP,))
    assert (read.name, read.snapshot, read.as_of, read.owner, read.due) == (
        "tidy",
        "000001-a",
        BEGIN,
        "ann",
        DUE,
    )


def test_its_record_says_what_is_to_be_done_and_not_how_it_is_measured(journal):
    record = journal.start_campaign(TIDY, "ann", "", BEGIN).record()
    assert (record["kind"], record["due"], record["as_of"]) == (
        "campaign",
        "2026-09-01T00:00:00Z",
        "2026-08-01T00:00:00Z",
    )
    (step,) = record["steps"]
    assert set(step) == {
        *("id", "action", "relationship", "ids", "findings", "owner", "due"),
        *("promised_in", "promised"),
    }
    assert step["promised"] == 1.6


def test_what_is_promised_is_not_promised_again(journal):
    journal.start_campaign(TIDY, "ann", "", BEGIN)
    more = replace(STEP, items=(*STEP.items, ("0000000000000002", 4.0)))
    second = journal.start_campaign(replace(TIDY, steps=(more,)), "bob", "", BEGIN)
    assert second.steps[0].items == (("0000000000000002", 4.0),)
    assert second.steps[0].promised_in == ("C-1",)
    third = journal.start_campaign(replace(TIDY, steps=(more,)), "bob", "", BEGIN)
    assert (third.steps[0].items, third.steps[0].promised_in) == ((), ("C-1", "C-2"))


def test_keys_that_are_others_by_now_are_known(journal):
    journal.start_campaign(TIDY, "ann", "", BEGIN)
    moved = replace(STEP, items=(("000000000000000a", 1.5),))
    keys = {1: {"00000000000000ff": "000000000000000a"}}
    second = journal.start_campaign(replace(TIDY, steps=(moved,)), "bob", "", BEGIN, keys)
    assert (second.steps[0].items, second.steps[0].promised_in) == ((), ("C-1",))


@pytest.mark.parametrize("how", ["close", "withdraw"])
def test_what_is_over_promises_nothing_more(journal, how):
    journal.start_campaign(TIDY, "ann", "", BEGIN)
    if how == "close":
        journal.close_campaign(1, "ann", "done", BEGIN, [])
    else:
        journal.withdraw(1, "ann", "no", None)
    second = journal.start_campaign(TIDY, "bob", "", BEGIN)
    assert second.steps == (STEP,)


def test_a_withdrawn_close_is_none(journal):
    journal.start_campaign(TIDY, "ann", "", BEGIN)
    journal.close_campaign(1, "ann", "done", BEGIN, [{"state": "done"}])
    with pytest.raises(NoSuchEntry, match="no campaign 1"):
        journal.close_campaign(1, "ann", "again", BEGIN, [])
    journal.withdraw(2, "bob", "not yet", None)
    closing = journal.close_campaign(1, "ann", "now", BEGIN, [{"state": "open"}])
    assert Journal(journal.path).closings()[-1] == closing
    assert closing.outcome == ({"state": "open"},)


@pytest.mark.parametrize("number", [0, 2, 9])
def test_only_a_campaign_is_closed(journal, number):
    journal.start_campaign(TIDY, "ann", "", BEGIN)
    journal.review("bot", "approve", "ann", "ok", None)
    with pytest.raises(NoSuchEntry):
        journal.close_campaign(number, "ann", "no", BEGIN, [])
    assert len(journal.entries()) == 2


def test_a_close_that_fails_makes_no_journal(journal):
    with pytest.raises(NoSuchEntry):
        journal.close_campaign(1, "ann", "no", BEGIN, [])
    assert not journal.path.exists()


def test_secrets_in_its_words_are_redacted(journal):
    key = "gh" + "p_" + "4kD9xQ2mZ7vB1nR8sT5wY3cF6hJ0pL9aE2uK"
    named = replace(TIDY, name=f"rotate {key}")
    written = journal.start_campaign(named, "ann", f"it is {key}", BEGIN)
    assert key not in written.name + written.reason
    assert key.encode() not in journal.path.read_bytes()
