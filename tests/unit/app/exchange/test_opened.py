"""Each format is opened by the program that it is for, and says there what was stated."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cedarpy
import duckdb
import jsonschema
import networkx as nx
import pandas as pd
import pytest

from analytics.posture import Posture
from app.exchange import FOLDER, FORMATS, download, export, file_name, module_of
from graph.element import Dtype, Element
from graph.schema import FACT_NODES, RELATIONSHIPS
from tests.support.estates.every_property import HOSTILE, bare, every_property, full, stated
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.standards.ocsf_schema import OcsfSchema
from tests.support.standards.sarif_schema import sarif_faults

Exported = Callable[[str], Path]
ELEMENTS = [*FACT_NODES, *RELATIONSHIPS]
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@cache
def posture() -> Posture:
    return every_property().posture()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return what exports to a format, and where that is; each is written once."""
    folder = tmp_path_factory.mktemp("exported")

    @cache
    def write(form: str) -> Path:
        export(form, posture(), folder / form)
        return folder / form

    return write


def ends(element: Element) -> tuple[str, str, bool]:
    """Return the column that tells the two rows of an element apart, and its value in the full."""
    if element in FACT_NODES:
        return "id", full(element.name), True
    relationship = next(each for each in RELATIONSHIPS if each is element)
    return "source_id", full(relationship.sources[0].name), False


# -- DuckDB ---------------------------------------------------------------------------------------


def in_duckdb(dtype: Dtype, value: Any) -> Any:
    """Return how a value that was stated reads in DuckDB."""
    return pd.Timestamp(value) if dtype is Dtype.INSTANT else value


def of_duckdb(dtype: Dtype, value: Any) -> Any:
    if value is not None and dtype in (Dtype.INSTANTS, Dtype.JSON):
        return json.loads(value)
    return pd.Timestamp(value).tz_convert("UTC") if isinstance(value, pd.Timestamp) else value


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
def test_duckdb_reads_every_property_from_parquet(exported: Exported, element: Element) -> None:
    folder = exported("parquet")
    (file,) = folder.rglob(f"{element.name}.parquet")
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        read = db.read_parquet(str(file))
        names, kinds = read.columns, [str(each) for each in read.types]
        rows = [dict(zip(names, row, strict=True)) for row in read.fetchall()]
    column, id_, _ = ends(element)
    (row,) = [row for row in rows if row[column] == id_]
    (empty,) = [row for row in rows if row[column] != id_]
    values = stated(element)
    dtypes = {prop.name: prop.dtype for prop in element.columns}
    for name, value in values.items():
        dtype = dtypes[name]
        got = row[name]
        if dtype is Dtype.INSTANT:
            got = pd.Timestamp(got)
        assert of_duckdb(dtype, got) == in_duckdb(dtype, value), name
        if name not in ("name", "external_ids"):
            assert empty[name] is None, name
    shape = dict(zip(names, kinds, strict=True))
    wanted = {Dtype.INSTANT: "TIMESTAMP WITH TIME ZONE", Dtype.TEXTS: "VARCHAR[]"}
    wanted |= {Dtype.COUNT: "BIGINT", Dtype.NUMBER: "DOUBLE", Dtype.FLAG: "BOOLEAN"}
    for name, dtype in dtypes.items():
        assert shape[name] == wanted.get(dtype, "VARCHAR"), name


def test_duckdb_joins_nodes_and_edges_of_parquet(exported: Exported) -> None:
    folder = exported("parquet")
    text = """
        SELECT count(*) FROM read_parquet($edges) e
        JOIN read_parquet($agents) a ON a.id = e.source_id WHERE a.name = $name
    """
    edges, agents = folder / "relationships/USES.parquet", folder / "nodes/Agent.parquet"
    with duckdb.connect() as db:
        name = stated(FACT_NODES[0])["name"]
        row = db.execute(text, {"edges": str(edges), "agents": str(agents), "name": name})
        assert row.fetchone() == (1,)


@pytest.mark.parametrize("element", ELEMENTS, ids=str)
def test_duckdb_reads_every_property_from_csv(exported: Exported, element: Element) -> None:
    (file,) = exported("csv").rglob(f"{element.name}.csv")
    with duckdb.connect() as db:
        read = db.read_csv(str(file), header=True, all_varchar=True, quotechar='"', escapechar='"')
        rows = [dict(zip(read.columns, row, strict=True)) for row in read.fetchall()]
    column, id_, _ = ends(element)
    (row,) = [row for row in rows if row[column] == id_]
    dtypes = {prop.name: prop.dtype for prop in element.columns}
    for name, value in stated(element).items():
        cell = row[name]
        assert cell is not None, name
        assert not TURNING.search(cell), name
        if dtypes[name] in (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON):
            assert json.loads(restored(cell)) == value, name
        elif dtypes[name] is Dtype.TEXT:
            assert restored(cell) == value, name
        elif dtypes[name] is Dtype.INSTANT:
            assert pd.Timestamp(cell) == pd.Timestamp(value), name
        else:
            assert json.loads(cell.lower()) == value, name


