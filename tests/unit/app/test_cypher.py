"""What a query in Cypher names and nothing has, as a database reports it."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from app.cypher import ask
from graph.access import AccessGraph
from graph.stores import Store


class Database:
    """A store that answers every query with one row, and misses some names in each."""

    def query(self, *_: Any) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
        """Answer any query."""
        absent = {
            "label": ["TrustdebtDecisionRecord", "DecisionRecord", "TrustdebtPointer"],
            "type": ["TRUSTDEBT_SPAWNS", "SPAWNS", "Trustdebt_SPAWNS"],
            "property": ["policy_version", "last_run", "seen_as_read", "zone"],
        }
        return [{"n": 1}], [(kind, name) for kind, names in absent.items() for name in names]


def test_a_name_of_the_schema_is_not_misspelt_where_no_data_has_it() -> None:
    store: Store = Database()  # type: ignore[assignment]
    graph: AccessGraph = SimpleNamespace(snapshot=SimpleNamespace(sequence=3))  # type: ignore[assignment]
    rows, missed = ask(store, graph, "MATCH (a) RETURN 1 AS n", {})
    pd.testing.assert_frame_equal(rows, pd.DataFrame({"n": [1]}))
    assert missed == [
        ("label", "DecisionRecord"),
        ("type", "SPAWNS"),
        ("type", "Trustdebt_SPAWNS"),
        ("property", "zone"),
    ]
