"""Accepted risks: which run out when, and which have run out and are open again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.board.scope import Scope
from analytics.answers.shape import cut
from analytics.answers.table import INSTANT, Kind, Table
from analytics.findings.lifecycle.states import ACCEPTED, FAILING, listed, lives
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.journal.entries import Acceptance

IN_FORCE, LAPSED = "in_force", "lapsed"
SOON = 30  # days
NEEDED = ("id", "subject", "severity", "sentence", "step")  # columns of `listed`


@dataclass(frozen=True)
class Risks:
    """The accepted findings, those that ran out first; see `risks`.

    `expiries` has `finding` (id), `subject` (a node), `severity`, `sentence`, `by`, `until`, `days`
    (until it runs out at the moment looked at; negative where it has) and `state`: in force, or
    lapsed. `accepted` counts those in force, `soon` those of them that run out within 30 days.
    """

    accepted: int
    lapsed: int
    soon: int
    expiries: Table
    left_out: int


@kept
def risks(posture: Posture, scope: Scope, limit: int = 0) -> Risks:
    """List the findings of a scope that somebody accepted, and until when."""
    rows = _rows(posture, scope)
    in_force = rows["state"] == IN_FORCE
    shown, left_out = cut(rows, limit)
    table = Table(shown.reset_index(drop=True), posture.graph.things, {"subject": Kind.NODE})
    return Risks(
        accepted=int(in_force.sum()),
        lapsed=int((~in_force).sum()),
        soon=int((in_force & (rows["days"] <= SOON)).sum()),
        expiries=table,
        left_out=left_out,
    )


def _rows(posture: Posture, scope: Scope) -> pd.DataFrame:
    if posture.journal is None or not posture.journal.acceptances():
        return _of_state(posture, pd.DataFrame(columns=list(NEEDED)), {}, 0, IN_FORCE)
    life = lives(posture)
    now = len(life.infos)
    in_force = _of_state(posture, listed(posture, (ACCEPTED,)), life.acceptances, now, IN_FORCE)
    lapsed = _of_state(posture, listed(posture, FAILING), life.lapsed, now, LAPSED)
    rows = pd.concat([in_force, lapsed], ignore_index=True)
    if scope.team is not None:
        rows = rows[rows["subject"].isin(posture.accountable[scope.places])]
    return rows.sort_values(["until", "finding"], kind="stable", ignore_index=True)


def _of_state(
    posture: Posture,
    rows: pd.DataFrame,
    accepted: Mapping[str, Acceptance],
    now: int,
    state: str,
) -> pd.DataFrame:
    """Return the findings of today among `rows` that were accepted, with their acceptance."""
    rows = rows[rows["id"].isin(accepted) & (rows["step"] == now)]
    entries = [accepted[str(id_)] for id_ in rows["id"]]
    until = pd.Series([entry.until for entry in entries], dtype=INSTANT)
    left = (until - posture.graph.as_of) / pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "finding": rows["id"].array,
            "subject": rows["subject"].to_numpy(np.int64),
            "severity": rows["severity"].array,
            "sentence": rows["sentence"].array,
            "by": pd.array([entry.by for entry in entries], dtype="string"),
            "until": until.array,
            "days": np.floor(left.to_numpy(float)).astype(np.int64),
            "state": pd.array([state] * len(rows), dtype="string"),
        }
    )
