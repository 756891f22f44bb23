"""A thing that turns out to have another name: its debt, its drift and its history go on."""

import pytest

from analytics.debt.ledger.moments import Moment
from analytics.figures.revocation.speed import overdue
from analytics.findings.growth import exposures
from graph.identity.renamed_ids import RenamedIds
from graph.schema import CAN_ACCESS
from graph.values import iso
from tests.support.estates.small_estates import Estate, ago
from tests.support.histories.merged_things import (
    ARN,
    BUCKET,
    cloud,
    connected,
    day,
    few_rules,
    hub,
    listed,
    now,
    unfollowed,
)
from tests.support.histories.small_history import books, history_of
from tests.support.printed import diff, drift, ledger

__all__ = ["few_rules"]  # a fixture of this module


# ---------------------------------------------------------------- time


def test_the_books_go_on():
    """Only interest was added: what is owed is owed for the same thing."""
    done = books(connected())
    assert done.figures["new"] == done.figures["retired"] == done.figures["rescored"] == 0
    assert done.figures["opening"] > 0
    assert done.entries == ()


def test_the_books_would_close_and_open_an_account(monkeypatch):
    """The twin: without following names, all of it is retired, and all of it is new."""
    unfollowed(monkeypatch)
    done = books(connected())
    assert done.figures["retired"] == pytest.approx(done.figures["opening"])
    assert done.figures["new"] == pytest.approx(done.figures["closing"])


def test_what_the_second_source_knows_is_entered_as_seen():
    """It knows a business owner, and another grant."""
    told = Estate(at=day(30), source="cloud", declares=("grants", "owners"))
    told.agent(ARN).resource(BUCKET).resource("logs", "internal").person("eve")
    told.owned(ARN, "eve").can(ARN, "read", "logs", granted_at=ago(90))
    done = books(history_of(hub(0), [hub(30), told]))
    assert {e.kind for e in done.entries} == {"seen", "unseen"}
    assert {e.item.identity for e in done.entries} == {ARN}
    (owned,) = [e for e in done.entries if e.kind == "unseen"]
    assert (owned.item.assumption, owned.item.about) == ("owner", "business")
    connect = "coverage: cloud/acme connected"
    assert owned.cause == f"{connect}, gh-bot is known to be {ARN}"
    assert done.figures["new"] == pytest.approx(done.figures["new_by_coverage"])
    assert done.figures["retired"] == pytest.approx(done.figures["retired_by_coverage"])


def test_two_that_turn_out_to_be_one_change_nothing_in_the_world():
    """The same scopes speak; but now the code host knows the ARN of an agent that is owned."""
    silent = Estate(at=day(0), source="hub").agent("gh-bot", kind="workload", env="prod")
    silent.resource("crm", "internal").can("gh-bot", "read", "crm", granted_at=ago(100))
    aws = [Estate(at=day(d), source="aws").agent(ARN).person("eve").owned(ARN, "eve", "eve")
           for d in (0, 30)]  # fmt: skip
    told = Estate(at=day(30), source="hub")
    told.agent("gh-bot", kind="workload", env="prod", external_ids=[f"arn:{ARN}"])
    told.resource("crm", "internal").can("gh-bot", "read", "crm", granted_at=ago(100))
    done = books(history_of([silent, aws[0]], [told, aws[1]]))
    owner = [e for e in done.entries if e.item.assumption == "owner"]
    assert {(e.kind, e.cause) for e in owner} == {
        ("unseen", f"coverage: gh-bot is known to be {ARN}")}  # fmt: skip
    assert done.figures["retired_by_coverage"] == pytest.approx(done.figures["retired"])


def test_the_books_go_on_over_a_chain_of_names():
    """The code host is switched off in the end: nobody states the first id any more."""
    aws = Estate(at=day(60), source="cloud").agent(ARN, kind="workload", env="prod").person("ann")
    aws.resource(BUCKET, "internal")
    aws.can(ARN, "read", BUCKET, granted_at=ago(100), grant_id="g1", telemetry="true")
    gone = Estate(at=day(60), source="hub", declares=aws.declares).agent("other")
    history = connected([gone, aws])
    whole, last = books(history), books(history, since=day(30))
    assert whole.steps[0].figures["retired"] == 0
    for done in (whole, last):
        mine = [e for e in done.entries if e.item and e.item.identity == ARN]
        assert {e.kind for e in mine} <= {"seen", "unseen"}
        assert not [e for e in done.entries if e.item and e.item.identity == "gh-bot"]
    found = {f["subject"]["id"]: f for f in listed(now(history)) if f["rule"] == "OWN-01"}
    assert (found[ARN]["state"], found[ARN]["first_seen"]) == ("open", iso(day(0)))
    assert set(found) == {ARN, "other"}


