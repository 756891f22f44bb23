"""What a finding rule is, and the frame that it returns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.access import NEVER

FOUND = ("subject", "object", "since", "sentence", "weighs", "evidence")


@dataclass(frozen=True, slots=True)
class Rule:
    """A check that returns a row for each thing it finds wanting.

    `weight` is that of the assumption it feeds. `needs` are the kinds of fact without which
    the rule cannot be evaluated. `find` returns a frame with the columns of `FOUND`: `subject`
    and `object` (numbers of nodes, -1 for none), `since` (milliseconds), `sentence`, `weighs`
    (the heaviest entitlement concerned, alpha * s * lambda) and `evidence` (ids of
    relationships, as a tuple).
    """

    id: str
    name: str
    title: str
    weight: float
    needs: tuple[str, ...]
    remedy: str
    references: tuple[str, ...]
    find: Callable[[Posture], pd.DataFrame]


def found(
    posture: Posture,
    subject: np.ndarray,
    sentence: list[str],
    since: np.ndarray | None = None,
    other: np.ndarray | None = None,
    weighs: np.ndarray | None = None,
    evidence: list[tuple[str, ...]] | None = None,
) -> pd.DataFrame:
    """Make the frame of what a rule found; by default it weighs as its heaviest entitlement."""
    count = len(subject)
    return pd.DataFrame(
        {
            "subject": subject,
            "object": np.full(count, -1) if other is None else other,
            "since": np.full(count, NEVER) if since is None else since,
            "sentence": pd.Series(sentence, dtype="string", index=range(count)),
            "weighs": posture.heaviest[subject] if weighs is None else weighs,
            "evidence": evidence or [()] * count,
        }
    )
