"""Small facts to publish: chosen ones, hostile ones and random ones."""

import string
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from graph.element import Dtype, Element, Node, Property, Relationship, Table
from graph.facts import Coverage, Facts
from graph.frames import conform
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    COVERS,
    DECISION_RECORD,
    ELEMENTS,
    FACT_NODES,
    HUMAN,
    LEVELS,
    OWNS,
    RELATIONSHIPS,
    RESOURCE,
    REVIEW,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    USE_EVENT,
)
from graph.values import canonical

SCOPES = (("aws", "1"), ("aws", "2"), ("hr", "1"))

HOSTILE = (
    "'; MATCH (n) DETACH DELETE n //",
    '"}) DETACH DELETE n //',
    "`) MATCH (n) DETACH DELETE n //",
    "\\u0060) DETACH DELETE n //",
    "$run",
    "{run: $run}",
    "*/ DROP CONSTRAINT trustdebt_role /*",
    "LOAD CSV FROM 'http://127.0.0.1/' AS x RETURN x",
    "line\nbreak\ttab\x00nul\x1funit",
    "\u202egnp.exe \U0001f916 ÅÅ ŉ \ufeff",
    "<img src=x onerror=alert(1)>",
    "x" * 5_000,
)


def facts_of(rows: dict[Element, list[dict[str, Any]]], taken_at: str = "2026-02-01") -> Facts:
    """Check rows as an ingest does, and cover every scope; nothing may be rejected."""
    frames = {}
    for element, given in rows.items():
        done = conform(pd.DataFrame([{"source": "aws", "scope": "1", **r} for r in given]), element)
        assert done.rejected.empty, done.rejected
        frames[element] = done.frame
    instant = pd.Timestamp(taken_at, tz="UTC").as_unit("ms")
    coverage = tuple(
        Coverage(source, scope, scope == "1", instant, ("grants", "owners"), instant)
        for source, scope in SCOPES
    )
    return Facts.of(frames, coverage)


@cache
def world(version: int = 0, taken_at: str = "2026-02-01") -> Facts:
    """Return a world with every sort of column, told apart by `version`."""
    rows: dict[Element, list[dict[str, Any]]] = {
        AGENT: [
            {
                "id": "bot",
                "name": "Invoice bot",
                "aars": "7.25",
                "tags": '["seasonal","b"]',
                "declared_scope": '[{"level":"read","resource":"db"}]',
                "created_at": "2025-01-01T10:00:00.123+02:00",
                "third_party": "false",
                "last_seen": "2026-01-31",
            },
            {"id": "späher 🤖", "purpose": "", "aars": None},
        ],
        ROLE: [
            {"id": "role", "name": "Reader"},
            {"id": "role", "source": "hr", "env": "prod", "created_at": "2020-02-29"},
            {"id": "both", "source": "hr"},
        ],
        SERVICE_ACCOUNT: [{"id": f"sa-{i}"} for i in range(3 + version)],
        HUMAN: [{"id": "both", "email": "both@example.com"}, {"id": "ann"}],
        RESOURCE: [{"id": "db", "sensitivity": "restricted"}, {"id": "bucket"}],
        REVIEW: [{"id": "review", "decision": "approve", "decided_at": "2026-01-05"}],
        RUNS_AS: [{"source_id": "bot", "target_id": "sa-0", "derived": "true"}],
        CAN_ACCESS: [
            {
                "id": "grant",
                "source_id": "role",
                "target_id": "db",
                "grant_id": "g1",
                "levels": '["read","write"]',
                "actions": "[]",
                "last_used_at": '{"read":"2026-01-20T00:00:00Z"}',
                "valid_from": "2025-06-01",
            },
            {"source_id": "role", "target_id": "db", "grant_id": "g2"},
            {"id": "grant", "source_id": "role", "target_id": "db", "source": "hr"},
            {"source_id": "both", "target_id": "db"},
            {"source_id": "sa-0", "target_id": "sa-0", "grant_id": "self"},
        ],
        OWNS: [{"source_id": "ann", "target_id": "bot", "role": "business"}],
        COVERS: [{"source_id": "review", "target_id": "role", "grant_id": "g1"}],
        USE_EVENT: [
            {"id": "1", "at": "2026-01-01", "principal": "bot", "resource": "db"},
            {"id": "1", "scope": "2", "at": "2026-01-02", "principal": "bot", "resource": "db"},
        ],
        DECISION_RECORD: [
            {
                "id": "d",
                "at": "2026-01-01",
                "subject": "bot",
                "action": "read",
                "resource": "db",
                "decision": "allow",
                "risk_score": "0.1",
                "posture": '{"a":[1,null]}',
                "delegation_chain": '["a","b"]',
            }
        ],
    }
    return read_from_files(facts_of(rows, taken_at))


def read_from_files(facts: Facts) -> Facts:
    """Return the same facts as rows of files, of which that of the owners is not known."""
    origins: dict[Element, pd.DataFrame] = {}
    for element in RELATIONSHIPS:
        count = len(facts.frames[element])
        if count and element is not OWNS:
            places = [f"line {number}" for number in range(2, count + 2)]
            columns = {"file": [f"späher/{element.name}.csv"] * count, "place": places}
            origins[element] = pd.DataFrame(columns, dtype="string")
            if count > 1:
                origins[element].iloc[-1] = pd.NA
    return replace(facts, origins=origins)


