"""Page of findings: filters, table, and the chosen finding in full."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from analytics.findings.lifecycle.states import RESOLVED, STALE
from analytics.findings.lifecycle.states import STATES as EVERY_STATE
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from analytics.weights import SEVERITIES
from app.escape import code, markdown
from app.web import acceptance
from app.web.answers import measured
from app.web.answers.changes import asked_for
from app.web.answers.figures import finding, findings, findings_csv, silent, states
from app.web.card import cards, links_to
from app.web.page import deltas
from app.web.page.address import recall, remember, some_of
from app.web.page.deltas import Row
from app.web.page.query import Query, options
from app.web.tables import below, choose_rows, table
from app.web.view import View
from app.web.views.findings import changes, groups, sentences
from app.wording import (
    MARKS,
    STATES,
    counted,
    day,
    days,
    edge_words,
    number,
    thing_id,
    thing_name,
)

TITLES = {rule.id: rule.title for rule in all_rules().values()}
MOST = 1000  # findings drawn at once; the download has all
CHANGES = 8  # changes listed for a resolved finding
DATES = {
    "since": "Since",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "reopened_at": "Open again",
    "resolved_at": "Resolved",
}
COLUMNS = {
    "Severity": st.column_config.TextColumn(width=88),
    "What is wrong": st.column_config.TextColumn(width=300),
    "About": st.column_config.TextColumn(width=120),
    "State": st.column_config.TextColumn(width=90),
    "Since": st.column_config.TextColumn(width=88),
    "Owner": st.column_config.TextColumn(width=110),
    "Rule": st.column_config.TextColumn(width=65),
    "First seen": st.column_config.TextColumn(width=88),
    "Last seen": st.column_config.TextColumn(width=88),
}
HEIGHT = 560  # pixels
GROUPED = 50_000  # findings up to which the page groups them by change


def draw(posture: Posture) -> None:
    """Draw the filters, the table, and the chosen findings."""
    if not states(posture):
        st.markdown("No rule found anything in what is known.")
        not_judged(posture)
        return
    counts = findings(posture)["severity"].value_counts()
    deltas.tiles(posture, partial(_figures, counts), measured.by_severity)
    rows, shown, chosen = _filtered(posture)
    many = len(rows) > GROUPED  # to group so many takes longer than a reader waits
    wanted = None if many else asked_for(posture, shown)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        at = _listed(posture, rows, shown, chosen, wanted)
    with right:
        if len(at) > 1:
            st.session_state["finding"] = None
            remember("finding")
            with st.container(border=True):
                acceptance.draw_many(posture, shown.iloc[at])
        elif not _detail(posture, shown, at[0] if at else None):
            groups.draw(shown)
    if wanted is not None:
        changes.draw(wanted, len(shown))
    not_judged(posture)


def _figures(counts: "pd.Series[int]", row: Row) -> None:
    """Draw how many findings of each severity hold, in one line."""
    line = st.container(horizontal=True, gap="medium")  # wraps on a phone
    for severity in SEVERITIES:
        shown, words = number(int(counts.get(severity, 0))), MARKS[severity].capitalize()
        place = line.container(width=150)
        meaning = "All that hold, accepted ones too."
        row.tile(place, severity, words, shown, None, meaning, border=False)


def _listed(
    posture: Posture,
    rows: pd.DataFrame,
    shown: pd.DataFrame,
    filters: str,
    wanted: pd.DataFrame | None,
) -> list[int]:
    """Draw the table of the filtered findings; return the positions of the chosen ones."""
    ids = shown["id"].head(MOST).tolist()
    named = st.query_params.get("finding")
    if named is None:
        sentences.draw(shown)
    at = choose_rows(
        _table(shown.head(MOST)),
        f"findings:{filters}",
        "Findings, worst first: severity, what is wrong, subject, state and since when.",
        COLUMNS,
        total=len(shown),
        height=HEIGHT,
        first=ids.index(named) if named in ids else None,
        wrap=True,
    )
    below(
        f"{number(len(shown))} of {counted(len(rows), 'finding')}, "
        f"{_grouped(wanted)}, worst first. Click one to read it; tick several to accept them "
        "together (by keyboard: Shift and Space).",
        lambda: findings_csv(posture, shown),
        "findings.csv",
    )
    return at


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "Severity": rows["severity"].astype(str).map(MARKS),
            "What is wrong": rows["sentence"],
            "About": rows["subject_name"],
            "State": rows["state"].map(STATES),
            "Since": days(rows["since"]),
            "Owner": rows["accountable_name"].fillna(rows["accountability"]),
            "Rule": rows["rule"],
            "First seen": days(rows["first_seen"]),
            "Last seen": days(rows["last_seen"]),
        }
    )
    gone = rows["state"].isin([RESOLVED, STALE])
    return frame if gone.any() else frame.drop(columns="Last seen")


def _filtered(posture: Posture) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Draw the filters; return all rows, the filtered rows, and a text that names the filters."""
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    count_by_state = states(posture)
    wanted = _pills(row, "state", "State", STATES, count_by_state, STATES)
    rows = _in_states(posture, wanted)
    counts = {str(level): int(n) for level, n in rows["severity"].value_counts().items()}
    chosen = {"state": wanted}
    chosen["severity"] = _pills(row, "severity", "Severity", SEVERITIES, counts)
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    asked = recall("rules", [], some_of(TITLES), key="findings:rules")
    chosen["rule"] = row.multiselect(
        "Rules",
        sorted({*rows["rule"], *asked}),
        key="findings:rules",
        placeholder="all rules",
        width=460,
        format_func=lambda rule: f"{rule} {TITLES.get(rule, '')}",
    )
    remember("rules", [], key="findings:rules")
    recall("about", "")
    about = row.text_input("About", key="about", placeholder="part of a name or id", width=220)
    remember("about", "")
    return rows, _keep(rows, chosen, about.strip()), f"{chosen}:{about}"


