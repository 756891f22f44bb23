"""Page of the audit trail: who decided what and when, from the journal, with its chain verified."""

import pandas as pd
import streamlit as st

from analytics.answers.trail import Trail, trail
from analytics.posture import Posture
from app.escape import code
from app.table_csv import table_csv
from app.web.card import cards
from app.web.page.address import recall, remember, some_of
from app.web.page.query import Query
from app.web.page.snapshots import kept
from app.web.tables import below, table
from app.web.view import View
from app.wording import counted, number
from graph.journal.rights import AUDIT

DEEDS = {
    "acceptance": "accepted a finding",
    "confirmation": "confirmed an acceptance",
    "attestation": "attested an owner",
    "review": "reviewed access",
    "apart": "kept ids apart",
    "campaign": "began a campaign",
    "closing": "closed a campaign",
    "withdrawal": "withdrew an entry",
}
OF_THINGS = ("acceptance", "attestation", "review", "apart")  # the others are of entries
SIGNED = {True: " · ✓ signed in", False: " · not signed in"}
HEIGHT = 520  # pixels
COLUMNS = {
    "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone="UTC", width=130),
    "Who": st.column_config.TextColumn(width=180),
    "Did": st.column_config.TextColumn(width=145),
    "About": st.column_config.TextColumn(width=150),
    "Decided": st.column_config.TextColumn(width=165),
    "Why": st.column_config.TextColumn(width=245),
    "Until": st.column_config.DateColumn(format="D MMM YYYY", width=90),
    "Withdrawn": st.column_config.DateColumn(format="D MMM YYYY", width=90),
}


@kept
def decided(posture: Posture) -> Trail:
    """Return the verified trail of decisions."""
    return trail(posture)


def draw(posture: Posture) -> None:
    """Draw the state of the chain, the filters, and the entries, the latest first."""
    if posture.journal is None:
        st.markdown("This snapshot is in no store, so nothing was decided beside it.")
        return
    answer = decided(posture)
    _chain(answer)
    if not answer.count:
        st.markdown("Nobody has decided anything yet.")
        return
    shown = answer.entries.frame[_filtered(answer.entries.frame)]
    alt = "Decisions, the latest first: when, who, signed in or not, what, about what, and why."
    key = f"audit:{len(shown)}:{hash(tuple(shown['entry']))}"
    at = table(_words(shown), key, alt, COLUMNS, select=True, height=HEIGHT)
    below(
        f"{number(len(shown))} of {counted(answer.count, 'entry', 'entries')}, the latest first. "
        "The download also has account, session, operating-system user and hash of each.",
        lambda: table_csv(type(answer.entries)(shown, answer.entries.things)),
        "audit.csv",
    )
    if at is not None:
        row = shown.iloc[at]
        about = things_in(posture, row["about"]) if row["kind"] in OF_THINGS else []
        cards(posture, [*about, row["by"], row["confirmed_by"]])


def things_in(posture: Posture, about: str) -> list[str]:
    """Return the ids in a text that holds some, apart by spaces, which they may hold too."""
    words, ids = about.split(" "), []
    while words:
        runs = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        id_ = next((run for run in runs if posture.graph.number(run) >= 0), words[0])
        ids.append(id_)
        words = words[id_.count(" ") + 1 :]
    return ids


def _chain(answer: Trail) -> None:
    checked = (
        f"{counted(answer.count, 'entry', 'entries')}; the last has the hash {code(answer.head)}"
    )
    if answer.count:
        st.success(
            f"**The chain is whole.** Each entry holds the hash of the one before: {checked}.",
            icon=":material/link:",
        )
    if not answer.sealed:
        st.caption(
            ":material/key_off: No key of a seal is at hand: damage and changes show, but not what "
            "somebody forged who may write the store and made all hashes anew. `trustdebt seal` "
            "puts a key on it."
        )


def _filtered(entries: pd.DataFrame) -> pd.Series:
    """Draw the filters and return the mask of the rows to show."""
    row = st.container(horizontal=True, vertical_alignment="top", gap="medium")
    kinds = [kind for kind in DEEDS if (entries["kind"] == kind).any()]
    recall("deeds", [], some_of(kinds), key="audit:deeds")
    chosen = row.multiselect(
        "What",
        kinds,
        key="audit:deeds",
        format_func=lambda deed: DEEDS[deed],
        placeholder="all",
        width=330,
    )
    remember("deeds", [], key="audit:deeds")
    recall("by", "", key="audit:by")
    by = row.text_input("Who", key="audit:by", placeholder="part of a name or id", width=200)
    remember("by", "", key="audit:by")
    recall("about", "", key="audit:about")
    about = row.text_input(
        "About", key="audit:about", placeholder="part of a name or id", width=200
    )
    remember("about", "", key="audit:about")
    unsigned = row.toggle("Only without sign-in", key="audit:unsigned")
    mask = entries["kind"].isin(chosen) if chosen else pd.Series(True, index=entries.index)
    mask &= _holds(entries, ["by", "by_name", "account"], by)
    mask &= _holds(entries, ["about", "about_name", "reason"], about)
    return mask & ~entries["signed_in"].astype(bool) if unsigned else mask


def _holds(entries: pd.DataFrame, columns: list[str], text: str) -> pd.Series:
    mask = pd.Series(not text.strip(), index=entries.index)
    for column in columns if text.strip() else ():
        found_in = entries[column].str.contains(text.strip(), case=False, regex=False)
        mask |= found_in.fillna(False).astype(bool)
    return mask


def _words(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "When": rows["at"],
            "Who": rows["by_name"] + rows["signed_in"].astype(bool).map(SIGNED),
            "Did": rows["kind"].map(DEEDS),
            "About": rows["about_name"],
            "Decided": rows["decided"],
            "Why": rows["reason"],
            "Until": rows["until"],
            "Confirmed by": rows["confirmed_by"],
            "Withdrawn": rows["withdrawn_at"],
            "Entry": rows["entry"],
        }
    )


JOURNAL = "What people decided is in the journal, beside the snapshots: no query of facts reads it."


def query(_: Posture) -> Query:
    """Return the question behind the page."""
    return Query(("journal",), because=JOURNAL)


VIEW = View(
    "audit", "Audit", ":material/history_edu:", "People", 80, draw, right=AUDIT, query=query
)
