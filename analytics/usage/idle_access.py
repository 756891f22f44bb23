"""Idle access: access without a recent use that may be removed, and how safe each removal is."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import UNUSED_DAYS, Posture
from analytics.tags import BREAK_GLASS, SEASONAL, bears, tagged
from analytics.usage.activity import lately
from graph.element import Relationship
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import AUTHENTICATES_AS, CAN_ACCESS, CONTROL, CREDENTIAL, LEVELS, USES

SAFE, OWNER, LONGER = "safe", "needs_owner", "needs_longer_window"
YEAR = 366
RULE_OF_THREE = 3  # no event in n trials: the rate is below 3/n with 95 % confidence
ADMIN = 1 << LEVELS.index("admin")
ACCESS = len(CONTROL)  # the kind of a grant, after those of control edges
NONE = -1


@dataclass(frozen=True)
class Idle:
    """Idle access that one action of a person removes as a whole.

    It is all access from `source` to `target` by one type, or a credential with all that it opens:
    then `relationship` is None, and both ends are the credential. `rows` are places in the frames
    of their types. `edges` and `grants` are positions in `posture.edges` and `posture.grants`;
    `edges` includes the derived ones that the removal takes along. `observed` is True if a use
    would have been seen.
    """

    relationship: Relationship | None
    source: int
    target: int
    rows: tuple[tuple[Relationship, int], ...]
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
    derived rows; and all rows of a credential that has any such row, as it goes as a whole. Access
    whose use is not observed is listed; its verdict asks for the owner.

    Returns
    -------
    DataFrame
        `kind` (a position in `CONTROL`, or `ACCESS`), `row` (in the frame of that type),
        `source`, `target`, `edge` and `grant` (positions in the posture, -1 for none), `fact`
        (id), `telemetry` (bool), `verdict`, `window` (days; nan where unknown) and `credential`
        (a node; -1 for all rows but logins by one).
    """
    rows = pd.concat([_control(posture), _access(posture)], ignore_index=True)
    kind, source = rows["kind"].to_numpy(), rows["source"].to_numpy()
    used = kind == CONTROL.index(USES)
    login = used | (kind == CONTROL.index(AUTHENTICATES_AS))
    credential = np.where(used, rows["target"].to_numpy(), source)
    protected = _protected(posture, rows)
    spared = np.zeros(len(posture.graph.ids), bool)  # of these nodes, only the credentials count
    spared[credential[protected]] = True
    kept = ~protected & ~(login & spared[credential])
    rows = rows.assign(credential=np.where(login, credential, NONE))[kept].reset_index(drop=True)
    window = watched_days(posture, rows)
    return pd.DataFrame(rows.assign(window=window, verdict=verdict_of(rows, window)))


def of_nodes(rows: pd.DataFrame, mask: np.ndarray) -> pd.DataFrame:
    """Return the rows of idle access that begin at a node in `mask`, or at a credential there."""
    credential = rows["credential"].to_numpy()
    begin = np.where(credential == NONE, rows["source"].to_numpy(), credential)
    return pd.DataFrame(rows[mask[begin]].reset_index(drop=True))


def reached_from(posture: Posture, nodes: np.ndarray) -> np.ndarray:
    """Return a mask of `nodes` (numbers) and all that they can act as, activation included."""
    edges, mask = posture.edges, np.zeros(len(posture.graph.ids), bool)
    mask[nodes] = True
    count = 0
    while (reached := int(np.count_nonzero(mask))) > count:
        count = reached
        mask[edges.target[mask[edges.source]]] = True
    return mask


def grouped(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows of idle access, and the number of the removal that each is part of.

    What a credential holds itself is part of the removal of the credential, and can also be
    removed alone: such a row is listed twice. See `idle_rows`.
    """
    keys = rows["credential"].to_numpy()
    also = rows[(keys == NONE) & np.isin(rows["source"].to_numpy(), keys[keys != NONE])]
    rows = pd.concat([rows, also.assign(credential=also["source"])], ignore_index=True)
    key = rows["credential"].to_numpy()
    parts = {
        name: np.where(key == NONE, rows[name].to_numpy(), key) for name in ("source", "target")
    }
    kind = np.where(key == NONE, rows["kind"].to_numpy(), NONE)
    group = pd.DataFrame({"kind": kind, **parts}).groupby(["kind", "source", "target"], sort=True)
    return rows, group.ngroup().to_numpy()


def idle(rows: pd.DataFrame, fallen: dict[str, list[int]]) -> Idle:
    """Combine the rows of one group into one removal; see `grouped` and `derived_from`."""
    edges = [e for e in rows["edge"] if e >= 0]
    edges += [d for fact in rows["fact"] for d in fallen.get(fact, ())]
    types = [CONTROL[k] if k < ACCESS else CAN_ACCESS for k in rows["kind"].tolist()]
    key, windows = int(rows["credential"].iloc[0]), rows["window"]
    return Idle(
        types[0] if key == NONE else None,
        int(rows["source"].iloc[0]) if key == NONE else key,
        int(rows["target"].iloc[0]) if key == NONE else key,
        tuple(zip(types, rows["row"].tolist(), strict=True)),
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


def watched_days(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return the number of days each row was observed without a use; nan where unknown."""
    begun = rows[["used", "since", "start"]].to_numpy().max(axis=1, initial=NEVER)
    days = (posture.graph.now - begun.astype(np.float64)) / DAY
    return np.where((begun == NEVER) | ~rows["telemetry"].to_numpy(bool), np.nan, days)


def verdict_of(rows: pd.DataFrame, window: np.ndarray) -> np.ndarray:
    """Return how safe the removal of each row is, which was watched for `window` days."""
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
