"""What is drawn of a reach stands for all of it, fits, and is the same each time."""

import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.drawing.folding import CAP, HARD_CAP, Piece, Tree, fold, members
from app.web.drawing.layout import NEAREST, Drawing, arrange
from app.web.drawing.links import links
from app.web.drawing.spanning import spanning

Row = dict[str, Any]
few = settings(max_examples=30)


def row(one: str, hops: int, parent: str | None, label: str = "Resource") -> Row:
    return {"id": one, "label": label, "name": f"name of {one}", "hops": hops, "parent": parent}


def star(leaves: int) -> list[Row]:
    """Return an agent, a role and its many resources."""
    rows = [row("a", 0, None, "Agent"), row("r", 1, "a", "Role")]
    return rows + [row(f"db-{at:05}", 2, "r") for at in range(leaves)]


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    """Draw a random tree, of up to 200 things."""
    rows = [row("n0", 0, None, "Agent")]
    for at in range(1, draw(st.integers(0, 200))):
        parent = rows[draw(st.integers(0, min(at - 1, 40)))]
        label = draw(st.sampled_from(["Role", "Resource", "Tool"]))
        rows.append(row(f"n{at}", parent["hops"] + 1, parent["id"], label))
    return rows


def stood_for(pieces: list[Piece]) -> int:
    return sum(piece.stands_for or 1 for piece in pieces)


@few
@given(trees(), st.sampled_from([10, 60, CAP]))
def test_what_is_drawn_stands_for_everything_and_fits(rows: list[Row], cap: int) -> None:
    depth = max(r["hops"] for r in rows)
    pieces = fold(Tree.of(rows), cap=max(cap, depth + 2))
    assert stood_for(pieces) == len(rows)
    assert len(pieces) <= max(cap, depth + 2)


@few
@given(trees())
def test_parents_stand_before_their_children(rows: list[Row]) -> None:
    seen: set[str] = set()
    for piece in fold(Tree.of(rows)):
        assert piece.parent is None or piece.parent in seen
        seen.add(piece.id)


@pytest.mark.parametrize("arrangement", ["layers", "rings"])
def test_the_order_of_the_rows_does_not_matter(arrangement: Any) -> None:
    rows = star(80)
    mixed = rows[:]
    random.Random(7).shuffle(mixed)
    assert arrange(Tree.of(rows), arrangement) == arrange(Tree.of(mixed), arrangement)


def test_leaves_of_one_kind_fold_into_one_that_says_how_many() -> None:
    drawing = arrange(Tree.of(star(2338)))
    assert [s.text for s in drawing.spots] == ["name of a", "name of r", "2,338 resources"]
    assert drawing.summary == "Showing 2 of 2,340 things; the rest in 1 fold."


def test_nothing_folds_where_all_fits() -> None:
    drawing = arrange(Tree.of(star(10)))
    assert drawing.shown == drawing.total == 12
    assert drawing.summary == "Showing all 12 things."


def test_unfolding_shows_members_up_to_the_hard_cap_and_counts_the_rest() -> None:
    tree = Tree.of(star(2338))
    group = fold(tree)[-1].id
    pieces = fold(tree, unfolded={group})
    assert len(pieces) == HARD_CAP
    assert stood_for(pieces) == 2340
    assert arrange(tree, "rings", unfolded={group}).spots[-1].text == "+2,041 more"


@few
@given(trees(), st.sampled_from([10, 60]))
def test_a_fold_says_which_nodes_are_in_it(rows: list[Row], cap: int) -> None:
    """All nodes are drawn or in one fold each, of which each holds as many as it counts."""
    tree = Tree.of(rows)
    pieces = fold(tree, cap=max(cap, max(r["hops"] for r in rows) + 2))
    inside = {p.id: members(tree, pieces, p) for p in pieces if p.stands_for}
    assert all(len(inside[p.id]) == p.stands_for for p in pieces if p.stands_for)
    alone = [p.id for p in pieces if not p.stands_for]
    assert sorted([*alone, *itertools.chain(*inside.values())]) == sorted(r["id"] for r in rows)


def two_folds() -> Tree:
    """Return a role with 30 internal and 28 public resources: two folds."""
    classes = {f"db-{at:05}": "internal" if at < 30 else "public" for at in range(58)}
    return Tree.of(star(58), classes)


@pytest.mark.parametrize("arrangement", [None, "layers", "rings"])
def test_opening_a_fold_opens_that_one_in_the_same_layout(arrangement: Any) -> None:
    tree = two_folds()
    before = arrange(tree, arrangement)
    folds = {s.text: s.piece.id for s in before.spots if s.piece.stands_for}
    assert set(folds) == {"30 internal resources", "28 public resources"}
    after = arrange(tree, arrangement, unfolded={folds["30 internal resources"]})
    left = [s.text for s in after.spots if s.piece.stands_for]
    assert left == ["28 public resources"]
    assert after.shown == 2 + 30
    assert after.arrangement == before.arrangement


def test_choosing_a_node_moves_none_that_is_drawn() -> None:
    tree = Tree.of(star(8))
    before = arrange(tree)
    assert arrange(tree, pinned=frozenset(tree.path_to("db-00005"))) == before


