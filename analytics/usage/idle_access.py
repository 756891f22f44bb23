"""Idle access: access without a recent use that may be removed, and how safe each removal is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.ownership.owners import DAY
from analytics.posture import UNUSED_DAYS, Posture
from analytics.tags import BREAK_GLASS, SEASONAL, bears, tagged
from analytics.usage.activity import lately
from graph.access import NEVER, milliseconds
from graph.element import Relationship
from graph.schema import CAN_ACCESS, CONTROL, CREDENTIAL, LEVELS

SAFE, OWNER, LONGER = "safe", "needs_owner", "needs_longer_window"
YEAR = 366
RULE_OF_THREE = 3  # no event in n trials: the rate is below 3/n with 95 % confidence
ADMIN = 1 << LEVELS.index("admin")
ACCESS = len(CONTROL)  # the kind of a grant, after those of control edges


@dataclass(frozen=True)
class Idle:
    """Idle access from `source` to `target` by one type, removable as a whole.

    `rows` are places in the frame of the type. `edges` and `grants` are positions in
    `posture.edges` and `posture.grants`; `edges` includes the derived ones that the removal takes
    along. `observed` is True if a use would have been seen.
    """

    relationship: Relationship
    source: int
    target: int
    rows: tuple[int, ...]
    edges: tuple[int, ...]
    grants: tuple[int, ...]
    verdict: str
    observed: bool
    window_days: float | None

    @property
    def rate(self) -> float | None:
        """The upper bound of the rate of use per day, given that none was seen (rule of three)."""
        return RULE_OF_THREE / self.window_days if self.window_days else None


def idle_rows(posture: Posture) -> pd.DataFrame:
    """Return every row of access that may be removed.

    Excluded are rows used within `UNUSED_DAYS` days, rows that have a break-glass tag or end, and
    derived rows. Access whose use is not observed is listed; its verdict asks for the owner.

    Returns
    -------
    DataFrame
        `kind` (a position in `CONTROL`, or `ACCESS`), `row` (in the frame of that type),
        `source`, `target`, `edge` and `grant` (positions in the posture, -1 for none), `fact`
        (id), `telemetry` (bool), `verdict` and `window` (days; nan where unknown).
    """
    rows = pd.concat([_control(posture), _access(posture)], ignore_index=True)
    rows = rows[~_protected(posture, rows)].reset_index(drop=True)
    window = _window(posture, rows)
    return rows.assign(window=window, verdict=_verdict(rows, window))


def idle(rows: pd.DataFrame, fallen: dict[str, list[int]]) -> Idle:
    """Combine parallel rows into one removal; see `idle_rows` and `derived_from`."""
    edges = [e for e in rows["edge"] if e >= 0]
    edges += [d for fact in rows["fact"] for d in fallen.get(fact, ())]
    kind, windows = int(rows["kind"].iloc[0]), rows["window"]
    return Idle(
        CONTROL[kind] if kind < ACCESS else CAN_ACCESS,
        int(rows["source"].iloc[0]),
        int(rows["target"].iloc[0]),
        tuple(rows["row"].tolist()),
        tuple(dict.fromkeys(int(e) for e in edges)),
        tuple(int(g) for g in rows["grant"] if g >= 0),
        next(v for v in (OWNER, LONGER, SAFE) if (rows["verdict"] == v).any()),
        bool(rows["telemetry"].all()),
        None if windows.isna().any() else float(windows.min()),
    )


def _control(posture: Posture) -> pd.DataFrame:
    edges, parts = posture.edges, []
    for kind, relationship in enumerate(CONTROL):
        at = np.flatnonzero((edges.kind == kind) & (edges.row >= 0) & ~edges.derived)
        frame = posture.graph.frames[relationship].iloc[edges.row[at]]
        parts.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "row": edges.row[at],
                    "source": edges.source[at],
                    "target": edges.target[at],
                    "edge": at,
                    "grant": -1,
                    "telemetry": edges.telemetry[at],
                    "used": posture.edges_latest[at],
                    "since": edges.since[at],
                    "start": window_starts(posture, frame),
                    "tags": "",
                    "fact": frame["id"].to_numpy(object),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _access(posture: Posture) -> pd.DataFrame:
    """Return the grants on resources, and the other grants that a derived edge rests on."""
    graph, grants = posture.graph, posture.grants
    frame = graph.frames[CAN_ACCESS]
    stated = np.flatnonzero((grants.row >= 0) & ~grants.derived)
    position = np.full(len(frame), -1, np.int64)
    position[grants.row[stated]] = stated
    needed = frame["id"].isin({f for p in posture.escalated.proofs for f in p.support})
    row = np.flatnonzero((position >= 0) | (needed.to_numpy(bool) & graph.in_force(CAN_ACCESS)))
    (holder, target), (telemetry, _, since) = graph.ends(CAN_ACCESS), graph.grant_use
    used = posture.activity.grant_latest
    frame = frame.iloc[row]
    return pd.DataFrame(
        {
            "kind": ACCESS,
            "row": row,
            "source": holder[row],
            "target": target[row],
            "edge": -1,
            "grant": position[row],
            "telemetry": telemetry[row],
            "used": used[row].max(axis=1, initial=NEVER),
            "since": since[row],
            "start": window_starts(posture, frame),
            "tags": frame["tags"].fillna("").to_numpy(object),
            "fact": frame["id"].to_numpy(object),
        }
    )


def window_starts(posture: Posture, frame: pd.DataFrame) -> np.ndarray:
    """Return when the source and scope of each row began to observe uses (milliseconds)."""
    start_by_scope = {c.key: c.usage_window_start for c in posture.graph.coverage}
    keys = list(start_by_scope)
    starts = pd.Series([start_by_scope[k] for k in keys], dtype="datetime64[ms, UTC]")
    place = pd.MultiIndex.from_tuples(keys).get_indexer(
        pd.MultiIndex.from_frame(frame[["source", "scope"]])
    )
    return np.where(place >= 0, milliseconds(starts)[place], NEVER)


def _protected(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    used = rows["used"].to_numpy()
    marked = bears(rows["tags"], BREAK_GLASS)
    glass = tagged(posture, BREAK_GLASS)
    recent = lately(posture.graph, used)
    key = posture.graph.has_label(CREDENTIAL) & lately(
        posture.graph, posture.activity.node_latest
    )  # whichever identity used it, a key in use is not removed
    recent |= (rows["kind"] != ACCESS) & (key[rows["source"]] | key[rows["target"]])
    return np.asarray(recent | marked | glass[rows["source"]] | glass[rows["target"]])


def _window(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the number of days each row was observed without a use; nan where unknown."""
    begun = rows[["used", "since", "start"]].to_numpy().max(axis=1, initial=NEVER)
    days = (posture.graph.now - begun.astype(np.float64)) / DAY
    return np.where((begun == NEVER) | ~rows["telemetry"].to_numpy(bool), np.nan, days)


def _verdict(rows: pd.DataFrame, window: np.ndarray) -> np.ndarray:
    seasonal = bears(rows["tags"], SEASONAL)
    needed = np.where(seasonal, YEAR, UNUSED_DAYS)
    long_enough = window >= needed  # nan is not
    unseen = ~rows["telemetry"].to_numpy(bool)
    return np.select([unseen, long_enough], [OWNER, SAFE], LONGER)


def derived_from(posture: Posture) -> dict[str, list[int]]:
    """Return for each fact the derived edges (positions) that rest on it."""
    edges_by_fact: dict[str, list[int]] = {}
    for place, proof in enumerate(posture.escalated.proofs, posture.escalated.stated):
        for fact in proof.support:
            edges_by_fact.setdefault(fact, []).append(place)
    return edges_by_fact
