"""Third party: an identity that another organisation runs was vetted."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.coverage import stated_by
from graph.access import NEVER, flags
from graph.schema import AGENT, SERVICE_ACCOUNT

JUDGED = ("third_party",)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge only identities that others run; an approving review of any age vets one."""
    graph, units = case.posture.graph, case.units
    foreign = np.zeros(len(graph.ids), bool)
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = graph.frames[label]
        foreign[graph.numbers(frame["id"])] = flags(frame["third_party"])
    unvetted = foreign & (case.reviews.approved_thing == NEVER)
    stated = stated_by(graph, "reviews")
    broken, unknown = (unvetted & stated)[units.identity], (unvetted & ~stated)[units.identity]
    applies = foreign[units.identity].astype(float)
    return (Verdict("third_party", applies, (unkept(broken, unknown, units.granted),)),)
