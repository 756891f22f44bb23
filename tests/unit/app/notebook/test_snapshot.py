"""What a researcher gets from `open_snapshot`: the columns that are promised, and no surprise."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

import trustdebt
from app.notebook import BlastRadius, Snapshot, UnknownFrame
from graph.access import UnknownThing
from graph.schema import ELEMENTS
from graph.stores import NoSuchSnapshot, QueryRefused
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago, example

WHEN = pd.DatetimeTZDtype("ms", "UTC")
FRAMES = (
    "identities",
    "findings",
    "changes",
    "stale",
    "orphans",
    "debt",
    "debt_items",
    "assurance",
)
HOSTILE = '"><script>alert(1)</script>\u202e'


@cache
def snapshot() -> Snapshot:
    """Open the example with a departed owner and access that nobody uses."""
    estate = example().person("ann").person("bob", left=ago(40)).owned("A", "bob", "ann")
    estate.can("svc", "admin", "crm", granted_at=ago(400), telemetry=True)
    return Snapshot(estate.posture())


@cache
def empty() -> Snapshot:
    """Open an estate in which there is nothing to tell of."""
    return Snapshot(Estate().resource("r").posture())


def promised(method: object) -> list[str]:
    """Return the columns that a docstring names, in their order."""
    said = str(method.__doc__).partition("Columns: ")[2] or str(method.__doc__)
    return re.findall(r"`(\w+)`(?! holds)", said.partition("\n\n")[0])


@pytest.mark.parametrize("name", FRAMES)
def test_columns_are_those_that_the_docstring_names(name: str) -> None:
    wanted = [c for c in promised(getattr(Snapshot, name)) if c not in ("days", "model")]
    full = getattr(snapshot(), name)()
    assert len(full)
    assert list(full.columns) == wanted
    assert not full[full.columns[0]].isna().any()


@pytest.mark.parametrize("name", FRAMES)
def test_columns_are_there_and_typed_without_a_row(name: str) -> None:
    nothing = getattr(empty(), name)()
    full = getattr(snapshot(), name)()
    assert len(nothing) == 0
    assert list(nothing.dtypes.items()) == list(full.dtypes.items())


def test_the_resources_of_a_blast_radius() -> None:
    found = Snapshot(example().posture()).blast_radius("A")
    assert list(found.resources.columns) == promised(BlastRadius.resources)
    rows = found.resources.set_index("id")
    assert rows.loc["crm", "levels"] == ["read"]
    assert rows.loc["smtp", "hops"] == 2
    assert repr(found) == "<BlastRadius of A: 4 resources, weight 38.0>"
    assert found.weighted == rows["weight"].sum() == 38


def test_a_blast_radius_of_nothing_has_its_columns() -> None:
    nothing = Snapshot(Estate().agent("a").posture()).blast_radius("a")
    assert list(nothing.resources.columns) == promised(BlastRadius.resources)
    assert nothing.weighted == 0


def test_instants_are_instants_and_absent_facts_are_missing() -> None:
    opened = snapshot()
    assert opened.findings()["since"].dtype == WHEN
    identities = opened.identities().set_index("id")
    assert identities["last_active_at"].dtype == WHEN
    assert identities.loc["A", "technical_owner"] == "ann"
    assert identities.loc["mailer", "technical_owner"] is pd.NA
    orphaned = opened.orphans().set_index(["identity", "role"])
    assert orphaned.loc[("A", "business"), "since"] == AS_OF - pd.Timedelta(days=40)


def test_every_frame_by_its_name() -> None:
    opened = snapshot()
    assert [len(opened.frame(e.name)) for e in ELEMENTS] == [
        len(frame) for frame in opened.to_pandas().values()
    ]
    with pytest.raises(UnknownFrame, match=r"Agents.*Agent, "):
        opened.frame("Agents")


def test_networkx_has_the_whole_graph_or_what_is_near() -> None:
    opened = snapshot()
    whole = opened.to_networkx()
    assert whole.nodes["K1"] == {"label": "Credential", "name": "K1"}
    assert [k["relationship"] for k in whole["A"]["K1"].values()] == ["USES"]
    near = opened.to_networkx("A", hops=1)
    assert set(near) == {"A", "K1", "B", "mail"}
    assert set(opened.to_networkx("A", hops=2)) == {*near, "svc", "svcb", "mailer", "crm", "smtp"}


def test_sql_reads_and_writes_nothing() -> None:
    opened = snapshot()
    assert opened.sql("select count(*) as n from Agent")["n"].tolist() == [2]
    for query in ("drop table Agent", "copy Agent to '/tmp/x'", "select 1; select 2"):
        with pytest.raises(ValueError, match="SELECT"):
            opened.sql(query)
    with pytest.raises(ValueError, match="disabled"):
        opened.sql("select * from read_csv('/etc/hostname')")


def test_a_thing_that_is_not_there_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnknownThing, match=r"mailr.*mailer"):
        snapshot().blast_radius("mailr")


def test_it_says_what_it_is() -> None:
    assert repr(snapshot()) == "<Snapshot unpublished as of 2026-08-01T00:00:00+00:00: 17 things>"


def test_it_shows_its_size_and_its_sources_and_names_stay_text() -> None:
    posture = Estate().agent("a").resource("r").posture()
    scope = replace(posture.graph.facts.coverage[0], scope=HOSTILE, complete=False)
    posture.graph.facts = replace(posture.graph.facts, coverage=(scope,))
    shown = Snapshot(posture)._repr_html_()
    rows = [[cell.text for cell in row] for row in ET.fromstring(shown).iter("tr")]
    assert rows[:4] == [
        ["snapshot", "unpublished"],
        ["judged as of", "2026-08-01T00:00:00Z"],
        ["agent", "1"],
        ["resource", "1"],
    ]
    assert "in part" in str(rows[-1][1])
    assert "\u202e" not in shown


def test_snapshots_of_a_store_and_what_differs(tmp_path) -> None:
    store = str(tmp_path / "store")
    first, second = example().job(), example().agent("new", name="New").job()
    ingest(ParquetStore(tmp_path / "store"), [first])
    ingest(ParquetStore(tmp_path / "store"), [second])
    snap = trustdebt.open_snapshot(store)
    listed = snap.snapshots()
    assert list(listed.columns) == promised(Snapshot.snapshots)
    assert listed["taken_at"].dtype == WHEN
    assert listed["nodes"].diff().iloc[-1] == 1
    assert listed["id"].iloc[-1] == snap.posture.graph.snapshot.id
    differing = snap.diff(listed["id"].iloc[0])
    assert list(differing.columns) == promised(Snapshot.diff)
    assert differing.iloc[0].tolist() == ["added", "new", "Agent", "New", "changed"]
    assert len(differing) == 1
    same = snap.diff(listed["id"].iloc[-1])
    assert list(same.dtypes.items()) == list(differing.dtypes.items())
    assert len(same) == 0
    with pytest.raises(NoSuchSnapshot):
        snap.diff("9")


def test_without_a_store_there_is_no_history() -> None:
    assert len(snapshot().snapshots()) == 0
    with pytest.raises(NoSuchSnapshot, match="no store"):
        snapshot().diff("000001")


def test_a_reach_that_is_not_known_says_so() -> None:
    answer = replace(snapshot().blast_radius("A").answer, weighted=None)
    unknown = BlastRadius(answer, snapshot().blast_radius("A").tree)
    assert repr(unknown) == "<BlastRadius of A: not known>"
    assert "is not known" in unknown._repr_html_()
    assert "<table>" not in unknown._repr_html_()


def test_a_picture_and_a_table_in_which_names_stay_text() -> None:
    estate = Estate().agent("a", name=HOSTILE)
    for number in range(30):
        estate.resource(f"{HOSTILE}{number:02}", "internal").can(
            "a", "read", f"{HOSTILE}{number:02}"
        )
    shown = Snapshot(estate.posture()).blast_radius("a")._repr_html_()
    root = ET.fromstring(f"<div>{shown}</div>")
    assert [child.tag.partition("}")[2] or child.tag for child in root] == ["svg", "table", "p"]
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "\u202e" not in shown
    assert len(list(root.iter("tr"))) == 1 + 20
    assert "and 10 more" in shown


def test_the_twin_without_escaping_would_not_stay_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.notebook.html.markup", str)
    estate = Estate().agent("a").resource(HOSTILE, "internal").can("a", "read", HOSTILE)
    assert "<script>" in Snapshot(estate.posture()).blast_radius("a")._repr_html_()


def test_cypher_without_a_database_is_refused(tmp_path) -> None:
    ingest(ParquetStore(tmp_path / "store"), [example().job()])
    snap = trustdebt.open_snapshot(str(tmp_path / "store"))
    with pytest.raises(QueryRefused, match="Neo4j"):
        snap.cypher("match (n) return n")
