"""The front of the page: how bad it is, why, what to do first, and whether it gets better."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.answers.board import Headlines, Move, Quarter, Standing
from analytics.answers.board.burn_down import BurnDown, WithPlan
from analytics.answers.compare.since import Change
from analytics.answers.shares import first_few
from analytics.posture import Posture
from app.escape import markdown
from app.web.answers import board, measured
from app.web.answers.since import Since, ready, since
from app.web.card import card_link
from app.web.removals import REMOVED
from app.web.tiles import link, signal
from app.web.views.posture.rests import draw as draw_rests
from app.wording import NO_FIGURE, brief, counted, number, rated_ratio, share

UNDO = 2000  # characters of how a change is undone: what is cut undoes nothing
LARGE = 600  # identities from which the plan is worked out on request
COLOURS = {"A": "green", "B": "green", "C": "orange", "D": "red", "F": "red", "NR": "gray"}
TURNS = {"better": "green", "worse": "red", "the same": "", "unknown": ""}
MEANING = (
    "Trust debt is access whose reason does not hold any more, weighed by what it opens and how "
    "long that has been so. The figure is its share of the most that could be owed. A to 5%, B to "
    "10%, C to 20%, D to 50%, else F. A leaked key caps the grade at D, a powerful identity "
    "without any owner at C. Not rated where too little is verified, or nobody sees use."
)


def draw(posture: Posture, target: float) -> Callable[[], None]:
    """Draw the sentence, the figure, the move, the headline numbers and the burn-down.

    Returns
    -------
    callable
        Draws the date with the plan, which takes longest; call it when the rest is drawn.
    """
    places = _Places()
    heads = board.headlines(posture)  # the cheapest figures first
    known = ready(posture, measured.front)
    _tiles(places.tiles, heads, None, known)
    stands = board.standing(posture)
    _sentence(places.sentence, stands)
    _figure(places.figure, stands, None)
    _tiles(places.tiles, heads, stands, known)
    with places.rests:
        draw_rests(posture)
    _figure(places.figure, stands, board.quarter(posture))
    _tiles(places.tiles, heads, stands, since(posture, measured.front))
    with places.move:
        _move(posture, board.move(posture))
    _sentence(places.sentence, stands, board.revocation(posture).sentence)
    burn = board.burn_down(posture, target)
    _burn_down(places.burn, burn, None)
    wanted = bool(burn.to_repay) and _wants_plan(posture, places.plan)

    def with_plan() -> None:
        if wanted:
            with places.plan:
                plan = board.with_plan(posture, target)
            _burn_down(places.burn, burn, plan)

    return with_plan


class _Places:
    """The places of the parts on the page, in the order in which they are read."""

    def __init__(self) -> None:
        left, right = st.columns([4, 1], gap="medium", vertical_alignment="center")
        self.sentence, self.rests, self.figure = left.empty(), left.container(), right.empty()
        left, right = st.columns([3, 2], gap="medium")
        self.move, self.burn = left.container(), right.empty()
        self.plan = right.container()
        self.tiles = st.empty()


def _sentence(place: DeltaGenerator, stands: Standing, removing: str = "") -> None:
    """Draw why the grade is what it is, and below it what can be done today.

    What is not rated has what is known of it in the first line: the reason alone says little.
    """
    first = stands.reason if stands.grade != "NR" else stands.sentence
    rest = f"{stands.sentence.removeprefix(first)} {removing}".strip()
    with place.container(gap="small"):
        st.header(markdown(first, 600), anchor=False)
        if rest:
            st.markdown(markdown(rest, 600))


def _figure(place: DeltaGenerator, stands: Standing, since: Quarter | None) -> None:
    """Draw the one figure: the grade with its word, the ratio, and its direction."""
    rated = stands.grade != "NR"
    ratio = stands.tdr if stands.max_debt else None
    value = rated_ratio(ratio, stands.tdr_range, stands.grade) or NO_FIGURE
    colour: Any = COLOURS[stands.grade]
    with place.container(border=True):
        st.metric(
            "Trust debt ratio",
            value,
            delta=f"grade {stands.grade}: {stands.rating}" if rated else stands.rating,
            delta_color=colour,
            delta_arrow="off",
            help=MEANING,
        )
        if since is not None:
            turn, words = TURNS[since.direction], markdown(since.sentence, 300)
            st.markdown(f":{turn}[{words}]" if turn else words)


def _tiles(
    place: DeltaGenerator, heads: Headlines, stands: Standing | None, changed: Since | None
) -> None:
    """Draw the headline numbers, those that are known so far."""
    with place.container():
        columns = st.columns(4)
        _reaching(columns[0], heads, changed)
        _best(columns[1], heads)
        _paths(columns[2], heads, changed)
        if stands is not None:
            _sensitive(columns[3], stands, changed)


def _reaching(place: DeltaGenerator, heads: Headlines, changed: Since | None) -> None:
    known = heads.known
    more = " more" if known else ""
    dark = f"{number(heads.not_known)}{more} unknown" if heads.not_known else None
    signal(
        place,
        f"{heads.starts_are.capitalize()} at a crown jewel",
        f"{number(heads.reaching)} of {number(known)}" if known else NO_FIGURE,
        _change(changed, "reaching") if known else None,
        dark if heads.targets else "no crown jewel is known",
        f"So many {heads.starts_are} reach a crown jewel: a restricted resource or a control "
        "plane. "
        + (
            f"How sensitive {counted(heads.unrated, 'resource')} are, nobody states."
            if heads.unrated
            else ""
        ),
    )
    link(place, "Who and by which paths", "choke_points")


def _best(place: DeltaGenerator, heads: Headlines) -> None:
    best, beside = heads.best, None
    if best is None:
        value = "0" if heads.reaching else NO_FIGURE
        beside = "no single fix does" if heads.reaching else "nothing to cut off"
    else:
        value = f"{number(best['frees'])} of {number(heads.reaching)}"
        beside = "in use: ask its owner first" if best["protected"] else None
    signal(
        place,
        "Best single fix cuts off",
        value,
        None,
        beside,
        "So many reach no crown jewel any more once one thing or one step is removed"
        + (f": {markdown(best['what'], 120)}." if best else "."),
    )
    link(place, "What it is", "choke_points")


def _paths(place: DeltaGenerator, heads: Headlines, changed: Since | None) -> None:
    signal(
        place,
        "Open paths to crown jewels",
        number(heads.paths) if heads.known else NO_FIGURE,
        _change(changed, "paths") if heads.known else None,
        None if heads.targets else "no crown jewel is known",
        f"Pairs of one of the {heads.starts_are} and one of "
        f"{counted(heads.targets, 'crown jewel')} that it reaches.",
    )
    link(place, "Where they pass", "choke_points")


def _sensitive(place: DeltaGenerator, stands: Standing, changed: Since | None) -> None:
    counts = stands.sensitive
    rated = counts["resources"] > counts["unrated"]
    known = counts["of"] and rated
    unrated = share(counts["unrated"], counts["resources"])
    signal(
        place,
        "Can read sensitive data",
        f"{number(counts['count'])} of {number(counts['of'])}" if known else NO_FIGURE,
        _change(changed, "sensitive") if known else None,
        f"{unrated} of resources unrated" if counts["unrated"] else None,
        "Identities that can read, or do more to, what is confidential or restricted.",
    )
    link(place, "See the list", "posture", figure="sensitive_reach")


def _change(changed: Since | None, name: str) -> Change | None:
    """Return the change of a count since the last quarter; None where there is nothing before."""
    return None if changed is None else changed.changes.get(name)


# -- the move, and the burn-down ----------------------------------------------------------------


def _move(posture: Posture, move: Move | None) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown("**Fix first**")
        if move is None:
            st.markdown("No single change is known that frees anything.")
            return
        st.markdown(markdown(move.sentence, 600))
        asked = "Nobody in person is known to answer for it."
        if move.owner:
            asked = f"Ask **{markdown(move.owner['name'])}**."
        undo = first_few((move.undo or "not known").splitlines())
        st.caption(f"{asked} Undo: {markdown(undo, UNDO)}")
        about = move.target.get("from", move.target)
        left, middle, right = st.columns([3, 2, 2])
        card_link(left, posture, about["id"])
        if move.action.startswith(REMOVED):  # what is reviewed or given an end stays
            address = {"thing": about["id"], "remove": move.items[0]}
            link(middle, "What changes", "blast_radius", **address)
        link(right, "Whole plan", "plan", plan="shown")


def _burn_down(place: DeltaGenerator, burn: BurnDown, plan: WithPlan | None) -> None:
    with place.container(border=True, height="stretch"):
        st.markdown(f"**When is the target of {burn.target:.1%} reached?**")
        lines = [("At today's pace", burn.today.sentence)]
        if plan is not None:
            lines.append(("With the plan", plan.reached.sentence))
        lines.append(("Cost of delay", burn.delay_sentence))
        if burn.to_repay:
            lines.append(("To remove", f"{brief(burn.to_repay)} tp of debt"))
        st.markdown("\n".join(f"* {head}: **{markdown(words, 400)}**" for head, words in lines))


def _wants_plan(posture: Posture, place: DeltaGenerator) -> bool:
    """Return whether the plan is to be worked out: of a large estate only on request."""
    if len(posture.accountable) < LARGE or st.session_state.get("front:plan"):
        return True
    return bool(
        place.button(
            "Work out the date with the plan",
            key="front:plan:button",
            icon=":material/timer:",
            help="Every change is measured as what-if does: in an estate of this size it may take "
            "minutes. The page says for how long so far.",
            on_click=_remember_plan,
        )
    )


def _remember_plan() -> None:
    st.session_state["front:plan"] = True
