"""The lineage of a node, drawn and listed: what made it, and what it made or acts through."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.edge import Ends
from analytics.answers.lineage import Lineage, lineage
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers import measured
from app.web.answers.reach import Question
from app.web.answers.replayed import Edges, Moment, laid_over, posture_at
from app.web.card import cards
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Drawing, arrange
from app.web.drawing.links import WORDS, links
from app.web.drawing.scene import Lit
from app.web.drawing.spanning import alone, spanning
from app.web.page import deltas
from app.web.page.deltas import Row
from app.web.page.snapshots import kept
from app.web.picture_table import picture_table
from app.web.removals import removals
from app.web.replay import gone_panel, stated, summary, times
from app.web.tables import below, table
from app.web.thing.edge_panel import edge_panel
from app.web.thing.facts import thing_panel
from app.web.thing.folded import fold_at, fold_panel, words_and_folds
from app.web.thing.several import begins_panel, is_several
from app.web.tiles import NEITHER
from app.web.views.blast_radius.controls import PICTURES, Choices
from app.web.views.blast_radius.frame import Frame
from app.web.views.blast_radius.picks import pick_in
from app.wording import NOT_KNOWN, counted, day, number
from graph.schema import ACTS_FOR, SPAWNS

PICTURE = PICTURES["lineage"]
FACTS = {"own_identity": SPAWNS.name, "on_behalf_of": ACTS_FOR.name}  # what states a link
ANSWERS = {True: "yes", False: "no"}


@kept
def family(posture: Posture, question: Question) -> Lineage:
    """Return the lineage of one node: every link above and below it."""
    return lineage(posture, posture.graph.number(question.thing), question.mode)


@kept
def family_at(posture: Posture, question: Question, snapshot: str) -> Edges | None:
    """Return the links at one snapshot; None if the node was not there."""
    at = posture_at(posture, snapshot)
    if at.graph.number(question.thing) < 0:
        return None
    return edges_of(at, family(at, question))


def edges_of(posture: Posture, answer: Lineage) -> list[dict[str, Any]]:
    """Return the links as edges to draw, from what makes to what is made."""
    frame, thing = answer.tree.frame, posture.graph.thing
    return [
        {"from": thing(int(start)), "relationship": str(how), "to": thing(int(end))}
        for start, how, end in zip(frame["parent"], frame["semantics"], frame["child"], strict=True)
    ]


def lineage_of(posture: Posture, choices: Choices, frame: Frame) -> None:
    """Draw the lineage of a node."""
    thing = choices.question.thing
    answer = family(posture, choices.question)
    items = removals(posture)
    edges, moment = _edges(posture, choices, edges_of(posture, answer))
    with frame.figures:
        asked = thing, choices.question.mode
        deltas.tiles(posture, partial(_figures, answer), measured.descended, *asked)
    if not edges and moment is None:
        frame.left.markdown("Nothing made it, and it made nothing, in what is known.")
        with frame.panel:
            thing_panel(posture, thing)
        return
    changes = moment.changes if moment is not None else {}
    tree = alone(posture.graph.thing(posture.graph.number(thing)))  # it had none then
    if edges:
        tree = spanning(edges, several="several makers", changes=changes)
    pick = pick_in(PICTURE, tree)
    chosen = pick.focus or thing
    drawing = arrange(
        tree,
        choices.arrangement,
        unfolded=frozenset(st.session_state["open"]),
        pinned=frozenset(tree.path_to(chosen)),
    )
    drawn = links(drawing, edges)
    link = next((each for each in drawn if ",".join(each.ends) == pick.edge), None)
    with frame.panel:
        if is_several(tree, chosen if link is None else link.source):
            begins_panel(posture, tree, f"lineage:{thing}")
        elif link is not None:
            _link_panel(posture, answer, link.ends, moment, items)
        else:
            _node_panel(posture, tree, drawing, chosen)
    with frame.left:
        canvas.draw(
            drawing,
            drawn,
            PICTURE,
            Lit.along([], chosen, link.ends if link is not None else None),
            title=f"Lineage of {posture.graph.thing(posture.graph.number(thing))['name']}",
            view=thing,
            anchor=pick.opened,
            times=times(posture, moment),
        )
        words_and_folds(summary(drawing.summary, moment), tree)
        picture_table(drawing, drawn, f"drawn:line:{thing}", "Every link in the picture.")
    _list(listed(answer))


def _edges(posture: Posture, choices: Choices, own: Edges) -> tuple[Edges, Moment | None]:
    """Return the links to draw, now or at the snapshot that is replayed."""
    moment = laid_over(posture, choices.when, partial(family_at, posture, choices.question))
    if moment is None or moment.absent:
        return own, moment
    return moment.edges, moment


def _node_panel(posture: Posture, tree: Tree, drawing: Drawing, chosen: str) -> None:
    folded = fold_at(drawing, chosen)
    if folded is not None:
        fold_panel(posture, tree, drawing, folded)
    elif posture.graph.number(chosen) >= 0:
        thing_panel(posture, chosen)
    elif chosen in tree.nodes and tree.nodes[chosen]["label"]:
        gone_panel(chosen)


def _figures(answer: Lineage, row: Row) -> None:
    tiles = st.columns(3)
    links = number(answer.counts["tree"])
    row.tile(tiles[0], "links", "Links above and below it", links, better=NEITHER)
    row.tile(
        tiles[1],
        "widened",
        "Made with more than their maker has",
        f"{number(answer.counts['widened'])} of {number(answer.of['compared'])}",
        "compared" if answer.of["compared"] else "none could be compared",
    )
    alive = number(answer.counts["survivors"])
    row.tile(tiles[2], "survivors", "Alive although what made it is gone", alive)


def listed(answer: Lineage) -> pd.DataFrame:
    """Return a row for each link; `item` names it and is not shown."""
    rows = answer.tree.readable()
    return pd.DataFrame(
        {
            "item": rows["parent"] + "," + rows["semantics"] + "," + rows["child"],
            "Maker": rows["parent_name"],
            "Link": rows["semantics"].map(lambda how: WORDS.get(how, how)),
            "Made": rows["child_name"],
            "Up to level": rows["ceiling"].fillna("its own"),
            "Approved": rows["approved"].map(ANSWERS).fillna(NOT_KNOWN),
            "Since": rows["since"].map(day),
            "Reaches": rows["effective_resources"],
            "Wider than its maker": rows["widenings"],
        }
    )


def _link_panel(
    posture: Posture,
    answer: Lineage,
    ends: Ends,
    moment: Moment | None,
    items: tuple[str, ...],
) -> None:
    """Draw what a link hands on, and below it the panel of the fact that states it."""
    rows = listed(answer)
    rows = rows[rows["item"] == ",".join(ends)]
    if len(rows):
        _handed_on(rows.iloc[0])
    maker, how, made = ends
    if how not in FACTS:
        st.caption("It follows from the blueprint that the agent states.")
        cards(posture, (maker, made))
        return
    acting = FACTS[how] == ACTS_FOR.name
    fact = (made, FACTS[how], maker) if acting else (maker, FACTS[how], made)
    known = stated(posture, fact, moment, ends)
    if known.step is not None:
        edge_panel(posture, known.step, items, known.posture)


def _handed_on(row: pd.Series) -> None:
    st.header("Link", anchor=False)
    st.markdown(f"**{markdown(row['Maker'])}** {row['Link']} **{markdown(row['Made'])}**")
    facts = ("Up to level", "Approved", "Since")
    lines = [f"{name}: **{markdown(row[name])}**" for name in facts]
    lines.append(f"Resources in reach under this link: **{number(row['Reaches'])}**")
    lines.append(
        f"Of which its maker may not do as much: **{number(row['Wider than its maker'])}**"
    )
    st.markdown("  \n".join(lines))


def _list(rows: pd.DataFrame) -> None:
    st.header("Links", anchor=False)
    shown = rows.drop(columns="item")
    table(shown, f"lineage:{len(rows)}", "Every link of lineage above and below it.")
    below(f"{counted(len(rows), 'link')}.", shown, "lineage.csv")
