"""OCSF 1.8.0 export (https://schema.ocsf.io/1.8.0/): a list of events of the category Findings."""

from typing import Any

from analytics.answers.standards.ocsf import events_of
from analytics.posture import Posture

OPENED_WITH, SUFFIX = "a SIEM: findings", "json"


def write(document: dict[str, Any], posture: Posture) -> list[dict[str, Any]]:
    """Return one event for each finding."""
    return events_of(posture, document["result"]["findings"])
