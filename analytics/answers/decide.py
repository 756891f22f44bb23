"""Decide: what policies say of a request, as the record of a decision."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from analytics.engines.policy_set import PolicySet
from analytics.policies.cedar_entities import merged
from analytics.policies.decision import placed, record_of
from analytics.policies.evaluation import evaluate
from analytics.policies.requests import Request, entities_in, requests_in, text_of
from analytics.posture import Posture
from graph.journal.chain_file import append


def decide(
    posture: Posture | None,
    policies: PolicySet,
    request: Path,
    at: pd.Timestamp,
    entities: Path | None = None,
    schema: Path | None = None,
    records: Path | None = None,
) -> dict[str, Any]:
    """Return the record of the decision about a request, or those of all its evaluations.

    With `posture` the ends of the request are things of it, judged by its facts; else they are
    those of the file `entities`. With `records` the record is appended to the chain in that file.

    Raises
    ------
    InputRefused, UnknownThing, AmbiguousThing
        Nothing was written.
    """
    asked = requests_in(request)
    if posture is None:
        of_schema = text_of(schema) if schema is not None else None
        answers = evaluate(policies, asked, entities_in(entities), of_schema)
        made = [record_of(policies, each, verdict, at) for each, verdict in answers]
    else:
        made = _of_posture(posture, policies, asked, at)
    numbered = [{"id": f"d-{uuid4()}", **record} for record in made]
    kept = append(records, numbered) if records is not None else numbered
    return kept[0] if asked[0].place == "" else {"evaluations": kept}


def _of_posture(
    posture: Posture, policies: PolicySet, asked: Sequence[Request], at: pd.Timestamp
) -> list[dict[str, Any]]:
    """Return the records of requests about things of a posture."""
    ends = [placed(posture, each, at) for each in asked]
    known = merged(entity for _, entities, _ in ends for entity in entities)
    facts = {request.place: recorded for request, _, recorded in ends}
    answers = evaluate(policies, [request for request, _, _ in ends], known)
    return [record_of(policies, each, verdict, at, facts[each.place]) for each, verdict in answers]