def restored(cell: str) -> str:
    """Return what a cell was before it was defused."""
    shown = re.sub("⟨U\\+([0-9A-F]{4})⟩", lambda match: chr(int(match[1], 16)), cell)
    defused = shown.startswith("'") and shown[1:].lstrip(" ")[:1] in set("=+-@\t\r\n")
    return shown[1:] if defused else shown


def test_no_cell_of_csv_runs_or_turns_the_text(exported: Exported) -> None:
    cells = []
    for file in exported("csv").rglob("*.csv"):
        with file.open(encoding="utf-8", newline="") as stream:
            cells += [cell for row in csv.reader(stream) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert any("⟨U+202E⟩" in cell for cell in cells)
    assert [c for c in cells if c.lstrip(" ")[:1] in set("=+-@\t\r\n") and c] == []
    assert [cell for cell in cells if TURNING.search(cell)] == []


def test_the_twin_the_texts_would_run_and_turn() -> None:
    assert [text for text in HOSTILE if TURNING.search(text)]
    assert [text for text in HOSTILE if text[:1] in set("=+-@\t")]


# -- networkx -------------------------------------------------------------------------------------


def test_networkx_reads_every_property(exported: Exported) -> None:
    read = nx.read_graphml(exported("graphml"), force_multigraph=True)
    assert read.number_of_nodes() == 2 * len(FACT_NODES)
    assert read.number_of_edges() == 2 * len(RELATIONSHIPS)
    for label in FACT_NODES:
        _compare(dict(read.nodes[full(label.name)]), label)
        absent = {prop.name for prop in label.properties}
        assert absent.isdisjoint(read.nodes[bare(label.name)]), label
    for source, target, facts in read.edges(data=True):
        each = next(r for r in RELATIONSHIPS if r.name == facts["label"])
        if source == full(each.sources[0].name):
            assert target == full(each.targets[0].name)
            _compare(facts, each)


def _compare(facts: dict[str, Any], element: Element) -> None:
    dtypes = {prop.name: prop.dtype for prop in element.columns}
    for name, value in stated(element).items():
        got = facts[name]
        if dtypes[name] in (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON):
            got = json.loads(got)
        if dtypes[name] is Dtype.INSTANT:
            got, value = pd.Timestamp(got), pd.Timestamp(value)
        assert got == value, (element.name, name)


# -- published schemas ----------------------------------------------------------------------------


def test_opengraph_by_its_published_schemas(exported: Exported, real_data: Path) -> None:
    document = json.loads(exported("opengraph").read_text(encoding="utf-8"))
    for part in ("node", "edge"):
        text = (real_data / "opengraph" / f"opengraph-{part}.json").read_text()
        validator = jsonschema.Draft202012Validator(json.loads(text))
        rows = document["graph"][f"{part}s"]
        assert rows
        assert [error.message for row in rows for error in validator.iter_errors(row)] == []
        wrong = {**rows[0], "properties": {"nested": {"is": "refused"}}}
        assert list(validator.iter_errors(wrong)), "the twin: the schema does refuse"
    nodes = {node["id"]: node["properties"] for node in document["graph"]["nodes"]}
    for label in FACT_NODES:
        assert nodes[full(label.name)]["name"] == stated(label)["name"]


def hostile() -> Estate:
    """Return agents with hostile names about which there are findings."""
    estate = Estate().resource("books", "restricted").person("ann")
    for place, name in enumerate(HOSTILE):
        estate.agent(f"bot-{place}", name=name, tags=[name])
        estate.can(f"bot-{place}", "read write", "books", granted_at=ago(300))
    scope = [{"resource": "books", "level": "read"}]
    return estate.agent("scoped", declared_scope=scope).owned("scoped", "ann", "ann", since=ago(9))


def test_sarif_of_hostile_names_by_its_schema(tmp_path: Path) -> None:
    export("sarif", hostile().posture(), tmp_path / "log.json")
    log = json.loads((tmp_path / "log.json").read_text(encoding="utf-8"))
    assert sarif_faults(log) == []
    texts = [result["message"]["text"] for result in log["runs"][0]["results"]]
    assert any("HYPERLINK" in text for text in texts)


def test_ocsf_of_hostile_names_by_its_schema(tmp_path: Path, real_data: Path) -> None:
    export("ocsf", hostile().posture(), tmp_path / "events.json")
    events = json.loads((tmp_path / "events.json").read_text(encoding="utf-8"))
    schema = OcsfSchema(real_data)
    assert events
    assert [fault for event in events for fault in schema.faults(event)] == []


# -- engines of policies --------------------------------------------------------------------------

NEVER = int(AS_OF.timestamp()) + 10**6


def test_cedar_decides_over_the_exported_entities(tmp_path: Path) -> None:
    export("cedar", hostile().posture(), tmp_path / "cedar")
    policies = (tmp_path / "cedar/policies.cedar").read_text()
    entities = (tmp_path / "cedar/entities.json").read_text()
    context = {"justification": "x", "now": NEVER, "grant_expires_at": NEVER + 1}
    answers = {
        who_level: cedarpy.is_authorized(
            {
                "principal": f'Agent::"{who_level[0]}"',
                "action": f'Action::"{who_level[1]}"',
                "resource": 'Resource::"books"',
                "context": context,
            },
            policies,
            entities,
        )
        for who_level in (("scoped", "read"), ("scoped", "write"), ("bot-0", "read"))
    }
    assert {key: answer.allowed for key, answer in answers.items()} == {
        ("scoped", "read"): True,
        ("scoped", "write"): False,  # not in its scope
        ("bot-0", "read"): False,  # nobody answers for it
    }
    assert [answer.diagnostics.errors for answer in answers.values()] == [[], [], []]


def asked_of_example(posture: Posture, folder: Path, who: str, **context: int | str) -> bool:
    """Return whether the exported example allows `who` to read `books`, without an error."""
    export("cedar", posture, folder)
    answer = cedarpy.is_authorized(
        {
            "principal": f'Agent::"{who}"',
            "action": 'Action::"read"',
            "resource": 'Resource::"books"',
            "context": {"justification": "x", **context},
        },
        (folder / "policies.cedar").read_text(),
        (folder / "entities.json").read_text(),
    )
    assert answer.diagnostics.errors == []
    return bool(answer.allowed)


def test_the_example_denies_where_the_request_tells_no_time(tmp_path: Path) -> None:
    """Cedar leaves a forbid that fails out: the end of a grant would forbid nothing."""
    posture = hostile().posture()
    assert asked_of_example(posture, tmp_path, "scoped")
    assert asked_of_example(posture, tmp_path, "scoped", grant_expires_at=NEVER, now=NEVER - 1)
    assert not asked_of_example(posture, tmp_path, "scoped", grant_expires_at=NEVER, now=NEVER)
    assert not asked_of_example(posture, tmp_path, "scoped", grant_expires_at=NEVER)


@pytest.mark.parametrize("status", ["disabled", "retired"])
def test_who_ended_is_not_in_service_and_may_nothing(status: str, tmp_path: Path) -> None:
    """Though somebody answers for it and its scope is declared: what it had may still stand."""
    estate = hostile().thing("Credential", "key").link("gone", "USES", "key").account("svc")
    scope = [{"resource": "books", "level": "read"}]
    estate.agent("gone", status=status, declared_scope=scope).owned("gone", "ann", "ann")
    estate.link("key", "AUTHENTICATES_AS", "svc").can("svc", "read", "books", granted_at=ago(300))
    posture = estate.posture()
    export("opa", posture, tmp_path / "data.json")
    data = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))["trustdebt"]
    assert {name: data["principals"][name]["in_service"] for name in ("scoped", "gone")} == {
        "scoped": True,
        "gone": False,
    }
    assert asked_of_example(posture, tmp_path / "cedar", "scoped")
    assert not asked_of_example(posture, tmp_path / "cedar", "gone")


def test_opa_reads_the_exported_document(tmp_path: Path) -> None:
    regopy = pytest.importorskip("regopy", reason="Rego needs the package regopy")
    export("opa", hostile().posture(), tmp_path / "data.json")
    interpreter = regopy.Interpreter()
    interpreter.add_data_json((tmp_path / "data.json").read_text(encoding="utf-8"))
    asked = 'data.trustdebt.principals["scoped"].declared_scope_at.read[0]'
    assert interpreter.query(asked).results[0].expressions[0] == "books"


# -- one file, for the page -----------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_a_download_is_one_file_and_the_same_twice(form: str, exported: Exported) -> None:
    first, second = (download(form, posture()) for _ in range(2))
    assert first == second
    name = file_name(form)
    assert name.endswith(".zip") == zipfile.is_zipfile(io.BytesIO(first))
    if module_of(form).SUFFIX != FOLDER:
        assert first == exported(form).read_bytes()
