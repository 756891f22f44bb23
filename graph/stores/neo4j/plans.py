"""Plans of queries that people write: whether one reaches beyond the database, or misses it."""

from collections.abc import Iterable, Mapping
from typing import Any

BEYOND = frozenset({"LoadCSV", "ProcedureCall"})  # files and other hosts; whatever is installed
# Codes of https://neo4j.com/docs/status-codes/current/notifications/ and what each is about.
MISSED = {"01N50": "label", "01N51": "type", "01N52": "property"}


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


def missed(notices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what a query names that no data of the database ever had, as (kind, name), each once.

    `notices` are codes and texts of the server, which has one for each place in the query. A name
    that is misspelt is no error in Cypher.

    >>> notice = "01N50", "warn: label does not exist. The label `Agent` does not exist. ..."
    >>> missed([notice, notice, ("00001", "note: successful completion - omitted result")])
    [('label', 'Agent')]
    """
    named = ((MISSED.get(code), text.partition("`")[2]) for code, text in notices)
    absent = ((kind, rest.rpartition("` does not exist")[0]) for kind, rest in named)
    return list(dict.fromkeys((kind, name) for kind, name in absent if kind and name))
