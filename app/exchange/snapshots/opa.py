"""OPA export (https://www.openpolicyagent.org/docs/external-data): one document, `data.trustdebt`.

`principals` and `resources` are by id. Unknown facts are absent, and a Rego rule that needs one is
undefined then: let what it would allow be denied by default.
"""

import json
from pathlib import Path

from analytics.policies.policy_input import policy_input
from analytics.posture import Posture
from graph.files.private import private_text
from graph.values import iso

OPENED_WITH, SUFFIX = "Open Policy Agent", "json"


def save(posture: Posture, path: Path) -> int:
    """Write the document to the file `path`; return the number of principals and resources."""
    of, info = policy_input(posture), posture.graph.snapshot
    principals = {
        thing: facts | {"label": of.labels[thing]} for thing, facts in of.principals.items()
    }
    data = {
        "snapshot": info.id if info else None,
        "as_of": iso(posture.graph.as_of),
        "principals": principals,
        "resources": of.resources,
    }
    text = json.dumps(
        {"trustdebt": data}, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True
    )
    with private_text(path) as out:
        out.write(f"{text}\n")
    return len(principals) + len(of.resources)
