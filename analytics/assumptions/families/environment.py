"""Environment: access does not lead from other environments into production."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.environments import PRODUCTION, environments
from analytics.posture import Posture
from analytics.tags import DEPLOYER, tagged
from graph.access import AccessGraph
from graph.once import once

JUDGED = ("env",)
UNKNOWN, PROD, OTHER = 0, 1, 2


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge by the environment of the grant's holder, or by default of the identity."""
    units = case.units
    broken, unknown = crossing(case.posture, units.identity, units.holder, units.resource)
    return (Verdict("env", 1.0, (unkept(broken, unknown, units.granted),)),)


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Tell identities apart by their environment, and by the tag of those that deploy."""
    identities = posture.accountable
    own = 2 * kinds(posture.graph)[identities].astype(np.int64)
    return np.asarray(own + tagged(posture, DEPLOYER)[identities])


def crossing(
    posture: Posture, identity: np.ndarray, holder: np.ndarray, resource: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the access that leads from elsewhere into production, and that may do so.

    The second is where an environment is unknown. Identities with a deployer tag are allowed to.
    """
    env, may = kinds(posture.graph), tagged(posture, DEPLOYER)
    own = np.where(env[holder] != UNKNOWN, env[holder], env[identity])
    theirs, allowed = env[resource], may[holder] | may[identity]
    broken = (own == OTHER) & (theirs == PROD) & ~allowed
    return broken, ~broken & (own != PROD) & (theirs != OTHER) & ~allowed


@once
def kinds(graph: AccessGraph) -> np.ndarray:
    """Return for each node whether it is in `PROD`, in `OTHER` or `UNKNOWN` (int8, cached)."""
    named = environments(graph)
    known = np.where(named == PRODUCTION, PROD, OTHER)
    return np.where(named == "", UNKNOWN, known).astype(np.int8)
