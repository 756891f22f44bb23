"""Records linked into a chain by the words of the format alone."""

import hashlib
import json
from typing import Any

RECORDS: list[dict[str, Any]] = [
    {"id": f"d-{n}", "why": "month énd", "risk": 0.25, "more": [n, None]} for n in range(5)
]


def plainly(records: list[dict[str, Any]], escape: bool) -> list[dict[str, Any]]:
    previous, made = "0" * 64, []
    for record in records:
        whole = {**record, "prev_hash": previous}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=escape)
        previous = hashlib.sha256(text.encode()).hexdigest()
        made.append({**whole, "hash": previous})
    return made
