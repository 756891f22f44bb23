"""Text says what it is: prose is shown by an answer, else it is not kept, and holds no key."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module

import pandas as pd
import pytest

from analytics import history
from graph.element import WORDED, Content, Dtype, Element, Property
from graph.schema import ELEMENTS, FACT_NODES, NODES, RELATIONSHIPS, TABLES
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.secrets.redaction import IDENTIFIERS, redact
from tests.integration.cli import QUESTIONS
from tests.support.estates.small_estates import Estate

AT = "2026-07-20T10:00:00Z"
KEYS = (
    "9f86d081884c7d659a2feaa0c55ad015",
    "tK7Qx2Lm9vR4wZ8bN3cYd5Hs",
    "ab12CD34ef56GH78ij90KL12mn34",
)
PROSE = [(e, p) for e in ELEMENTS for p in e.columns if p.content is Content.PROSE]


def words(element: Element, column: Property) -> str:
    return f"words of {element.name} {column.name}"


def facts(element: Element) -> dict[str, object]:
    """Say something else in each of the texts of an element that are prose."""
    return {
        p.name: [words(element, p)] if p.dtype is Dtype.TEXTS else words(element, p)
        for p in element.properties
        if p.content is Content.PROSE
    }


def stated() -> Estate:
    """State one of every element that has prose: made from the schema, so that none is missed."""
    estate = Estate()
    for label in FACT_NODES:
        estate.thing(label.name, f"{label.name}-1", f"{label.name}-2", **facts(label))
    for kind in RELATIONSHIPS:
        if facts(kind):
            ends = f"{kind.sources[0].name}-1", f"{kind.targets[0].name}-2"
            estate.link(ends[0], kind.name, ends[1], **facts(kind))
    uses = {"at": AT, "action": "read", "resource": "Resource-1"}
    for table in TABLES:
        if table.name == "DecisionRecord":
            record = {"id": "d", "subject": "Agent-1", "decision": "allow", "policy_id": "p"}
            estate.add(table, **uses, **record, **facts(table))
        elif table.name == "UseEvent":
            event = {"id": "u", "principal": "Agent-1", "level": "read", "outcome": "success"}
            estate.add(table, **uses, **event)
    return estate


def unseen(cli, store) -> list[tuple[str, str]]:
    """Ask everything, and return the prose that no answer shows."""
    said = [cli(name, *more, "--store", store, "--json").out for name, more in asked(store)]
    return [(e.name, p.name) for e, p in PROSE if not any(words(e, p) in answer for answer in said)]


def asked(store) -> Iterator[tuple[str, list[str]]]:
    yield from ((name, []) for name in QUESTIONS if not QUESTIONS[name])
    for label in FACT_NODES:
        yield from (("show", [f"{label.name}-{n}"]) for n in (1, 2))


@pytest.fixture(autouse=True)
def one_posture(monkeypatch):
    """Let all answers ask one posture: to make it anew for each would show nothing more."""
    monkeypatch.setattr(history, "open_posture", cache(history.open_posture))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prose") / "store"
    done = ingest(ParquetStore(folder), [stated().job()], max_bad=0.0)
    assert done.warnings == []
    return folder


def test_all_prose_that_is_kept_is_shown(cli, store):
    assert PROSE
    assert unseen(cli, store) == []


def test_prose_that_no_answer_shows_would_be_found(cli, store, monkeypatch):
    """The twin: the words of decisions are shown by one answer alone."""
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(import_module("analytics.answers.evidence"), "WORDS", ())
    records = [(e.name, p.name) for e, p in PROSE if e.name == "DecisionRecord"]
    assert unseen(cli, store) == records
    assert ("DecisionRecord", "justification") in records


@pytest.mark.parametrize("element", [*NODES, *RELATIONSHIPS, *TABLES], ids=str)
def test_every_text_says_what_it_is(element):
    for column in element.columns:
        assert (column.content is not None) == (column.dtype in WORDED and not column.choices)


@pytest.mark.parametrize("wrong", [{"dtype": d} for d in WORDED] + [
    {"dtype": Dtype.COUNT, "content": Content.NAME},
    {"dtype": Dtype.TEXT, "content": Content.PROSE, "choices": ("a",)},
])  # fmt: skip
def test_a_property_that_does_not_say_it_cannot_be_declared(wrong):
    with pytest.raises(TypeError, match="motto"):
        Property("motto", meaning="What it says of itself.", **wrong)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("element", ELEMENTS, ids=str)
def test_a_key_on_its_own_goes_from_prose_and_a_digest_stays_in_names(element, key):
    """In the same words: what each text is makes the difference."""
    said = f"use {key} now"
    forms = {Dtype.TEXT: said, Dtype.TEXTS: json.dumps([said]), Dtype.JSON: json.dumps({"a": said})}
    texts = [p for p in element.columns if p.content and p.name not in IDENTIFIERS]
    frame = pd.DataFrame(
        {c.name: [forms[c.dtype] if c in texts else None] for c in element.columns}, dtype="string"
    )
    clean, _ = redact(frame, element)
    left = {p.name for p in texts if key in clean[p.name].iloc[0]}
    assert left == {p.name for p in texts if p.content is not Content.PROSE}
