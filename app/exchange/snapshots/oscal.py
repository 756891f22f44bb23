"""OSCAL export (https://pages.nist.gov/OSCAL/): assessment results of all frameworks."""

import json
from pathlib import Path

from analytics.answers.standards.oscal import assessment_results
from analytics.posture import Posture
from graph.files.private import private_text

OPENED_WITH, SUFFIX = "assessment results", "json"


def save(posture: Posture, path: Path) -> int:
    """Write the document to the file `path`; return the number of controls it speaks of."""
    document = assessment_results(posture)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    with private_text(path) as out:
        out.write(f"{text}\n")
    (result,) = document["assessment-results"]["results"]
    selections = result["reviewed-controls"]["control-selections"]
    return sum(len(selection["include-controls"]) for selection in selections)
