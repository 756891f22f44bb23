"""The what-if list: the reach of one node before and after removals, side by side."""

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.exposure import Exposure, exposure
from analytics.answers.what_if import posture_without
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.reach import Question, Reach, Sieve, found_by
from app.web.answers.replayed import Moment, replayed
from app.web.card import cards, links_to
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Arrangement, Drawing, arrange
from app.web.drawing.links import link_of, links
from app.web.drawing.scene import Lit
from app.web.page.snapshots import kept
from app.web.removals import NAME, add_button, clear, drop, edge_item, meanings, worded
from app.web.replay import stated, summary, times
from app.web.search.reveal import reveal
from app.web.tables import below, table
from app.web.thing.edge_panel import edge_panel
from app.web.thing.folded import fold_at, fold_panel, unfold
from app.web.tiles import tile
from app.web.views.blast_radius.controls import TRAY, Choices
from app.web.what_if import all_tiles, breaks_table, change, changed, less, who_reaches_less
from app.wording import counted, number, thing_id

DRAWN = 60  # nodes in each of the two half-width pictures
HEIGHT = 360
SHOWN = 20  # removals that are listed one by one


@kept
def reach_without(posture: Posture, question: Question, items: tuple[str, ...]) -> Reach | None:
    """Return the reach of one node after `items` are removed; None if it is one of them."""
    after = _after(posture, items)
    return found_by(after, question) if after.graph.number(question.thing) >= 0 else None


@kept
def exposure_without(
    posture: Posture, question: Question, items: tuple[str, ...]
) -> Exposure | None:
    """Return who still reaches one node after `items` are removed; None if it is one of them."""
    after = _after(posture, items)
    number = after.graph.number(question.thing)
    return exposure(after, number, mode=question.mode) if number >= 0 else None


def _after(posture: Posture, items: tuple[str, ...]) -> Posture:
    return posture_without(posture, items)


def nothing(before: Reach) -> Reach:
    """Return the reach of a removed node."""
    root = dict(before.tree.nodes[before.tree.root])
    counts = {"resources": 0, "of": before.figures.counts["of"], "by_sensitivity": {}}
    counts["by_level"] = dict.fromkeys(before.figures.counts["by_level"], 0)
    figures = replace(before.figures, counts=counts, weighted=0.0)
    return Reach(figures, before.table.head(0), Tree.of([root]), [])


def tray(
    posture: Posture,
    choices: Choices,
    before: Reach,
    items: tuple[str, ...],
    path: dict[str, Any] | None,
) -> None:
    """Draw the list of removals and their effect; nothing is computed without any.

    The removals on offer are from `path`, the path on the page.
    """
    reveal(NAME)
    st.header("What if", anchor="what-if")
    _offer(posture, path, items)
    if not items:
        return
    _removed(posture, items)
    question = choices.question
    after = reach_without(posture, question, items) or nothing(before)
    answer = changed(posture, items)
    _this_thing(before, after, st.columns(4))
    all_tiles(posture, answer)
    _pick()
    _pictures(posture, choices, (before, after), items)
    _lost(posture, before, after, f"{question}:{items}")
    breaks_table(posture, answer, f"tray:{items}")
    who_reaches_less(posture, answer, f"tray:{items}")


def reverse_tray(
    posture: Posture,
    question: Question,
    path: dict[str, Any] | None,
    before: Exposure,
    items: tuple[str, ...],
) -> None:
    """Draw the list of removals, and who still reaches a node after them."""
    reveal(NAME)
    st.header("What if", anchor="what-if")
    _offer(posture, path, items)
    if not items:
        return
    _removed(posture, items)
    after = exposure_without(posture, question, items)
    counts = before.count, after.count if after else 0
    reaching = [answer.accountable["reaching"] if answer else 0 for answer in (before, after)]
    tiles = st.columns(2)
    tile(tiles[0], "Things that still reach it", change(*counts), less(*counts))
    tile(
        tiles[1],
        "Accountable identities that still do",
        change(*reaching),
        f"of {number(before.accountable['of'])}",
    )
    answer = changed(posture, items)
    all_tiles(posture, answer)
    breaks_table(posture, answer, f"reverse:{items}")


