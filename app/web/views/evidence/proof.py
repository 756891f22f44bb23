"""One use opened into its proof: what was so then, what is missing, and the file to keep."""

import json
import shlex
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.prove import command_of, prove
from analytics.answers.table import as_json
from analytics.posture import Posture
from app.escape import code, markdown, plain
from app.web.card import cards
from app.web.page.snapshots import kept
from app.web.sentences import clause_lines
from app.wording import moment
from graph.receipts.canonical import canonical_bytes
from graph.values import iso

VERDICTS = {"proven": "Proven", "not_proven": "Not proven", "unknown": "Not known"}
SHOWN = {"proven": st.success, "not_proven": st.error, "unknown": st.warning}
PARTS = {"entitlement": "Access", "decision": "Decision", "envelope": "Approved"}
STATES = {"yes": "yes", "no": "no", "unknown": "not known"}


@kept
def made(
    posture: Posture, thing: str, at: str, resource: str, level: str | None, use: str
) -> dict[str, Any]:
    """Return the proof of a use, given its id, as plain data."""
    proven = prove(posture, thing, pd.Timestamp(at), resource, level, use)
    document: dict[str, Any] = as_json(proven)
    return document


def proof(posture: Posture, row: pd.Series) -> None:
    """Draw the proof of one use, a row of the readable uses."""
    level = str(row["level"]) if isinstance(row["level"], str) else None
    named = str(row["identity"]), iso(row["at"]), str(row["resource"])
    document = made(posture, *named, level, str(row["id"]))
    st.subheader("Was it justified at that moment?", anchor=False)
    reasons = [
        f"{PARTS[part]}: {document[part]['because']}" for part in PARTS if document[part]["because"]
    ]
    words = ". ".join([VERDICTS[document["verdict"]], *reasons])
    SHOWN[document["verdict"]](markdown(f"{words}.", 1000))
    path, owners = document["entitlement"]["path"] or (), _owners(document["posture_then"])
    cards(posture, [row["identity"], *path, row["resource"], *owners])
    left, right = st.columns(2)
    with left:
        _entitlement(document["entitlement"])
        _envelope(document["envelope"])
    with right:
        _decision(document["decision"])
        _standing(document["posture_then"])
    for gap in document["gaps"]:
        st.caption(markdown(f"Missing: {gap['gap']}. It would be settled by {gap['settled_by']}."))
    _take_away(document)


def _entitlement(part: dict[str, Any]) -> None:
    st.markdown(f"**Access then: {STATES[part['state']]}**")
    if part["path"]:
        st.markdown(clause_lines(part["path"]))
    if part["since"]:
        st.caption(f"Known since {moment(part['since'])}.")


def _decision(part: dict[str, Any]) -> None:
    st.markdown(f"**Decision: {STATES[part['state']]}**")
    if part["id"] is None:
        st.markdown("No record decides a use at that moment.")
        return
    policy, reason = part["policy"], part["justification"]
    version = policy["version"] or "of no stated version"
    st.markdown(
        f"{code(part['id'])} said {markdown(part['decision'])} on {moment(part['at'])}, by "
        f"{code(policy['id'] or 'no stated policy')} {markdown(version)}."
    )
    text = reason["text"] or "None is recorded."
    approver = f" Approved by {markdown(reason['approver'])}." if reason["approver"] else ""
    st.markdown(f"Justification: {markdown(text, 1000)}{approver}")


def _envelope(part: dict[str, Any]) -> None:
    st.markdown(f"**Within what was approved: {STATES[part['state']]}**")
    for each in part["approved_by"]:
        by = markdown(each["by"] or "somebody")
        at = moment(each["at"]) if each["at"] else "at a time nobody states"
        end = f", until {moment(each['expires_at'])}" if each["expires_at"] else ""
        st.markdown(f"{by} approved the {each['on']} {'on ' if each['at'] else ''}{at}{end}.")
    if part["scope"] is not None:
        st.markdown(f"Declared scope: {code(json.dumps(part['scope']), 1000)}")


def _standing(part: dict[str, Any]) -> None:
    st.markdown("**Who answered for it, and what it owed**")
    for name, words in (("known_then", "As known then"), ("known_now", "As known now")):
        known = part[name]
        if known is None:
            st.markdown(f"{words}: nothing had been recorded.")
            continue
        owner = (known["owners"]["business"] or {}).get("name") or "nobody known"
        grade = known["grade"] or "none"
        st.markdown(f"{words}: owner {markdown(owner)}, grade {markdown(grade)}.")


def _owners(part: dict[str, Any]) -> list[Any]:
    """List who answered for it, as known then and as known now."""
    known = [part[name] for name in ("known_then", "known_now") if part[name] is not None]
    return [each["owners"]["business"] for each in known]


def _take_away(document: dict[str, Any]) -> None:
    st.caption("The same on the command line:")
    st.code(plain(shlex.join(command_of(document["claim"]))), language="bash")
    st.caption(f"Digest of all it rests on ({len(document['rests_on'])} facts):")
    st.code(document["digest"], language=None)
    st.download_button(
        "Download the proof",
        canonical_bytes(document),
        "proof.json",
        "application/json",
        key="evidence:proof",
        on_click="ignore",
        icon=":material/download:",
    )
    st.caption("The file can be checked again: `trustdebt prove verify proof.json`.")