def _grouped(wanted: pd.DataFrame | None) -> str:
    """Return how many changes findings ask for, or where that is told."""
    if wanted is None:
        return "whose changes the page Plan and `trustdebt changes` list"
    return counted(len(wanted), "change")


def _in_states(posture: Posture, wanted: list[str]) -> pd.DataFrame:
    """Return the findings to choose from: resolved ones only if requested."""
    if RESOLVED not in wanted:
        return findings(posture)
    return findings(posture, (RESOLVED,) if wanted == [RESOLVED] else EVERY_STATE)


def _keep(rows: pd.DataFrame, chosen: dict[str, list[str]], about: str) -> pd.DataFrame:
    keep = pd.Series(True, index=rows.index)
    for column, values in chosen.items():
        if values:
            keep &= rows[column].isin(values)
    if about:
        exact = rows["subject"] == about  # a link names one thing, whatever others are called
        named = rows["subject_name"].str.contains(about, case=False, regex=False)
        named |= rows["subject"].str.contains(about, case=False, regex=False)
        keep &= exact if exact.any() else named
    return rows[keep]


def _pills(
    row: Any,
    name: str,
    label: str,
    known: Iterable[str],
    counts: Mapping[str, int],
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Draw a choice of what occurs, and of what an address asks for though nothing is of it."""
    key = f"findings:{name}"
    wanted = recall(name, [], some_of(known), key=key)
    options = [option for option in known if counts.get(option) or option in wanted]
    chosen: list[str] = row.pills(
        label,
        options,
        key=key,
        selection_mode="multi",
        format_func=lambda o: f"{(words or {}).get(o, o)} · {counts.get(o, 0):,}",
    )
    remember(name, [], key=key)
    return chosen


def _detail(posture: Posture, shown: pd.DataFrame, at: int | None) -> bool:
    """Draw the finding of the chosen row, else the one in the address; return whether there is."""
    recall("finding")
    row = shown["id"].iloc[at] if at is not None else None
    if row != st.session_state.get("findings:row"):
        st.session_state["findings:row"] = row
        st.session_state["finding"] = row or st.session_state["finding"]
    chosen = remember("finding")
    answer = finding(posture, chosen) if chosen else None
    if chosen and answer is None:
        st.warning(f"There is no finding {code(chosen)} in this snapshot.")
    if answer is not None:
        with st.container(border=True, key="finding-in-full"):  # on a phone, above the table
            _finding(posture, answer)
            acceptance.draw(posture, answer)
    return answer is not None


def _finding(posture: Posture, answer: dict[str, Any]) -> None:
    subject = answer["subject"]
    title = answer.get("title") or answer["rule"]
    st.subheader(f"{MARKS.get(answer['severity'], '')} · {markdown(title)}", anchor=False)
    st.markdown(markdown(answer["sentence"], 2000))
    links_to(posture, thing_id(subject))
    st.markdown(f"**What to do**  \n{markdown(answer['remediation'], 2000)}")
    st.markdown(f"**Owner**  \n{markdown(answer['accountability'], 500)}")
    cards(posture, [answer["accountable"]])
    st.markdown(
        f"**Rule** {markdown(answer['rule'])} · **State** {markdown(STATES[answer['state']])}  \n"
        + " · ".join(
            f"**{words}** {day(answer[key])}" for key, words in DATES.items() if answer[key]
        )
    )
    if answer["state_why"]:
        st.markdown(markdown(answer["state_why"], 2000))
    if answer["resolved_by"]:
        _resolved(answer["resolved_by"], st)
    if answer["references"]:
        st.markdown(f"**See** {markdown(', '.join(map(str, answer['references'])), 500)}")
    if answer["evidence"]:
        shown = [code(_evidence(e)) for e in answer["evidence"][:10]]
        more = len(answer["evidence"]) - len(shown)
        st.markdown("**Evidence**  \n" + "  \n".join(shown))
        if more:
            st.caption(f"and {number(more)} more")


def _resolved(by: dict[str, Any], place: Any) -> None:
    """Draw the changes that resolved a finding, or that only time did."""
    lines = [code(_change(change)) for change in by["changes"][:CHANGES]]
    more = len(by["changes"]) - len(lines) + by["more"]
    text = "**Resolved by**  \n" + "  \n".join(lines)
    if by["time_alone"]:
        text += "the passing of time; nothing about it changed"
    place.markdown(text)
    if more:
        place.caption(f"and {counted(more, 'further change')} about it")


def _change(change: dict[str, Any]) -> str:
    about = thing_name(change["thing"]) if "thing" in change else edge_words(change)
    fields = ", ".join(field.replace("_", " ") for field in change.get("fields") or ())
    return f"{change['what']}: {about}{f' ({fields})' if fields else ''}"


def not_judged(posture: Posture) -> None:
    """Draw the rules that could not be evaluated, with the missing kinds of fact."""
    skipped = silent(posture)
    if skipped.empty:
        return
    with st.expander(f"{counted(len(skipped), 'check')} could not run (missing data)"):
        table(skipped, "silent", "Rules that judged nothing, and which facts nobody declares.")


def _evidence(fact: dict[str, Any]) -> str:
    """Describe a supporting fact: a relationship by its ends, a node by name, else by id."""
    if "relationship" in fact:
        ends = fact["from"]["name"], fact["relationship"], fact["to"]["name"]
        return f"{' '.join(ends)} ({fact['source']}/{fact['scope']})"
    if "thing" in fact:
        return f"{fact['thing']['name']} ({fact['source']}/{fact['scope']})"
    return f"{fact.get('record', '')} {fact['id']} {fact.get('at') or ''}".strip()


def query(posture: Posture) -> Query:
    """Return the question behind the list: the command takes one rule, a thing, the worst ones."""
    state = st.session_state
    rules, chosen = (state.get(f"findings:{name}") or [] for name in ("rules", "severity"))
    severities, about = [s for s in SEVERITIES if s in chosen], (state.get("about") or "").strip()
    worst = severities if severities == list(SEVERITIES[: len(severities)]) else []
    asked = {
        "rule": rules[0] if len(rules) == 1 else None,
        "severity": worst[-1] if worst else None,
        "about": about if posture.graph.number(about) >= 0 else None,
    }
    states = [w for each in state.get("findings:state") or [] for w in ("--state", each)]
    wider = len(rules) > 1 or severities != worst or about != (asked["about"] or "")
    return Query(("findings", *options(**asked), *states), wider=wider)


VIEW = View(
    "findings",
    "Findings",
    ":material/flag:",
    "Findings",
    50,
    draw,
    query=query,
    answers={
        "What is wrong, worst first?": {},
        "Which risks did somebody accept?": {"state": "accepted"},
    },
)
