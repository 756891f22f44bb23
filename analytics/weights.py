"""Weights of exposure: by the sensitivity of a resource, and by the level of access.

Half-decade steps make a semi-quantitative ratio scale, so that weights may be added: about three
resources of one class weigh as much as one of the next.
"""

import numpy as np
import pandas as pd

from graph.access import AccessGraph, flags
from graph.schema import LEVELS, RESOURCE, SENSITIVITIES, TRUST_ANCHORS

SENSITIVITY = dict(zip(SENSITIVITIES, (1.0, 3.0, 10.0, 30.0), strict=True))
LEVEL = dict(zip(LEVELS, (0.3, 1.0, 3.0, 10.0), strict=True))
LEVEL_WEIGHTS = np.array([LEVEL[level] for level in LEVELS])
UNKNOWN = "unknown"
ASSUMED, ASSUMED_CONTROL_PLANE = "internal", "restricted"  # without a declared sensitivity
BANDS = ((90.0, "critical"), (30.0, "high"), (9.0, "medium"), (0.0, "low"))
SEVERITIES = tuple(name for _, name in BANDS)  # the worst first


def mask_weights() -> np.ndarray:
    """Return the weight of each set of levels: float64[16], indexed by level bits.

    >>> float(mask_weights()[0b1010])  # read and admin
    11.0
    """
    bits = (np.arange(16)[:, None] >> np.arange(4)) & 1
    weights: np.ndarray = bits @ LEVEL_WEIGHTS
    return weights


def sensitivities(graph: AccessGraph) -> pd.DataFrame:
    """Return the sensitivity of each node, indexed by number.

    Returns
    -------
    DataFrame
        `stated`: the declared class, or `unknown`, and "" for nodes that are no resource to
        protect, such as a service that a role trusts; `weight` (float64), 0 for nodes that are no
        resource; `assumed` (bool): no source declares it, so the weight is that of an internal
        resource, or of a restricted one if it is a control plane; `low` and `high`: the
        bounds of the true weight.
    """
    frame = graph.frames[RESOURCE]
    frame = frame[~frame["type"].isin(TRUST_ANCHORS)]
    count, numbers = len(graph.ids), graph.numbers(frame["id"])
    stated = frame["sensitivity"].fillna(UNKNOWN).to_numpy(object)
    fallback = np.where(flags(frame["control_plane"]), ASSUMED_CONTROL_PLANE, ASSUMED)
    assumed = stated == UNKNOWN
    weight = pd.Series(np.where(assumed, fallback, stated)).map(SENSITIVITY).to_numpy(float)
    of_all = np.full(count, "", object)
    of_all[numbers] = stated
    columns = {
        "weight": weight,
        "assumed": assumed,
        "low": np.where(assumed, SENSITIVITY["public"], weight),
        "high": np.where(assumed, SENSITIVITY["restricted"], weight),
    }
    nodes = {name: np.zeros(count, values.dtype) for name, values in columns.items()}
    for name, values in columns.items():
        nodes[name][numbers] = values
    return pd.DataFrame({"stated": pd.array(of_all, dtype="str"), **nodes})


def severity(quantity: float) -> str:
    """Return the band of `w_k * max(alpha * s * lambda)`: larger is worse.

    >>> severity(30.0), severity(6.75)
    ('high', 'low')
    """
    return next(name for least, name in BANDS if quantity >= least)
