"""Third party: an identity that another organisation runs was vetted."""

import numpy as np

from analytics.assumptions.judgement import ALONE, Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.assumptions.reviews import in_force, ran_out
from analytics.coverage import stated_by
from analytics.posture import Posture
from graph.access import AccessGraph, flags
from graph.instants import NEVER
from graph.once import once
from graph.schema import AGENT, SERVICE_ACCOUNT

JUDGED = ("third_party",)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge only identities that others run; an approving review vets one, until its own end."""
    graph, units = case.posture.graph, case.units
    risky, stated = unvetted(graph), vetting_known(graph)
    broken, unknown = (risky & stated)[units.identity], (risky & ~stated)[units.identity]
    applies = foreign(graph)[units.identity].astype(float)
    ended = ran_out(graph)[units.identity]
    since = np.where(units.granted == NEVER, NEVER, np.maximum(units.granted, ended))
    return (Verdict("third_party", applies, (unkept(broken, unknown, since),)),)


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Judge those alone that others run; it does not apply to anybody else."""
    return np.where(foreign(posture.graph)[posture.accountable], ALONE, 0)


@once
def foreign(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the identities that another organisation runs (cached)."""
    mask = np.zeros(len(graph.ids), bool)
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = graph.frames[label]
        mask[graph.numbers(frame["id"])] = flags(frame["third_party"])
    return mask


@once
def vetting_known(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the nodes whose vetting a source could have stated, or did (cached)."""
    return np.asarray(stated_by(graph, "reviews") | (ran_out(graph) != NEVER))


def unvetted(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the identities that others run and no approval in force vets."""
    return np.asarray(foreign(graph) & (in_force(graph).thing == NEVER))