def test_a_chosen_leaf_stands_beside_the_fold_it_leaves() -> None:
    drawing = arrange(two_folds(), pinned=frozenset({"db-00003"}))
    texts = [s.text for s in drawing.spots]
    assert texts[2:] == ["name of db-00003", "29 internal resources", "28 public resources"]


def test_a_part_of_a_tree_holds_what_leads_to_it() -> None:
    part = Tree.of(star(8)).only({"db-00002", "not there"})
    assert set(part.nodes) == {"a", "r", "db-00002"}
    assert part.total == 3


def test_what_is_asked_for_is_drawn_as_itself() -> None:
    tree = Tree.of(star(2338))
    drawing = arrange(tree, pinned=frozenset(tree.path_to("db-02000")))
    assert "db-02000" in {s.piece.id for s in drawing.spots}
    assert stood_for([s.piece for s in drawing.spots]) == 2340


def test_the_heaviest_kind_comes_first() -> None:
    tree = Tree.of(
        star(60),
        {f"db-{at:05}": "restricted" if at >= 30 else "internal" for at in range(60)},
        {f"db-{at:05}": 30.0 if at >= 30 else 3.0 for at in range(60)},
    )
    drawing = arrange(tree)
    assert [s.text for s in drawing.spots][2:] == [
        "30 restricted resources",
        "30 internal resources",
    ]


@few
@given(trees(), st.sampled_from(["layers", "rings"]))
def test_no_two_nodes_share_a_place(rows: list[Row], arrangement: Any) -> None:
    drawing = arrange(Tree.of(rows), arrangement)
    places = [(round(s.x, 3), round(s.y, 3)) for s in drawing.spots]
    assert len(set(places)) == len(places)


@few
@given(trees())
def test_layers_are_columns_and_their_edges_do_not_cross(rows: list[Row]) -> None:
    drawing = arrange(Tree.of(rows), "layers")
    at = {s.piece.id: s for s in drawing.spots}
    deepest = max((s.piece.hops for s in drawing.spots), default=0)
    apart = max(s.x for s in drawing.spots) / max(deepest, 1)
    assert all(math.isclose(s.x, s.piece.hops * apart) for s in drawing.spots)
    assert not deepest or apart >= NEAREST
    columns: dict[float, list[tuple[float, float]]] = {}
    for spot in drawing.spots:
        if spot.piece.parent is not None:
            parent = at[spot.piece.parent]
            columns.setdefault(parent.x, []).append((parent.y, spot.y))
    for edges in columns.values():
        for (y1, y2), (y3, y4) in itertools.combinations(edges, 2):
            assert (y1 - y3) * (y2 - y4) >= -1e-9


@few
@given(trees())
def test_rings_are_as_far_out_as_the_steps(rows: list[Row]) -> None:
    drawing = arrange(Tree.of(rows), "rings")
    for spot in drawing.spots:
        expected = drawing.rings[spot.piece.hops - 1] if spot.piece.hops else 0
        assert math.isclose(math.hypot(spot.x, spot.y), expected, abs_tol=1e-6)


def test_a_narrow_reach_opens_in_layers_and_a_wide_one_on_rings() -> None:
    wide = [row("a", 0, None, "Agent")]
    for at in range(40):
        wide += [row(f"r{at}", 1, "a", "Role"), row(f"d{at}", 2, f"r{at}")]
    assert arrange(Tree.of(star(8))).arrangement == "layers"
    assert arrange(Tree.of(wide)).arrangement == "rings"


def test_edges_are_drawn_between_drawn_things_and_to_each_fold() -> None:
    drawing = arrange(Tree.of(star(2338)))
    edges = [{"from": {"id": "a"}, "relationship": "ASSUMES", "to": {"id": "r"}, "stale": True}]
    edges += [
        {"from": "r", "relationship": "CAN_ACCESS", "to": f"db-{at:05}"} for at in range(2338)
    ]
    drawn = links(drawing, edges)
    assert [(e.source, e.target, e.stale) for e in drawn] == [
        ("a", "r", True),
        ("r", drawing.spots[-1].piece.id, False),
    ]


def test_a_reach_has_exactly_one_start() -> None:
    with pytest.raises(ValueError, match="one start"):
        Tree.of([row("a", 0, None), row("b", 0, None)])


def test_a_single_thing_can_be_drawn() -> None:
    drawing: Drawing = arrange(Tree.of([row("a", 0, None)]))
    assert [(s.x, s.y) for s in drawing.spots] == [(0, 0)]


def test_what_leads_to_a_thing_is_drawn_from_left_to_right() -> None:
    def edge(start: str, end: str, label: str = "Agent") -> dict[str, Any]:
        ends = {"id": start, "label": label, "name": start}, {"id": end, "label": "X", "name": end}
        return {"from": ends[0], "relationship": "CAN_ACCESS", "to": ends[1]}

    edges = [edge("role", "db", "Role"), *(edge(f"a{at}", "role") for at in range(30))]
    drawing = arrange(spanning(edges, ("db",), towards=True), "layers", towards=True)
    places = {spot.piece.id: spot.x for spot in drawing.spots}
    assert max(places.values()) == places["db"]
    assert places["role"] < places["db"]
    (folded,) = [spot.piece for spot in drawing.spots if spot.piece.stands_for]
    assert folded.stands_for == 30
    ends = {(link.source, link.target) for link in links(drawing, edges)}
    assert ends == {("role", "db"), (folded.id, "role")}
