"""Who can reach a node: the figures, the picture of all paths in, and the list."""

from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.exposure import Exposure
from analytics.posture import Posture
from app.web.answers import measured
from app.web.answers.reach import Question, exposed, leading_in
from app.web.answers.replayed import Edges, Moment, laid_over, paths_in_at
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Drawing, arrange
from app.web.drawing.links import Link, links
from app.web.drawing.scene import Lit
from app.web.drawing.spanning import alone, spanning
from app.web.page import deltas
from app.web.page.deltas import Row
from app.web.picture_table import picture_table
from app.web.removals import removals
from app.web.replay import Stated, gone_panel, stated, summary, times
from app.web.tables import below, table
from app.web.thing.edge_panel import edge_panel
from app.web.thing.facts import thing_panel
from app.web.thing.folded import fold_at, fold_panel, words_and_folds
from app.web.views.blast_radius.controls import PICTURES, Choices
from app.web.views.blast_radius.detail import level_choice, path_panel
from app.web.views.blast_radius.frame import Frame
from app.web.views.blast_radius.paths import Paths, path_choice, paths_from
from app.web.views.blast_radius.picks import (
    Pick,
    choose,
    pick_in,
    pinned,
)
from app.web.views.blast_radius.tray import reverse_tray
from app.wording import counted, kind, number, share
from graph.schema import AGENT

PICTURE = PICTURES["reached-by"]


@dataclass(frozen=True)
class Shown:
    """What the picture shows: what is chosen, the paths from it, and what is drawn.

    `chosen`: the paths are those of a chosen node, and not of the first in the list. `moment` is
    that of a replay, None without one.
    """

    pick: Pick
    paths: Paths
    chosen: bool
    edge: Stated | None
    tree: Tree
    total: int
    drawing: Drawing
    links: list[Link]
    moment: Moment | None

    @property
    def lit(self) -> Lit:
        """What is lit: the chosen edge alone, or the paths from the chosen node."""
        if self.edge is not None and self.edge.step is not None:
            return Lit.along([], edge=self.pick.ends)
        return Lit.along(self.paths.passed if self.chosen else [], self.pick.focus)


def reached_by(posture: Posture, choices: Choices, frame: Frame) -> None:
    """Draw who reaches a node, and how."""
    asked = replace(choices.question, hops=None, leaked=False)
    answer, rows = exposed(posture, asked)
    items = removals(posture)
    with frame.figures:
        deltas.tiles(posture, partial(_figures, answer), measured.entered, asked.thing, asked.mode)
    edges, moment = _edges(posture, asked, choices)
    if not edges and moment is None:
        frame.left.markdown(
            "Nothing that is known can reach it." if rows.empty else "Nothing reaches it that way."
        )
        with frame.panel:
            thing_panel(posture, asked.thing)
        return
    shown = _shown(posture, choices, asked, rows, edges, moment)
    with frame.panel:  # first, as it is what the reader asked for with a click
        _panel(posture, asked, shown, items)
    with frame.left:
        _picture(posture, asked, choices, shown)
    reverse_tray(posture, asked, shown.paths.first, answer, items)
    _identities(rows, asked)


def _edges(posture: Posture, asked: Question, choices: Choices) -> tuple[Edges, Moment | None]:
    """Return the steps to draw, now or at the snapshot that is replayed."""
    steps = choices.sieve.steps
    edges_at = partial(paths_in_at, posture, asked.thing, asked.mode, steps)
    moment = laid_over(posture, choices.when, edges_at, asked.mode, within=True)
    if moment is None or moment.absent:
        return leading_in(posture, asked, steps), moment
    return moment.edges, moment


def _shown(
    posture: Posture,
    choices: Choices,
    asked: Question,
    rows: pd.DataFrame,
    edges: Edges,
    moment: Moment | None,
) -> Shown:
    """Apply the reader's last action, and work out what the picture shows."""
    changes = moment.changes if moment is not None else {}
    thing = posture.graph.thing(posture.graph.number(asked.thing))
    every = alone(thing)  # nothing reached it then
    if edges:
        every = spanning(edges, (asked.thing,), towards=True, changes=changes)
    tree = choices.sieve.only(every, {})
    pick = pick_in(PICTURE, tree)
    is_chosen = pick.focus in every.nodes and pick.focus != asked.thing
    start = pick.focus if is_chosen else _first(rows)
    snapshot = moment.info.id if moment is not None and not moment.absent else ""
    paths = paths_from(posture, replace(asked, thing=start), asked.thing, snapshot)
    more = [step for path in paths.every for step in path["steps"]] if is_chosen else []
    drawing = arrange(
        tree,
        choices.arrangement,
        unfolded=frozenset(st.session_state["open"]),
        pinned=pinned(tree, paths.passed if is_chosen else []),
        towards=True,
    )
    edge = stated(posture, pick.ends, moment) if pick.edge else None
    drawn = links(drawing, [*more, *edges])
    total = every.total
    return Shown(pick, paths, is_chosen, edge, tree, total, drawing, drawn, moment)


