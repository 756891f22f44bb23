"""Relationships with a missing end, or one of a wrong label, kept until both ends are valid.

They are kept beside the graph and checked again at every ingest. So the order in which two
sources are read does not matter, and a relationship returns together with its end.
"""

import pandas as pd

from graph.element import Element, Relationship
from graph.frames import Frames, conform, empty
from graph.schema import RELATIONSHIPS, WAITING
from graph.values import canonical, iso, strict_json
from ingest.secrets.redaction import secretive


def with_waiting(frames: Frames) -> dict[Element, pd.DataFrame]:
    """Return frames in which the waiting relationships are among the others of their type."""
    waiting = frames[WAITING]
    joined = dict(frames) | {WAITING: empty(WAITING)}
    for relationship in RELATIONSHIPS:
        of_type = waiting[waiting["relationship"] == relationship.name]
        if len(of_type):
            rows = pd.DataFrame([strict_json(fact) for fact in of_type["fact"]])
            parts = [frames[relationship], conform(rows, relationship).frame]
            joined[relationship] = pd.concat([p for p in parts if len(p)], ignore_index=True)
    return joined


def as_waiting(rows: pd.DataFrame, reason: pd.Series, relationship: Relationship) -> pd.DataFrame:
    """Return relationships as rows of `WAITING`, without those whose end may hold a secret."""
    secret = secretive(rows["source_id"]) | secretive(rows["target_id"])
    kept = rows[~secret.to_numpy(bool)]
    facts = [
        canonical({str(name): _plain(value) for name, value in row.items() if pd.notna(value)})
        for row in kept.to_dict("records")
    ]
    waiting = pd.DataFrame(
        {
            "id": relationship.name + " " + kept["id"],
            "source": kept["source"],
            "scope": kept["scope"],
            "relationship": relationship.name,
            "fact": facts,
            "reason": reason[kept.index],
        }
    )
    return waiting.astype("string")[[c.name for c in WAITING.columns]]


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return iso(value)
    return value if isinstance(value, str | bool) else str(value)
