"""Take secrets out of text before anything is kept.

Connectors hand over allow-listed fields only. This is the second line: free text, such as a
name or a justification, in which somebody pasted a key. What looks like one is replaced by the
name of what it looks like; its value is neither kept nor shown. The forms are those that the
vendors publish for secret scanning.
"""

import hashlib
import hmac
import os
import re
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from graph.element import Dtype, Element
from graph.frames import text_array
from graph.values import MAX_TEXT, canonical, strict_json

WORD = r"(?:passw(?:or)?d|secret|token|api[_-]?key|(?:access|account|shared|private)[_-]?key)"
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
    # Each form takes time in proportion to the text, whatever it holds: no open run before a mark.
    "JSON web token": r"\beyJ[\w-]{10,4096}\.[\w-]{10,}\.[\w-]*",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*KEY-----|$)",
    "bearer token": r"(?i)\bbearer\s+[\w.~+/-]{16,}=*",
    "password in an address": r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
    "Google client secret": r"\bGOCSPX-[\w-]{20,}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}",
    "Shopify token": r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    "DigitalOcean token": r"\bdo[opr]_v1_[a-f0-9]{64}",
    "Vault token": r"\bhv[bs]\.[\w-]{24,}",
    "Figma token": r"\bfigd_[\w-]{20,}",
    "Supabase token": r"\bsbp_[a-f0-9]{32,}",
    "Notion token": r"\bntn_[A-Za-z0-9]{40,}",
    "Linear key": r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}",
    "Atlassian token": r"\bATATT3[\w-]{40,}=?\w*",
    "Docker token": r"\bdckr_[op]at_[\w-]{20,}",
    "Groq key": r"\bgsk_[A-Za-z0-9]{40,}",
    "Databricks token": r"\bdapi[a-f0-9]{32}\b",
    "Sentry token": r"\bsntry[su]_[\w+/=]{40,}",
    # A colon needs a space or quotes behind such a word: an ARN of a secret has `:secret:name`.
    "password": rf"(?i)(?:{WORD}\s*=\s*|(?<![/:]){WORD}(?:\"?\s*:\s+|\"\s*:\s*(?=\")))"
    r"[\"']?[^\s\"',;\[\]]{6,}",
}
WORDS = re.compile(r"(?i)(?:passw(?:or)?d|secret|token|(?:api|access|account|private)[_-]?key)$")
EACH = [(name, re.compile(form)) for name, form in FORMS.items()]
# A cheap sieve for whole columns (RE2 syntax): whatever FORMS finds has one of these in it.
SIEVE = (
    r"gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hooks\.slack|sk-|[rs]k_(?:live|test)_|AIza|npm_"
    r"|pypi-|SG\.|eyJ|PRIVATE KEY|(?i:bearer)|://[^\s/]*@"
    r"|GOCSPX-|hf_|shp[acps][ast]_|do[opr]_v1_|hv[bs]\."
    r"|figd_|sbp_|ntn_|lin_(?:api|oauth)_|ATATT3|dckr_|gsk_|dapi[a-f0-9]|sntry[su]_"
    r"|(?i:passw|secret|token|(?:api|access|account|shared|private).?key)"
)
SIEVED = re.compile(SIEVE)
# Longer texts are not kept, so nobody looks for secrets in them: this stands for them until they
# are set aside, too long itself and without anything of what it stands for.
TOO_LONG = "[redacted: too long]".ljust(MAX_TEXT + 1, "\u2026")
IDENTIFIERS = {"id", "source_id", "target_id", "source", "scope"}


def redact(frame: pd.DataFrame, element: Element) -> tuple[pd.DataFrame, int]:
    """Replace what looks like a secret in the text of `frame`; return it and how many cells."""
    changed = 0
    clean = frame
    for column in element.columns:
        textual = column.dtype in (Dtype.TEXT, Dtype.TEXTS, Dtype.JSON) and not column.choices
        if not textual or column.name in IDENTIFIERS:
            continue
        dirty = _suspects(clean[column.name], structured=column.dtype is not Dtype.TEXT)
        if dirty:
            if clean is frame:
                clean = frame.copy()
            hits = clean[column.name].isin(dirty)
            changed += int(hits.sum())
            clean[column.name] = clean[column.name].replace(dirty)
    return clean, changed


def secretive(ids: pd.Series) -> pd.Series:
    """Return for each id whether it holds something like a secret (bool)."""
    return ids.isin(_suspects(ids, structured=False))


def _suspects(values: pd.Series, structured: bool) -> dict[str, str]:
    """Map each distinct value that holds something like a secret to its redacted form."""
    said = text_array(values)
    caught = said.filter(pc.match_substring_regex(said, SIEVE).fill_null(False))
    clean = _redact_json if structured else redact_text
    pairs = {value: clean(value) for value in pc.unique(caught).to_pylist()}
    return {value: clean for value, clean in pairs.items() if clean != value}


def redact_text(value: str) -> str:
    """Return `value` with everything that looks like a secret replaced.

    >>> redact_text("key " + "ghp_" + "a" * 36)
    'key [redacted: GitHub token]'
    """
    if len(value) > MAX_TEXT:
        return TOO_LONG
    if SIEVED.search(value) is None:  # most texts, and each form takes its time
        return value
    for name, pattern in EACH:
        value = pattern.sub(f"[redacted: {name}]", value)
    return value


def _redact_json(said: str) -> str:
    """Redact the texts within a value of JSON, so that it stays JSON."""
    return canonical(redact_value(strict_json(said)))


def redact_value(part: Any) -> Any:
    """Redact the texts within a value of JSON, and what stands under a telling name.

    >>> redact_value({"token": "abc", "n": 1})
    {'token': '[redacted: password]', 'n': 1}
    """
    if isinstance(part, str):
        return redact_text(part)
    if isinstance(part, list):
        return [redact_value(p) for p in part]
    if isinstance(part, dict):
        return {redact_text(k): _redact_field(k, v) for k, v in part.items()}
    return part


def _redact_field(name: str, value: Any) -> Any:
    if isinstance(value, str) and WORDS.search(name):
        return "[redacted: password]"
    return redact_value(value)


def fingerprint(value: str) -> str | None:
    """Return a keyed hash by which equal secrets are known again; None where no key can be kept.

    The key is made once for each installation and never leaves it, so that nobody else can try
    out which value has a fingerprint.
    """
    key = _installation_key()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32] if key else None


@cache
def _installation_key() -> bytes | None:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(state).expanduser() / "trustdebt" / "fingerprint-key"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(made, path)  # whole or not at all, and the first one stays
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes()
    except (OSError, RuntimeError):
        return None
