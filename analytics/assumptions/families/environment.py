"""Environment: what is not production does not reach into production."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.posture import Posture
from analytics.tags import DEPLOYER, tagged
from graph.access import AccessGraph
from graph.once import once
from graph.schema import IDENTITIES, RESOURCE

PRODUCTION = ("prod", "production")
UNKNOWN, PROD, OTHER = 0, 1, 2


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge by the environment of the grant's holder, or else of the identity."""
    units = case.units
    broken, unknown = crossing(case.posture, units.identity, units.holder, units.resource)
    return (Verdict("env", 1.0, (unkept(broken, unknown, units.granted),)),)


def crossing(
    posture: Posture, identity: np.ndarray, holder: np.ndarray, resource: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which access leads from elsewhere into production, and of which that is unknown.

    Identities whose tags call them deployers may: that is what they are for.
    """
    env, may = environments(posture.graph), tagged(posture, DEPLOYER)
    mine = np.where(env[holder] != UNKNOWN, env[holder], env[identity])
    theirs, allowed = env[resource], may[holder] | may[identity]
    broken = (mine == OTHER) & (theirs == PROD) & ~allowed
    return broken, ~broken & (mine != PROD) & (theirs != OTHER) & ~allowed


@once
def environments(graph: AccessGraph) -> np.ndarray:
    """Return for each node whether it is in production (int8), worked out once."""
    env = np.full(len(graph.ids), UNKNOWN, np.int8)
    for label in (*IDENTITIES, RESOURCE):
        frame = graph.frames[label]
        said = frame["env"].str.strip().str.lower()
        prod = said.isin(PRODUCTION).to_numpy(bool)
        silent = (said.isna() | (said == "")).fillna(True).to_numpy(bool)
        env[graph.numbers(frame["id"])] = np.where(silent, UNKNOWN, np.where(prod, PROD, OTHER))
    return env
