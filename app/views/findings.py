"""Findings: what rules found wrong, to filter, read and take away."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.address import recall, remember, some_of
from app.escape import code, markdown
from app.figures import finding, findings
from app.tables import below, table
from app.view import View
from app.wording import MARKS, SEVERITIES, counted, day, days, kind, number, thing_id, thing_name


def draw(posture: Posture) -> None:
    """Draw the filters, the table, and the finding that the reader chose."""
    rows = findings(posture)
    if rows.empty:
        st.markdown("No rule found anything in what is known.")
        return
    shown, chosen = _filtered(rows)
    at = table(
        _table(shown.head(1000)),
        f"findings:{chosen}",
        "Findings, worst first: severity, rule, subject, what is wrong and since when.",
        {
            "Severity": st.column_config.TextColumn(width=95),
            "Rule": st.column_config.TextColumn(width=75),
            "What is wrong": st.column_config.TextColumn(width="large"),
            "State": st.column_config.TextColumn(width=60),
        },
        select=True,
        total=len(shown),
    )
    below(
        f"{number(len(shown))} of {counted(len(rows), 'finding')}, worst first. Select one to "
        "read it whole.",
        shown.drop(columns=["label"]),
        "findings.csv",
    )
    _detail(posture, shown, at)


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Severity": rows["severity"].astype(str).map(MARKS),
            "Rule": rows["rule"],
            "About": rows["name"],
            "What is wrong": rows["sentence"],
            "Since": days(rows["since"]),
            "Answers for it": rows["accountable"].mask(rows["accountable"] == "", "nobody"),
            "State": rows["state"],
        }
    )


def _filtered(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw the filters; return the rows they leave and a text that names the filters."""
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    counts = rows["severity"].value_counts()
    severities = [s for s in SEVERITIES if counts.get(s)]
    rules = sorted(rows["rule"].unique())
    chosen = {
        "severity": _pills(row, "severity", "Severity", severities, counts),
        "state": _pills(row, "state", "State", sorted(rows["state"].unique()), None),
    }
    recall("rules", [], some_of(rules), key="findings:rules")
    chosen["rule"] = row.multiselect(
        "Rules", rules, key="findings:rules", placeholder="all rules", width=260
    )
    remember("rules", [], key="findings:rules")
    recall("about", "")
    about = row.text_input("About", key="about", placeholder="part of a name or id", width=220)
    remember("about", "")
    return _keep(rows, chosen, about.strip()), f"{chosen}:{about}"


def _keep(rows: pd.DataFrame, chosen: dict[str, list[str]], about: str) -> pd.DataFrame:
    keep = pd.Series(True, index=rows.index)
    for column, values in chosen.items():
        if values:
            keep &= rows[column].isin(values)
    if about:
        named = rows["name"].str.contains(about, case=False, regex=False)
        keep &= named | rows["subject"].str.contains(about, case=False, regex=False)
    return rows[keep]


def _pills(
    row: Any, name: str, label: str, words: list[str], counts: pd.Series | None
) -> list[str]:
    key = f"findings:{name}"
    recall(name, [], some_of(words), key=key)
    chosen: list[str] = row.pills(
        label,
        words,
        key=key,
        selection_mode="multi",
        format_func=lambda one: one if counts is None else f"{one} · {counts.get(one, 0):,}",
    )
    remember(name, [], key=key)
    return chosen


def _detail(posture: Posture, shown: pd.DataFrame, at: int | None) -> None:
    """Draw the finding of the chosen row, else the one that the address names."""
    recall("finding")
    row = shown["id"].iloc[at] if at is not None else None
    if row != st.session_state.get("findings:row"):
        st.session_state["findings:row"] = row
        st.session_state["finding"] = row or st.session_state["finding"]
    chosen = remember("finding")
    one = finding(posture, chosen) if chosen else None
    if chosen and one is None:
        st.warning(f"There is no finding {code(chosen)} in this snapshot.")
    if one is not None:
        with st.container(border=True):
            _finding(one)


def _finding(one: dict[str, Any]) -> None:
    subject = one["subject"]
    title = one.get("title") or one["rule"]
    st.subheader(f"{MARKS.get(one['severity'], '')} · {markdown(title)}", anchor=False)
    st.markdown(markdown(one["sentence"], 2000))
    left, right = st.columns(2, gap="large")
    left.markdown(f"**What to do**  \n{markdown(one['remediation'], 2000)}")
    left.markdown(f"**Answers for it**  \n{markdown(thing_name(one['accountable'], 'nobody'))}")
    if left.button(f"Blast radius of this {kind(subject['label'])}", icon=":material/hub:"):
        st.switch_page(
            st.session_state["pages"]["blast_radius"], query_params={"thing": thing_id(subject)}
        )
    first = f" · **First seen** {day(one['first_seen'])}" if one["first_seen"] else ""
    right.markdown(
        f"**Rule** {markdown(one['rule'])} · **Since** {day(one['since'])}{first} · "
        f"**State** {markdown(one['state'])}"
    )
    if one["references"]:
        right.markdown(f"**See** {markdown(', '.join(map(str, one['references'])), 500)}")
    if one["evidence"]:
        shown = [code(_evidence(e)) for e in one["evidence"][:10]]
        more = len(one["evidence"]) - len(shown)
        right.markdown("**Evidence**  \n" + "  \n".join(shown))
        if more:
            right.caption(f"and {number(more)} more")


def _evidence(one: Any) -> str:
    if isinstance(one, dict):
        return ", ".join(f"{name}={value}" for name, value in one.items() if value is not None)
    return str(one)


VIEW = View("findings", "Findings", ":material/flag:", "Findings", 50, draw)