def _offer(posture: Posture, path: dict[str, Any] | None, items: tuple[str, ...]) -> None:
    """Draw the possible removals on a path, its last step first."""
    offered = removable(posture, path["steps"]) if path else []
    if path is None or not offered:
        st.caption(
            "Choose a node above to remove it, or a step of the path to it, and see the reach "
            "before and after. Nothing is written anywhere."
        )
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.selectbox(
        "What if this were removed",
        offered,
        key=f"remove:{thing_id(path['steps'][-1]['to'])}",
        format_func=worded(posture, offered),
        width=520,
    )
    with row:
        add_button(chosen, "tray", items)


def removable(posture: Posture, steps: list[dict[str, Any]]) -> list[str]:
    """List the possible removals on a path: its steps, the last first, then its nodes.

    A derived step cannot be removed by itself, but each fact that supports it can.
    """
    offered: list[str] = []
    for step in reversed(steps):
        offered += step["support"] if step["derived"] else [edge_item(step)]
    offered += [thing_id(step["to"]) for step in reversed(steps)]
    known = meanings(posture, tuple(dict.fromkeys(offered)))
    return [item for item, meant in known.items() if meant.words]


def _removed(posture: Posture, items: tuple[str, ...]) -> None:
    """Draw the removals, each with a button to undo it."""
    known = meanings(posture, items)
    with st.container(border=True):
        for at, item in enumerate(items[:SHOWN]):
            words, button = st.columns([6, 1], vertical_alignment="center")
            words.markdown(f":material/content_cut: {markdown(known[item].words)}")
            button.button(
                "Keep it",
                key=f"drop:{at}",
                icon=":material/undo:",
                on_click=drop,
                args=(item,),
                type="tertiary",
                help="Take it off the list again.",
            )
        left, right = st.columns([6, 1], vertical_alignment="center")
        more = f"and {number(len(items) - SHOWN)} more. " if len(items) > SHOWN else ""
        left.caption(
            f"{more}The address of this page holds the list: send it to show what you see."
        )
        right.button("Clear all", on_click=clear, key="drop:all", type="tertiary")


def _this_thing(before: Reach, after: Reach, tiles: Any) -> None:
    counts = before.figures.counts, after.figures.counts
    heavy = before.figures.weighted, after.figures.weighted
    restricted = [c["by_sensitivity"].get("restricted", 0) for c in counts]
    tile(
        tiles[0],
        "Its weighted blast radius",
        change(*heavy),
        less(*heavy),
        "Sensitivity times level, added up over all resources reached: before, then after.",
    )
    tile(
        tiles[1],
        "Resources it reaches",
        change(counts[0]["resources"], counts[1]["resources"]),
        f"of {number(counts[0]['of'])}",
    )
    unknown = counts[1]["by_sensitivity"].get("unknown", 0)
    tile(
        tiles[2],
        "Restricted ones among them",
        change(*restricted),
        f"{number(unknown)} of unknown sensitivity" if unknown else less(*restricted),
    )
    tile(
        tiles[3],
        "With admin",
        change(*(c["by_level"]["admin"] for c in counts)),
        less(*(c["by_level"]["admin"] for c in counts)),
    )


def _pick() -> None:
    """Apply the reader's last action in one of the two pictures: both show what is chosen."""
    st.session_state.setdefault("tray:chosen", ("", None))
    for key in TRAY:
        picked = canvas.picked(key)
        if picked is not None and picked.link is not None:
            st.session_state["tray:chosen"] = "", picked.link.ends
        elif picked is not None and picked.piece is not None:
            st.session_state["tray:chosen"] = picked.piece.id, None
            if picked.unfold and picked.piece.stands_for:
                unfold(picked.piece)


