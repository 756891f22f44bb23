"""Who can reach a node: the figures, the path from one of them, and the list."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from analytics.answers.exposure import Exposure
from analytics.posture import Posture
from app.web.answers.reach import Question, chain, exposed, passed
from app.web.drawing import canvas
from app.web.drawing.layout import arrange
from app.web.drawing.links import links
from app.web.drawing.scene import Lit
from app.web.page.address import recall, remember
from app.web.removals import removals
from app.web.tables import below, table
from app.web.thing.facts import thing_panel
from app.web.tiles import tile
from app.web.views.blast_radius.detail import level_choice, path_panel, path_to
from app.web.views.blast_radius.edge_panel import edge_panel
from app.web.views.blast_radius.frame import Frame
from app.web.views.blast_radius.picks import pick_in, step_of
from app.web.views.blast_radius.tray import reverse_tray
from app.wording import counted, kind, number, share
from graph.schema import AGENT

PICTURE = "way"


def reached_by(posture: Posture, question: Question, frame: Frame) -> None:
    """Draw who reaches a node, and how the chosen one of them does."""
    asked = replace(question, hops=None, leaked=False)
    answer, rows = exposed(posture, asked)
    items = removals(posture)
    _figures(answer, frame)
    if rows.empty:
        frame.left.markdown("Nothing that is known can reach it.")
        with frame.panel:
            thing_panel(posture, question.thing)
        return
    recall("from", None, accept=str, key="reverse:from")
    chosen = st.session_state["reverse:from"]
    if chosen not in set(rows["id"]):
        agents = rows["id"][rows["Kind"] == AGENT.name]
        chosen = (agents if len(agents) else rows["id"]).iloc[0]
    ends = replace(asked, thing=chosen)
    path = path_to(posture, ends, question.thing)
    step, focus = None, ""
    if path is not None:
        tree = chain(path["steps"])
        pick = pick_in(PICTURE, tree)
        step, focus = step_of(pick.edge, path["steps"]), pick.focus
        drawing = arrange(tree, "layers")
        edge = (step["from"]["id"], step["relationship"], step["to"]["id"]) if step else None
        ends_of = tree.nodes[tree.root]["name"], path["steps"][-1]["to"]["name"]
        with frame.left:
            canvas.draw(
                drawing,
                links(drawing, path["steps"]),
                PICTURE,
                Lit.along([passed(path)], pick.focus, edge),
                title=f"How {ends_of[0]} reaches {ends_of[1]}",
                view=f"{chosen}>{question.thing}",
                height=300,
            )
    with frame.panel:
        if step is not None:
            edge_panel(posture, step, items)
        else:
            thing_panel(posture, focus or chosen)
            level_choice(posture, ends, question.thing)
            path_panel(posture, path)
    reverse_tray(posture, asked, path, answer, items)
    _identities(rows, asked)
    remember("from", None, key="reverse:from")


def _figures(answer: Exposure, frame: Frame) -> None:
    reaching = answer.accountable
    with frame.figures:
        tiles = st.columns(3)
    tile(tiles[0], "Things that can reach it", number(answer.count))
    tile(
        tiles[1],
        "Accountable identities among them",
        f"{number(reaching['reaching'])} of {number(reaching['of'])}",
        f"not known of {number(reaching['not_known'])} more" if reaching["not_known"] else None,
    )
    tile(tiles[2], "Exposure", _exposure(answer))


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
    if at is not None and rows["id"].iloc[at] != st.session_state.get("reverse:from"):
        st.session_state["reverse:from"] = rows["id"].iloc[at]
        st.rerun()
