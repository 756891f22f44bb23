"""Reconciliation: where actions, decisions and entitlements contradict each other, case by case."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.answers.table import Kind, Table, instants, objects
from analytics.evidence.decisions import records
from analytics.evidence.window import ALWAYS, Window
from analytics.evidence.within import within
from analytics.findings.reconciliation import all_checks
from analytics.findings.reconciliation.check import CASE, HOLDS, UNKNOWN, Compared
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.instants import NEVER

KINDS = {"identity": Kind.NODE, "resource": Kind.NODE, "level": Kind.LEVEL}
ENDS = ("identity", "resource")


@dataclass(frozen=True)
class Reconciliation:
    """What was compared, and each case where it does not agree; see `reconciliation`.

    `checks` has for each check its name (`check`), what it `says`, the `count` of its cases, `of`
    how many that could be compared (`among`: which those are), how many are `unknown`, and the
    `share`. `cases` has `check`, `at`, `identity` and `resource` (nodes), `level`, `use` and
    `decision` (ids), `engine`, `count` and `because`.
    """

    checks: Table
    cases: Table
    left_out: int


@kept
def reconciliation(
    posture: Posture, about: int | None = None, limit: int = 0, window: Window = ALWAYS
) -> Reconciliation:
    """Compare actions, decisions and entitlements; `about` is an identity or a resource.

    Only what happened or was decided within `window` is counted. The cases are in the order of the
    checks, the latest of each first.
    """
    compared = {
        name: _within(posture, check.compare(posture), about, window)
        for name, check in all_checks().items()
    }
    parts, left_out, room = [], 0, limit
    for name, each in compared.items():
        rows = np.flatnonzero(each.state == CASE)[::-1]
        shown = rows if not limit else rows[: max(room, 0)]
        left_out += len(rows) - len(shown)
        room -= len(shown)
        parts.append(_cases(posture, name, each, shown))
    cases = pd.concat(parts, ignore_index=True)
    checks = _checks(compared)
    return Reconciliation(
        checks=Table(checks, posture.graph.things),
        cases=Table(cases, posture.graph.things, KINDS),
        left_out=left_out,
    )


def _within(posture: Posture, compared: Compared, about: int | None, window: Window) -> Compared:
    """Return what was compared about one node, if it is given, within a window.

    What has no instant, as it is so at all times, is within any.
    """
    timeless = (compared.rows["at"] == NEVER).to_numpy(bool)
    at, rows = within(posture, compared.rows, window, timeless)
    if about is not None:
        ends = [end for end in (*ENDS, "principal") if end in rows]
        mask = (rows[ends] == about).any(axis=1).to_numpy(bool)
        at, rows = at[mask], rows[mask]
    return Compared(rows, compared.state[at], lambda n: compared.because(at[n]))


def _checks(compared: dict[str, Compared]) -> pd.DataFrame:
    columns = ("check", "says", "count", "of", "among", "unknown", "share")
    rows = []
    for name, check in all_checks().items():
        state = compared[name].state
        count = compared[name].rows["count"].to_numpy(np.int64)
        cases, holding, unknown = (int(count[state == s].sum()) for s in (CASE, HOLDS, UNKNOWN))
        of = cases + holding
        share = cases / of if of else np.nan
        rows.append((name, check.says, cases, of, check.among, unknown, share))
    return pd.DataFrame(rows, columns=columns)


def _cases(posture: Posture, name: str, compared: Compared, at: np.ndarray) -> pd.DataFrame:
    rows = compared.rows.iloc[at]
    engine = records(posture)["engine"].array.take(
        rows["record"].to_numpy(np.int64), allow_fill=True
    )
    return pd.DataFrame(
        {
            "check": name,
            "at": instants(rows["at"]).array,
            **{end: rows[end].to_numpy(np.int64) for end in ENDS},
            "level": np.maximum(rows["level"].to_numpy(np.int64), -1),
            "use": rows["use"].array,
            "decision": rows["decision"].array,
            "engine": engine,
            "count": rows["count"].to_numpy(np.int64),
            "because": objects(compared.because(at)),
        }
    )
