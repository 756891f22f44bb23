"""Page of blast radius: what one node reaches, drawn, listed and explained; or who reaches it."""

from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.exposure import Exposure
from analytics.posture import Posture
from app.escape import markdown
from app.web.address import one_of, recall, remember
from app.web.answers.figures import accountable
from app.web.answers.reach import (
    DIRECTIONS,
    MODES,
    Question,
    Reach,
    chain,
    exposed,
    reach,
    sureness,
)
from app.web.drawing import graph_view
from app.web.drawing.charts import steps as steps_chart
from app.web.drawing.folding import Piece
from app.web.drawing.layout import Arrangement, Drawing, arrange
from app.web.drawing.links import links
from app.web.picker import pick
from app.web.removals import removals
from app.web.tables import below, full, table
from app.web.tiles import tile
from app.web.view import View
from app.web.views.blast_radius.assured import assured
from app.web.views.blast_radius.detail import level_choice, path_panel, path_to, thing_panel
from app.web.views.blast_radius.foothold import under_figures
from app.web.views.blast_radius.leak import keys_of, leak
from app.web.views.blast_radius.retire import retire, retire_button
from app.web.views.blast_radius.tray import reverse_tray, tray
from app.wording import NO_FIGURE, brief, counted, kind, number, share
from graph.frames import records
from graph.schema import AGENT

HOPS = ("any", "1", "2", "3", "4", "5", "6")
ARRANGEMENTS: dict[str, str] = {"auto": "Auto", "layers": "Layers", "rings": "Rings"}
HOPS_HELP = "Control steps before the last one, the grant on the resource."
PICTURE = "picture"


TILES = ("Resources reached", "Weighted blast radius", "With admin", "By rules, not stated")


def draw(posture: Posture) -> None:
    """Draw the search and the controls, then the answer in the chosen direction."""
    thing = _thing(posture)
    if thing is None:
        st.info("There is nothing to choose from.")
        return
    question, direction, arrangement = _controls(posture, thing)
    if direction == "reached-by":
        _reached_by(posture, question)
    else:
        _reaches(posture, question, arrangement)


def _thing(posture: Posture) -> str | None:
    def accept(text: str) -> str:
        try:
            return str(posture.graph.thing(posture.graph.find(text))["id"])
        except LookupError:
            st.warning(f"Nothing in this snapshot is called {markdown(text)}.")
            raise ValueError(text) from None

    first = next(iter(accountable(posture)["id"].head(1)), None)
    chosen = recall("thing", first, accept)
    if chosen is not None and posture.graph.number(chosen) < 0:
        st.warning(f"{markdown(chosen)} is not in this snapshot.")
        st.session_state["thing"] = first
    picked = pick(posture, "thing", "Thing", "An agent, a credential, a role, a resource, …")
    remember("thing")
    return picked


def _controls(posture: Posture, thing: str) -> tuple[Question, str, Arrangement | None]:
    label = posture.graph.thing(posture.graph.number(thing))["label"]
    _follow(thing, label)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    fitting = "reached-by" if label == "Resource" else "reaches"
    direction = _switch(row, "direction", "Question", DIRECTIONS, fitting)
    mode = _switch(
        row,
        "mode",
        "Access",
        MODES,
        "standing",
        "Standing: usable now. Potential: also what must be activated first (just-in-time).",
    )
    hops, arrangement, leaked = "any", "auto", False
    if direction == "reaches":
        recall("hops", "any", one_of(HOPS))
        hops = row.selectbox("Hops at most", HOPS, key="hops", width=110, help=HOPS_HELP)
        remember("hops", "any")
        arrangement = _switch(row, "view", "Picture", ARRANGEMENTS, "auto")
    if label == "Credential":
        recall("leaked", False, lambda text: text == "True")
        leaked = row.toggle("This key leaked", key="leaked", help="What a thief of it reaches.")
        remember("leaked", False)
    question = Question(thing, mode, None if hops == "any" else int(hops), leaked)
    return question, direction, None if arrangement == "auto" else arrangement  # type: ignore[return-value]


def _follow(thing: str, label: str) -> None:
    """Reset the choices when another node is chosen here, and select the question that fits it.

    A link sets them itself, so what is reset before they are recalled does not matter then.
    """
    before = st.session_state.get("blast:thing")
    st.session_state["blast:thing"] = thing
    if before in (None, thing):
        return
    st.session_state["unfolded"] = frozenset()
    st.session_state["retire"] = False
    st.session_state["focus"] = None
    st.session_state["direction"] = "reached-by" if label == "Resource" else "reaches"


def _switch(
    row: Any, key: str, label: str, words: dict[str, str], default: str, help_text: str = ""
) -> str:
    recall(key, default, one_of(words))
    chosen = row.segmented_control(
        label,
        list(words),
        key=key,
        format_func=lambda choice: words[choice],
        required=True,
        help=help_text or None,
    )
    remember(key, default)
    return chosen or default


