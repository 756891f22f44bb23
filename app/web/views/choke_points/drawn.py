"""The picture of the page: the smallest cut, or the worst path into each target."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from analytics.answers.cut import SmallestCut
from analytics.answers.narrative import narrative
from analytics.posture import Posture
from app.web.answers.replayed import Edges, Moment, laid_over, posture_at
from app.web.drawing import canvas
from app.web.drawing.folding import Tree
from app.web.drawing.layout import Drawing, Spot, arrange
from app.web.drawing.links import links
from app.web.drawing.scene import Lit, height_of
from app.web.drawing.spanning import ALL, alone, spanning
from app.web.page.address import one_of, recall, recall_each, remember, remember_each
from app.web.page.snapshots import kept
from app.web.picture_table import picture_table
from app.web.removals import edge_item, ends_of
from app.web.replay import Stated, stated, summary, times, when
from app.web.thing.folded import OPEN, fold_at, unfold, words_and_folds
from app.web.views.choke_points.answers import Aim, smallest_cut
from app.wording import counted, number
from graph.schema import AUTHENTICATES_AS

PICTURE = "choke-picture"
PICTURES = {"cut": "Smallest cut", "ways": "Worst path into each target"}
STARTS = "starts"  # what is chosen, in the address, if it is the node that stands for all starts
HEIGHTS = 460, 960  # pixels: the least of the picture, and the most
WORST = 30  # targets whose worst path is drawn


@dataclass(frozen=True)
class Routes:
    """The edges to draw, where they begin, and sentences on what they are."""

    edges: list[dict[str, Any]]
    starts: str
    title: str
    words: str


@dataclass(frozen=True)
class Shown:
    """What the picture shows, the moment of a replay, and the chosen edge; None without one.

    `focus` is `STARTS` or the id of a fold, if that is chosen.
    """

    routes: Routes
    moment: Moment | None
    view: str
    edge: Stated | None
    focus: str
    tree: Tree
    drawing: Drawing

    @property
    def starts(self) -> bool:
        """Whether it is the node that stands for all starts, or a line from it."""
        return self.focus == STARTS

    @property
    def folded(self) -> Spot | None:
        """The chosen fold."""
        return fold_at(self.drawing, self.focus)


def choice(posture: Posture, aim: Aim) -> Shown:
    """Draw the choice of a picture, make what is chosen in it the chosen item, and prepare it."""
    recall("picture", "cut", one_of(PICTURES))
    shown = st.segmented_control(
        "Picture",
        list(PICTURES),
        key="picture",
        format_func=lambda choice: PICTURES[choice],
        required=True,
    )
    remember("picture", "cut")
    routes = routes_of(posture, aim, str(shown))
    snapshot = when(posture, PICTURE)
    edges_at = partial(edges_then, posture, aim, str(shown))
    moment = laid_over(posture, snapshot, edges_at, aim.mode)
    _pick()
    if moment is not None:
        routes = replace(routes, edges=moment.edges)
    edge = str(st.session_state.get("edge") or "")
    chosen = stated(posture, ends_of(edge), moment) if edge else None
    tree = _tree(routes, moment)
    drawing = arrange(tree, "layers", unfolded=frozenset(st.session_state[OPEN]))
    focus = str(st.session_state["focus"] or "")
    return Shown(routes, moment, f"{shown}:{aim}", chosen, focus, tree, drawing)


def _tree(routes: Routes, moment: Moment | None) -> Tree:
    """Return the tree to draw: that of the starts alone, where there is nothing else."""
    if not routes.edges:
        return alone({"id": ALL, "label": "", "name": routes.starts})
    changes = moment.changes if moment is not None else {}
    return spanning(routes.edges, several=routes.starts, changes=changes)


def _focus(text: str) -> str:
    """Accept the starts, and what may be a fold.

    Raises
    ------
    ValueError
    """
    if text != STARTS and "|" not in text:
        raise ValueError(text)
    return text


def _pick() -> None:
    """Apply the reader's last action in the picture."""
    recall("edge")
    recall("focus", None, _focus)
    recall_each(OPEN)
    picked = canvas.picked(PICTURE)
    if picked is not None and _of_starts(picked):
        choose_item(None)
        st.session_state["focus"] = STARTS
    elif picked is not None and picked.link is not None:
        source, relationship, target = picked.link.ends
        is_key = relationship == AUTHENTICATES_AS.name
        edge = f"{source},{relationship},{target}"
        choose_item(source if is_key else edge, edge)
    elif picked is not None and picked.piece is not None:
        if picked.unfold and picked.piece.stands_for:
            unfold(picked.piece)
        elif picked.piece.stands_for:
            choose_item(None)
            st.session_state["focus"] = picked.piece.id
        else:
            choose_item(picked.piece.id)
    for name in ("edge", "focus"):
        remember(name)
    remember_each(OPEN)


