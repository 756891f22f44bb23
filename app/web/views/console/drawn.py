"""The answer of a query as a picture: now, or as the same query answers it at earlier snapshots."""

from dataclasses import dataclass
from functools import partial

import streamlit as st

from analytics.answers.edge import TYPES, Ends
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.replayed import Edges, Moment, laid_over, posture_at
from app.web.card import cards
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Drawing, arrange
from app.web.drawing.links import Link, links
from app.web.drawing.scene import Lit
from app.web.drawing.spanning import ALL, alone, spanning
from app.web.links import page_link
from app.web.page.address import recall, remember
from app.web.page.frame import store_uri
from app.web.page.snapshots import moment_of
from app.web.picture_table import picture_table
from app.web.removals import removals
from app.web.replay import gone_panel, stated, summary, times, when
from app.web.thing.edge_panel import edge_panel
from app.web.thing.facts import thing_panel
from app.web.thing.folded import fold_at, fold_panel, unfold, words_and_folds
from app.web.thing.several import begins_panel, is_several
from app.web.views.console.answers import Asked, Result, edges_of, run
from graph.stores import QueryRefused

PLACE = "console:picture"
OPEN, FOCUS = "console:open", "console:focus"  # the open folds, and the chosen node
ANSWERED = "console:answered"  # the edges at each snapshot, of the query that is drawn


@dataclass(frozen=True)
class Chosen:
    """What is chosen in the picture: a node, or a line; and the moment of a replay."""

    focus: str
    line: Link | None
    moment: Moment | None
    tree: Tree
    drawing: Drawing

    @property
    def several(self) -> bool:
        """Whether it is the node that stands before all others, or a line from it."""
        return is_several(self.tree, self.line.source if self.line else self.focus)


def picture(posture: Posture, asked: Asked, result: Result) -> None:
    """Draw the answer as a picture, with a panel of what is chosen in it."""
    own = edges_of(posture, result.rows)
    if not own:
        st.info("A picture needs the columns source and target, with ids of what is known.")
        return
    moment = _moment(posture, asked)
    edges = own if moment is None else moment.edges
    _pick()
    tree = _tree(edges, moment)
    drawing = arrange(tree, unfolded=frozenset(st.session_state[OPEN]))
    drawn = links(drawing, edges)
    edge = st.session_state["console:edge"]
    line = next((each for each in drawn if ",".join(each.ends) == edge), None)
    chosen = Chosen(st.session_state[FOCUS] or "", line, moment, tree, drawing)
    left, right = st.columns([5, 2], gap="small")
    with left:
        lit = Lit.along([], chosen.focus, line.ends if line else None)
        title = "The answer of the query"
        canvas.draw(drawing, drawn, PLACE, lit, title=title, times=times(posture, moment))
        words_and_folds(summary(drawing.summary, moment), tree, OPEN)
        picture_table(drawing, drawn, "console:drawn")
    with right, st.container(border=True, height=canvas.HEIGHT, key="panel"):
        _panel(posture, chosen)


def _tree(edges: Edges, moment: Moment | None) -> Tree:
    if not edges:
        return alone({"id": ALL, "label": "", "name": "no row then"})
    changes = moment.changes if moment is not None else {}
    return spanning(edges, several="several starts", changes=changes)


def _moment(posture: Posture, asked: Asked) -> Moment | None:
    """Return the answer at the snapshot that is replayed; None where it is the page's own."""
    try:
        return laid_over(posture, when(posture, PLACE), partial(_edges_then, posture, asked))
    except QueryRefused as error:
        st.error(f"Refused at that snapshot: {markdown(error, 1000)}", icon=":material/block:")
        return None


def _edges_then(posture: Posture, asked: Asked, snapshot: str) -> Edges:
    """Return the edges that the query answers at one snapshot, asked once by each session."""
    about = (asked, moment_of(posture))
    known: tuple[object, dict[str, Edges]] = st.session_state.get(ANSWERED, (None, {}))
    if known[0] != about:
        known = about, {}
        st.session_state[ANSWERED] = known
    if snapshot not in known[1]:
        at = posture_at(posture, snapshot)
        known[1][snapshot] = edges_of(at, run(at, store_uri(), asked).rows)
    return known[1][snapshot]


def _panel(posture: Posture, chosen: Chosen) -> None:
    folded = fold_at(chosen.drawing, chosen.focus)
    if folded is not None:
        fold_panel(posture, chosen.tree, chosen.drawing, folded, OPEN, FOCUS)
    elif chosen.several:
        begins_panel(posture, chosen.tree, "console")
    elif chosen.line is not None:
        _edge(posture, chosen.line.ends, chosen.moment)
    elif chosen.focus and posture.graph.number(chosen.focus) >= 0:
        thing_panel(posture, chosen.focus)
    elif chosen.focus and chosen.moment is not None and chosen.focus in chosen.moment.nodes:
        gone_panel(chosen.focus)
    else:
        st.caption("Click a node for what is known of it, a line for what states it.")


def _edge(posture: Posture, ends: Ends, moment: Moment | None) -> None:
    """Draw the panel of an edge that a query made, if a relationship is behind it."""
    source, name, target = ends
    for kind in (name,) if name else TYPES:
        known = stated(posture, (source, kind, target), moment, ends)
        if known.step is not None:
            items = removals(posture)
            edge_panel(posture, known.step, items, known.posture)
            if items:
                address = {"remove": list(items)}
                page_link(st, "blast_radius", "Show the what-if", address, ":material/hub:")
            return
    st.markdown("No relationship that is known is behind this line: the query made it.")
    cards(posture, (source, target))


def _pick() -> None:
    """Apply the reader's last action in the picture: choosing, or opening a fold."""
    recall("focus", key=FOCUS)
    recall("edge", key="console:edge")
    st.session_state.setdefault(OPEN, [])
    picked = canvas.picked(PLACE)
    if picked is not None and picked.link is not None:
        st.session_state["console:edge"] = ",".join(picked.link.ends)
        st.session_state[FOCUS] = None
    elif picked is not None and picked.piece is not None:
        st.session_state[FOCUS] = picked.piece.id
        st.session_state["console:edge"] = None
        if picked.unfold and picked.piece.stands_for:
            unfold(picked.piece, OPEN, FOCUS)
    remember("focus", key=FOCUS)
    remember("edge", key="console:edge")
