"""The input of the judgement of an assumption, and its verdict."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import Entitlements
from analytics.assumptions.model import Model
from analytics.assumptions.reviews import Reviews, reviews
from analytics.coverage import stated_by
from analytics.posture import Posture
from graph.instants import NEVER
from graph.schema import CAN_ACCESS

ALONE = -1  # in place of a number of identities that are alike: this one is judged by itself


@dataclass(frozen=True)
class Part:
    """Items of one assumption that are broken or unknown.

    One position each: the `entitlement` (position), the `degree` to which it is broken (NaN where
    unknown), `since` when (milliseconds, `NEVER` where unknown), and in `object` the position in
    `names` of what the item is about.
    """

    entitlement: np.ndarray
    degree: np.ndarray
    since: np.ndarray
    object: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The outcome of one assumption.

    `applies` is how often it applies to each entitlement (a number for all, or float64 for each):
    that many times its weighted exposure could be broken. `parts` are the items that are not kept.
    """

    assumption: str
    applies: float | np.ndarray
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Case:
    """The entitlements of a posture, the model, and data that several assumptions share."""

    posture: Posture
    model: Model
    units: Entitlements

    @property
    def now(self) -> int:
        """The moment of the judgement (milliseconds)."""
        return self.posture.graph.now

    @property
    def reviews(self) -> Reviews:
        """The decisions of reviewers so far."""
        return reviews(self.posture.graph)

    def declared(self, kind: str) -> np.ndarray:
        """Return a mask of the entitlements about which a scope could have stated facts of `kind`.

        That is a scope which declares `kind` and states the grant, its holder or the identity; a
        decision about one of them, made in the product, counts too.
        """
        graph, units = self.posture.graph, self.units
        declaring = {c.key for c in graph.coverage if kind in c.declares}
        if kind not in graph.declared:
            return np.zeros(len(units), bool)
        if len(declaring) == len(graph.coverage):
            return np.ones(len(units), bool)
        covered = stated_by(graph, kind)
        stated = graph.facts.frames[CAN_ACCESS]
        keys = pd.MultiIndex.from_frame(stated[["source", "scope"]])
        by_grant = graph.frames[CAN_ACCESS]["id"].isin(stated["id"][keys.isin(list(declaring))])
        known = by_grant.to_numpy(bool)
        if kind == "reviews":
            known = known | (self.reviews.last_grant != NEVER)
        return np.asarray(known[units.grant] | covered[units.holder] | covered[units.identity])


def unkept(
    broken: np.ndarray,
    unknown: np.ndarray,
    since: np.ndarray,
    degree: float | np.ndarray = 1.0,
    about: str = "",
) -> Part:
    """Return the items of the entitlements that the masks `broken` or `unknown` select."""
    at = np.flatnonzero(broken | unknown)
    much = np.broadcast_to(degree, broken.shape)[at]
    return Part(
        at.astype(np.int32),
        np.where(unknown[at], np.nan, much),
        np.where(unknown[at], NEVER, since[at]),
        np.zeros(len(at), np.int32),
        (about,),
    )