# -- what it reaches --------------------------------------------------------------------------


def _reaches(posture: Posture, question: Question, arrangement: Arrangement | None) -> None:
    answer = reach(posture, question)
    items = removals(posture)
    _figures(answer)
    under_figures(answer.figures)
    effect = answer.figures.leak
    for note in answer.figures.notes:
        if effect is None or note != effect["sentence"]:  # drawn below, with what to do
            st.info(markdown(note, 500))
    if question.leaked:
        count = int(answer.figures.counts["resources"] or 0)
        leak(posture, question.thing, count, question.mode)
    focus = _focus(answer)
    if answer.tree.total == 1:
        if answer.figures.weighted is not None:
            st.markdown("It reaches nothing in what is known.")
        thing_panel(posture, question.thing)
        keys_of(posture, question.thing)
        retire_button(posture, question.thing)
        retire(posture, question.thing)
        tray(posture, question, answer, items, arrangement, None)
        return
    chosen = focus if focus in answer.tree.nodes and focus != question.thing else ""
    path = path_to(posture, question, chosen) if chosen else None
    passed = [question.thing, *(str(step["to"]["id"]) for step in path["steps"])] if path else []
    tree, unfolded = answer.tree.through(passed), st.session_state["unfolded"]
    drawing = arrange(tree, arrangement, unfolded=unfolded, pinned=frozenset(passed))
    left, right = st.columns([5, 2], gap="small")
    with left:
        _picture(answer, path, drawing, focus, passed)
    with right:
        _panel(posture, question, answer, drawing, focus)
    retire(posture, question.thing)
    tray(posture, question, answer, items, arrangement, path)
    _resources(answer, question)


def _figures(answer: Reach) -> None:
    figures, tiles = answer.figures, st.columns(4)
    if figures.weighted is None:
        for place, label in zip(tiles, TILES, strict=True):
            tile(place, label, NO_FIGURE, "no source states grants of it")
        return
    counts, by_level = figures.counts, figures.counts["by_level"]
    restricted = counts["by_sensitivity"].get("restricted", 0)
    unknown = counts["by_sensitivity"].get("unknown", 0)
    tile(
        tiles[0],
        TILES[0],
        f"{number(counts['resources'])} of {number(counts['of'])}",
        f"{number(restricted)} restricted"
        + (f", {number(unknown)} of unknown sensitivity" if unknown else ""),
    )
    tile(
        tiles[1],
        TILES[1],
        brief(figures.weighted),
        sureness(figures.interval),
        "Sensitivity times level, added up over all resources reached. Larger is worse. "
        "Possible is what is reached if every condition and every assumption holds.",
    )
    tile(
        tiles[2],
        TILES[2],
        f"{number(by_level['admin'])} of {number(counts['resources'])}",
        f"{number(by_level['write'])} with write, {number(by_level['read'])} with read",
        "Levels are counted one by one: a grant of write alone does not read.",
    )
    tile(
        tiles[3],
        TILES[3],
        share(figures.derived_weighted or 0.0, figures.weighted) if figures.weighted else "0",
        f"{brief(figures.derived_weighted)} of {brief(figures.weighted)}",
        "What is reached only by steps that a rule concluded, such as a privilege escalation.",
    )


def _focus(answer: Reach) -> str:
    """Apply the reader's last click; return the id of the chosen piece."""
    recall("focus")
    st.session_state.setdefault("unfolded", frozenset())
    picked = graph_view.picked(PICTURE)
    if picked is not None:
        st.session_state["focus"] = picked.piece.id
        if picked.unfold and picked.piece.stands_for:
            _unfold(picked.piece)
    focus = st.session_state["focus"]
    if focus and focus not in answer.tree.nodes and "|" not in focus:
        st.session_state["focus"] = None
    remember("focus")
    return st.session_state["focus"] or ""


def _unfold(piece: Piece) -> None:
    st.session_state["unfolded"] = st.session_state["unfolded"] | {piece.id}
    st.session_state["focus"] = None


def _picture(
    answer: Reach, path: dict[str, Any] | None, drawing: Drawing, focus: str, passed: list[str]
) -> None:
    edges = links(drawing, [*(path["steps"] if path else ()), *answer.edges])
    graph_view.draw(drawing, edges, PICTURE, focus, passed)
    labels = {s.piece.label for s in drawing.spots}
    st.caption(f"**{drawing.summary}** {graph_view.legend(labels)}")
    if st.session_state["unfolded"] and st.button("Fold again", icon=":material/unfold_less:"):
        st.session_state["unfolded"] = frozenset()
        st.rerun()