def test_an_entry_of_before_is_about_the_thing_as_it_is_called_now():
    owned = hub(-30).owned("gh-bot", "ann", "ann")
    history = history_of(owned, hub(0), [hub(30), cloud(30)])
    ends = (Moment(i, i.taken_at) for i in (history.infos[0], history.infos[-1]))
    done = ledger(history, *ends, ahead=False)
    assert {(e["identity"]["id"], e["identity"]["label"]) for e in done["entries"]} == {
        (ARN, "Agent")}  # fmt: skip


def test_a_comparison_calls_it_renamed_and_neither_gone_nor_new():
    history = connected()
    first, last = history.infos
    done = diff(history, first, last, 0)
    nothing = {"nodes": [], "relationships": []}
    assert (done["added"], done["removed"], done["changed"]) == (nothing, nothing, nothing)
    assert {r["was"]["id"]: r["thing"]["id"] for r in done["renamed"]} == {
        "gh-bot": ARN, "crm": BUCKET}  # fmt: skip
    back = diff(history, last, first, 0)
    assert (back["added"], back["removed"]) == (nothing, nothing)
    assert {r["was"]["id"]: r["thing"]["id"] for r in back["renamed"]} == {
        ARN: "gh-bot", BUCKET: "crm"}  # fmt: skip


def test_drift_is_measured_against_the_first_snapshot_of_any_of_its_names():
    wider = hub(60).resource("books", "restricted")
    wider.can("gh-bot", "read", "books", granted_at=ago(-50))
    posture = now(connected([wider, cloud(60)]))
    (row,) = drift(posture)["drift"]
    assert row["excess"] == {"resource": posture.graph.thing(posture.graph.find("books")),
                             "level": "read"}  # fmt: skip
    assert (row["baseline"]["kind"], row["baseline"]["at"]) == ("first snapshot", iso(day(0)))
    assert row["why"] == "changed"


def test_what_is_overdue_lasts_over_the_change_of_name():
    def late(at: float) -> Estate:
        e = Estate(at=day(at), source="hub").agent("gh-bot", external_ids=[f"arn:{ARN}"])
        e.resource("crm").can("gh-bot", "read", "crm", granted_at=ago(9), expires_at=ago(5))
        return e

    history = history_of(late(0), [late(30), cloud(30, ARN)])
    spells = overdue(now(history)).of("grant").rows
    assert spells[["identity", "key", "ended"]].to_dict("records") == [
        {"identity": ARN, "key": f"{ARN} -> crm", "ended": False}]  # fmt: skip
    about = now(history)
    assert len(overdue(about, about.graph.find("gh-bot")).rows) == 1


def test_exposure_is_one_series_over_the_change_of_name():
    frame = exposures(now(connected([hub(60), cloud(60)])))
    assert frame.index.tolist() == [ARN]
    assert (frame.loc[ARN] == frame.loc[ARN, 0]).all()


# ---------------------------------------------------------------- names themselves


def test_a_graph_that_is_called_as_it_was_is_not_read_again():
    history = connected([hub(60), cloud(60)])
    graphs = [history.posture(i.id).graph for i in history.infos]
    assert RenamedIds(graphs[1], graphs[2]).graph is graphs[1]
    first = RenamedIds(graphs[0], graphs[2], [graphs[1].identities])
    assert first.names == {"gh-bot": ARN, "crm": BUCKET}
    assert first.numbers(ARN) == [graphs[0].number("gh-bot")]
    assert set(first.links.values()) == set(graphs[2].frames[CAN_ACCESS]["id"])
    assert first.places([ARN, "ann", "nobody"]) == [
        [graphs[0].number("gh-bot")], [graphs[0].number("ann")], []]  # fmt: skip
