"""Page of choke points: the nodes and steps on paths to the crown jewels, and removals."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.choke_points import ChokePoints
from analytics.answers.cut import SmallestCut
from analytics.posture import Posture
from analytics.selectors import ALL_AGENTS, ALL_IDENTITIES, CROWN_JEWELS, usual_starts
from app.escape import markdown
from app.web.answers import measured
from app.web.answers.reach import MODES
from app.web.card import cards
from app.web.links import page_link
from app.web.page import deltas
from app.web.page.address import one_of, recall, remember, turn
from app.web.page.deltas import Row
from app.web.page.query import Query, options
from app.web.removals import (
    MOST,
    Taken,
    add_button,
    add_each,
    ends_of,
    meanings,
    removals,
)
from app.web.replay import Stated
from app.web.search.selection import choose
from app.web.sentences import use_of
from app.web.tables import below, table
from app.web.thing.edge_panel import edge_panel
from app.web.thing.folded import fold_panel
from app.web.thing.several import several_panel
from app.web.tiles import NEITHER
from app.web.view import View
from app.web.views.choke_points.answers import (
    FREES,
    PROTECTED,
    THROUGH,
    Aim,
    Ranked,
    cut_items,
    cut_rows,
    exposed_ids,
    ranked,
    smallest_cut,
    unrated,
)
from app.web.views.choke_points.drawn import Shown, choice, choose_item, in_the_way, picture
from app.web.what_if import all_tiles, breaks_table, changed
from app.wording import NO_FIGURE, counted, number, share

TALL = 290  # pixels of each of the two tables, seven rows
THROUGH_HELP = (
    "Pairs of a start and a target with a path through here. Many have another path as well: this "
    "says how busy a place is, not what a fix frees."
)
PROTECTED_HELP = "Seen in use of late, or break-glass access: the smallest cut does not touch it."


def draw(posture: Posture) -> None:
    """Draw the choke points between two ends."""
    _between(posture, _aim(posture), removals(posture))
    st.caption("What to change first, for all identities, is on the page Plan.")


def _between(posture: Posture, aim: Aim, items: tuple[str, ...]) -> None:
    """Draw the ranks, the effect of removing the chosen row, and the minimum cut."""
    if aim.starts == aim.targets:
        st.info("The two ends are the same things: choose another end.")
        return
    ranks = ranked(posture, aim)
    smallest = smallest_cut(posture, aim) if ranks.answer.exposed else None
    unknown = unrated(posture) if aim.targets == CROWN_JEWELS else 0
    draw_tiles = partial(_figures, aim, ranks, smallest, unknown)
    deltas.tiles(posture, draw_tiles, measured.between, aim.starts, aim.targets, aim.mode)
    if not ranks.answer.exposed:
        st.markdown(_nothing(posture, aim, ranks.answer.targets))
        return
    recall("item")
    left, right = st.columns([5, 2], gap="small")
    with left:
        shown = choice(posture, aim)
    with (
        right,
        st.container(border=True, height=560, key="panel"),
    ):  # first, as it is what a click asked for
        meant, folded = "", shown.folded
        if shown.starts:
            _starts(posture, aim, ranks, shown)
        elif folded is not None:
            fold_panel(posture, shown.tree, shown.drawing, folded)
        else:
            meant = _detail(posture, ranks, items, shown.edge)
    with left:
        picture(posture, shown)
    if meant:
        _effect(posture, str(st.session_state["item"]), meant)
    _ranks(ranks, aim)
    _cut(posture, aim, items)


def _nothing(posture: Posture, aim: Aim, targets: int) -> str:
    """Say that no start reaches a target, or that there is none to reach."""
    if targets:
        return "Nothing chosen in From reaches anything chosen in To, in what is known. Try others."
    if aim.targets == CROWN_JEWELS:
        dark = unrated(posture)
        verb = "is" if dark == 1 else "are"
        why = f": how sensitive {counted(dark, 'resource')} {verb}, nobody states" if dark else ""
        return f"No crown jewel is known{why}. Choose another end under To."
    return "Nothing is chosen in To. Choose another end."


def _aim(posture: Posture) -> Aim:
    left, right = st.columns(2, gap="large")
    with left:
        starts = choose(posture, "start", "From", usual_starts(posture))
    with right:
        targets = choose(posture, "target", "To", CROWN_JEWELS)
    recall("mode", "standing", one_of(MODES))
    mode = st.segmented_control(
        "Access",
        list(MODES),
        key="mode",
        format_func=lambda choice: MODES[choice],
        required=True,
        help="Standing: usable now. Potential: also what must be activated first (just-in-time).",
    )
    remember("mode", "standing")
    return Aim(starts, targets, mode or "standing")


def _figures(aim: Aim, ranks: Ranked, smallest: SmallestCut | None, unknown: int, row: Row) -> None:
    answer, tiles = ranks.answer, st.columns(4)
    exposed, starts, dark = answer.exposed, answer.starts, answer.not_known
    if not answer.targets:
        dark = starts  # whoever reaches none of those that are known
    row.tile(
        tiles[0],
        "exposed",
        reaching(aim),
        f"{number(exposed)} of {number(starts - dark)}" if dark < starts else NO_FIGURE,
        _beside(answer, aim),
    )
    row.tile(
        tiles[1],
        "targets",
        "Targets",
        number(answer.targets),
        f"{number(unknown)} more of unknown sensitivity" if unknown else None,
        "What is to be protected. Resources whose sensitivity nobody states are not counted.",
        better=NEITHER,
    )
    best = max(_most(ranks.things), _most(ranks.edges))
    row.tile(
        tiles[2],
        "best",
        "Best single fix cuts off",
        f"{number(best)} of {number(exposed)}" if exposed else NO_FIGURE,
        share(best, exposed) if exposed else "nothing to cut off",
        "So many of them lose all access to the targets when one thing or step goes.",
        better=NEITHER,
    )
    figure = _cut_figure(smallest) if answer.targets else (NO_FIGURE, "no target is known")
    row.tile(tiles[3], "cut", "Smallest cut", *figure, better=NEITHER)


def _beside(answer: ChokePoints, aim: Aim) -> str:
    """Return the words beside the number of starts that reach a target."""
    if not answer.targets:
        return f"no {'crown jewel' if aim.targets == CROWN_JEWELS else 'target'} is known"
    if answer.not_known:
        return f"not known of {number(answer.not_known)} more"
    return share(answer.exposed, answer.starts)


def reaching(aim: Aim) -> str:
    """Return the words for those of the one end that reach the other.

    >>> reaching(Aim("all-agents", "crown-jewels", "standing"))
    'Agents that reach a crown jewel'
    """
    starts = {ALL_AGENTS: "Agents", ALL_IDENTITIES: "Identities"}.get(aim.starts, "Chosen ones")
    return f"{starts} that reach a {'crown jewel' if aim.targets == CROWN_JEWELS else 'target'}"


def _most(rows: pd.DataFrame) -> int:
    return int(rows[FREES].max()) if len(rows) else 0


def _cut_figure(cut: SmallestCut | None) -> tuple[str, str]:
    if cut is None:
        return "0", "nothing to separate"
    if not cut.separable:
        return "none", "access in use prevents it"
    if not len(cut.edges):
        return "0", "nothing to separate"
    cheapest = "proven the smallest" if cut.exact else f"at least {number(cut.max_flow)}"
    return counted(len(cut.edges), "step"), cheapest


# -- the ranks, and the chosen row --------------------------------------------------------------


def _ranks(ranks: Ranked, aim: Aim) -> None:
    exposed = ranks.answer.exposed
    config = {
        FREES: st.column_config.ProgressColumn(
            help="Starts that lose all access to the targets when this alone is removed.",
            format=f"%d of {number(exposed)}",
            min_value=0,
            max_value=exposed,
        ),
        THROUGH: st.column_config.NumberColumn(help=THROUGH_HELP, format="localized"),
        PROTECTED: st.column_config.TextColumn(help=PROTECTED_HELP, width="small"),
    }
    st.caption(
        f"**{FREES}**: the starts that lose all access to the targets when this alone is removed. "
        f"**{THROUGH}**: {THROUGH_HELP[0].lower()}{THROUGH_HELP[1:]}"
    )
    for title, rows in (("Things", ranks.things), ("Steps", ranks.edges)):
        st.header(title, anchor=False)
        if rows.empty:
            st.markdown("None.")
            continue
        at = table(
            rows.drop(columns="item"),
            f"choke:{title}:{aim}",
            f"{title} ranked by how many starts lose all access when one goes.",
            config,
            select=True,
            height=TALL,
        )
        below(
            f"{counted(len(rows), title.lower()[:-1])}, what frees most first.",
            rows.drop(columns="item"),
            f"choke-points-{title.lower()}.csv",
        )
        _choose(title, rows["item"].iloc[at] if at is not None else None)
    if ranks.answer.left_out:
        st.caption(f"{number(ranks.answer.left_out)} more, none better than these.")
    remember("item")


def _choose(title: str, item: str | None) -> None:
    """Make the row a reader chose the chosen item, once for each choice."""
    seen = f"choke:row:{title}"
    if item != st.session_state.get(seen):
        st.session_state[seen] = item
        if item and item != st.session_state["item"]:
            is_edge = len(ends_of(item)[2]) > 0
            choose_item(item, item if is_edge else None)
            st.session_state["choke:reveal"] = st.session_state.get("choke:reveal", 0) + 1
            st.rerun()


def _starts(posture: Posture, aim: Aim, ranks: Ranked, shown: Shown) -> None:
    """Draw the panel of the node that stands for all starts: which of them reach a target."""
    answer = ranks.answer
    known = answer.starts - answer.not_known
    words = f"{reaching(aim)}: **{number(answer.exposed)} of {number(known)}**"
    if answer.not_known:
        words += f"; not known of {number(answer.not_known)} more"
    if shown.moment is not None:
        words += ". They are those of this page's snapshot, not of the one that is replayed"
    several_panel(posture, "The starts", f"{words}.", exposed_ids(posture, aim), f"starts:{aim}")
    page_link(st, "identity", "All identities, the worst first", {}, ":material/badge:")


def _detail(posture: Posture, ranks: Ranked, items: tuple[str, ...], edge: Stated | None) -> str:
    """Draw the starts freed by removing the chosen item; return what it is, empty for none.

    Of a chosen edge it is the panel that every picture has.
    """
    item = st.session_state["item"]
    meant = meanings(posture, (item,))[item] if item else Taken("")
    if edge is not None and edge.step is not None:
        gain = _gain(ranks, item) if meant.words else ""
        edge_panel(posture, edge.step, items, edge.posture, "choke", gain, item)
        _show_tray(items, "detail", f"Show the what-if: {counted(len(items), 'removal')}")
        return meant.words
    if not meant.words:
        if item:
            st.warning(f"{markdown(item)} cannot be shown: {markdown(meant.why_not, 500)}.")
        st.caption(
            "Click a node or a line in the picture, or select a row below, to see what removing it "
            "would change."
        )
        return ""
    st.header(f"Without {markdown(meant.words)}", anchor=False)
    cards(posture, meant.things)
    st.markdown(_gain(ranks, item))
    add_button(item, "choke", items)
    _show_tray(items, "detail", f"Show the what-if: {counted(len(items), 'removal')}")
    return meant.words


def _effect(posture: Posture, item: str, words: str) -> None:
    """Draw the effect of removing the chosen item on all, and the uses that would fail."""
    with st.container(border=True):
        st.subheader(f"What if {markdown(words)} were removed", anchor=False)
        answer = changed(posture, (item,))
        all_tiles(posture, answer)
        breaks_table(posture, answer, f"choke:{item}")


def _gain(ranks: Ranked, item: str) -> str:
    """Return a sentence on how many starts the removal of one item frees."""
    exposed = ranks.answer.exposed
    rows = pd.concat([ranks.things, ranks.edges])
    chosen = rows[rows["item"] == item]
    if chosen.empty:
        return "It is not among those ranked above."
    frees, through = int(chosen[FREES].iloc[0]), chosen[THROUGH].iloc[0]
    busy = f"{counted(int(through), 'pair')} of a start and a target have a path through it"
    if not frees:
        return f"Frees **none** of {number(exposed)}: each has another path. {busy}."
    return f"Frees **{number(frees)} of {number(exposed)}** ({share(frees, exposed)}). {busy}."


def _show_tray(items: tuple[str, ...], place: str, words: str) -> None:
    if items and st.button(words, icon=":material/hub:", key=f"tray:{place}"):
        turn("blast_radius", {"remove": list(items)})


# -- the smallest cut ---------------------------------------------------------------------------


def _cut(posture: Posture, aim: Aim, items: tuple[str, ...]) -> None:
    st.header("Smallest cut", anchor=False)
    cut = smallest_cut(posture, aim)
    edges = (cut.edges if cut.separable else cut.protected).readable()
    if cut.separable:
        st.markdown(
            f"**{counted(len(edges), 'removal')}**, at a cost of **{number(cut.cost)}**, "
            f"{'separates' if len(edges) == 1 else 'separate'} all that start from all targets. "
            f"{markdown(cut.certificate)}"
        )
    else:
        st.warning(markdown(cut.certificate), icon=":material/lock:")
    if "usage" in posture.graph.undeclared:
        st.caption("No source states when access was used, so none is kept for being in use.")
    rows = cut_rows(edges)
    if rows.empty:
        return
    alt = "The steps of the smallest cut, or those in use that prevent one."
    at = table(rows, f"cut:{aim}", alt, select=True)
    if at is not None:
        cards(posture, edges[["from", "to", "credential"]].iloc[at])
    if not cut.separable:
        below(in_the_way(len(rows)), rows, "in-use.csv")
        return
    unseen = int((~edges["observed"].astype(bool)).sum())
    below(use_of(len(rows), len(cut.breaks), unseen), rows, "smallest-cut.csv")
    wanted = cut_items(edges)
    row = st.container(horizontal=True)
    row.button(
        "Add all to what-if",
        icon=":material/content_cut:",
        disabled=set(wanted) <= set(items) or len(wanted) > MOST,
        help=f"At most {MOST}: the address of a page holds them.",
        on_click=add_each,
        args=(wanted,),
    )
    with row:
        _show_tray(items, "cut", "See it in the what-if")


def query(_: Posture) -> Query:
    """Return the question behind the two ends."""
    state = st.session_state
    ends = {"from": state["choose:start"], "to": state["choose:target"], "mode": state.get("mode")}
    return Query(("choke-points", *options(**ends)), "grants_on_restricted")


VIEW = View(
    "choke_points",
    "Choke points",
    ":material/filter_alt:",
    "Overview",
    25,
    draw,
    query=query,
    answers={
        "What does most access to the crown jewels pass?": {},
    },
)
