"""Owner: an active owner answers for the access, in each of the two roles."""

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.ownership.owners import NOBODY, ROLES
from analytics.ownership.unowned_since import unowned_since

JUDGED = ("owner",)
BY_IDENTITY = True
SHARE = 1 / len(ROLES)


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge each role by itself; each bears half of the weight."""
    place, identities = case.units.place, case.units.identities
    covered, parts = case.posture.ownership.covered, []
    for role in ROLES:
        nobody = covered[role][identities] == NOBODY
        known = case.posture.ownership.known_in[role][identities]
        since = unowned_since(case.posture, role)[identities]
        parts.append(
            unkept((nobody & known)[place], (nobody & ~known)[place], since[place], SHARE, role)
        )
    return (Verdict("owner", 1.0, tuple(parts)),)