def known_origins(facts: Facts) -> dict[tuple[str, str, str, str], tuple[str, str]]:
    """Return the file and the place of each relationship of which they are known."""
    known = {}
    for element in RELATIONSHIPS:
        rows, origin = facts.frames[element], facts.origins.get(element)
        if origin is not None and len(origin):
            keys = rows[["id", "source", "scope"]].itertuples(index=False, name=None)
            for key, place in zip(keys, origin.itertuples(index=False, name=None), strict=True):
                if not pd.isna(place[0]):
                    known[element.name, *key] = place
    return known


@cache
def crowd(size: int) -> Facts:
    """Return `size` agents that may all read one resource."""
    return facts_of(
        {
            AGENT: [{"id": f"a{i}"} for i in range(size)],
            RESOURCE: [{"id": "db"}],
            CAN_ACCESS: [{"source_id": f"a{i}", "target_id": "db"} for i in range(size)],
        }
    )


@cache
def hostile() -> Facts:
    """Return every element with every hostile text in every property that may hold it."""
    rows: dict[Element, list[dict[str, Any]]] = {}
    for element in ELEMENTS:
        rows[element] = [_filled(element, text) for text in HOSTILE]
    return facts_of(rows)


def _filled(element: Element, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in element.columns:
        if column.name not in ("source", "scope"):
            row[column.name] = _hostile_value(column, text)
    if isinstance(element, Node):
        row["id"] = f"{element.name} {text[:1500]}"
    if isinstance(element, Relationship):
        row["source_id"] = f"{element.sources[0].name} {text[:1500]}"
        row["target_id"] = f"{element.targets[0].name} {text[:1500]}"
    return row | {"id": row["id"][:1600]}


def _hostile_value(column: Property, text: str) -> Any:
    if column.choices:
        return canonical([column.choices[0]]) if column.dtype is Dtype.TEXTS else column.choices[0]
    return {
        Dtype.TEXT: text,
        Dtype.TEXTS: canonical([text, text]),
        Dtype.JSON: canonical({text: text}),
        Dtype.INSTANT: "2026-01-01",
        Dtype.COUNT: str(2**63 - 1),
        Dtype.NUMBER: "1e-300",
        Dtype.FLAG: "true",
        Dtype.INSTANTS: '{"read":"2026-01-01"}',
    }[column.dtype]


_WORDS = st.text(
    st.characters(blacklist_categories=("Cs",)) | st.sampled_from(string.printable), max_size=12
)
_IDS = _WORDS.filter(bool)
_INSTANTS = st.datetimes(
    min_value=pd.Timestamp("1900-01-01").to_pydatetime(),
    max_value=pd.Timestamp("2200-01-01").to_pydatetime(),
).map(lambda d: d.isoformat(timespec="milliseconds") + "Z")
_BY_DTYPE: dict[Dtype, st.SearchStrategy[Any]] = {
    Dtype.TEXT: _WORDS,
    Dtype.COUNT: st.integers(-(2**63), 2**63 - 1).map(str),
    Dtype.NUMBER: st.floats(allow_nan=False, allow_infinity=False).map(repr),
    Dtype.FLAG: st.sampled_from(["true", "false"]),
    Dtype.INSTANT: _INSTANTS,
    Dtype.TEXTS: st.lists(_WORDS, max_size=3).map(canonical),
    Dtype.JSON: st.dictionaries(_WORDS, _WORDS, max_size=2).map(canonical),
    Dtype.INSTANTS: st.dictionaries(st.sampled_from(LEVELS), _INSTANTS, max_size=2).map(canonical),
}


def _value(column: Property) -> st.SearchStrategy[Any]:
    if column.choices and column.dtype is Dtype.TEXTS:
        some = st.lists(st.sampled_from(column.choices), unique=True).map(canonical)
    elif column.within is not None:
        some = st.floats(*column.within).map(repr)
    else:
        some = st.sampled_from(column.choices) if column.choices else _BY_DTYPE[column.dtype]
    if column.required and column.dtype is Dtype.TEXT:
        some = some.filter(bool)
    return some if column.required else st.none() | some


def _row(element: Element, ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    columns: dict[str, st.SearchStrategy[Any]] = {
        c.name: _value(c) for c in element.columns if c.name not in ("source", "scope", "id")
    }
    if isinstance(element, Relationship):
        columns |= {"source_id": st.sampled_from(ids), "target_id": st.sampled_from(ids)}
        columns["id"] = st.sampled_from(["r1", "r2", "r3"])
    else:
        columns["id"] = st.sampled_from(ids)
    columns["_stated_by"] = st.sampled_from(SCOPES)
    return st.fixed_dictionaries(columns)


@st.composite
def random_facts(draw: st.DrawFn) -> Facts:
    """Draw facts in which things are stated by several scopes, and under several labels."""
    ids = draw(st.lists(_IDS, min_size=1, max_size=4, unique=True))
    labels = draw(st.lists(st.sampled_from(FACT_NODES), min_size=1, max_size=3, unique=True))
    rows: dict[Element, list[dict[str, Any]]] = {
        label: [{"id": i, "_stated_by": SCOPES[0]} for i in ids] for label in labels[:1]
    }
    others: list[Node | Relationship | Table] = [*labels, USE_EVENT, DECISION_RECORD]
    others += draw(st.lists(st.sampled_from(RELATIONSHIPS), max_size=3, unique=True))
    for element in others:
        rows.setdefault(element, []).extend(draw(st.lists(_row(element, ids), max_size=3)))
    return facts_of({e: _once(r) for e, r in rows.items() if r})


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one row for each (id, source, scope), as a checked frame does."""
    kept: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        source, scope = row["_stated_by"]
        said = {k: v for k, v in row.items() if k != "_stated_by"}
        kept[(row["id"], source, scope)] = {**said, "source": source, "scope": scope}
    return list(kept.values())
