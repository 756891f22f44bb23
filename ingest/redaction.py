"""Take secrets out of text before anything is kept.

Connectors hand over allow-listed fields only. This is the second line: free text, such as a
name or a justification, in which somebody pasted a key. What looks like one is replaced by the
name of what it looks like; its value is neither kept nor shown. The forms are those that the
vendors publish for secret scanning.
"""

import re

import pandas as pd
import pyarrow.compute as pc

from graph.element import Dtype, Element
from graph.frames import text_array

FORMS: dict[str, str] = {
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,})",
    "GitLab token": r"\bglpat-[\w-]{20,}",
    "Slack token": r"\bxox[abeoprs]-[\w-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/[\w/]+",
    "Anthropic key": r"\bsk-ant-[\w-]{20,}",
    "OpenAI key": r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}",
    "Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "Google key": r"\bAIza[\w-]{35}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}",
    "PyPI token": r"\bpypi-[\w-]{50,}",
    "SendGrid key": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "JSON web token": r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*KEY-----|$)",
    "bearer token": r"(?i)\bbearer\s+[\w.~+/-]{16,}=*",
    "password in an address": r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
    "password": r"(?i)\b(?:password|passwd|secret|token|api[_-]?key)\s*[=:]\s*[^\s\"',;]{6,}",
}
EACH = [(name, re.compile(form)) for name, form in FORMS.items()]
# A cheap sieve for whole columns (RE2 syntax): whatever FORMS finds has one of these in it.
SIEVE = (
    r"gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|sk-|[rs]k_(?:live|test)_|AIza|npm_"
    r"|pypi-|SG\.|eyJ|PRIVATE KEY|(?i:bearer)|://[^\s/]*@"
    r"|(?i:passw|secret|token|api.?key)"
)
IDENTIFIERS = {"id", "source_id", "target_id", "source", "scope", "grant_id"}


def redact(frame: pd.DataFrame, element: Element) -> tuple[pd.DataFrame, int]:
    """Replace what looks like a secret in the text of `frame`; return it and how many cells."""
    changed = 0
    clean = frame
    for column in element.columns:
        textual = column.dtype in (Dtype.TEXT, Dtype.TEXTS, Dtype.JSON) and not column.choices
        if not textual or column.name in IDENTIFIERS:
            continue
        dirty = _suspects(clean[column.name])
        if dirty:
            if clean is frame:
                clean = frame.copy()
            hits = clean[column.name].isin(dirty)
            changed += int(hits.sum())
            clean[column.name] = clean[column.name].replace(dirty)
    return clean, changed


def _suspects(values: pd.Series) -> dict[str, str]:
    """Map each distinct value that holds something like a secret to its redacted form."""
    said = text_array(values)
    caught = said.filter(pc.match_substring_regex(said, SIEVE).fill_null(False))
    pairs = {value: redact_text(value) for value in pc.unique(caught).to_pylist()}
    return {value: clean for value, clean in pairs.items() if clean != value}


def redact_text(value: str) -> str:
    """Return `value` with everything that looks like a secret replaced.

    >>> redact_text("key " + "ghp_" + "a" * 36)
    'key [redacted: GitHub token]'
    """
    for name, pattern in EACH:
        value = pattern.sub(f"[redacted: {name}]", value)
    return value
