"""A snapshot in the formats of other systems: the same things, whatever they are called."""

import csv
import json
import re
from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq
import pytest

from app.exchange import FINDINGS, FORMATS, SNAPSHOTS, export
from graph.exports import all_exports
from graph.schema import FACT_NODES, RELATIONSHIPS
from tests.support.estates.small_estates import Estate, ago

HOSTILE = [
    '<img src=x onerror="alert(1)">',
    "]]></data><node id='x'/>",
    "O'Hara\\'); MATCH (n) DETACH DELETE n; //",
    "a\\u0027 b\nc\td\re\x1bf",
    "\u202e\u2028 ü 日本 😀",
    '=HYPERLINK("http://x.test","y")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1+1",
]
IDS = ["plain", "a b", "quote'\"<&>", "back\\slash", "日本", "-2+3"]


def estate() -> Estate:
    e = Estate().person("ann").resource("db", "restricted").resource("db/table", parent_id="db")
    e.resource("files", "public")
    for at, thing in enumerate(IDS):
        e.agent(thing, name=HOSTILE[at])
        e.can(thing, "read write", "db", granted_at=ago(30), last_used_at={"read": ago(1)})
    for at, name in enumerate(HOSTILE[len(IDS) :]):
        e.agent(f"more-{at}", name=name)
    scope = [{"resource": "db*", "level": "read"}, {"resource": "files", "level": "write"}]
    e.agent("bot", third_party="true", declared_scope=scope, tags=["a;b", "it's"], purpose="pay")
    e.agent("left", "silent").person("gone", left=ago(90))
    return e.owned("bot", "ann", "ann", since=ago(99)).owned("left", "gone", "gone")


POSTURE = estate().posture()
GRAPH = POSTURE.graph
NODES = sum(len(GRAPH.frames[label]) for label in FACT_NODES)
EDGES = sum(len(GRAPH.frames[each]) for each in RELATIONSHIPS)
NAMES = {row["id"]: row["name"] for row in (GRAPH.thing(n) for n in range(len(GRAPH.ids)))}


def exported(form: str, path: Path) -> Path:
    if form in SNAPSHOTS:
        export(form, POSTURE, path)
    else:
        assert all_exports()[form](GRAPH, path) == NODES + EDGES
    return path