def _panel(
    posture: Posture, question: Question, answer: Reach, drawing: Drawing, focus: str
) -> None:
    with st.container(border=True, height=graph_view.HEIGHT + 40):
        folded = {s.piece.id: s for s in drawing.spots if s.piece.stands_for}
        if focus in folded:
            _fold_panel(answer, folded[focus].piece, folded[focus].text)
            return
        if not focus or focus == question.thing:
            thing_panel(posture, question.thing)
            keys_of(posture, question.thing)
            retire_button(posture, question.thing)
            assured(posture, question.thing)
            st.caption("Click a node for how it is reached; double click a fold to open it.")
            _profile(answer)
            return
        thing_panel(posture, focus)
        level_choice(posture, question, focus)
        path_panel(posture, path_to(posture, question, focus))


def _fold_panel(answer: Reach, piece: Piece, text: str) -> None:
    st.subheader(f"{markdown(text)}", anchor=False)
    parent = answer.tree.nodes.get(piece.parent or "")
    if parent:
        st.caption(f"Folded under {kind(parent['label'])} {markdown(parent['name'])}")
    if st.button("Unfold", type="primary", icon=":material/unfold_more:"):
        _unfold(piece)
        st.rerun()
    st.caption("At most 300 nodes are drawn. The table below lists every resource.")


def _profile(answer: Reach) -> None:
    hops = answer.figures.hop_profile.frame
    if len(hops) > 1:
        st.plotly_chart(
            steps_chart(hops, "weighted"),
            key="profile",
            config={"displayModeBar": False},
            alt="Bars: the weighted blast radius within so many hops. "
            + "; ".join(f"{row.hops}: {number(row.weighted)}" for row in records(hops)),
        )


def _resources(answer: Reach, question: Question) -> None:
    st.header("Resources reached", anchor=False)
    kinds = [s for s in ("restricted", "confidential", "internal", "public", "unknown")
             if (answer.table["Sensitivity"] == s).any()]  # fmt: skip
    chosen = st.pills("Sensitivity", kinds, key="blast:kinds", selection_mode="multi")
    rows = answer.table[answer.table["Sensitivity"].isin(chosen)] if chosen else answer.table
    at = table(
        rows.drop(columns="id"),
        f"reached:{question}:{','.join(chosen)}",
        "The resources reached, heaviest first.",
        {
            "Weight": st.column_config.ProgressColumn(
                format="%.0f", min_value=0, max_value=full(answer.table["Weight"])
            ),
            "Hops": st.column_config.NumberColumn(width="small"),
        },
        select=True,
    )
    below(
        f"{number(len(rows))} of {counted(len(answer.table), 'resource')}, heaviest first. "
        "Select one to see how it is reached.",
        rows,
        "blast-radius.csv",
    )
    _choose(rows["id"].iloc[at] if at is not None else None)


def _choose(thing: str | None) -> None:
    """Make the row a reader chose the chosen node, once for each choice."""
    if thing != st.session_state.get("blast:row"):
        st.session_state["blast:row"] = thing
        if thing is not None and thing != st.session_state.get("focus"):
            st.session_state["focus"] = thing
            st.rerun()


# -- who reaches it ---------------------------------------------------------------------------


def _reached_by(posture: Posture, question: Question) -> None:
    asked = replace(question, hops=None, leaked=False)
    answer, rows = exposed(posture, asked)
    items = removals(posture)
    tiles = st.columns(3)
    reaching = answer.accountable
    tile(tiles[0], "Things that can reach it", number(answer.count))
    tile(
        tiles[1],
        "Accountable identities among them",
        f"{number(reaching['reaching'])} of {number(reaching['of'])}",
        f"not known of {number(reaching['not_known'])} more" if reaching["not_known"] else None,
    )
    tile(tiles[2], "Exposure", _exposure(answer))
    if rows.empty:
        st.markdown("Nothing that is known can reach it.")
        thing_panel(posture, question.thing)
        return
    recall("from", None, accept=str, key="reverse:from")
    chosen = st.session_state["reverse:from"]
    if chosen not in set(rows["id"]):
        agents = rows["id"][rows["Kind"] == AGENT.name]
        chosen = (agents if len(agents) else rows["id"]).iloc[0]
    left, right = st.columns([5, 2], gap="small")
    ends = replace(asked, thing=chosen)
    path = path_to(posture, ends, question.thing)
    with left:
        if path is not None:
            drawing = arrange(chain(path["steps"]), "layers")
            graph_view.draw(drawing, links(drawing, path["steps"]), "way")
            st.caption(graph_view.legend({s.piece.label for s in drawing.spots}))
    with right, st.container(border=True, height=graph_view.HEIGHT + 40):
        thing_panel(posture, chosen)
        level_choice(posture, ends, question.thing)
        path_panel(posture, path)
    reverse_tray(posture, asked, path, answer, items)
    _identities(rows, asked)
    remember("from", None, key="reverse:from")


def _exposure(answer: Exposure) -> str:
    if answer.percent is None:
        return "unknown"
    return f"{answer.percent:.0f}% · {str(answer.band).lower()}"


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


VIEW = View("blast_radius", "Blast radius", ":material/hub:", "Overview", 20, draw)
