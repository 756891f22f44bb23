"""What each snapshot showed of the grants of a posture: which of them, and with which levels.

Of most snapshots only the grants are looked at that differ from the snapshot before; they are kept
beside it, so that it need not be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.kept.answers import kept
from analytics.kept.of_snapshots import Following, following, looks, names_since, renamed
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.schema import CAN_ACCESS
from graph.values import UNIT_SEPARATOR, text_array

ENDS = ("source_id", "target_id")


@dataclass
class Shown:
    """A snapshot's instant, and row by row of the posture's grants what it shows of them.

    `present` (bool) are those that it has, `bits` (uint8) their levels; `with_policy` are policies
    that it shows a holder with, as `held_policies` names them, without such as an earlier one
    showed.
    """

    at: int
    present: np.ndarray
    bits: np.ndarray
    with_policy: pd.Index


def shown_grants(posture: Posture) -> Iterator[Shown]:
    """Yield what each snapshot up to a posture's shows, oldest first; an array may be changed."""
    ids = text_array(posture.graph.frames[CAN_ACCESS]["id"])
    snapshots, shown = looks(posture), None
    if not snapshots:
        yield _all(posture.graph, ids)
    for number, snapshot in enumerate(snapshots):
        rows = None if shown is None else _changed(posture, number)
        if shown is None or rows is None:
            shown = _all(renamed(posture, number).graph, ids)
        else:
            shown = _updated(shown, rows, ids)
        shown.at = snapshot.now
        yield shown


def held_policies(frame: pd.DataFrame) -> pd.Index:
    """Return holder and policy of each grant, as one text."""
    return pd.Index(
        frame["source_id"].astype(object) + UNIT_SEPARATOR + frame["policy_id"].fillna("")
    )


def _all(graph: AccessGraph, ids: pa.Array) -> Shown:
    old = graph.frames[CAN_ACCESS]
    place = pc.index_in(ids, text_array(old["id"]))
    present = place.is_valid().to_numpy(zero_copy_only=False)
    bits = np.zeros(len(ids), np.uint8)
    bits[present] = graph.levels[place.drop_null().to_numpy()]
    return Shown(graph.now, present, bits, held_policies(old[old["policy_id"].notna()]))


def _changed(posture: Posture, number: int) -> pd.DataFrame | None:
    """Return the grants that a snapshot does not show as the one before does.

    None if it is not known which, by the ids of the posture.
    """
    step = following(posture, number)
    if step is None:
        return None
    rows, names = _differing(step), names_since(posture)[number]
    nodes = [node for column in (*ENDS, "policy_id") for node in rows[column].tolist()]
    return None if any(node in names for node in nodes) else rows


def _updated(shown: Shown, rows: pd.DataFrame, ids: pa.Array) -> Shown:
    place = pc.index_in(text_array(rows["id"]), ids)
    ours = place.is_valid().to_numpy(zero_copy_only=False)
    at = place.drop_null().to_numpy()
    present, bits = shown.present.copy(), shown.bits.copy()
    present[at], bits[at] = rows["present"].to_numpy(bool)[ours], rows["bits"].to_numpy()[ours]
    policies = rows[rows["present"] & rows["policy_id"].notna()]
    return Shown(shown.at, present, bits, held_policies(policies))


@kept
def _differing(step: Following) -> pd.DataFrame:
    """Return the grants of which a snapshot shows another state than the one before.

    Returns
    -------
    DataFrame
        `id`, the ids of both ends and `policy_id`, as the snapshot has them or, of a grant that it
        does not have, the one before; `bits` (uint8) and `present` (bool).
    """
    before, now = (_states(end.posture.graph) for end in step.ends)
    both = before.merge(now, on=list(before.columns), how="outer", indicator=True)
    new, gone = both[both["_merge"] == "right_only"], both[both["_merge"] == "left_only"]
    gone = gone[~gone["id"].isin(now["id"])]
    rows = pd.concat([new.assign(present=True), gone.assign(present=False, bits=np.uint8(0))])
    return rows.drop(columns="_merge").reset_index(drop=True).astype({"bits": np.uint8})


def _states(graph: AccessGraph) -> pd.DataFrame:
    frame = graph.frames[CAN_ACCESS]
    return frame[["id", *ENDS, "policy_id"]].assign(bits=graph.levels)
