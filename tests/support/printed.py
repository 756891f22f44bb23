"""Answers to questions as JSON, as the command line prints them and as its contract has them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import analytics.answers.durability
import analytics.answers.evidence
import analytics.answers.findings
import analytics.answers.hubs
import analytics.answers.identities
import analytics.answers.revocation
import analytics.answers.stale
from analytics.answers.table import as_json


def _printed(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def printed(*given: Any, **named: Any) -> Any:
        return as_json(answer(*given, **named))

    return printed


findings = _printed(analytics.answers.findings.findings)
identities = _printed(analytics.answers.identities.identities)
stale = _printed(analytics.answers.stale.stale)
durability = _printed(analytics.answers.durability.durability)
hubs = _printed(analytics.answers.hubs.hubs)
revocation = _printed(analytics.answers.revocation.revocation)
evidence = _printed(analytics.answers.evidence.evidence)
