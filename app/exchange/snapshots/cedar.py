"""Cedar export (https://docs.cedarpolicy.com): `entities.json`, and an example `policies.cedar`.

Identities are entities of their label, resources of the type `Resource`, below the resource that
contains them; actions are the access levels, such as `Action::"write"`.
"""

import json
from pathlib import Path

from analytics.policies.cedar_entities import entities
from analytics.policies.policy_input import policy_input
from analytics.posture import Posture
from graph.files.private import private_folder, private_text

OPENED_WITH, SUFFIX = "Cedar policies", "zip"  # of the folder that it writes
POLICIES = Path(__file__).with_name("example.cedar")


def save(posture: Posture, path: Path) -> int:
    """Write both files to the folder `path`; return the number of entities."""
    made = entities(policy_input(posture))
    private_folder(path)
    text = json.dumps(made, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    with private_text(path / "entities.json") as out:
        out.write(f"{text}\n")
    with private_text(path / POLICIES.name.replace("example", "policies")) as out:
        out.write(POLICIES.read_text(encoding="utf-8"))
    return len(made)