def _pictures(
    posture: Posture, choices: Choices, answers: tuple[Reach, Reach], items: tuple[str, ...]
) -> None:
    """Draw the reach before and after, now or at the snapshot that is replayed."""
    moments: list[Moment | None] = [None, None]
    if choices.when:
        at = partial(replayed, posture, choices.question, Sieve(), choices.when)
        moments = [at(), at(removed=items)]
    places, drawn = st.columns(2, gap="medium"), []
    for place, key, title, answer, moment in zip(
        places, TRAY, ("Before", "After"), answers, moments, strict=True
    ):
        with place:
            st.subheader(title, anchor=False)
            drawn.append(_picture(posture, key, title, answer, moment, choices.arrangement))
    for picture in drawn:
        if picture is not None and _folded(posture, *picture):
            return
    _chosen(posture, items, [moment for moment in moments if moment is not None])


def _folded(posture: Posture, tree: Tree, drawing: Drawing) -> bool:
    """Draw the panel of a fold that is chosen; return whether one of this picture is."""
    spot = fold_at(drawing, st.session_state["tray:chosen"][0])
    if spot is not None:
        with st.container(border=True):
            fold_panel(posture, tree, drawing, spot)
    return spot is not None


def _chosen(posture: Posture, items: tuple[str, ...], moments: list[Moment]) -> None:
    """Draw what is chosen in the two pictures: the panel of an edge, or the way to a card."""
    node, ends = st.session_state["tray:chosen"]
    drawn = [each for each in moments if any(link_of(e).ends == ends for e in each.edges)]
    known = stated(posture, ends, next(iter(drawn), None)) if ends else None
    if known is not None and known.step is not None:
        with st.container(border=True):
            edge_panel(posture, known.step, items, known.posture, key="tray:edge")
    elif node and posture.graph.number(node) >= 0:
        links_to(posture, node)


def _picture(
    posture: Posture,
    key: str,
    title: str,
    answer: Reach,
    moment: Moment | None,
    arrangement: Arrangement | None,
) -> tuple[Tree, Drawing] | None:
    """Draw one of the two pictures; return what it is of, None if there is nothing to draw."""
    tree, edges = answer.tree, answer.edges
    if moment is not None and moment.tree is not None:
        tree, edges = moment.tree, moment.edges
    if tree.total == 1 and (moment is None or moment.absent):
        st.markdown("It reaches nothing in what is known.")
        return None
    node, ends = st.session_state["tray:chosen"]
    drawing = arrange(tree, arrangement, DRAWN, frozenset(st.session_state["open"]))
    name = tree.nodes[tree.root]["name"]
    canvas.draw(
        drawing,
        links(drawing, edges),
        key,
        Lit.along([], node, ends),
        title=f"What {name} reaches, {title.lower()}",
        view=tree.root,
        height=HEIGHT,
        times=times(posture, moment),
    )
    st.caption(drawing.summary if moment is None else summary(drawing.summary, moment))
    return tree, drawing


def _lost(posture: Posture, before: Reach, after: Reach, key: str) -> None:
    rows = lost(before.table, after.table)
    st.subheader("What it no longer reaches", anchor=False)
    if rows.empty:
        st.markdown("It reaches all it reached before: there is another path to everything.")
        return
    shown = rows.drop(columns="id")
    alt = "Resources that are reached less: levels before and after."
    at = table(shown, f"lost:{key}", alt, select=True)
    below(f"{counted(len(rows), 'resource')}, heaviest first.", shown, "what-if.csv")
    if at is not None:
        cards(posture, [rows["id"].iloc[at]])


def lost(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the resources with fewer levels reached, heaviest loss first; `id` is not shown."""
    levels = dict(zip(after["id"], after["Levels"], strict=True))
    weights = dict(zip(after["id"], after["Weight"], strict=True))
    rows = before[["id", "Resource", "Sensitivity"]].assign(Before=before["Levels"])
    rows["After"] = [levels.get(id_, "none") for id_ in before["id"]]
    rows["Weight lost"] = before["Weight"] - [weights.get(id_, 0.0) for id_ in before["id"]]
    rows = rows[rows["Before"] != rows["After"]]
    return rows.sort_values("Weight lost", ascending=False, kind="stable", ignore_index=True)
