"""Quality of decision records: missing fields, and records that contradict other facts."""

from typing import Any

import pandas as pd

from analytics.evidence.decisions import out_of_date, records
from analytics.evidence.matching import Evidence
from analytics.posture import Posture
from graph.access import flags

# The facts on a decision that an audit needs, with the fields that may hold each.
EXPECTED = {
    "identity": ("identity", "instance"),
    "purpose": ("purpose", "task_id"),
    "context": ("env", "tool", "delegation_chain"),
    "correlation": ("correlation_id",),
    "risk": ("risk_score", "risk_signals", "posture"),
    "policy": ("policy_id",),
    "policy_version": ("policy_version",),
    "justification": ("justification",),
    "outcome": ("executed", "result"),
}
TEMPLATE = 10  # records of equal wording, numbers aside, that count as a template


def decision_records(posture: Posture, explained: Evidence) -> dict[str, Any]:
    """Count the decision records so far, and what is missing or wrong in them.

    `never_used` are permissions without a use, `executed_though_denied` refusals whose own outcome
    says that they were carried out, `out_of_date` decisions by a replaced version of a policy, and
    `templates` justifications that many records repeat. `engines` gives for each engine the share
    of its records that lack what an audit needs.
    """
    frame = records(posture)
    decision = frame["decision"]
    executed = flags(frame["executed"])
    return {
        "records": len(frame),
        **{kind: int((decision == kind).sum()) for kind in ("allow", "deny", "escalate")},
        "never_used": len(explained.idle),
        "executed_though_denied": int(((decision == "deny").to_numpy(bool) & executed).sum()),
        "out_of_date": int(out_of_date(frame).sum()),
        "templates": int(_templates(frame["justification"]).sum()),
        "engines": [
            {"engine": str(name), "records": len(of_engine), "missing": _missing(of_engine)}
            for name, of_engine in frame.groupby(frame["engine"].fillna("unknown"))
        ],
    }


def _missing(frame: pd.DataFrame) -> dict[str, float]:
    return {
        label: float(frame[list(fields)].isna().all(axis=1).mean())
        for label, fields in EXPECTED.items()
    }


def _templates(justifications: pd.Series) -> pd.Series:
    """Return a mask of the justifications that are worded like many others."""
    words = justifications.str.lower().str.replace(r"[^a-z]+", " ", regex=True)
    return words.notna() & (words.groupby(words).transform("size") >= TEMPLATE)