def _first(rows: pd.DataFrame) -> str:
    """Return the first agent of the list, else the first thing."""
    agents = rows["id"][rows["Kind"] == AGENT.name]
    first = agents if len(agents) else rows["id"]
    return str(first.iloc[0]) if len(first) else ""


def _picture(posture: Posture, asked: Question, choices: Choices, shown: Shown) -> None:
    name = shown.tree.nodes[shown.tree.root]["name"]
    canvas.draw(
        shown.drawing,
        shown.links,
        PICTURE,
        shown.lit,
        title=f"What reaches {name}",
        view=f"{asked.thing}:{shown.drawing.arrangement}",
        anchor=shown.pick.opened,
        reveal=str(st.session_state.get("reveal", "")),
        times=times(posture, shown.moment),
    )
    words = summary(shown.drawing.summary, shown.moment)
    left_out = shown.total - shown.tree.total
    if left_out:
        words += f" The filters leave out {number(left_out)} of {number(shown.total)}."
    words += " All shortest paths, each to the highest level that is reached."
    words_and_folds(words, shown.tree)
    picture_table(shown.drawing, shown.links, f"drawn:in:{asked}")


def _panel(posture: Posture, asked: Question, shown: Shown, items: tuple[str, ...]) -> None:
    pick, paths = shown.pick, shown.paths
    folded = fold_at(shown.drawing, pick.focus)
    if shown.edge is not None and shown.edge.step is not None:
        edge_panel(posture, shown.edge.step, items, shown.edge.posture)
        return
    if pick.edge:
        st.caption("That step is not in this picture.")
    if folded is not None:
        fold_panel(posture, shown.tree, shown.drawing, folded)
        return
    if pick.focus and posture.graph.number(pick.focus) < 0:
        gone_panel(pick.focus)
        return
    if pick.focus == asked.thing or not paths.question.thing:
        thing_panel(posture, asked.thing)
        return
    if not shown.chosen:
        st.caption("Click a node for its paths, a line for what states it. The first of the list:")
    thing_panel(posture, paths.question.thing)
    level_choice(posture, paths.question, asked.thing)
    if shown.chosen:
        path_choice(paths)
    if paths.first is None and shown.moment is not None:
        st.markdown("There was no path in that snapshot.")
        return
    path_panel(posture, paths.first)


def _figures(answer: Exposure, row: Row) -> None:
    reaching, tiles = answer.accountable, st.columns(3)
    row.tile(tiles[0], "things", "Things that can reach it", number(answer.count))
    row.tile(
        tiles[1],
        "reaching",
        "Accountable identities among them",
        f"{number(reaching['reaching'])} of {number(reaching['of'])}",
        f"not known of {number(reaching['not_known'])} more" if reaching["not_known"] else None,
    )
    meaning = "The share of the accountable identities with known reach that can reach it."
    row.tile(tiles[2], "exposure", "Exposure", _exposure(answer), None, meaning, points=True)


def _exposure(answer: Exposure) -> str:
    if answer.percent is None:
        return "unknown"
    return f"{share(answer.percent, 100)} · {str(answer.band).lower()}"


def _identities(rows: pd.DataFrame, question: Question) -> None:
    st.header("Who can reach it", anchor=False)
    shown = rows.assign(Kind=rows["Kind"].map(kind)).drop(columns="id")
    at = table(
        shown,
        f"reaching:{question}",
        "Who can reach it: highest level and steps.",
        select=True,
    )
    below(
        f"{counted(len(rows), 'thing')}, highest level first. Select one to see how.",
        shown,
        "exposure.csv",
    )
    thing = rows["id"].iloc[at] if at is not None else None
    if thing != st.session_state.get("reverse:row"):
        st.session_state["reverse:row"] = thing
        if thing is not None and thing != st.session_state.get("focus"):
            choose(thing)
            st.rerun()
