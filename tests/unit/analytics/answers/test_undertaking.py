"""The start and the close of campaigns, what is promised by which, and what is refused."""

import json

import pytest

from analytics.answers.journal import Refused, withdraw
from analytics.answers.undertaking import close, steps_of_file
from graph.access import AmbiguousThing, UnknownThing
from graph.files.regular import InputRefused
from graph.journal.entries import NoSuchEntry, PromisedSince
from tests.support.estates.small_estates import AS_OF
from tests.support.histories.campaigns import (
    OWED,
    at,
    begin,
    begun,
    granted,
    kept,
    on_links,
    plan_file,
    shown,
    world,
)
from tests.support.printed import campaigns

# ---------------------------------------------------------------- several campaigns


def test_no_debt_is_promised_twice(tmp_path):
    history = kept(tmp_path, granted(world()))
    begun(tmp_path, history)
    begun(tmp_path, history, name="again")
    second, first = campaigns(at(history, 0))["campaigns"]
    assert (first["promised"], second["promised"]) == (pytest.approx(OWED), 0)
    assert [s["promised_in"] for s in second["steps"]] == [["C-1"]]
    assert [s["promised_in"] for s in first["steps"]] == [[]]


def test_what_a_closed_campaign_left_may_be_promised_again(tmp_path):
    history = kept(tmp_path, granted(world()))
    begun(tmp_path, history)
    close(at(history, 0), "C-1", "bob", "nobody has time")
    begun(tmp_path, history, name="again")
    second, first = campaigns(at(history, 0))["campaigns"]
    assert second["promised"] == pytest.approx(OWED)
    assert (first["state"], first["closed"]["by"], first["closed"]["reason"]) == (
        "closed",
        "bob",
        "nobody has time",
    )


def test_a_closed_campaign_stays_as_it_was(tmp_path):
    history = kept(tmp_path, granted(world()), world(10), granted(world(20)))
    begun(tmp_path, history)
    close(at(history, 1), "tidy", "ann", "all done")
    for place in (1, 2):
        row = shown(at(history, place))
        assert (row["state"], row["done"], row["age_days"]) == ("closed", 1, 10)
        assert row["repaid"] == pytest.approx(OWED)
    assert shown(at(history, 0))["state"] == "open"


def test_a_close_is_undone_by_a_withdrawal_that_stays_to_be_seen(tmp_path):
    history = kept(tmp_path, granted(world()), world(10), granted(world(20)))
    begun(tmp_path, history)
    close(at(history, 1), "C-1", "ann", "all done")
    with pytest.raises(NoSuchEntry, match="no campaign 1"):
        close(at(history, 2), "C-1", "ann", "twice")
    withdraw(at(history, 2), 2, "bob", "it came back")
    row = shown(at(history, 2))
    assert (row["state"], row["reopened"]) == ("open", 1)
    assert history.journal is not None
    assert [e.kind for e in history.journal.entries()] == ["campaign", "closing", "withdrawal"]


def test_a_close_is_not_undone_where_another_campaign_has_promised_the_same_since(tmp_path):
    """Else one item would be promised, and repaid, by two."""
    history = kept(tmp_path, granted(world()), world(10))
    begun(tmp_path, history)
    close(at(history, 0), "C-1", "bob", "nobody has time")
    begun(tmp_path, history, name="again")
    with pytest.raises(PromisedSince, match="C-3 has promised since what C-1 would"):
        withdraw(at(history, 0), 2, "ann", "we have")
    close(at(history, 0), "C-3", "ann", "too many")
    withdraw(at(history, 0), 2, "ann", "we have")
    rows = campaigns(at(history, 1))["campaigns"]
    states = [(row["id"], row["state"], row["repaid"]) for row in rows]
    assert states == [("C-3", "closed", 0), ("C-1", "open", pytest.approx(OWED))]


def test_a_withdrawn_campaign_is_listed_as_such(tmp_path):
    history = kept(tmp_path, granted(world()))
    begun(tmp_path, history)
    withdraw(at(history, 0), 1, "ann", "a mistake")
    assert shown(at(history, 0))["state"] == "withdrawn"
    begun(tmp_path, history)
    assert campaigns(at(history, 0))["campaigns"][0]["promised"] == pytest.approx(OWED)


# ---------------------------------------------------------------- what is refused


