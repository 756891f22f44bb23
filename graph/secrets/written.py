"""Disguised secrets: encoded, split over lines, with invisible or look-alike characters.

A text is decoded as its reader would use it. A secret is reported as the span of the original
text, so that all of it can be redacted.
"""

import re
import unicodedata
from base64 import b64decode
from binascii import Error, unhexlify
from bisect import bisect_right
from collections.abc import Callable, Iterator
from html import unescape
from itertools import accumulate
from urllib.parse import unquote

Span = tuple[int, int, str]
Finder = Callable[[str], list[Span]]

# Base64 of ASCII is recognized by its letters: in each four, the top bit of each byte is 0.
FOUR = "[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
BASE64 = f"(?:{FOUR}){{5,}}"
HEXED = "(?:[2-7][0-9A-Fa-f]){12,}"
ESCAPE = r"\\u00[2-7]|\\x[2-7]|&#x?[0-9]|%[2-7][0-9A-Fa-f]"
IN_BASE64 = re.compile(BASE64)
RUN = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
IN_HEX = re.compile(HEXED)
ESCAPED = re.compile(ESCAPE)
CODES = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
WORDS = re.compile(r"\S+")
BETWEEN = re.compile(
    r"[^\s\\\"'`\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+"
)
DEPTH = 2  # base64 of base64

# Letters of other alphabets that look like Latin ones.
ALIKE = str.maketrans(
    "\u0410\u0412\u0421\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0405\u0422"
    "\u0425\u0423\u0430\u0435\u0456\u0458\u043e\u0440\u0441\u0455\u0443\u0445\u0501"
    "\u04bb\u04cf\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5"
    "\u03a7\u03bf\u03c1\u03bd\u03b9\u03b1\u03ba\u03c4\u03c5"
    "\u2010\u2011\u2012\u2013\u2014\u2212",
    "ABCEHIJKMOPSTXYaeijopcsyxdhlqwABEZHIKMNOPTYXopviaktu------",
)


def encoded(text: str, find: Finder, depth: int = DEPTH) -> Iterator[Span]:
    """Yield the secrets found after decoding base64, hexadecimal, per cent codes or escapes."""
    for run in RUN.finditer(text) if IN_BASE64.search(text) else ():
        if run.end() - run.start() >= 20 and (match := IN_BASE64.search(run.group())):
            yield from _if_secret(run, _of_base64(run.group()[match.start() :]), find, depth)
    for match in IN_HEX.finditer(text):
        yield from _if_secret(match, _of_hex(match.group()), find, depth)
    if any(sign in text for sign in "%\\&") and ESCAPED.search(text):
        for word in WORDS.finditer(text):
            if ESCAPED.search(word.group()):
                yield from _if_secret(word, _unescaped(word.group()), find, depth)


def _if_secret(where: re.Match[str], decoded: str, find: Finder, depth: int) -> Iterator[Span]:
    if decoded and decoded != where.group():
        spans = find(decoded) or (list(encoded(decoded, find, depth - 1)) if depth > 1 else [])
        if spans:
            yield *where.span(), spans[0][2]


def _of_base64(text: str) -> str:
    digits = text.rstrip("=").replace("-", "+").replace("_", "/")
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    try:
        return b64decode(digits + "=" * (-len(digits) % 4)).decode("latin-1")
    except Error:
        return ""


def _of_hex(text: str) -> str:
    return unhexlify(text[: len(text) // 2 * 2]).decode("latin-1")


def _unescaped(text: str) -> str:
    plain = CODES.sub(lambda c: chr(int(c[1] or c[2], 16)), text)
    return unquote(unquote(unescape(plain), errors="replace"), errors="replace")


def alike(text: str) -> str:
    """Return a text of the same length with Latin letters for look-alike ones."""
    if text.isascii():
        return text
    wide = (unicodedata.normalize("NFKC", c) if ord(c) > 127 else c for c in text)
    return "".join(c if len(c) == 1 else " " for c in wide).translate(ALIKE)


def split(text: str, find: Finder) -> Iterator[Span]:
    """Yield the secrets found after removing spaces, line ends and invisible characters."""
    parts = list(BETWEEN.finditer(text))
    if len(parts) < 2 or len(text) < 20:
        return
    ends = list(accumulate(len(part.group()) for part in parts))
    for start, end, kind in find("".join(part.group() for part in parts)):
        first, last = bisect_right(ends, start), bisect_right(ends, end - 1)
        if first == last:
            continue  # found already, as it is in one piece
        yield _place(parts, ends, first, start), _place(parts, ends, last, end - 1) + 1, kind


def _place(parts: list[re.Match[str]], ends: list[int], part: int, at: int) -> int:
    before = ends[part - 1] if part else 0
    return parts[part].start() + at - before
