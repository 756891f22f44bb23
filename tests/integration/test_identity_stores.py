"""One thing seen by several sources, through a store: any order, told why, and undone."""

import itertools
import json
import shutil
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import journal as decisions
from analytics.answers.journal import Refused
from analytics.history import open_posture, posture_in
from analytics.posture import assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import ELEMENTS, RUNS_AS, WAITING
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.printed import blast_radius, collisions, findings, identities, orphans, show

ARN = "arn:aws:iam::111122223333:role/bot"
DAY = pd.Timedelta(days=1)


def sources() -> list[Estate]:
    """State one agent as four systems see it; each speaks of things that others state."""
    aws = (
        Estate(source="aws").agent(ARN, kind="ai_agent").account("svc").resource("s3", "restricted")
    )
    aws.can("svc", "read write", "s3").link(ARN, "RUNS_AS", "svc")
    hub = Estate(source="github", declares=("owners",), at=AS_OF - DAY)
    hub.agent("gh-bot", external_ids=[f"arn:{ARN}", "github:acme/bot"], purpose="invoices")
    hub.agent(*(f"gh-{n}" for n in range(40)))
    hub.owned("gh-bot", technical="hr-1")  # whom only hr states
    hr = Estate(source="hr", declares=("owners",)).person("hr-1", name="Ann", email="ann@x.test")
    hr.person("hr-2", name="Bo", email="bo@x.test", manager_id="hr-1")
    hr.person(*(f"p{n}" for n in range(40))).owned("iga-bot", business="hr-2")  # known to iga only
    iga = Estate(source="iga", declares=("owners",), at=AS_OF - 2 * DAY)
    iga.agent("iga-bot", external_ids=["github:ACME/bot"], env="prod")
    iga.person("u1", name="ann", email="ANN@x.test").resource("crm")
    iga.agent(*(f"iga-{n}" for n in range(40))).link("iga-bot", "RUNS_AS", "svc")
    return [aws, hub, hr, iga]


def said(facts: Facts) -> str:
    """Return all that a few questions answer, as text."""
    posture = assess(AccessGraph.of(facts))
    who = identities(posture)
    who.pop("timing")
    parts = [
        who,
        show(posture, posture.graph.find("iga-bot")),
        findings(posture),
        orphans(posture),
        collisions(posture),
        blast_radius(posture, posture.graph.find(ARN)),
    ]
    return json.dumps(parts, default=str, sort_keys=True)


def test_any_order_of_ingest_gives_the_same_facts_and_answers(tmp_path):
    read = []
    estates = sources()
    aws, *others = range(len(estates))

    @cache
    def after(order: tuple[int, ...]) -> Path:
        """Ingest into a copy of what the orders that begin the same have in common."""
        folder = tmp_path / "-".join(map(str, order))
        if order[:-1]:
            shutil.copytree(after(order[:-1]), folder)
        ingest(ParquetStore(folder), [estates[order[-1]].job()])
        return folder

    orders = [o for p in itertools.permutations(others) for o in ((aws, *p), (*p, aws))]
    for order in orders:
        read.append(ParquetStore(after(order)).read()[1])
        assert read[-1].frames[WAITING].empty
    together = ParquetStore(tmp_path / "together")
    ingest(together, [e.job() for e in sources()])
    assert {f.hash for f in read} == {together.read()[1].hash}
    assert len({said(f) for f in (*read[::5], together.read()[1])}) == 1


def test_the_order_would_show_if_nothing_waited(tmp_path, monkeypatch):
    """The twin: without the rows that wait, what came too early is lost."""
    monkeypatch.setattr("ingest.job.run.as_waiting", lambda rows, *_: _none_waits())
    hashes = set()
    for number, order in enumerate((sources(), sources()[::-1])):
        store = ParquetStore(tmp_path / str(number))
        for estate in order:
            ingest(store, [estate.job()])
        hashes.add(store.read()[0].hash)
    assert len(hashes) == 2


def _none_waits() -> pd.DataFrame:
    return pd.DataFrame({c.name: pd.Series([], dtype="string") for c in WAITING.columns})


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "store")


# ---------------------------------------------------------------- waiting


def test_what_waits_is_told_and_comes_when_its_end_does(store):
    west = Estate(scope="west").agent("a", *(f"a{n}" for n in range(40))).link("a", "RUNS_AS", "s")
    done = ingest(store, [west.job()])
    assert [r.reason for r in done.quarantined] == ["target_id names nothing that is known"]
    told = collisions(posture_in(store, store.current().id))["waiting"]
    assert [(w["scope"], w["relationship"], w["count"]) for w in told] == [("west", "RUNS_AS", 1)]
    done = ingest(store, [Estate(scope="north").agent("n").job()])
    assert (done.quarantined, done.warnings) == ([], []), "it is told once"
    ingest(store, [Estate(scope="east").account("s").job()])
    facts = store.read()[1]
    assert len(facts.frames[RUNS_AS]) == 1
    assert facts.frames[WAITING].empty
    row = facts.frames[RUNS_AS].iloc[0]
    assert (row["scope"], row["first_seen"]) == ("west", AS_OF)


