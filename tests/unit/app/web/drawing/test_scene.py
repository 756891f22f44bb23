"""What the canvas gets: places and words, ids that no name can forge, and marks of what is lit."""

import json
import math
from typing import Any

import pytest

from app.web.drawing.folding import Tree
from app.web.drawing.geometry import lines, shape
from app.web.drawing.layout import Drawing, arrange
from app.web.drawing.links import Link, links
from app.web.drawing.scene import (
    UNLIT,
    Lit,
    edge_id,
    height_of,
    legend,
    node_id,
    rows_of,
    scene,
)
from app.web.drawing.spanning import ALL, spanning

HOSTILE = '"><script>alert(1)</script>\u202e'


def node(id_: str, label: str, hops: int, parent: str | None, name: str = "") -> dict[str, Any]:
    return {"id": id_, "label": label, "name": name or id_, "hops": hops, "parent": parent}


def small() -> tuple[Drawing, list[Link]]:
    """Draw an agent whose role reads one resource, which its account reads as well."""
    nodes = [
        node("a", "Agent", 0, None),
        node("s", "ServiceAccount", 1, "a"),
        node("r", "Role", 2, "s"),
        node("d", "Resource", 2, "s", HOSTILE),
    ]
    edges = [
        {"from": "a", "relationship": "RUNS_AS", "to": "s"},
        {"from": "s", "relationship": "ASSUMES", "to": "r", "derived": True},
        {"from": "s", "relationship": "CAN_ACCESS", "to": "d", "stale": True},
        {"from": "r", "relationship": "CAN_ACCESS", "to": "d", "conditional": True},
    ]
    drawing = arrange(Tree.of(nodes, {"d": "restricted"}), "layers")
    return drawing, links(drawing, edges)


def items(lit: Lit = UNLIT) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in scene(*small(), lit)["items"]}


def test_a_node_comes_after_the_edges_that_lead_to_it() -> None:
    drawn = scene(*small())["items"]
    met: set[str] = set()
    for item in drawn:
        if "to" in item:
            assert item["to"] not in met
        else:
            met.add(item["id"])
    assert len(drawn) == 8


def test_ids_hold_no_name_and_names_are_made_visible() -> None:
    text = json.dumps(scene(*small(), title=f"What {HOSTILE} reaches"), ensure_ascii=False)
    assert "\u202e" not in text
    assert all(item["id"][0] in "ne" and item["id"][1:].isalnum() for item in items().values())
    assert items()[node_id("d")]["name"].endswith("⟨U+202E⟩")


def test_states_of_edges_are_marks_and_words() -> None:
    _, drawn = small()
    marks = {link.relationship + link.source: items()[edge_id(link)]["marks"] for link in drawn}
    assert marks == {
        "RUNS_ASa": [],
        "ASSUMESs": ["derived"],
        "CAN_ACCESSs": ["stale"],
        "CAN_ACCESSr": ["conditional"],
    }
    words = items()[edge_id(drawn[2])]["words"]
    assert words.startswith("s can access ")
    assert words.endswith("not used for 90 days")


def test_paths_are_lit_and_the_first_of_them_most() -> None:
    _, drawn = small()
    lit = items(Lit.along([["a", "s", "d"], ["a", "s", "r", "d"]], "d"))
    assert {i for i, item in lit.items() if "path" in item["marks"] and "name" in item} == {
        node_id(id_) for id_ in "asrd"
    }
    marks = [lit[edge_id(link)]["marks"] for link in drawn]
    assert ["path" in m for m in marks] == [True, False, True, False]
    assert ["other-path" in m for m in marks] == [False, True, False, True]
    assert "chosen" in lit[node_id("d")]["marks"]


def test_a_chosen_edge_is_marked_alone() -> None:
    _, drawn = small()
    lit = items(Lit.along([], edge=("s", "ASSUMES", "r")))
    assert [i for i, item in lit.items() if "chosen" in item["marks"]] == [edge_id(drawn[1])]


def test_an_edge_beside_the_tree_bows_and_ends_at_its_nodes() -> None:
    drawing, drawn = small()
    straight, _, _, bowed = lines(drawing, drawn)
    assert " L" in straight.path
    assert " Q" in bowed.path
    places = {s.piece.id: s for s in drawing.spots}
    for link, line in zip(drawn, lines(drawing, drawn), strict=True):
        tip = [float(v) for v in line.tip.split()[0].split(",")]
        end, begin = places[link.target], places[link.source]
        assert 10 < math.hypot(tip[0] - end.x, tip[1] - end.y) < 20
        assert 10 < math.hypot(line.begin[0] - begin.x, line.begin[1] - begin.y) < 20


