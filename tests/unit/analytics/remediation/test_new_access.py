"""New access before it is live: what-if with grants, alone and beside removals."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.history import posture_in
from analytics.remediation.removal.additions import NotGrantable, additions
from analytics.remediation.removal.before_and_after import changed, reach_of
from graph.access import UnknownThing
from graph.element import Element
from graph.schema import AGENT, CAN_ACCESS, RUNS_AS, SERVICE_ACCOUNT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import what_if


def served() -> Estate:
    """Build an agent on an account that reads a wiki (3), beside a ledger (30)."""
    e = Estate().agent("a").account("s").link("a", "RUNS_AS", "s")
    e.resource("wiki", "internal").resource("ledger", "restricted")
    return e.can("s", "read", "wiki", grant_id="wiki")


def pairs(rows: list[dict]) -> list[tuple[str, str, str]]:
    return [(r["identity"]["id"], r["resource"]["id"], r["level"]) for r in rows]


def test_a_grant_adds_what_it_gives_to_whom_acts_as_its_holder():
    answer = what_if(judged(served()), [], grants=["s,write,ledger"])
    assert (answer["before"]["reach"], answer["after"]["reach"]) == (3, 3 + 30 * 3)
    assert pairs(answer["gained"]) == [("a", "ledger", "write")]
    assert (answer["lost"], answer["breaks"], answer["moved"]) == ([], [], [])
    assert answer["granted"] == [{"from": "s", "levels": ["write"], "to": "ledger"}]
    assert answer["counts"] == {"identities": 1, "lost": 0, "gained": 1, "moved": 0, "breaks": 0}


def test_a_grant_that_is_there_already_changes_no_reach():
    answer = what_if(judged(served()), [], grants=["s,read,wiki"])
    assert answer["before"]["reach"] == answer["after"]["reach"]
    assert (answer["gained"], answer["identities"]) == ([], [])


def test_one_identity_may_gain_and_lose_at_once():
    answer = what_if(judged(served()), ["s,CAN_ACCESS,wiki"], grants=["s,write,wiki"])
    assert pairs(answer["lost"]) == [("a", "wiki", "read")]
    assert pairs(answer["gained"]) == [("a", "wiki", "write")]
    assert (answer["counts"]["lost"], answer["counts"]["gained"]) == (1, 1)
    assert (answer["before"]["reach"], answer["after"]["reach"]) == (3, 9)


def test_as_many_gained_as_lost_is_a_change_and_the_same_again_is_none():
    """The number of pairs is the same on both sides; which they are is not."""
    e = served().resource("papers", "internal")
    answer = what_if(judged(e), ["s,CAN_ACCESS,wiki"], grants=["s,read,papers"])
    assert [row["id"] for row in answer["identities"]] == ["a"]
    assert answer["before"]["reach"] == answer["after"]["reach"]
    again = what_if(judged(e), ["s,CAN_ACCESS,wiki"], grants=["s,read,wiki"])
    assert (again["identities"], again["lost"], again["gained"]) == ([], [], [])


def test_a_removal_never_takes_the_new_grant_of_the_same_question():
    answer = what_if(judged(served()), ["s,CAN_ACCESS,wiki"], grants=["s,admin,wiki"])
    assert answer["after"]["reach"] == 30


def test_a_use_that_the_new_grant_allows_does_not_break():
    e = served().link("a", "USED", "wiki", level="read", last_at=ago(2))
    (broken,) = what_if(judged(e), ["s,CAN_ACCESS,wiki"])["breaks"]
    assert broken["resource"]["id"] == "wiki"
    assert what_if(judged(e), ["s,CAN_ACCESS,wiki"], grants=["s,read,wiki"])["breaks"] == []


def test_what_nobody_could_have_stated_stays_unknown():
    """A grant that one asks about tells nothing about those that a source kept to itself."""
    e = Estate(declares=("owners",)).agent("a").account("s").link("a", "RUNS_AS", "s")
    answer = what_if(e.resource("x").posture(), [], grants=["s,read,x"])
    assert pd.isna(answer["before"]["reach"])


@pytest.mark.parametrize("item", ["s,fly,wiki", "s,read", "read", "", ",read,", "s,read,s"])
def test_what_is_no_grant_is_refused(item: str):
    with pytest.raises((NotGrantable, UnknownThing)):
        what_if(judged(served()), [], grants=[item])


def test_a_new_agent_is_judged_as_if_it_were_there(tmp_path: Path):
    """Its number shifts those of others, where a store keeps numbers."""
    really = served().agent("middle").account("own").link("middle", "RUNS_AS", "own")
    really.can("own", "read", "ledger")
    store = ParquetStore(tmp_path / "store")
    ingest(store, [served().job()])
    current = store.current()
    assert current is not None
    for posture in (judged(served()), posture_in(store, current.id)):
        records: dict[Element, list[dict]] = {
            AGENT: [{"id": "middle"}],
            SERVICE_ACCOUNT: [{"id": "own"}],
            RUNS_AS: [{"source_id": "middle", "target_id": "own"}],
            CAN_ACCESS: [{"source_id": "own", "target_id": "ledger", "levels": '["read"]'}],
        }
        after = changed(posture, (), additions(posture, records, ["grants"]))
        assert reach_of(after) == reach_of(really.posture()) == 33
        names = [after.graph.thing(int(number))["id"] for number in after.accountable]
        assert names == ["a", "middle"]
        assert changed(posture, (), additions(posture, records, ["grants"])) is after


def test_a_row_of_an_existing_node_changes_only_what_it_holds():
    posture = served().agent("b", purpose="billing", env="prod").posture()
    after = changed(posture, (), additions(posture, {AGENT: [{"id": "b", "env": "dev"}]}))
    row = after.graph.frames[AGENT].set_index("id").loc["b"]
    assert (row["purpose"], row["env"]) == ("billing", "dev")
    assert pd.isna(posture.graph.frames[AGENT].set_index("id").loc["a", "env"])
