"""The panel of a node that stands for several things in a picture: how many, and which."""

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.card import MOST, cards, links_to
from app.web.drawing.folding import Tree
from app.web.tables import below, table
from app.wording import counted, kind, number

TALL = 230  # pixels of the table, six rows


def is_several(tree: Tree, id_: str) -> bool:
    """Return whether a node of a picture is nothing known, but stands before several things."""
    return id_ in tree.nodes and not tree.nodes[id_]["label"]


def several_panel(posture: Posture, title: str, words: str, ids: list[str], key: str) -> None:
    """Draw which things a node stands for: the first by name as links, and all as a table.

    `title` and `words` are Markdown. Things that this snapshot lacks are left out.
    """
    st.header(title, anchor=False)
    st.markdown(words)
    listed(posture, ids, key)


def listed(posture: Posture, ids: list[str], key: str) -> None:
    """Draw things: the first by name as links and, if there are more, all as a table."""
    numbers = posture.graph.numbers(pd.Series(ids, dtype="string"))
    rows = posture.graph.things.iloc[numbers[numbers >= 0]]
    named = rows["name"].replace("", pd.NA).fillna(rows["id"])
    rows = rows.assign(name=named).iloc[named.str.casefold().argsort(kind="stable")]
    cards(posture, rows["id"].head(MOST))
    if len(rows) <= MOST:
        return
    st.caption(f"These are the first {number(MOST)} by name. All {number(len(rows))}:")
    chosen = st.container()
    drawn = pd.DataFrame({"Name": rows["name"], "Kind": rows["label"].map(kind)})
    at = table(drawn, f"several:{key}", "Everything that this node stands for.", select=True,
               height=TALL)  # fmt: skip
    if at is not None:
        links_to(posture, str(rows["id"].iloc[at]), chosen)
    below(f"{counted(len(rows), 'thing')}, by name.", drawn, "several.csv")


def begins_panel(posture: Posture, tree: Tree, key: str) -> None:
    """Draw the panel of a root that stands before all with which a picture begins."""
    name, ids = str(tree.nodes[tree.root]["name"]), list(tree.children.get(tree.root, ()))
    words = f"{counted(len(ids), 'thing')} that nothing else in the picture leads to."
    several_panel(posture, markdown(name[:1].upper() + name[1:]), words, ids, key)
