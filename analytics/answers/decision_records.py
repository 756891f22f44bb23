"""Quality of decision records: missing fields, and records that contradict other facts."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.evidence.decisions import out_of_date, records
from analytics.evidence.justifications import templates
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


def decision_records(posture: Posture, explained: Evidence, mask: np.ndarray) -> dict[str, Any]:
    """Count the decision records in a mask, and what is missing or wrong in them.

    `never_used` are permissions without a use, `executed_though_denied` refusals whose own outcome
    says that they were carried out, `out_of_date` decisions by a replaced version of a policy, and
    `templates` justifications whose words others have. `engines` gives for each engine how many of
    its records (`of`) lack what an audit needs, as a count (`lacking`) and as a share (`missing`).
    """
    frame = records(posture)
    old, alike = out_of_date(frame)[mask], templates(posture)[mask]
    frame = frame[mask]
    decision = frame["decision"]
    executed = flags(frame["executed"])
    return {
        "records": len(frame),
        **{kind: int((decision == kind).sum()) for kind in ("allow", "deny", "escalate")},
        "never_used": int(mask[explained.idle.index].sum()),
        "executed_though_denied": int(((decision == "deny").to_numpy(bool) & executed).sum()),
        "out_of_date": int(old.sum()),
        "templates": int(alike.sum()),
        "engines": [
            {
                "engine": str(name),
                "records": len(of_engine),
                "of": len(of_engine),
                "lacking": _lacking(of_engine),
                "missing": {k: n / len(of_engine) for k, n in _lacking(of_engine).items()},
            }
            for name, of_engine in frame.groupby(frame["engine"].fillna("unknown"))
        ],
    }


def _lacking(frame: pd.DataFrame) -> dict[str, int]:
    return {
        label: int(frame[list(fields)].isna().all(axis=1).sum())
        for label, fields in EXPECTED.items()
    }
