"""Stronger actions: what is taken away altogether needs no other change."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import On
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from analytics.remediation.closing.wanted import GRANT, NODE
from graph.values import among

WEAKER = (Action.NARROW_GRANT, Action.SET_EXPIRY)


def with_stronger(posture: Posture, findings: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `wanted` in which what goes altogether is not changed in part as well.

    An identity that is to be disabled, a credential that is to be deactivated and a grant that is
    to be removed take all findings along that are about nothing else.
    """
    return _identities(posture, findings, _grants(findings, _credentials(findings, wanted)))


def _credentials(findings: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Deactivate instead of rotating, where a finding asks for that."""
    gone = _alone(rows, Action.DEACTIVATE_CREDENTIAL)
    chosen = (rows["action"] == Action.ROTATE_CREDENTIAL.value) & among(rows["id"], gone)
    about = {rule.id for rule in all_rules().values() if rule.closing.on is On.OBJECT}
    itself = findings["rule"].isin(about).to_numpy(bool)[rows["finding"]]
    action = rows["action"].mask(chosen, Action.DEACTIVATE_CREDENTIAL.value)
    return rows.assign(action=action, closes=rows["closes"] | (chosen & itself))


def _grants(findings: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Remove a grant instead of changing it, for findings that are about that grant alone.

    A stale path may stay: without the used part of the grant, access may be left that only another
    unused grant gives.
    """
    gone = _alone(rows[rows["kind"] == GRANT], Action.REMOVE_GRANT)
    chosen = rows["action"].isin([action.value for action in WEAKER]) & (rows["kind"] == GRANT)
    chosen &= among(rows["id"], gone) & _single(rows)
    action = rows["action"].mask(chosen, Action.REMOVE_GRANT.value)
    path = rows["alone"] & (findings["key"] == "").to_numpy(bool)[rows["finding"]]
    return rows.assign(action=action, closes=(rows["closes"] | chosen) & ~(chosen & path))


def _identities(posture: Posture, findings: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Disable an identity instead of anything else about it."""
    gone = np.zeros(len(posture.graph.ids), bool)
    ids = pd.Series(list(_alone(rows, Action.DISABLE_IDENTITY)), dtype="string")
    gone[posture.graph.numbers(ids)] = True
    subject = findings["subject"].to_numpy(np.int64)
    about = np.flatnonzero(gone[subject])
    columns = {"finding": about, "action": Action.DISABLE_IDENTITY.value, "kind": NODE}
    named = posture.graph.ids.take(subject[about]).to_pylist()
    disabled = pd.DataFrame(columns | {"id": named, "closes": True, "alone": False, "holder": -1})
    rest = rows[~gone[subject][rows["finding"]]]
    return pd.concat([rest, disabled], ignore_index=True) if len(about) else rows


def _alone(rows: pd.DataFrame, action: Action) -> set[str]:
    """Return the ids on which an action alone closes a finding."""
    chosen = (rows["action"] == action.value) & rows["closes"].to_numpy(bool) & _single(rows)
    return set(rows["id"][chosen])


def _single(rows: pd.DataFrame) -> np.ndarray:
    """Return a mask of the rows that are all that their finding asks for."""
    finding = rows["finding"].to_numpy(np.int64)
    return np.asarray(np.bincount(finding, minlength=1)[finding] == 1)
