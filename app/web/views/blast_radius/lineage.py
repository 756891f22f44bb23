"""The lineage of a node, drawn and listed: what made it, and what it made or acts through."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.lineage import Lineage, lineage
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.reach import Question
from app.web.drawing import canvas
from app.web.drawing.layout import arrange
from app.web.drawing.links import WORDS, links
from app.web.drawing.scene import Lit
from app.web.drawing.spanning import spanning
from app.web.page.snapshots import kept
from app.web.tables import below, table
from app.web.thing.facts import thing_panel
from app.web.tiles import tile
from app.web.views.blast_radius.controls import Choices
from app.web.views.blast_radius.frame import Frame
from app.web.views.blast_radius.picks import pick_in
from app.wording import NOT_KNOWN, counted, day, number

PICTURE = "lineage"
ANSWERS = {True: "yes", False: "no"}


@kept
def family(posture: Posture, question: Question) -> Lineage:
    """Return the lineage of one node: every link above and below it."""
    return lineage(posture, posture.graph.number(question.thing), question.mode)


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
    edges = edges_of(posture, answer)
    _figures(answer, frame)
    if not edges:
        frame.left.markdown("Nothing made it, and it made nothing, in what is known.")
        with frame.panel:
            thing_panel(posture, thing)
        return
    tree = spanning(edges, several="several makers")
    pick = pick_in(PICTURE, tree)
    chosen = pick.focus if pick.focus in tree.nodes else thing
    drawing = arrange(
        tree,
        choices.arrangement,
        unfolded=frozenset(st.session_state["open"]),
        pinned=frozenset(tree.way_to(chosen)),
    )
    rows = listed(answer)
    at = next((i for i, item in enumerate(rows["item"]) if item == pick.edge), None)
    ends = (edges[at]["from"]["id"], edges[at]["relationship"], edges[at]["to"]["id"]) \
        if at is not None else None  # fmt: skip
    with frame.left:
        canvas.draw(
            drawing,
            links(drawing, edges),
            PICTURE,
            Lit.along([], chosen, ends),
            title=f"Lineage of {posture.graph.thing(posture.graph.number(thing))['name']}",
            view=thing,
            anchor=pick.opened,
        )
        st.caption(f"**{drawing.summary}**")
    with frame.panel:
        if at is not None:
            _link_panel(rows.iloc[at])
        elif posture.graph.number(chosen) >= 0:
            thing_panel(posture, chosen)
    _list(rows)


def _figures(answer: Lineage, frame: Frame) -> None:
    with frame.figures:
        tiles = st.columns(3)
    tile(tiles[0], "Links above and below it", number(answer.counts["tree"]))
    tile(
        tiles[1],
        "Made with more than their maker has",
        f"{number(answer.counts['widened'])} of {number(answer.of['compared'])}",
        "compared" if answer.of["compared"] else "none could be compared",
    )
    tile(tiles[2], "Alive although what made it is gone", number(answer.counts["survivors"]))


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


def _link_panel(row: pd.Series) -> None:
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
