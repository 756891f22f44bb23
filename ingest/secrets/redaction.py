"""Redaction of secrets in rows, before anything of them is kept.

Connectors return allow-listed fields only. This is the second line: free text, such as a name
or a justification, into which somebody pasted a key. `graph.secrets` finds the secrets.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from graph.element import Content, Dtype, Element
from graph.secrets import fingerprint as fingerprint
from graph.secrets import names_secret, redact_named, redact_prose
from graph.secrets import redact_text as redact_text
from graph.secrets.sieve import suspects
from graph.values import canonical, strict_json, text_array

Clean = Callable[[str], str]
IDENTIFIERS = {"id", "source_id", "target_id", "source", "scope"}


def redact(frame: pd.DataFrame, element: Element) -> tuple[pd.DataFrame, int]:
    """Replace secrets in the text of `frame`; return it, and the count of changed cells."""
    changed = 0
    clean = frame
    for column in element.columns:
        if column.content is None or column.name in IDENTIFIERS:
            continue
        structured, prose = column.dtype is not Dtype.TEXT, column.content is Content.PROSE
        dirty = _suspects(clean[column.name], structured, prose)
        if dirty:
            if clean is frame:
                clean = frame.copy()
            hits = clean[column.name].isin(dirty)
            changed += int(hits.sum())
            clean[column.name] = clean[column.name].replace(dirty)
    return clean, changed


def secretive(ids: pd.Series) -> pd.Series:
    """Return the mask of the ids that hold something like a secret (bool)."""
    return ids.isin(_suspects(ids, structured=False))


def _suspects(values: pd.Series, structured: bool, prose: bool = False) -> dict[str, str]:
    """Map each distinct value that holds something like a secret to its redacted form."""
    text = redact_prose if prose else redact_text
    suspicious = suspects(text_array(values), fields=structured, prose=prose).to_pylist()
    pairs = {
        value: _redact_json(value, text) if structured else text(value) for value in suspicious
    }
    return {value: clean for value, clean in pairs.items() if clean != value}


def _redact_json(document: str, text: Clean) -> str:
    """Redact the texts within a JSON value, so that it stays JSON."""
    return canonical(redact_value(strict_json(document), text))


def redact_value(part: Any, text: Clean = redact_text) -> Any:
    """Redact the texts within a JSON value, and the values of fields named like secrets.

    >>> redact_value({"token": "[redacted: password 1a]", "n": 1})
    {'token': '[redacted: password 1a]', 'n': 1}
    """
    if isinstance(part, str):
        return text(part)
    if isinstance(part, list):
        return [redact_value(p, text) for p in part]
    if isinstance(part, dict):
        beside = part.get("name", part.get("key"))  # {"name": "DB_PASSWORD", "value": ...}
        name_by_field = {"value": beside} if isinstance(beside, str) else {}
        return {
            redact_text(k): _redact_field(str(name_by_field.get(k, k)), v, text)
            for k, v in part.items()
        }
    return part


def _redact_field(name: str, value: Any, text: Clean) -> Any:
    if isinstance(value, str) and names_secret(name):
        return redact_named(value)
    return redact_value(value, text)
