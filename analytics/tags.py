"""Tags that change how a node is judged, as patterns of how sources and people write them."""

import re

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.once import once
from graph.schema import FACT_NODES

BREAK_GLASS = re.compile(r'"break[-_ ]?glass(?:[=: ](?:true|yes|1))?"', re.IGNORECASE)
SEASONAL = re.compile(r'"seasonal"', re.IGNORECASE)
DEPLOYER = re.compile(r'"(?:ci|cd|ci[-_/ ]?cd|(?:ci[-_ ])?deployer)"', re.IGNORECASE)
TWIN = re.compile(r'"(?:blue|green|blue[-_/ ]?green|canary)"', re.IGNORECASE)
TAGGED = tuple(n for n in FACT_NODES if any(p.name == "tags" for p in n.columns))


def bears(tags: pd.Series, wanted: re.Pattern[str]) -> np.ndarray:
    """Return a mask of the lists of tags, written as JSON, that contain `wanted`."""
    return np.asarray(tags.fillna("").str.contains(wanted).to_numpy(bool))


@once
def tagged(posture: Posture, wanted: re.Pattern[str]) -> np.ndarray:
    """Return a mask of the nodes with the tag `wanted` (cached)."""
    mask = np.zeros(len(posture.graph.ids), bool)
    for label in TAGGED:
        frame = posture.graph.frames[label]
        if frame["tags"].isna().all():
            continue
        mask[posture.graph.numbers(frame["id"][bears(frame["tags"], wanted)])] = True
    return mask
