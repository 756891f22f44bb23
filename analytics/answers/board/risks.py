"""Accepted risks: which run out when, and which have run out and are open again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.answers.board.scope import Scope
from analytics.answers.shape import cut
from analytics.answers.table import INSTANT, Kind, Table
from analytics.debt.groups import NONE, team_of_nodes
from analytics.findings.lifecycle.states import ACCEPTED, FAILING, Lives, listed, lives
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
    lapsed. `accepted` counts those in force, `soon` those of them that run out within 30 days. A
    finding that no source can show any more counts until its acceptance ends, as it is not
    resolved; its subject may be a node of an earlier snapshot.
    """

    accepted: int
    lapsed: int
    soon: int
    expiries: Table
    left_out: int


@kept
def risks(posture: Posture, scope: Scope, limit: int = 0) -> Risks:
    """List the findings of a scope that somebody accepted, and until when."""
    every = _risks(posture, scope)
    rows = every.frame
    in_force = rows["state"] == IN_FORCE
    shown, left_out = cut(rows, limit)
    table = replace(every, frame=shown.reset_index(drop=True))
    return Risks(
        accepted=int(in_force.sum()),
        lapsed=int((~in_force).sum()),
        soon=int((in_force & (rows["days"] <= SOON)).sum()),
        expiries=table,
        left_out=left_out,
    )


def _risks(posture: Posture, scope: Scope) -> Table:
    kinds = {"subject": Kind.NODE}
    if posture.journal is None or not posture.journal.acceptances():
        nothing = _of_state(posture, pd.DataFrame(columns=list(NEEDED)), {}, IN_FORCE)
        return Table(nothing.drop(columns="step"), posture.graph.things, kinds)
    life = lives(posture)
    in_force = _of_state(posture, listed(posture, (ACCEPTED,)), life.acceptances, IN_FORCE)
    lapsed = _of_state(posture, listed(posture, FAILING), life.lapsed, LAPSED)
    rows, things = _present(life, pd.concat([in_force, lapsed], ignore_index=True))
    if scope.team is not None:
        rows = rows[rows["team"] == scope.team]
    rows = rows.drop(columns="team")
    ordered = rows.sort_values(["until", "finding"], kind="stable", ignore_index=True)
    return Table(ordered, things, kinds)


def _present(life: Lives, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows with the present number and `team` of each subject, and the nodes.

    Subjects of earlier steps that are gone come after the present nodes, and are of the team that
    they had then.
    """
    graph, steps = life.now.graph, rows["step"].to_numpy(np.int64)
    subject = rows["subject"].to_numpy(np.int64, copy=True)
    team = np.full(len(rows), NONE, np.int64)
    things, count = [graph.things], len(graph.things)
    for step in np.unique(steps[steps < len(life.infos)]).tolist():
        of_step = np.flatnonzero(steps == step)
        seen = life.posture(step).graph.things.iloc[subject[of_step]]
        known = life.things(step).called(seen["id"].to_numpy(object))
        number = graph.numbers(pd.Series(known, dtype="string")).astype(np.int64)
        gone = number < 0
        team[of_step[gone]] = _team_then(life, step, subject[of_step][gone])
        subject[of_step] = np.where(gone, count + np.cumsum(gone) - 1, number)
        things.append(seen[gone])
        count += int(gone.sum())
    here = subject < len(graph.things)
    team[here] = team_of_nodes(life.now)[subject[here]]
    present = rows.drop(columns="step").assign(subject=subject, team=team)
    return present, pd.concat(things, ignore_index=True) if count > len(graph.things) else things[0]


def _team_then(life: Lives, step: int, subject: np.ndarray) -> np.ndarray:
    """Return the present number of the team that nodes of a step had, `NONE` if it is gone."""
    then = life.posture(step)
    team = team_of_nodes(then)[subject]
    ids = life.things(step).called(then.graph.things["id"].iloc[team].to_numpy(object))
    number = life.now.graph.numbers(pd.Series(ids, dtype="string")).astype(np.int64)
    return np.where(team >= 0, np.maximum(number, NONE), NONE)


def _of_state(
    posture: Posture, rows: pd.DataFrame, accepted: Mapping[str, Acceptance], state: str
) -> pd.DataFrame:
    """Return the findings among `rows` that were accepted, with their acceptance."""
    rows = rows[rows["id"].isin(accepted)]
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
            "step": rows["step"].to_numpy(np.int64),
        }
    )
