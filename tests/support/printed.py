"""Answers to questions as JSON, as the command line prints them and as its contract has them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import analytics.answers.choke_points
import analytics.answers.cut
import analytics.answers.debt
import analytics.answers.durability
import analytics.answers.evidence
import analytics.answers.exposure
import analytics.answers.exposures
import analytics.answers.findings
import analytics.answers.hubs
import analytics.answers.identities
import analytics.answers.ledger
import analytics.answers.path
import analytics.answers.plan
import analytics.answers.reach
import analytics.answers.revocation
import analytics.answers.stale
import analytics.answers.what_if
from analytics.answers.table import as_json


def _printed(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def printed(*given: Any, **named: Any) -> Any:
        return as_json(answer(*given, **named))

    return printed


blast_radius = _printed(analytics.answers.reach.blast_radius)
choke_points = _printed(analytics.answers.choke_points.choke_points)
cut = _printed(analytics.answers.cut.cut)
debt = _printed(analytics.answers.debt.debt)
durability = _printed(analytics.answers.durability.durability)
durability = _printed(analytics.answers.durability.durability)
evidence = _printed(analytics.answers.evidence.evidence)
evidence = _printed(analytics.answers.evidence.evidence)
exposure = _printed(analytics.answers.exposure.exposure)
exposures = _printed(analytics.answers.exposures.exposures)
findings = _printed(analytics.answers.findings.findings)
findings = _printed(analytics.answers.findings.findings)
hubs = _printed(analytics.answers.hubs.hubs)
hubs = _printed(analytics.answers.hubs.hubs)
identities = _printed(analytics.answers.identities.identities)
identities = _printed(analytics.answers.identities.identities)
ledger = _printed(analytics.answers.ledger.ledger)
path = _printed(analytics.answers.path.path)
plan = _printed(analytics.answers.plan.plan)
revocation = _printed(analytics.answers.revocation.revocation)
revocation = _printed(analytics.answers.revocation.revocation)
stale = _printed(analytics.answers.stale.stale)
stale = _printed(analytics.answers.stale.stale)
what_if = _printed(analytics.answers.what_if.what_if)