def content(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


GRAPHS_AND_POSTURES = [form for form in FORMATS if form not in FINDINGS]


def test_every_format_is_offered_and_written():
    assert set(GRAPHS_AND_POSTURES) == {*all_exports(), *SNAPSHOTS}


@pytest.mark.parametrize("form", GRAPHS_AND_POSTURES)
def test_the_same_snapshot_gives_the_same_bytes(tmp_path, form):
    first = content(exported(form, tmp_path / "one"))
    assert content(exported(form, tmp_path / "two")) == first
    assert content(exported(form, tmp_path / "one")) == first, "written over the former one"


# ---------------------------------------------------------------- graphml


def test_graphml_is_read_back_by_networkx(tmp_path):
    read = nx.read_graphml(exported("graphml", tmp_path / "g.graphml"), force_multigraph=True)
    assert set(read) == set(NAMES)
    assert (read.number_of_nodes(), read.number_of_edges()) == (NODES, EDGES)
    shown = {thing: re.sub("\x1b", "<U+001B>", name) for thing, name in NAMES.items()}
    assert {thing: facts["name"] for thing, facts in read.nodes(data=True)} == shown
    assert read.nodes["bot"]["third_party"] is True
    assert json.loads(read.nodes["bot"]["tags"]) == ["a;b", "it's"]
    assert {facts["label"] for _, _, facts in read.edges(data=True)} == {"CAN_ACCESS", "OWNS"}
    (grant,) = read.get_edge_data("back\\slash", "db").values()
    assert grant["granted_at"] == ago(30)
    assert json.loads(grant["levels"]) == ["read", "write"]


# ---------------------------------------------------------------- csv and parquet


def test_csv_holds_every_name_and_no_formula(tmp_path):
    folder = exported("csv", tmp_path / "tables")
    rows = {}
    for file in folder.rglob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            read = list(csv.DictReader(stream))
        rows[file.stem] = read
        for cell in (c for row in read for c in row.values()):
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert sum(map(len, rows.values())) == NODES + EDGES
    names = {row["id"].removeprefix("'"): row["name"].removeprefix("'") for row in rows["Agent"]}
    shown = {thing: name.replace("\u202e", "⟨U+202E⟩") for thing, name in NAMES.items()}
    assert names == {thing: shown[thing] for thing in names}
    bot = next(row for row in rows["Agent"] if row["id"] == "bot")
    assert (json.loads(bot["tags"]), bot["third_party"], bot["aars"]) == (
        ["a;b", "it's"],
        "true",
        "",
    )
    columns = {label.name: [c.name for c in label.columns] for label in FACT_NODES}
    assert list(bot) == columns["Agent"]


def test_parquet_has_a_file_for_each_label_and_type(tmp_path):
    folder = exported("parquet", tmp_path / "tables")
    there = {label for label in (*FACT_NODES, *RELATIONSHIPS) if len(GRAPH.frames[label])}
    assert {file.stem for file in folder.rglob("*")} - {"nodes", "relationships"} == {
        element.name for element in there
    }
    for element in there:
        (file,) = folder.rglob(f"{element.name}.parquet")
        table = pq.read_table(file)
        assert table.num_rows == len(GRAPH.frames[element])
        assert table.column_names == [c.name for c in element.columns]
    agents = pq.read_table(folder / "nodes" / "Agent.parquet").to_pylist()
    assert {row["id"]: row["name"] for row in agents} == {
        row["id"]: NAMES[row["id"]] for row in agents
    }
    assert next(row for row in agents if row["id"] == "bot")["tags"] == ["a;b", "it's"]


def test_what_a_former_export_left_is_removed(tmp_path):
    exported("parquet", tmp_path)
    all_exports()["parquet"](Estate().agent("only").posture().graph, tmp_path)
    assert [file.name for file in tmp_path.rglob("*.parquet")] == ["Agent.parquet"]


# ---------------------------------------------------------------- cypher

TEXT = r"'(?:[^'\\]|\\.)*'"


def test_a_cypher_script_is_a_statement_a_line_and_no_text_ends_one(tmp_path):
    script = exported("cypher", tmp_path / "g.cypher").read_text(encoding="utf-8")
    for line in script.splitlines():
        assert re.match(r"(CREATE INDEX|UNWIND \[)", line), line
        bare = re.sub(TEXT, "''", line)
        assert bare.count(";") == 1
        assert bare.endswith(";")
        assert "DELETE" not in bare
        assert "$" not in bare
    # what is read before anything else ends no text: no quote, no backslash, no line
    early = {int(code, 16) for code in re.findall(r"\\u([0-9A-F]{4})", script)}
    assert early == {0x1B, 0x2028}
    assert "\\\\u" not in script


# ---------------------------------------------------------------- cedar and opa


def test_opa_says_what_is_known_and_leaves_out_what_is_not(tmp_path):
    said = json.loads(exported("opa", tmp_path / "data.json").read_text())["trustdebt"]
    bot, left = said["principals"]["bot"], said["principals"]["left"]
    assert (bot["owner_active"], left["owner_active"]) == (True, False)
    assert (bot["third_party"], "third_party" in left) == (True, False)
    assert bot["declared_scope"] == ["db", "db/table", "files"]
    assert bot["declared_scope_at"] == {
        **{"list": [], "admin": []},
        **{"read": ["db", "db/table"], "write": ["files"]},
    }
    assert "declared_scope" not in left
    assert {type(one["tdr_bp"]) for one in said["principals"].values()} <= {int}
    assert said["resources"]["db"]["sensitivity"] == 30
    assert said["resources"]["db/table"] == {
        **{"name": "db/table", "sensitivity": 3, "parents": ["db"]},
    }


def test_the_twin_no_source_speaks_of_owners(tmp_path):
    posture = Estate(declares=("grants",)).agent("bot").resource("db").posture()
    export("opa", posture, tmp_path / "data.json")
    (bot,) = json.loads((tmp_path / "data.json").read_text())["trustdebt"]["principals"].values()
    assert "owner_active" not in bot


def test_cedar_entities_refer_to_entities_that_are_there(tmp_path):
    folder = exported("cedar", tmp_path / "cedar")
    entities = json.loads((folder / "entities.json").read_text())
    there = {(one["uid"]["type"], one["uid"]["id"]) for one in entities}
    assert len(there) == len(entities)
    assert there >= {("Agent", "bot"), ("Resource", "db"), ("Resource", "db/table")}
    for one in entities:
        assert set(one) == {"uid", "attrs", "parents"}
        assert None not in one["attrs"].values()
        for parent in one["parents"]:
            assert (parent["type"], parent["id"]) in there
    bot = next(one for one in entities if one["uid"]["id"] == "bot")
    assert bot["attrs"]["declared_scope_at"]["write"] == [
        {"__entity": {"type": "Resource", "id": "files"}}
    ]
    attributes = set(
        re.findall(
            r"(?:principal|resource)(?:\.| has )(\w+)", (folder / "policies.cedar").read_text()
        )
    )
    assert attributes <= {name for one in entities for name in one["attrs"]}
