"""Redaction of secrets in text: vendors' forms, secrets shown by context, and encodings of both.

In prose, random text without any mark is redacted too; in names and identifiers it is normal.

A secret is replaced by its kind and a keyed fingerprint: so two different secrets in an id or in
the name of a scope stay different, and equal ones are recognized. The value is neither kept nor
shown.
"""

import re
from functools import lru_cache

from graph.secrets.bare import bare
from graph.secrets.contexts import WORD, shown_by_context
from graph.secrets.fingerprints import fingerprint, mark_of
from graph.secrets.forms import FORMS, Form, turns
from graph.secrets.written import Span, alike, encoded, split
from graph.values import MAX_TEXT

__all__ = [
    "TOO_LONG",
    "fingerprint",
    "names_secret",
    "redact_named",
    "redact_prose",
    "redact_text",
]

# Longer texts are not kept, so they are not searched: this stands for them until they are
# rejected, being too long itself, and with nothing of the text.
TOO_LONG = "[redacted: too long]".ljust(MAX_TEXT + 1, "\u2026")
OFTEN = 256  # characters: results of texts up to this length are cached
ENDING = re.compile(rf"(?i){WORD}$")
LONGEST_NAME = 19  # characters: a shorter word cannot be distinguished from a name
SHORTEST = 8  # characters: a shorter text cannot hold a recognizable secret
RUN = re.compile(r"[\w.~+/=-]{16}|-----|hooks\.slack")  # in every text with a vendor's form
BY_MARK: tuple[tuple[str, Form], ...] = tuple((mark, form) for form in FORMS for mark in form.marks)


def redact_text(value: str) -> str:
    """Return `value` with everything that looks like a secret replaced.

    >>> redact_text("key " + "ghp_" + "a" * 36)[:28]
    'key [redacted: GitHub token '
    """
    if len(value) > MAX_TEXT:
        return TOO_LONG
    if len(value) < SHORTEST:
        return value
    return _redacted_once(value) if len(value) <= OFTEN else _redacted(value)


def redact_prose(value: str) -> str:
    """Return prose with everything that looks like a secret replaced, random words too.

    >>> redact_prose("use 9f86d081884c7d659a2feaa0c55ad015 until May")[:26]
    'use [redacted: random text'
    """
    value = redact_text(value)
    spans = list(bare(value)) if LONGEST_NAME < len(value) <= MAX_TEXT else []
    return _replaced(value, spans) if spans else value


def names_secret(name: str) -> bool:
    """Return whether the name of a field shows that it holds a secret.

    >>> names_secret("DB_PASSWORD"), names_secret("secret_name")
    (True, False)
    """
    return ENDING.search(name[:MAX_TEXT]) is not None


def redact_named(value: str) -> str:
    """Return the replacement of the value of a field whose name shows that it holds a secret."""
    done = not value or value.startswith("[redacted: ")
    return value if done else f"[redacted: password {mark_of(value)}]"


def _redacted(value: str) -> str:
    spans = _spans(value)
    return _replaced(value, spans) if spans else value


_redacted_once = lru_cache(maxsize=1 << 14)(_redacted)


def _spans(value: str) -> list[Span]:
    text = alike(value)
    return [*_plainly(text), *split(text, _marked), *encoded(text, _plainly)]


def _plainly(text: str) -> list[Span]:
    """Return the secrets in a text as it is, without decoding."""
    low = text.lower()
    return [*_by_forms(text, low), *shown_by_context(text, low)]


def _by_forms(text: str, low: str) -> list[Span]:
    if RUN.search(text) is None:
        return []
    spans: list[Span] = []
    for form in dict.fromkeys(form for mark, form in BY_MARK if mark in low):
        spans += [(*m.span(), form.kind) for m in form.pattern.finditer(text) if form.likely(m[0])]
    return spans


def _marked(joined: str) -> list[Span]:
    """Return the marked secrets in a text whose spaces were removed, without joined words."""
    spans = _by_forms(joined, joined.lower())
    return [span for span in spans if _no_words(joined[span[0] : span[1]])]


def _no_words(text: str) -> bool:
    start, digits = text[:48], sum(c.isdigit() for c in text[:48])
    return turns(start) > (0.28 if digits > 1 else 0.4)


def _replaced(value: str, spans: list[Span]) -> str:
    """Replace the given spans; overlapping ones are merged, and get the kind found first."""
    merged: list[tuple[int, int, int]] = []
    for rank, (start, end, _) in sorted(enumerate(spans), key=lambda ranked: ranked[1][:2]):
        if merged and start < merged[-1][1]:
            last = merged[-1]
            merged[-1] = last[0], max(last[1], end), min(last[2], rank)
        else:
            merged.append((start, end, rank))
    parts, at = [], 0
    for start, end, rank in merged:
        secret = value[start:end]
        parts += [value[at:start], f"[redacted: {spans[rank][2]} {mark_of(secret)}]"]
        at = end
    return "".join([*parts, value[at:]])