def test_two_edges_between_the_same_nodes_do_not_lie_on_each_other() -> None:
    drawing, drawn = small()
    more = [*drawn, Link("a", "s", "USES"), Link("s", "a", "ASSUMES")]
    paths = {line.path for line in lines(drawing, more)}
    assert len(paths) == len(more)


def test_every_name_lies_within_the_box() -> None:
    for arrangement in ("layers", "rings"):
        tree = Tree.of(
            [node("a", "Agent", 0, None)] + [node(f"d{at}", "Resource", 1, "a") for at in range(12)]
        )
        drawing = arrange(tree, arrangement)  # type: ignore[arg-type]
        left, top, width, height = scene(drawing, [])["box"]
        for spot in drawing.spots:
            assert left + 60 <= spot.x <= left + width - 60
            assert top + 30 <= spot.y <= top + height - 30


def test_the_table_says_what_the_picture_shows() -> None:
    rows = rows_of(*small())
    assert rows.iloc[0].tolist() == ["a", "runs as", "s", ""]
    assert rows["State"][1] == "privilege escalation"
    assert len(rows) == 4


def test_the_key_names_only_what_is_drawn() -> None:
    drawing, drawn = small()
    words = [row["words"] for row in legend({s.piece.label for s in drawing.spots}, drawn)]
    assert "agent" in words
    assert "tool" not in words
    assert "dashed: not used for 90 days" in words
    assert not [w for w in words if "new" in w]


def test_what_is_new_or_gone_is_marked_with_a_sign() -> None:
    nodes = [node("a", "Agent", 0, None), node("d", "Resource", 1, "a")]
    edges = [{"from": "a", "relationship": "CAN_ACCESS", "to": "d", "change": "new"}]
    drawing = arrange(Tree.of(nodes, {"d": "new restricted"}))
    drawn = links(drawing, edges)
    by_id = {item["id"]: item for item in scene(drawing, drawn)["items"]}
    assert {"new", "restricted"} <= set(by_id[node_id("d")]["marks"])
    assert by_id[edge_id(drawn[0])]["text"] == "+ can access"


@pytest.mark.parametrize("symbol", ["star", "ellipse", "hexagon", "rectangle", "tag", ""])
def test_every_symbol_has_a_shape(symbol: str) -> None:
    assert shape(symbol)[0][0] in {"circle", "rect", "polygon"}


def edge(start: str, end: str) -> dict[str, Any]:
    ends = ({"id": id_, "label": "Agent", "name": id_} for id_ in (start, end))
    return dict(zip(("from", "to"), ends, strict=True)) | {"relationship": "SPAWNS"}


def test_edges_become_a_tree_with_one_start() -> None:
    tree = spanning([edge("a", "b"), edge("a", "c"), edge("b", "c")])
    assert (tree.root, tree.total) == ("a", 3)
    assert tree.path_to("c") == ["a", "c"]


def test_several_starts_hang_from_one() -> None:
    tree = spanning([edge("a", "c"), edge("b", "c")], several="2 agents")
    assert tree.root == ALL
    assert tree.nodes[ALL]["name"] == "2 agents"
    assert tree.total == 4


def test_several_starts_beside_a_node_of_the_same_id() -> None:
    """`*` is everyone: the trust of an AWS role may name it."""
    tree = spanning([edge("a", "c"), edge("b", "*")], several="2 agents")
    assert (tree.root, tree.total) == ("**", 5)
    assert tree.path_to("*") == ["**", "b", "*"]


def test_a_circle_is_drawn_once() -> None:
    tree = spanning([edge("a", "b"), edge("b", "a"), edge("x", "y")], several="all")
    assert set(tree.nodes) >= {"a", "b", "x", "y"}


def test_a_window_is_as_high_as_many_names_need_within_its_bounds() -> None:
    """Names of 12 pixels are read down to 10; a fit takes the smaller of both zooms."""

    def fan(count: int) -> Drawing:
        pairs = [("a", f"b{n}") for n in range(count)] + [(f"b{n}", f"c{n}") for n in range(count)]
        return arrange(spanning([edge(*pair) for pair in pairs]), "layers")

    few, many = fan(2), fan(25)
    assert height_of(few, 460, 960) == 460
    assert 460 < height_of(many, 460, 960) < 960
    assert height_of(many, 460, 960) / scene(many, [])["box"][3] * 12 == pytest.approx(10, abs=0.3)
    assert height_of(many, 460, 500) == 500
