"""What the page rests on: the sources, how old they are today, what is missing, what to connect."""

import pandas as pd
import streamlit as st

from analytics.answers.board import Gaps
from analytics.posture import Posture
from app.escape import markdown
from app.freshness import age_words, freshness
from app.web.answers import board
from app.web.tables import table
from app.wording import counted, day, joined, kind, number, share
from graph.schema import FACT_NODES

OLD = 30  # days from which the age is a warning


def draw(posture: Posture) -> None:
    """Draw one line on the data and their age today, and what to connect next."""
    known = board.gaps(posture)
    words = f"{counted(len(known.sources), 'data source')}: {freshness(known.sources)}."
    if known.old:
        st.markdown(
            f":orange-badge[:material/schedule: Old data] {words} What happened since is not in it."
        )
    else:
        st.markdown(f":gray-badge[:material/database: Data] {words}")
    if known.connect:
        st.markdown(f":gray-badge[:material/help: Missing] {_connect_words(known)}")


def _connect_words(known: Gaps) -> str:
    """Return what nobody states, what to connect next, and what that would settle."""
    lacking = [row["says"] for row in known.missing]
    nobody = f"Nobody states {joined(lacking[:3])}. " if lacking else ""
    best = known.connect[0]
    checks = counted(best["checks"], "check")
    words = f"{nobody}Connect next: **{markdown(best['source'])}**, which lets {checks} run"
    settled = [row for row in known.missing if best["source"] in row["sources"]]
    part = sum(row["settles"] for row in settled)
    return words + (f" and verifies another {share(part, 1)} of access." if part else ".")


def details(posture: Posture) -> None:
    """Draw what each source covers, and what is missing."""
    known = board.gaps(posture)
    rows = known.sources
    covers = "what it covers" if len(rows) == 1 else "what they cover"
    with st.expander(f"{counted(len(rows), 'data source')}: {covers}"):
        table(
            pd.DataFrame(
                {
                    "Source": [row["source"] for row in rows],
                    "Scope": [row["scope"] for row in rows],
                    "Read": ["complete" if row["complete"] else "in part" for row in rows],
                    "Taken": [day(row["taken_at"]) for row in rows],
                    "Age today": [age_words(row["age_days"]) for row in rows],
                    "Covers": [", ".join(row["declares"]) for row in rows],
                }
            ),
            "coverage",
            "What each source covers, and how old it is today.",
        )
        st.markdown(_contents(posture))
    if known.missing or known.connect:
        wait = counted(known.waiting, "check waits", "checks wait")
        with st.expander(f"{wait} for facts that nobody states"):
            _missing(known)


def _missing(known: Gaps) -> None:
    if known.unknown:
        st.markdown(
            f"Not known: **{markdown('; '.join(known.unknown), 600)}**. Unknown is not the same "
            "as fine."
        )
    table(
        pd.DataFrame(
            {
                "Nobody states": [row["says"] for row in known.missing],
                "Checks that wait": [row["checks"] for row in known.missing],
                "Unknown for want of it": [share(row["settles"], 1) for row in known.missing],
                "Sources that state it": [", ".join(row["sources"]) for row in known.missing],
            }
        ),
        "missing",
        "Kinds of fact that no source states, and what waits for them.",
    )
    if known.connect:
        table(
            pd.DataFrame(
                {
                    "Connect": [row["source"] for row in known.connect],
                    "Checks it lets run": [row["checks"] for row in known.connect],
                    "States": [", ".join(row["kinds"]) for row in known.connect],
                }
            ),
            "connect",
            "Sources that would let most checks run.",
        )


def _contents(posture: Posture) -> str:
    frames = posture.graph.frames
    counts = {node.name: len(frames[node]) for node in FACT_NODES}
    parts = [f"{kind(label, 2)} {number(count)}" for label, count in counts.items() if count]
    return f"What there is: {', '.join(parts)}."
