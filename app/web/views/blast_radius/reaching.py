"""What a node reaches: the figures, the picture with the panel beside it, and the list."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers import measured
from app.web.answers.reach import Question, Reach, reach, sieved, sureness
from app.web.answers.replayed import Moment, replayed
from app.web.drawing import canvas, charts
from app.web.drawing.charts.bars import steps as steps_chart
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Drawing, arrange
from app.web.drawing.links import Link, link_of, links
from app.web.drawing.scene import Lit
from app.web.page import deltas
from app.web.page.deltas import Row
from app.web.picture_table import picture_table
from app.web.removals import removals
from app.web.replay import Stated, gone_panel, stated, summary, times
from app.web.tables import below, full, rounded, table
from app.web.thing.assured import assured
from app.web.thing.edge_panel import edge_panel
from app.web.thing.facts import thing_panel
from app.web.thing.folded import fold_at, fold_panel, words_and_folds
from app.web.thing.leak import keys_of, leak
from app.web.thing.retire import retire, retire_button
from app.web.tiles import tile
from app.web.views.blast_radius.controls import Choices
from app.web.views.blast_radius.detail import level_choice, path_panel
from app.web.views.blast_radius.foothold import under_figures
from app.web.views.blast_radius.frame import Frame
from app.web.views.blast_radius.paths import Paths, between_buttons, path_choice, paths_shown
from app.web.views.blast_radius.picks import (
    Pick,
    choose,
    pick_in,
    pinned,
)
from app.web.views.blast_radius.tray import tray
from app.wording import NO_FIGURE, brief, counted, number, share
from graph.frames import records

PICTURE = "picture"
TILES = {
    "resources": "Resources reached",
    "weighted": "Weighted blast radius",
    "admin": "With admin",
    "derived": "Only through escalation",
}


@dataclass(frozen=True)
class Shown:
    """What the picture shows: what is chosen, the paths to it, and what is drawn.

    `moment` is that of a replay, None without one.
    """

    question: Question
    pick: Pick
    paths: Paths
    edge: Stated | None
    tree: Tree
    drawing: Drawing
    links: list[Link]
    moment: Moment | None

    @property
    def lit(self) -> Lit:
        """What is lit: the chosen edge alone, or the paths to the chosen node."""
        if self.edge is None or self.edge.step is None:
            return Lit.along(self.paths.passed, self.pick.focus)
        return Lit.along([], edge=self.pick.ends)


def reaches(posture: Posture, choices: Choices, frame: Frame) -> None:
    """Draw what a node reaches."""
    question = choices.question
    answer = reach(posture, question)
    items = removals(posture)
    with frame.figures:
        asked = (question.thing, question.mode, question.hops, question.leaked)
        deltas.tiles(posture, partial(_figures, answer), measured.reached, *asked)
        _notes(posture, question, answer)
    if answer.tree.total == 1:
        _nothing(posture, choices, answer, items, frame)
        return
    shown = _shown(posture, choices, answer)
    with frame.panel:  # first, as it is what the reader asked for with a click
        if shown.edge is not None and shown.edge.step is not None:
            edge_panel(posture, shown.edge.step, items, shown.edge.posture)
        else:
            _panel(posture, answer, shown)
    with frame.left:
        _picture(posture, answer, shown)
        under_figures(answer.figures)
    retire(posture, question.thing)
    tray(posture, choices, answer, items, shown.paths.first)
    _resources(answer, choices)


def _shown(posture: Posture, choices: Choices, answer: Reach) -> Shown:
    """Apply the reader's last action, and work out what the picture shows."""
    question, sieve = choices.question, choices.sieve
    moment = replayed(posture, question, sieve, choices.when) if choices.when else None
    base = moment.tree if moment is not None and moment.tree is not None else answer.tree
    snapshot = choices.when if base is not answer.tree else ""
    pick = pick_in(PICTURE, base)
    paths = paths_shown(posture, question, pick, base, snapshot)
    steps = [step for path in paths.every for step in path["steps"]]
    if snapshot:
        longer = tuple(link_of(step).ends for step in steps)
        moment = replayed(posture, question, sieve, snapshot, longer)
    if moment is not None and moment.tree is not None:
        tree, edges = moment.tree, moment.edges
    else:
        tree, edges = sieved(posture, question, sieve)
        edges = [*steps, *edges]
    drawing = arrange(
        tree,
        choices.arrangement,
        unfolded=frozenset(st.session_state["open"]),
        pinned=pinned(tree, paths.passed),
    )
    edge = stated(posture, pick.ends, moment) if pick.edge else None
    return Shown(question, pick, paths, edge, tree, drawing, links(drawing, edges), moment)


def _nothing(
    posture: Posture, choices: Choices, answer: Reach, items: tuple[str, ...], frame: Frame
) -> None:
    """Draw a node that reaches nothing, or of which that is not known."""
    thing = choices.question.thing
    if answer.figures.weighted is not None:
        frame.left.markdown("It reaches nothing in what is known.")
    with frame.panel:
        thing_panel(posture, thing)
        keys_of(posture, thing)
        retire_button(posture, thing)
    retire(posture, thing)
    tray(posture, choices, answer, items, None)


def _notes(posture: Posture, question: Question, answer: Reach) -> None:
    """Draw what bounds the figures."""
    effect = answer.figures.leak
    for note in answer.figures.notes:
        if effect is None or note != effect["sentence"]:  # drawn below, with what to do
            st.info(markdown(note, 500))
    if question.leaked:
        count = int(answer.figures.counts["resources"] or 0)
        leak(posture, question.thing, count, question.mode)


