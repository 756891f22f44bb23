"""Evaluation of the requests of a file, with the entities of another file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analytics.engines.policy_set import ALLOW, PolicySet, Verdict
from analytics.policies.requests import EACH, UNTIL_DENIED, Request, batches, with_properties


def evaluate(
    policies: PolicySet,
    requests: Sequence[Request],
    entities: Sequence[Mapping[str, Any]],
    schema: str | None = None,
) -> Iterator[tuple[Request, Verdict]]:
    """Yield what a policy set says of each request, in order.

    Of the evaluations in one request, those after the first denial, or after the first permission,
    are left out where the request asks for that.
    """
    ended: set[int] = set()
    for batch in batches(requests):
        known = with_properties(entities, batch[0].properties)
        verdicts = policies.judge([request.question for request in batch], known, schema)
        for request, verdict in zip(batch, verdicts, strict=True):
            if request.within in ended:
                continue
            yield request, verdict
            allowed = verdict.outcome == ALLOW
            if request.semantics != EACH and allowed != (request.semantics == UNTIL_DENIED):
                ended.add(request.within)
