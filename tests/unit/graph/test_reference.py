"""docs/schema.md says what graph/schema.py declares."""

from dataclasses import replace
from pathlib import Path

import pytest

import graph.reference
from graph.element import Content, Dtype, Element, Property
from graph.reference import reference
from graph.schema import NODES, RELATIONSHIPS, TABLES, TEAM

PAGE = Path(__file__).parents[3] / "docs" / "schema.md"


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: make docs"


def test_a_changed_schema_makes_the_page_out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    motto = Property("motto", Dtype.TEXT, "What it says of itself.", choices=("one", "all"))
    wider = replace(TEAM, properties=(*TEAM.properties, motto))
    monkeypatch.setattr(graph.reference, "NODES", [wider if n is TEAM else n for n in NODES])
    assert "| `motto` | text | What it says of itself. One of `one`, `all`. |" in reference()
    assert PAGE.read_text(encoding="utf-8") != reference()


@pytest.mark.parametrize("element", [*NODES, *RELATIONSHIPS, *TABLES], ids=str)
def test_page_explains_every_element_and_property(element: Element) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"\n### {element.name}\n\n{element.meaning}\n" in page
    for column in element.columns:
        marked = ", prose" if column.content is Content.PROSE else ""
        assert f"| `{column.name}` | {column.dtype.value}{marked} | {column.meaning}" in page
