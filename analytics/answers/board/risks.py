"""Accepted risks: which run out when, and which have run out and are open again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.board.scope import Scope
from analytics.answers.shape import cut
from analytics.answers.table import INSTANT, Kind, Table
from analytics.findings.lifecycle.states import ACCEPTED, FAILING, listed, lives
from analytics.posture import Posture

IN_FORCE, LAPSED = "in_force", "lapsed"
SOON = 30  # days
COLUMNS = ("finding", "subject", "severity", "sentence", "by", "until", "days", "state")


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
        return _frame([])
    life = lives(posture)
    entries = {IN_FORCE: life.acceptances, LAPSED: life.lapsed}
    parts = {IN_FORCE: listed(posture, (ACCEPTED,)), LAPSED: listed(posture, FAILING)}
    within = np.zeros(len(posture.graph.ids), bool)
    within[posture.accountable[scope.places]] = True
    made = []
    for state, accepted in entries.items():
        rows = parts[state]
        rows = rows[rows["id"].isin(accepted) & (rows["step"] == len(life.infos))]
        for row in rows.itertuples():
            if scope.team is not None and not within[row.subject]:
                continue
            entry = accepted[row.id]
            days = (entry.until - posture.graph.as_of) / pd.Timedelta(days=1)
            made.append(
                (
                    *(row.id, row.subject, row.severity, row.sentence),
                    *(entry.by, entry.until, int(np.floor(days)), state),
                )
            )
    return _frame(made).sort_values(["until", "finding"], kind="stable", ignore_index=True)


def _frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    types = {"subject": np.int64, "until": INSTANT, "days": np.int64}
    return frame.astype(types)
