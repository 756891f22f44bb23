"""Page of posture: how bad it is, why, and what to do first; below it, what that rests on."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.figures.measures import all_measures
from analytics.posture import UNUSED_DAYS, Posture
from app.web.answers import board
from app.web.answers.debt import balance, dark_words
from app.web.answers.figures import UNKNOWN, Orphans, accountable, findings, got_back, orphans
from app.web.drawing import charts
from app.web.drawing.charts.debt import ratio_trend
from app.web.page.address import recall, remember
from app.web.page.first_sight import wait_until_front
from app.web.page.query import Query, options
from app.web.tables import points, table
from app.web.tiles import link, tile
from app.web.view import View
from app.web.views.posture import all_figures, front, heat, pillars, rests, worst
from app.web.views.posture.leadership import figure_words, kpis, rows_page
from app.wording import NO_FIGURE, brief, counted, day, number, percent, share
from graph.journal.rights import LOOK
from graph.schema import AGENT

TARGET = 5.0  # percent: the highest ratio with grade A
BEST, WORST_TARGET = 0.1, 100.0
OPEN = ("open", "reopened", "stale_evidence")


def draw(posture: Posture) -> None:
    """Draw the front, then the worst, the teams, the trend, the pillars and all figures."""
    recall("target", TARGET, _percent)
    with_plan = front.draw(posture, float(st.session_state["target"]) / 100)
    wait_until_front()
    worst.identities(posture)
    worst.worst_findings(posture)
    heat.draw(posture)
    _trend(posture)
    _three(posture)
    _estate(posture)
    worst.expiries(posture)
    pillars.draw(posture)
    all_figures.draw(posture)
    st.header("What this rests on", anchor=False)
    _checked(posture)
    rests.details(posture)
    with_plan()


def _checked(posture: Posture) -> None:
    """Draw how much of the access could be checked, and of how many identities owners are known."""
    owed = balance(posture)
    if owed.debt is None:
        sentence = "Nothing can be said of what is owed."
    elif not owed.max_principal:
        sentence = "No accountable identity has access to anything known."
    else:
        known = owed.coverage or 0.0
        sentence = f"We could check **{share(known, 1)}** of your access"
        sentence += f"; {share(1 - known, 1)} is unverified." if known < 1 else "."
    st.markdown(f"{sentence}{dark_words(owed)} {_owners_words(accountable(posture))}")


def _owners_words(everyone: pd.DataFrame) -> str:
    """Return how many identities have both owners, one, none, or owners that nobody states."""
    counts = everyone["owners"].value_counts()
    total = len(everyone)
    if not total:
        return ""
    both, none = int(counts.get("both roles", 0)), int(counts.get("nobody", 0))
    unknown = int(counts.get(UNKNOWN, 0))
    if unknown == total:
        return f"No source states owners of {counted(total, 'identity', 'identities')}."
    has = "has" if total == 1 else "have"
    words = f"{number(both)} of {counted(total, 'identity', 'identities')} {has} both owners"
    parts = [f"{counted(none, 'has', 'have')} none"] if none else []
    parts += [f"no source states those of {number(unknown)}"] if unknown else []
    some = total - both - none - unknown
    parts += [f"{counted(some, 'has', 'have')} one of the two"] if some else []
    return f"{'; '.join([words, *parts])}."


# -- the three that count ---------------------------------------------------------------------


def _three(posture: Posture) -> None:
    st.header("Three figures that count", anchor=False)
    answer = kpis(posture)
    figures = answer.kpis.frame.set_index("name")
    places = st.columns(3)
    for place, name in zip(places, answer.three_that_count, strict=False):
        figure: Any = figures.loc[name]
        headline = all_measures()[name].headline
        assert headline is not None
        of = f"{brief(figure['numerator'])} of {brief(figure['denominator'])} {headline.counted}"
        why_not = figure["not_measured_because"]
        tile(
            place,
            headline.title,
            figure_words(figure["value"], figure["unit"]),
            of.rstrip() if figure["denominator"] else None,
            headline.sentence + (f" Not measured: {why_not}." if why_not else ""),
        )
        page = rows_page(figure["rows"])
        if page is not None:
            link(place, "See the list", page[0], **page[1])


# -- the trend --------------------------------------------------------------------------------


def _trend(posture: Posture) -> None:
    st.header("Trust debt against its target", anchor=False)
    rows = board.trend(posture)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    target = right.number_input(
        "Target ratio, percent", BEST, WORST_TARGET, step=1.0, key="target", format="%.1f"
    )
    remember("target", TARGET)
    left.markdown(_against(rows.iloc[-1], target / 100))
    if len(rows) > 1:
        charts.show(
            ratio_trend(rows, target / 100),
            "trend",
            "Lines: the trust debt ratio at each snapshot, the range above it of what is "
            "unverified, and the target. The table below has the figures.",
        )
    with st.expander("The figures of each snapshot"):
        shown = rows.assign(
            at=[day(at) for at in rows["at"]],
            grade=rows["grade"].replace("NR", "not rated"),
            **{
                c: [NO_FIGURE if pd.isna(v) else percent(v) for v in rows[c]]
                for c in ("ratio", "high", "coverage")
            },
            **{c: points(rows[c]) for c in ("debt", "most")},
        )
        shown = shown.drop(columns="not_known")
        names = ["Snapshot", "Debt (tp)", "At most", "Ratio", "At worst", "Verified", "Grade"]
        shown.columns = pd.Index(names)
        table(shown, "trend-rows", "Trust debt at each snapshot.")
        link(st.container(), "What moved it", "trust_debt")


def _percent(text: str) -> float:
    value = float(text)
    if not BEST <= value <= WORST_TARGET:
        raise ValueError(text)
    return value


def _against(now: pd.Series, target: float) -> str:
    """Return a sentence on the debt against its target, allowing for the unverified."""
    if pd.isna(now["ratio"]) or not now["most"]:
        return f"Whether the target of {target:.1%} is met is **not known**."
    over = now["debt"] - target * now["most"]
    if now["ratio"] > target:
        at_least = "at least " if now["grade"] == "NR" else ""  # the unverified only adds to it
        first = f"{at_least.capitalize()}**{percent(now['ratio'])}** is above the target of"
        return (
            f"{first} {target:.1%}: {at_least}**{brief(over)} tp** of {brief(now['debt'])} "
            "must be removed to meet the target."
        )
    doubt = (
        f"Whether the target of {target:.1%} is met is **not known**: {percent(now['ratio'])} is"
    )
    doubt += " verified to be owed"
    if now["high"] > target:
        return f"{doubt}, and what is unverified could bring it to {percent(now['high'])}."
    if now["not_known"]:
        dark = counted(int(now["not_known"]), "identity", "identities")
        return f"{doubt}, and of {dark} nobody could state what they may use."
    if now["grade"] == "NR":
        return f"{doubt}, but it is not rated."
    sentence = f"**{percent(now['ratio'])}** meets the target of {target:.1%}"
    return f"{sentence}, whatever the unverified turns out to be."


def _nobody_words(owned: Orphans) -> str:
    """Return how many have no owner in any role, and of how many that is not known."""
    if owned.unknown and not owned.known:
        return "no source states owners"
    if not owned.known:
        return "no identity is in service"
    alone = f"nobody at all for {number(owned.alone)}" if owned.lacking else ""
    dark = f"owners unknown for {number(owned.unknown)} more" if owned.unknown else ""
    return "; ".join(filter(None, (alone, dark))) or "owners known for all"


# -- the estate -------------------------------------------------------------------------------


def _estate(posture: Posture) -> None:
    st.header("The estate", anchor=False)
    everyone, rows = accountable(posture), findings(posture)
    tiles = st.columns(4)
    tile(
        tiles[0],
        "Accountable identities",
        number(len(everyone)),
        _makeup(everyone),
        "Every agent, plus service accounts and roles used by workloads.",
    )
    link(tiles[0], "All of them", "ownership")
    owned = orphans(posture)
    tile(
        tiles[1],
        "An owner is missing",
        f"{number(owned.lacking)} of {number(owned.known)}" if owned.known else UNKNOWN,
        _nobody_words(owned),
        "In at least one of the two roles, business and technical, it is known that nobody "
        "answers. Identities whose owners no source could have stated are counted apart.",
    )
    link(tiles[1], "Which ones", "ownership")
    tile(
        tiles[2],
        f"Access unused for {UNUSED_DAYS} days",
        *got_back(posture),
        f"What you get back by removing only access that was not used for {UNUSED_DAYS} days.",
    )
    link(tiles[2], "Where to remove", "stale_access")
    counts = rows.loc[rows["state"].isin(OPEN), "severity"].value_counts()
    critical, high = int(counts.get("critical", 0)), int(counts.get("high", 0))
    tile(
        tiles[3],
        "Findings, critical or high",
        f"{number(critical + high)} of {number(int(counts.sum()))}",
        f"{number(critical)} critical, {number(high)} high",
        "Of all that are neither accepted nor resolved.",
    )
    link(tiles[3], "Read them", "findings", severity="critical,high")


def _makeup(everyone: pd.DataFrame) -> str:
    agents = int((everyone["label"] == AGENT.name).sum())
    return f"{counted(agents, 'agent')}, {counted(len(everyone) - agents, 'other')}"


def query(_: Posture) -> Query:
    """Return the question behind the page."""
    target = st.session_state["target"]
    asked = options(target=None if target == TARGET else f"{target:g}")
    return Query(("board", *asked), "agents_by_kind")


VIEW = View(
    "posture", "Posture", ":material/monitoring:", "Overview", 10, draw, right=LOOK, query=query
)
