"""Posture: what there is, how much of it is known, and what is worst."""

import pandas as pd
import streamlit as st

from analytics import answers
from analytics.posture import UNUSED_DAYS, Posture
from app.charts import bars
from app.escape import markdown
from app.figures import UNKNOWN, accountable, findings, orphans, regained
from app.shell import age
from app.tables import table
from app.tiles import tile
from app.view import View
from app.wording import MARKS, brief, counted, day, days, kind, number, share
from graph.schema import AGENT, FACT_NODES

WORST = 10


def draw(posture: Posture) -> None:
    """Draw the figures, then the worst findings, the widest reach and the coverage."""
    _figures(posture)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _worst(posture)
    with right:
        _widest(posture)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _known(posture)
    with right:
        _contents(posture)


def _figures(posture: Posture) -> None:
    everyone, found = accountable(posture), findings(posture)
    tiles = st.columns(4)
    tile(
        tiles[0],
        "Accountable identities",
        number(len(everyone)),
        _makeup(everyone),
        "Every agent, and the service accounts and roles that workloads use and no agent does.",
    )
    owned = orphans(posture)
    tile(
        tiles[1],
        "Without an accountable owner",
        f"{number(owned.lacking)} of {number(owned.known)}" if owned.known else UNKNOWN,
        f"owners unknown for {number(owned.unknown)} more"
        if owned.unknown and owned.known
        else "no source states owners"
        if owned.unknown
        else "owners known for all",
        "In at least one of the two roles, business and technical, it is known that nobody "
        "answers. Identities whose owners no source could have stated are counted apart.",
    )
    idle, whole = regained(posture)
    seen = "usage" not in posture.graph.undeclared
    tile(
        tiles[2],
        "Blast radius nobody uses",
        share(idle, whole) if seen else UNKNOWN,
        f"{brief(idle)} of {brief(whole)}" if seen else "no source states use",
        f"What you get back by removing only access that was not used for {UNUSED_DAYS} days.",
    )
    counts = found.loc[found["state"] == "open", "severity"].value_counts()
    critical, high = int(counts.get("critical", 0)), int(counts.get("high", 0))
    tile(
        tiles[3],
        "Findings, critical or high",
        f"{number(critical + high)} of {number(int(counts.sum()))}",
        f"{number(critical)} critical, {number(high)} high",
        "Of all open findings.",
    )


def _makeup(everyone: pd.DataFrame) -> str:
    agents = int((everyone["label"] == AGENT.name).sum())
    return f"{counted(agents, 'agent')}, {counted(len(everyone) - agents, 'other')}"


def _worst(posture: Posture) -> None:
    rows = findings(posture)
    st.header("Worst findings", anchor=False)
    if rows.empty:
        st.markdown("No rule found anything in what is known.")
        return
    worst = rows.head(WORST)
    at = table(
        pd.DataFrame(
            {
                "Severity": worst["severity"].astype(str).map(MARKS),
                "What is wrong": worst["sentence"],
                "Since": days(worst["since"]),
            }
        ),
        "worst",
        f"The {len(worst)} worst findings of {len(rows)}.",
        {
            "Severity": st.column_config.TextColumn(width=95),
            "What is wrong": st.column_config.TextColumn(width=330),
            "Since": st.column_config.TextColumn(width=90),
        },
        select=True,
    )
    st.caption(f"{number(len(worst))} of {counted(len(rows), 'finding')}. Select one to open it.")
    if at is not None:
        target = st.session_state["pages"]["findings"]
        st.switch_page(target, query_params={"finding": worst["id"].iloc[at]})


def _widest(posture: Posture) -> None:
    widest = accountable(posture).head(WORST)
    st.header("Widest blast radius", anchor=False)
    if widest.empty:
        st.markdown("No accountable identity is known.")
        return
    st.plotly_chart(
        bars(widest, "name", "weighted", "weighted blast radius (larger is worse)"),
        key="widest",
        config={"displayModeBar": False},
        alt="Bars: the identities with the widest blast radius. The page Ownership lists all.",
    )


def _known(posture: Posture) -> None:
    st.header("How much is known", anchor=False)
    covered = answers.coverage(posture)
    rows = covered["sources"]
    table(
        pd.DataFrame(
            {
                "Source": [row["source"] for row in rows],
                "Scope": [row["scope"] for row in rows],
                "Read": ["complete" if row["complete"] else "in part" for row in rows],
                "Taken": [day(row["taken_at"]) for row in rows],
                "Age": [age(posture, row["taken_at"]) for row in rows],
                "Could have stated": [", ".join(row["declares"]) for row in rows],
            }
        ),
        "coverage",
        "What each source could have stated, and how old it is.",
    )
    st.markdown(_owners_words(accountable(posture)))
    unknown = [said.partition(":")[0] for said in covered["unknown"]]
    if unknown:
        st.markdown(
            f":material/help: Nothing is known of **{markdown(', '.join(unknown))}**, because no "
            "source states it. Unknown is not the same as fine."
        )
    skipped = answers.findings(posture, limit=1)["not_evaluable"]
    if skipped:
        rules = ", ".join(row["rule"] for row in skipped)
        st.markdown(f":material/rule: Not judged for want of facts: {markdown(rules, 400)}.")


def _owners_words(everyone: pd.DataFrame) -> str:
    counts = everyone["owners"].value_counts()
    parts = [f"{words} for {number(int(n))}" for words, n in counts.items()]
    return f"Owners of {counted(len(everyone), 'identity', 'identities')}: {', '.join(parts)}."


def _contents(posture: Posture) -> None:
    st.header("What there is", anchor=False)
    frames = posture.graph.frames
    counts = {node.name: len(frames[node]) for node in FACT_NODES}
    there = {label: count for label, count in counts.items() if count}
    table(
        pd.DataFrame(
            {
                "Kind": [kind(label, 2).capitalize() for label in there],
                "Count": list(there.values()),
            }
        ),
        "contents",
        "How many things of each kind there are.",
        {
            "Count": st.column_config.ProgressColumn(
                format="localized", min_value=0, max_value=max(there.values(), default=1)
            )
        },
    )


VIEW = View("posture", "Posture", ":material/monitoring:", "Overview", 10, draw)
