"""Plans of queries that people write: whether one reaches beyond the database."""

from collections.abc import Mapping
from typing import Any

BEYOND = frozenset({"LoadCSV", "ProcedureCall"})  # files and other hosts; whatever is installed


def reaches_beyond(plan: Mapping[str, Any] | None) -> bool:
    """Return whether any operator of a plan loads a file or calls a procedure.

    >>> reaches_beyond({"operatorType": "ProduceResults@neo4j", "children": [
    ...     {"operatorType": "LoadCSV@neo4j", "children": []}]})
    True
    >>> reaches_beyond({"operatorType": "NodeByLabelScan@neo4j", "children": []})
    False
    """
    if not plan:
        return False
    name = str(plan["operatorType"]).partition("@")[0]
    return name in BEYOND or any(map(reaches_beyond, plan.get("children", ())))