def _figures(answer: Reach, changes: Row) -> None:
    """Draw the figures in one line, and what they consist of in a second one."""
    figures = answer.figures
    if figures.weighted is None:
        for place, label in zip(st.columns(4), TILES.values(), strict=True):
            tile(place, label, NO_FIGURE, "no source states grants of it")
        return
    counts, by_level = figures.counts, figures.counts["by_level"]
    restricted = counts["by_sensitivity"].get("restricted", 0)
    unknown = counts["by_sensitivity"].get("unknown", 0)
    derived = share(figures.derived_weighted or 0.0, figures.weighted) if figures.weighted else "0"
    values = (
        f"{number(counts['resources'])} of {number(counts['of'])}",
        brief(figures.weighted),
        f"{number(by_level['admin'])} of {number(counts['resources'])}",
        derived,
    )
    meanings = (
        "Resources that it reaches, of all that are known.",
        "Sensitivity times level, added up over all resources reached. Larger is worse. "
        "Possible is what is reached if every condition and every assumption holds.",
        "Levels are counted one by one: a grant of write alone does not read.",
        "Share of the weighted blast radius that is reached only by steps that a rule concluded, "
        "such as a privilege escalation.",
    )
    row = st.container(horizontal=True, gap="medium")  # wraps on a phone
    for (name, label), value, meaning in zip(TILES.items(), values, meanings, strict=True):
        place = row.container(width=180 if len(label) < 18 else 240)
        share_of = name == "derived"
        changes.tile(place, name, label, value, None, meaning, points=share_of, border=False)
    parts = [
        f"**{number(restricted)}** restricted",
        f"{number(unknown)} of unknown sensitivity" if unknown else "",
        f"weight: {sureness(figures.interval)}",
        f"{number(by_level['write'])} with write, {number(by_level['read'])} with read",
        f"by escalation {brief(figures.derived_weighted)} of {brief(figures.weighted)}",
    ]
    st.caption(" · ".join(part for part in parts if part))


def _picture(posture: Posture, answer: Reach, shown: Shown) -> None:
    question, drawing = shown.question, shown.drawing
    name = answer.tree.nodes[answer.tree.root]["name"]
    canvas.draw(
        drawing,
        shown.links,
        PICTURE,
        shown.lit,
        title=f"What {name} reaches",
        view=f"{question.thing}:{drawing.arrangement}",
        anchor=shown.pick.opened,
        reveal=str(st.session_state.get("reveal", "")),
        times=times(posture, shown.moment),
    )
    words_and_folds(_summary(answer, shown), shown.tree)
    picture_table(drawing, shown.links, f"drawn:{question}")


def _summary(answer: Reach, shown: Shown) -> str:
    """Return a sentence in Markdown on how much is drawn, and at which moment."""
    words = summary(shown.drawing.summary, shown.moment)
    if shown.moment is not None:
        return words
    left_out = answer.tree.total - shown.drawing.total
    if left_out:
        words += f" The filters leave out {number(left_out)} of {number(answer.tree.total)}."
    return words


def _panel(posture: Posture, answer: Reach, shown: Shown) -> None:
    pick, paths, thing = shown.pick, shown.paths, shown.question.thing
    folded = fold_at(shown.drawing, pick.focus)
    if folded is not None:
        fold_panel(posture, shown.tree, shown.drawing, folded)
        return
    if pick.edge:
        st.caption("That step is not in this picture.")
    if pick.focus and posture.graph.number(pick.focus) < 0:
        gone_panel(pick.focus)
        return
    if not paths.end:
        thing_panel(posture, pick.focus or thing)
        between_buttons(posture, thing, pick.focus)
        keys_of(posture, thing)
        retire_button(posture, thing)
        assured(posture, thing)
        st.caption(
            "Click a node for how it is reached, a line for what states it, a fold for what is "
            "in it."
        )
        _profile(answer)
        return
    thing_panel(posture, paths.end)
    level_choice(posture, paths.question, paths.end)
    path_choice(paths)
    path_panel(posture, paths.first)
    between_buttons(posture, thing, paths.end)


def _profile(answer: Reach) -> None:
    hops = answer.figures.hop_profile.frame
    if len(hops) > 1:
        charts.show(
            steps_chart(hops, "weighted"),
            "profile",
            "Bars: the weighted blast radius within so many hops. "
            + "; ".join(f"{row.hops}: {number(row.weighted)}" for row in records(hops)),
        )


def _resources(answer: Reach, choices: Choices) -> None:
    st.header("Resources reached", anchor=False)
    if answer.table.empty:  # it leads to other things only, or nobody states what they may use
        st.markdown("No resource that it reaches is known.")
        return
    chosen = choices.sieve.sensitivities
    rows = answer.table[answer.table["Sensitivity"].isin(chosen)] if chosen else answer.table
    at = table(
        rounded(rows.drop(columns="id"), "Weight"),
        f"reached:{choices.question}:{','.join(chosen)}",
        "The resources reached, heaviest first.",
        {
            "Weight": st.column_config.ProgressColumn(
                format="localized", min_value=0, max_value=full(answer.table["Weight"])
            ),
            "Hops": st.column_config.NumberColumn(width="small"),
        },
        select=True,
    )
    below(
        f"{number(len(rows))} of {counted(len(answer.table), 'resource')}, heaviest first. "
        "Select one to see in the picture how it is reached.",
        rows,
        "blast-radius.csv",
    )
    _choose(rows["id"].iloc[at] if at is not None else None)


def _choose(thing: str | None) -> None:
    """Make the row a reader chose the chosen node, once for each choice."""
    if thing != st.session_state.get("blast:row"):
        st.session_state["blast:row"] = thing
        if thing is not None and thing != st.session_state.get("focus"):
            choose(thing)
            st.rerun()
