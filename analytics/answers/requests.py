"""Requests of a file, each evaluated by a policy set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Table, objects
from analytics.engines.policy_set import OUTCOMES, PolicySet, Verdict
from analytics.policies.evaluation import evaluate
from analytics.policies.requests import entities_in, requests_in, text_of

NO_THINGS = pd.DataFrame({"id": [], "label": [], "name": []}, dtype="string")


@dataclass(frozen=True)
class Requests:
    """What a policy set says of requests; see `evaluated`.

    `requests` has `request` (its place in the file), `decision` (of the engine, null where it could
    not evaluate the request), `outcome`, `policies` (the ids of those that decided), `errors` (a
    list of `policy` and `message`: policies that did not count) and `refused` (why the request
    could not be evaluated). `counts` has the requests of each outcome, and those with an error.
    """

    engine: str
    version: str
    requests: Table
    counts: dict[str, int]
    never_decided: list[str]
    left_out: int


def evaluated(
    policies: PolicySet,
    requests: Path,
    entities: Path | None = None,
    schema: Path | None = None,
    limit: int = 0,
) -> Requests:
    """Return what a policy set says of each request of a file.

    Raises
    ------
    InputRefused
        A file cannot be read, or holds something else.
    """
    asked = requests_in(requests)
    of_schema = text_of(schema) if schema is not None else None
    answers = list(evaluate(policies, asked, entities_in(entities), of_schema))
    shown, left_out = cut(answers, limit)
    decided = {at for _, verdict in answers for at in verdict.reasons}
    columns = {
        "request": objects([request.place for request, _ in shown]),
        "decision": objects([verdict.decision for _, verdict in shown]),
        "outcome": objects([OUTCOMES[verdict.outcome] for _, verdict in shown]),
        "policies": objects([_named(policies, verdict.reasons) for _, verdict in shown]),
        "errors": objects([_errors(policies, verdict) for _, verdict in shown]),
        "refused": objects([verdict.refused for _, verdict in shown]),
    }
    return Requests(
        engine=policies.engine,
        version=policies.version,
        requests=Table(pd.DataFrame(columns), NO_THINGS),
        counts={
            "requests": len(answers),
            **{
                name: sum(verdict.outcome == at for _, verdict in answers)
                for at, name in enumerate(OUTCOMES)
            },
            "with_errors": sum(bool(verdict.errors) for _, verdict in answers),
        },
        never_decided=[
            policy.id
            for at, policy in enumerate(policies.policies)
            if at not in decided and not policy.template
        ],
        left_out=left_out,
    )


def _named(policies: PolicySet, positions: tuple[int, ...]) -> list[str]:
    return [policies.policies[at].id for at in positions]


def _errors(policies: PolicySet, verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"policy": policies.policies[at].id if at >= 0 else None, "message": message}
        for at, message in verdict.errors
    ]
