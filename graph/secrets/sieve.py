"""A fast filter for columns: the texts that may hold a secret, in one pass of RE2.

It is built from the forms themselves, so it lets every secret through, and few other texts.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from graph.secrets.contexts import HEADS, WORD
from graph.secrets.forms import MARKED, MEASURED
from graph.secrets.written import BASE64, ESCAPE, HEXED

ENOUGH = 8  # repetitions counted; more, of many forms at once, would cost memory
BEFORE = re.compile(r"\(\?<!\[([^\[\]]*)\]\)")  # RE2 has no lookaround
BEHIND = re.compile(r"\(\?!\[([^\[\]]*)\]\)")
WORDS = re.compile(r"\(\?!\[?[^()\]]*\]?\)|\\b")
COUNTED = re.compile(r"\{(\d+)(?:,\d*)?\}")


def _re2(pattern: str) -> str:
    """Translate a form for RE2; the text around it becomes a part of it."""
    pattern = pattern.replace(r"\Z", r"\z").replace("(?P<flag>", "(?:")
    pattern = pattern.replace(r"(?<!\S)", r"(?:^|\s)").replace(r"(?<!\d)", r"(?:^|\D)")
    pattern = BEHIND.sub(r"(?:$|[^\1])", BEFORE.sub(r"(?:^|[^\1])", pattern))
    return WORDS.sub("", pattern)


def _loose(pattern: str) -> str:
    """Translate a form to one that matches no less, and runs fast beside many others."""
    return COUNTED.sub(lambda match: f"{{{min(int(match[1]), ENOUGH)},}}", _re2(pattern))


IN_ADDRESS = r"://[^\s]*@"
COMMAND = rf"(?:^|\s)(?:-[pPwa]\s?\S{{3}}|--?[\w-]*(?:{_re2(WORD)}|auth[\s=]|key[\s=]))"
BY_MARK = f"(?i:{'|'.join(_loose(form.pattern.pattern) for form in MARKED)})"
BY_CONTEXT = f"(?i:{'|'.join(f'(?:{_loose(head)})' for head in HEADS)}|{COMMAND}|{IN_ADDRESS})"
BY_LENGTH = [f"(?i:{_re2(form.pattern.pattern)})" for form in MEASURED]
TELLING = f"(?i:{_re2(WORD)})"
MARKS = f"(?i:{'|'.join(re.escape(mark) for form in MARKED for mark in form.marks)})"
ALL = [BY_CONTEXT, f"{BASE64}|{HEXED}|{ESCAPE}"]
BARE = r"[A-Za-z0-9+/_-]{20}"
LONG = r"[\w+/=.|:-]{27}"  # in every text with a form recognized by length
FEW = 100  # texts: checking fewer directly is faster than building the filter
ESCAPED_IN_JSON = r"\\[nrtbf]"
APART = r"[\s\\\"'`]"


def suspects(texts: pa.Array, fields: bool = False, prose: bool = False) -> pa.Array:
    """Return those of the texts that may hold a secret, each once.

    With `fields` the texts are JSON, in which a field's name may show a secret. In `prose` a long
    word without any mark may be a secret.
    """
    left = pc.unique(texts.drop_null())
    if len(left) < FEW:
        return left
    strange = pc.invert(pc.string_is_ascii(left))
    caught = [left.filter(strange)]
    left = left.filter(pc.invert(strange))
    for pattern in [*ALL, *[TELLING] * fields, *[BARE] * prose]:
        left = _sort_out(left, pattern, caught, fields)
    long = left.filter(pc.match_substring_regex(left, LONG))
    for pattern in BY_LENGTH if len(long) else ():
        long = _sort_out(long, pattern, caught, fields)
    apart = left.filter(pc.match_substring_regex(left, APART))
    caught.append(_marked(left, pc.replace_substring_regex(left, ESCAPED_IN_JSON, " ")))
    caught.append(_marked(apart, pc.replace_substring_regex(apart, APART + "+", "")))
    return pc.unique(pa.concat_arrays(caught))


def _marked(texts: pa.Array, seen: pa.Array) -> pa.Array:
    """Return the texts that have a mark and, if these are many, match a form."""
    mask = pc.match_substring_regex(seen, MARKS)
    texts, seen = texts.filter(mask), seen.filter(mask)
    return texts if len(texts) < FEW else texts.filter(pc.match_substring_regex(seen, BY_MARK))


def _sort_out(left: pa.Array, pattern: str, caught: list[pa.Array], fields: bool) -> pa.Array:
    """Move the texts that match the pattern to `caught`; return the others."""
    seen = pc.replace_substring_regex(left, ESCAPED_IN_JSON, " ") if fields else left
    mask = pc.match_substring_regex(seen, pattern)
    if not pc.any(mask).as_py():
        return left
    caught.append(left.filter(mask))
    return left.filter(pc.invert(mask))