def test_only_known_campaigns_are_shown_or_closed(tmp_path):
    history = kept(tmp_path, granted(world()))
    begun(tmp_path, history)
    begun(tmp_path, history)
    for asked in ("C-3", "9", "other", ""):
        with pytest.raises(UnknownThing, match="no campaign is called"):
            shown(at(history, 0), asked=asked)
    with pytest.raises(AmbiguousThing, match="C-1, C-2"):
        shown(at(history, 0), asked="TIDY")
    assert shown(at(history, 0), asked="C-2")["entry"] == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"by": "nobody"}, UnknownThing),
        ({"by": "bot"}, Refused),
        ({"owner": "crm"}, Refused),
        ({"owner": "nobody"}, UnknownThing),
        ({"due": AS_OF}, Refused),
        ({"name": " "}, Refused),
        ({"name": "x" * 201}, Refused),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_and_nothing_written(tmp_path, options, error):
    history = kept(tmp_path, granted(world()))
    with pytest.raises(error):
        begun(tmp_path, history, **options)
    assert history.journal is not None
    assert not history.journal.path.exists()


def test_a_campaign_without_steps_is_refused(tmp_path):
    history = kept(tmp_path, granted(world()))
    with pytest.raises(Refused, match="no step"):
        begin(at(history, 0), tmp_path)


GOOD = {"action": "review", "target": {"ids": ["bot"]}}


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        ("[", "", "is not JSON"),
        ('"x"', "", "no list of steps"),
        ('{"a": []}', "", "no list steps or changes"),
        ('{"schema": "trustdebt/debt/1", "result": {"steps": []}}', "/schema", "another answer"),
        ('{"schema": "trustdebt/plan/1", "result": {}}', "/result", "no list steps"),
        ('{"steps": [1]}', "/steps/0", "is no step"),
        ([GOOD, GOOD], "/1", "the same as a step before"),
        ([GOOD | {"action": "burn"}], "/0/action", "is none of"),
        ([GOOD | {"action": None}], "/0/action", "is none of"),
        ([GOOD | {"target": "bot"}], "/0/target", "no target"),
        ([GOOD | {"target": {}}], "/0/target/ids", "no list of texts"),
        ([GOOD | {"target": {"ids": []}}], "/0/target/ids", "is empty"),
        ([GOOD | {"target": {"ids": ["gone"]}}], "/0/target/ids/0", "not in this snapshot"),
        ([GOOD | {"target": {"ids": ["x"], "relationship": "LIKES"}}], "relationship", "no type"),
        ([GOOD | {"action": "rotate_credential"}], "/0/action", "not done to a Agent"),
        ([GOOD | {"findings": [1]}], "/0/findings", "no list of texts"),
        ([GOOD | {"findings": ["F-1", "F-x; rm"]}], "/0/findings/1", "no id of a finding"),
        ([GOOD | {"owner": "bot"}], "/0/owner", "no person"),
        ([GOOD | {"owner": {"id": "zed"}}], "/0/owner", "no person"),
        ([GOOD | {"due": "soon"}], "/0/due", "instant|ISO|date"),
    ],
)
def test_a_file_of_steps_is_refused_with_the_place(tmp_path, document, place, reason):
    posture = at(kept(tmp_path, granted(world())), 0)
    path = tmp_path / "plan.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(InputRefused, match=reason) as refused:
        steps_of_file(posture, path)
    assert place in refused.value.place
    assert refused.value.file == str(path)


def test_a_file_may_be_longer_than_any_one_value(tmp_path):
    """An answer of a real estate has hundreds of kilobytes."""
    posture = at(kept(tmp_path, granted(world())), 0)
    findings = [f"F-{number:064x}" for number in range(2_000)]
    (step,) = steps_of_file(posture, plan_file(tmp_path, GOOD | {"findings": findings}))
    assert step.findings == tuple(findings)


def test_facts_of_identity_are_no_targets(tmp_path):
    """Who uses a key cannot be taken away, only the key."""
    e = granted(world()).thing("Credential", "key").link("bot", "USES", "key")
    posture = at(kept(tmp_path, e), 0)
    step = on_links(posture, "remove_trust", "USES", "bot", "key")
    with pytest.raises(InputRefused, match="is not done to a USES"):
        steps_of_file(posture, plan_file(tmp_path, step))