def _of_starts(picked: canvas.Picked) -> bool:
    """Return whether what was chosen is the node that stands for all starts, or a line from it."""
    if picked.link is not None:
        return not picked.link.relationship
    return picked.piece is not None and not picked.piece.label and not picked.piece.stands_for


def choose_item(item: str | None, edge: str | None = None) -> None:
    """Make an item the chosen one, and nothing else."""
    state = st.session_state
    state["item"], state["edge"], state["focus"] = item, edge, None


def picture(posture: Posture, shown: Shown) -> None:
    """Draw the picture, with its table."""
    routes, moment, view = shown.routes, shown.moment, shown.view
    if not routes.edges and moment is None:
        st.markdown(routes.words)
        return
    tree, drawing = shown.tree, shown.drawing
    drawn = links(drawing, routes.edges)
    canvas.draw(
        drawing,
        drawn,
        PICTURE,
        _lit(shown),
        title=routes.title,
        view=view,
        reveal=str(st.session_state.get("choke:reveal", "")),
        height=height_of(drawing, *HEIGHTS),
        times=times(posture, moment),
    )
    words = f"{routes.words} {drawing.summary}"
    words_and_folds(words if moment is None else summary(drawing.summary, moment), tree)
    picture_table(drawing, drawn, f"drawn:{view}")


def _lit(shown: Shown) -> Lit:
    """Light the chosen fold, edge or item."""
    if shown.focus:
        return Lit.along([], shown.tree.root if shown.starts else shown.focus)
    item = str(st.session_state.get("item") or "")
    wanted = str(st.session_state.get("edge") or item)
    for edge in shown.routes.edges:
        if edge_item(edge) == wanted:
            return Lit.along([], edge=ends_of(wanted))
    return Lit.along([], item)


def routes_of(posture: Posture, aim: Aim, shown: str) -> Routes:
    """Return what the picture of this name shows."""
    return worst_paths(posture, aim) if shown == "ways" else cut_routes(posture, aim)


@kept
def edges_then(posture: Posture, aim: Aim, shown: str, snapshot: str) -> Edges:
    """Return the edges of the picture of this name at one snapshot."""
    return routes_of(posture_at(posture, snapshot), aim, shown).edges


@kept
def cut_routes(posture: Posture, aim: Aim) -> Routes:
    """Return the steps of the smallest cut, or those in use that stand in its way."""
    cut = smallest_cut(posture, aim)
    rows = (cut.edges if cut.separable else cut.protected).frame
    thing = posture.graph.thing
    edges = [
        {"from": thing(int(start)), "relationship": str(how), "to": thing(int(end)),
         "sensitivity": _class(posture, int(end))}
        for start, how, end in zip(rows["from"], rows["relationship"], rows["to"], strict=True)
    ]  # fmt: skip
    return Routes(edges, "the starts", _cut_title(cut), _cut_words(cut, len(edges)))


def _cut_title(cut: SmallestCut) -> str:
    return "The smallest cut" if cut.separable else "Access in use that cannot be cut"


def in_the_way(count: int) -> str:
    """Return a sentence on how many steps in use prevent a cut.

    >>> in_the_way(1)
    '1 step in use stands in the way.'
    """
    stand = "stands" if count == 1 else "stand"
    return f"{counted(count, 'step')} in use {stand} in the way."


def _cut_words(cut: SmallestCut, count: int) -> str:
    if not cut.separable:
        return in_the_way(count)
    if not count:
        return "There is nothing to cut."
    steps = "this step" if count == 1 else f"one of these {number(count)} steps"
    return f"Every route from the starts to the targets passes {steps}."


def _class(posture: Posture, node: int) -> str:
    return str(posture.sensitivities["stated"].get(node, "") or "")


@kept
def worst_paths(posture: Posture, aim: Aim) -> Routes:
    """Return the worst path into each target that is reached, up to `WORST` targets."""
    starts, targets = aim.ends(posture)
    answer = narrative(posture, targets, starts, aim.mode, WORST)
    rows = answer.narratives.frame
    edges: dict[str, dict[str, Any]] = {}
    drawn = 0
    for steps in rows["steps"]:
        drawn += bool(steps)
        for step in steps:
            node = posture.graph.number(str(step["to"]["id"]))
            edges.setdefault(edge_item(step), {**step, "sensitivity": _class(posture, node)})
    words = (
        f"The worst path into {number(drawn)} of {counted(answer.reached, 'target')} that some "
        "start reaches, the worst targets first."
    )
    return Routes(list(edges.values()), "the starts", "The worst path into each target", words)
