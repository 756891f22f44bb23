"""The static picture is one self-contained SVG in which names are text."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from app.web.drawing.picture import picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script><a href="http://127.0.0.1/x">'


def reach(name: str, leaves: int = 5) -> dict[str, Any]:
    """Return an agent with a role that opens some resources."""
    nodes = [
        {"id": "a", "label": "Agent", "name": name, "hops": 0, "parent": None},
        {"id": "r", "label": "Role", "name": name, "hops": 1, "parent": "a"},
    ]
    edges: list[dict[str, Any]] = [{"from": "a", "relationship": "ASSUMES", "to": "r"}]
    for at in range(leaves):
        leaf = {"id": f"d{at}", "label": "Resource", "name": f"{name} {at}", "hops": 2}
        nodes.append(leaf | {"parent": "r", "sensitivity": "restricted"})
        edges.append({"from": "r", "relationship": "CAN_ACCESS", "to": f"d{at}", "stale": True})
    return {"nodes": nodes, "edges": edges}


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


@pytest.mark.parametrize("arrangement", ["layers", "rings"])
def test_a_hostile_name_stays_text(arrangement: Any) -> None:
    root = parsed(picture(reach(HOSTILE), arrangement=arrangement))
    known = {"svg", "title", "desc", "circle", "path", "polygon", "rect", "text"}
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= known
    attributes = {name for e in root.iter() for name in e.attrib}
    assert not [a for a in attributes if a.startswith("on") or "href" in a]
    assert "<script>" in "".join(root.itertext())


def test_the_twin_without_escaping_would_be_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.drawing.picture.markup", lambda name, limit=200: str(name))
    assert "<script>alert(1)</script>" in picture(reach(HOSTILE))


def test_it_says_what_it_shows_and_for_whom() -> None:
    root = parsed(picture(reach("invoice-bot", leaves=200)))
    assert root.attrib["aria-label"] == "Blast radius of invoice-bot"
    assert root.findtext(f"{SVG}desc") == "Showing 2 of 202 things; the rest in 1 fold."
    texts = [e.text for e in root.iter(f"{SVG}text")]
    assert texts == ["invoice-bot", "invoice-bot", "200 restricted resources"]


def test_text_takes_the_colour_of_the_page() -> None:
    root = parsed(picture(reach("invoice-bot")))
    assert {e.attrib["fill"] for e in root.iter(f"{SVG}text")} == {"currentColor"}


def test_unused_edges_are_dashed_and_not_only_coloured() -> None:
    lines = list(parsed(picture(reach("invoice-bot"))).iter(f"{SVG}path"))
    assert [("stroke-dasharray" in e.attrib) for e in lines] == [False] + [True] * 5


def test_everything_lies_within_the_picture() -> None:
    for arrangement in ("layers", "rings"):
        root = parsed(picture(reach("invoice-bot", 40), arrangement=arrangement))  # type: ignore[arg-type]
        left, top, width, height = map(float, root.attrib["viewBox"].split())
        for line in root.iter(f"{SVG}path"):
            for x, y in re.findall(r"(-?[0-9.]+),(-?[0-9.]+)", line.attrib["d"]):
                assert left <= float(x) <= left + width
                assert top <= float(y) <= top + height
