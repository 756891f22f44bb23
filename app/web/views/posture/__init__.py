"""Page of posture: what is known, the debt, the five pillars, and the worst findings."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.coverage import coverage
from analytics.findings.lifecycle.states import ACCEPTED
from analytics.posture import UNUSED_DAYS, Posture
from app import clock
from app.escape import markdown
from app.freshness import age_words
from app.web.address import recall, remember
from app.web.answers.changes import changes
from app.web.answers.debt import balance, dark_words, ratio_figure
from app.web.answers.figures import UNKNOWN, accountable, findings, got_back, orphans, silent
from app.web.drawing.charts import bars
from app.web.drawing.debt_charts import ratio_trend
from app.web.tables import table
from app.web.tiles import link, tile
from app.web.view import View
from app.web.views.posture import all_figures, pillars
from app.web.views.posture.leadership import figure_words, kpis, past, rows_page
from app.wording import MARKS, NO_FIGURE, brief, counted, day, days, kind, number, share
from graph.schema import AGENT, FACT_NODES

WORST = 10
TARGET = 5.0  # percent: the highest ratio with grade A
BEST, WORST_TARGET = 0.1, 100.0
OPEN = ("open", "reopened", "stale_evidence")


def draw(posture: Posture) -> None:
    """Draw what is known, the figures that count, their trend, the pillars and worst findings."""
    _known(posture)
    _three(posture)
    _trend(posture)
    pillars.draw(posture)
    _estate(posture)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _worst(posture)
    with right:
        _widest(posture)
    all_figures.draw(posture)


def _known(posture: Posture) -> None:
    covered, owed = coverage(posture, clock.now()), balance(posture)
    rows = covered["sources"]
    if owed.debt is None:
        sentence = "Nothing can be said of what is owed."
    elif not owed.max_principal:
        sentence = "No accountable identity has access to anything known."
    else:
        sentence = (
            f"**{share(owed.coverage or 0.0, 1)}** of what could be owed is known to be kept or "
        )
        sentence += "broken."
    st.markdown(f"{sentence}{dark_words(owed)} {_owners_words(accountable(posture))}")
    if covered["unknown"]:
        st.markdown(
            f":material/help: Not known: **{markdown('; '.join(covered['unknown']), 600)}**. "
            "Unknown is not the same as fine."
        )
    skipped = silent(posture)
    if len(skipped):
        rules = ", ".join(sorted(skipped["Rule"]))
        st.markdown(f":material/rule: Not judged for want of facts: {markdown(rules, 400)}.")
    with st.expander(f"{counted(len(rows), 'source scope')}, and what each could have stated"):
        table(
            pd.DataFrame(
                {
                    "Source": [row["source"] for row in rows],
                    "Scope": [row["scope"] for row in rows],
                    "Read": ["complete" if row["complete"] else "in part" for row in rows],
                    "Taken": [day(row["taken_at"]) for row in rows],
                    "Age": [age_words(row["age_days"]) for row in rows],
                    "Could have stated": [", ".join(row["declares"]) for row in rows],
                }
            ),
            "coverage",
            "What each source could have stated, and how old it is.",
        )
        _contents(posture)


def _owners_words(everyone: pd.DataFrame) -> str:
    counts = everyone["owners"].value_counts()
    parts = [f"{words} for {number(int(n))}" for words, n in counts.items()]
    if not parts:
        return ""
    return f"Owners of {counted(len(everyone), 'identity', 'identities')}: {', '.join(parts)}."


# -- debt, and the three that count -----------------------------------------------------------


def _three(posture: Posture) -> None:
    owed, answer = balance(posture), kpis(posture)
    figures = answer.kpis.frame.set_index("name")
    places = st.columns(4)
    because = f" It is not rated: {owed.grade_because}." if owed.grade == "NR" else ""
    tile(
        places[0],
        "Trust debt ratio",
        *ratio_figure(owed),
        f"{brief(owed.debt)} tp owed of at most {brief(owed.max_debt)}. The range says how "
        "bad it may be: what nobody could verify is kept at one end and broken at the other."
        + because,
    )
    link(places[0], "What is owed", "trust_debt")
    for place, name in zip(places[1:], answer.three_that_count, strict=False):
        figure: Any = figures.loc[name]
        of = f"{brief(figure['numerator'])} of {brief(figure['denominator'])}"
        tile(
            place,
            SHORT.get(name, figure["title"]),
            figure_words(figure["value"], figure["unit"]),
            of if figure["denominator"] else None,
            f"{figure['title']}: {figure['numerator_is']}, of {figure['denominator_is']}."
            + (f" {figure['not_measured_because']}." if figure["not_measured_because"] else ""),
        )
        page = rows_page(figure["rows"])
        if page is not None:
            link(place, "The rows behind it", page[0], **page[1])


SHORT = {
    "unowned_access": "Unowned access",
    "standing_privilege": "Standing privilege",
    "time_to_governance": "Change to decision",
}


def _trend(posture: Posture) -> None:
    st.header("Trust debt against its target", anchor=False)
    rows = past(posture)
    recall("target", TARGET, _percent)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    target = right.number_input(
        "Target ratio, percent", BEST, WORST_TARGET, step=1.0, key="target", format="%.1f"
    )
    remember("target", TARGET)
    left.markdown(_against(rows.iloc[-1], target / 100))
    if len(rows) > 1:
        st.plotly_chart(
            ratio_trend(rows, target / 100),
            key="trend",
            config={"displayModeBar": False},
            alt="Lines: the trust debt ratio at each snapshot, the range above it of what is "
            "unverified, and the target. The table below has the figures.",
        )
    with st.expander("The figures of each snapshot"):
        shown = rows.assign(
            at=[day(at) for at in rows["at"]],
            grade=rows["grade"].replace("NR", "not rated"),
            **{
                c: [NO_FIGURE if pd.isna(v) else f"{v:.1%}" for v in rows[c]]
                for c in ("ratio", "high", "coverage")
            },
            **{c: rows[c].round() for c in ("debt", "most")},
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
    if pd.isna(now["ratio"]):
        return f"Whether the target of {target:.1%} is met is **not known**."
    over = now["debt"] - target * now["most"]
    if now["ratio"] > target:
        return (
            f"**{now['ratio']:.1%}** is above the target of {target:.1%}: **{brief(over)} tp** "
            f"of {brief(now['debt'])} have to be paid back."
        )
    doubt = f"Whether the target of {target:.1%} is met is **not known**: {now['ratio']:.1%} is"
    doubt += " verified to be owed"
    if now["high"] > target:
        return f"{doubt}, and what is unverified could bring it to {now['high']:.1%}."
    if now["not_known"]:
        dark = counted(int(now["not_known"]), "identity", "identities")
        return f"{doubt}, and of {dark} nobody could state what they may use."
    sentence = f"**{now['ratio']:.1%}** meets the target of {target:.1%}"
    return f"{sentence}, whatever the unverified turns out to be."


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
        "Every agent, and the service accounts and roles that workloads use and no agent does.",
    )
    link(tiles[0], "All of them", "ownership")
    owned = orphans(posture)
    tile(
        tiles[1],
        "No accountable owner",
        f"{number(owned.lacking)} of {number(owned.known)}" if owned.known else UNKNOWN,
        f"owners unknown for {number(owned.unknown)} more"
        if owned.unknown and owned.known
        else "no source states owners"
        if owned.unknown
        else "owners known for all",
        "In at least one of the two roles, business and technical, it is known that nobody "
        "answers. Identities whose owners no source could have stated are counted apart.",
    )
    link(tiles[1], "Which ones", "ownership")
    tile(
        tiles[2],
        "Blast radius nobody uses",
        *got_back(posture),
        f"What you get back by removing only access that was not used for {UNUSED_DAYS} days.",
    )
    link(tiles[2], "Where to cut", "stale_access")
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


def _worst(posture: Posture) -> None:
    rows = findings(posture)
    st.header("Worst findings", anchor=False)
    if rows.empty:
        st.markdown("No rule found anything in what is known.")
        return
    worst, accepted = rows.head(WORST), rows["state"] == ACCEPTED
    at = table(
        pd.DataFrame(
            {
                "Severity": worst["severity"].astype(str).map(MARKS)
                + (", " + worst["state"]).where(accepted.loc[worst.index], ""),
                "What is wrong": worst["sentence"],
                "Since": days(worst["since"]),
            }
        ),
        "worst",
        f"The {len(worst)} worst findings of {len(rows)}.",
        {
            "Severity": st.column_config.TextColumn(width=150 if accepted.any() else 95),
            "What is wrong": st.column_config.TextColumn(width=305),
            "Since": st.column_config.TextColumn(width=90),
        },
        select=True,
    )
    borne = f", {number(int(accepted.sum()))} of them accepted" if accepted.any() else ""
    words = f"{number(len(worst))} of {counted(len(rows), 'finding')}{borne}"
    asked = f"they ask for {counted(len(changes(posture)), 'change')}"
    st.caption(f"{words}; {asked}. Select one to open it.")
    if at is not None:
        target = st.session_state["pages"]["findings"]
        st.switch_page(target, query_params={"finding": worst["id"].iloc[at]})


def _widest(posture: Posture) -> None:
    everyone = accountable(posture)
    widest = everyone[everyone["weighted"].notna()].head(WORST)
    st.header("Widest blast radius", anchor=False)
    if widest.empty:
        none = "It is not known of any identity what it reaches: no source states grants of one."
        st.markdown(none if len(everyone) else "No accountable identity is known.")
        return
    st.plotly_chart(
        bars(widest, "name", "weighted", "weighted blast radius (larger is worse)"),
        key="widest",
        config={"displayModeBar": False},
        alt="Bars: the identities with the widest blast radius. The page Ownership lists all.",
    )


def _contents(posture: Posture) -> None:
    frames = posture.graph.frames
    counts = {node.name: len(frames[node]) for node in FACT_NODES}
    parts = [f"{kind(label, 2)} {number(count)}" for label, count in counts.items() if count]
    st.markdown(f"What there is: {', '.join(parts)}.")


VIEW = View("posture", "Posture", ":material/monitoring:", "Overview", 10, draw)