def test_what_waits_for_another_source_is_no_bad_row(store):
    """Whatever is read first. Twin: the native format states all that it speaks of."""

    def uses(source: str) -> Estate:
        log = Estate(source=source, scope="lake").agent("a")
        return log.link("a", "RUNS_AS", "s").link("a", "RUNS_AS", "t")

    with pytest.raises(InputRefused, match="2 of 3 rows cannot be used"):
        ingest(store, [uses("estate").job()])
    done = ingest(store, [uses("csv").job()])
    assert done.quarantined == []
    assert done.warnings == [
        "RUNS_AS: 2 wait for another source, as target_id names nothing that is known; "
        "the first is in RUNS_AS.csv, line 2"
    ]
    (rejected_rows,) = done.rejected_rows
    assert (rejected_rows.count, rejected_rows.warnings) == (0, tuple(done.warnings))
    told = collisions(posture_in(store, store.current().id))["waiting"]
    assert [(w["source"], w["count"]) for w in told] == [("csv", 2)]
    ingest(store, [Estate(source="aws", scope="1").account("s", "t").job()])
    assert len(store.read()[1].frames[RUNS_AS]) == 2
    assert store.read()[1].frames[WAITING].empty


def test_what_waits_goes_when_its_source_no_longer_says_it(store):
    west = Estate(scope="west").agent("a", *(f"a{n}" for n in range(40))).link("a", "RUNS_AS", "s")
    ingest(store, [west.job()])
    ingest(store, [Estate(scope="west", at=AS_OF + DAY).agent("a").job()], max_loss=100)
    ingest(store, [Estate(scope="east").account("s").job()])
    assert store.read()[1].frames[RUNS_AS].empty


def test_every_sort_of_value_comes_back_from_waiting(store):
    grant = {
        "grant_id": "g", "actions": ["s3:Get"], "granted_at": "2026-01-01T00:00:00Z",
        "last_used_at": {"read": "2026-02-01T00:00:00Z"}, "telemetry": "true", "tags": ["x"],
    }  # fmt: skip
    west = Estate(scope="west").agent("a", *(f"a{n}" for n in range(40)))
    west.can("a", "read", "x", **grant)
    east = Estate(scope="east").resource("x")
    ingest(store, [west.job()])
    ingest(store, [east.job()])
    whole = ParquetStore(store.uri + "-whole")
    ingest(whole, [west.job(), east.job()])
    for element in ELEMENTS:
        pd.testing.assert_frame_equal(
            store.read()[1].frames[element], whole.read()[1].frames[element]
        )


# ---------------------------------------------------------------- why, and undoing it


@pytest.fixture
def loaded(store: ParquetStore) -> ParquetStore:
    ingest(store, [e.job() for e in sources()])
    return store


def ask(store: ParquetStore):
    return open_posture(store.uri)


def test_show_says_why_things_are_one(loaded):
    posture = ask(loaded)
    shown = show(posture, posture.graph.find("gh-bot"))
    assert shown["id"] == ARN
    told = {row["id"]: (row["source"], row["rule"]) for row in shown["merged_from"]}
    assert told == {
        ARN: ("aws", "same arn"),
        "gh-bot": ("github", "same arn"),
        "iga-bot": ("iga", "same github"),
    }
    evidence = {row["id"]: row["evidence"] for row in shown["merged_from"]}
    assert evidence["iga-bot"] == [
        {
            "rule": "same github",
            "value": "acme/bot",
            "ids": ["gh-bot", "iga-bot"],
            "sources": ["github/acme", "iga/acme"],
        }
    ]
    owners = {o["id"]: o["role"] for o in shown["owners"]}
    assert owners == {"hr-1": "technical", "hr-2": "business"}
    merged = {tuple(m["ids"]) for m in collisions(posture)["merges"]}
    assert merged == {(ARN, "gh-bot", "iga-bot"), ("hr-1", "u1")}


def test_one_source_is_one_statement(loaded):
    posture = ask(loaded)
    (row,) = show(posture, posture.graph.find("gh-1"))["merged_from"]
    assert (row["id"], row["rule"], row["evidence"]) == ("gh-1", None, [])


def test_a_person_sets_two_apart_and_takes_it_back(loaded):
    entry = decisions.apart(ask(loaded), "iga-bot", ARN, "ann", "another team's")
    posture = ask(loaded)
    ids = [i["id"] for i in identities(posture)["identities"]]
    assert {ARN, "iga-bot"} <= set(ids)
    assert "gh-bot" not in ids
    told = collisions(posture)["collisions"]
    assert ["iga-bot" in c["things"] for c in told] == [True]
    assert "a person keeps them apart" in told[0]["reason"]
    decisions.withdraw(posture, entry["entry"], "ann", "it was ours after all")
    again = ask(loaded)
    assert again.graph.find("iga-bot") == again.graph.find(ARN)


@pytest.mark.parametrize(("thing", "other"), [("gh-1", "gh-2"), ("gh-bot", "hr-2"), (ARN, "gh-1")])
def test_only_what_was_made_one_can_be_set_apart(loaded, thing, other):
    with pytest.raises(Refused, match="made of"):
        decisions.apart(ask(loaded), thing, other, "ann", "x")


def test_a_future_look_and_a_past_one_see_the_same_things(loaded):
    """A correction is about how facts are read, not about when they held."""
    decisions.apart(ask(loaded), "iga-bot", ARN, "ann", "x")
    then = open_posture(loaded.uri, None, AS_OF - 5 * DAY)
    assert then.graph.find("iga-bot") != then.graph.find(ARN)


def test_two_labels_are_told(store):
    ingest(store, [Estate(scope="e").thing("Role", "x").job()])
    ingest(store, [Estate(scope="w").account("x").job()])
    posture = posture_in(store, store.current().id)
    (told,) = collisions(posture)["collisions"]
    assert told["reason"] == (
        "sources state it as ServiceAccount and as Role; ServiceAccount holds"
    )
