"""Random text without any mark or context: a bare key in prose.

In names and identifiers, digests, vendors' ids and random suffixes look the same, so this is for
prose only. Only a whole word counts: a part of a path, an address or a dotted name is an id.
Digests stay if a word or a sign before them names them.
"""

import re
from collections.abc import Iterator

from graph.secrets.forms import turns

WORD = re.compile(r"[^\s\"'`<>()\[\]{},;|]{20,}")
# A prefix (`key:`, `ExternalId=`), the run, and the end of a sentence.
CORE = re.compile(r"(?:[^=]*[=:])?(?P<run>[A-Za-z0-9+/_-]{20,}={0,2})[.:!?*]*+")
HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
NAMED = re.compile(r"[A-Z]?[a-z]{4,}|[A-Z]{5,}")  # words within names
BREAKS = re.compile(r"[_/-]")
# A UUID is part of an id, and `0x` begins the address of an account.
IN_A_NAME = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]|\A0x[0-9a-f]+\Z")
NO_KEY = re.compile(
    r"(?i)(?:sha\W?\d*|md5|digest|hash|checksum|commit|rev|revision|ref|head|etag|fingerprint|"
    r"thumbprint|image|id|aud|audience)\W{0,3}\Z"
)
BEFORE = 24  # characters checked before a run


def bare(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the words of a text that look like a key: start, end, kind.

    >>> [kind for *_, kind in bare("use 9f86d081884c7d659a2feaa0c55ad015 until May")]
    ['random text']
    >>> list(bare("commit 9f86d081884c7d659a2feaa0c55ad015, uses AmazonS3ReadOnlyAccess"))
    []
    """
    for word in WORD.finditer(text):
        match = CORE.fullmatch(word.group())
        if match is None or not looks_random(match["run"]):
            continue
        start, end = (word.start() + place for place in match.span("run"))
        head = text[max(start - BEFORE, 0) : start]
        if "/" not in text[word.start() : start] and not NO_KEY.search(head):
            yield start, end, "random text"


def looks_random(word: str) -> bool:
    """Return whether a word consists of random hexadecimal digits, or random letters and digits.

    >>> looks_random("tK7Qx2Lm9vR4wZ8bN3cY"), looks_random("ExampleRole-us-east-2")
    (True, False)
    """
    if HEX.fullmatch(word):
        return len(set(word)) > 9 and turns(word) > 0.25
    mixed = all(re.search(sort, word) for sort in ("[a-z]", "[A-Z]", "[0-9]"))
    if not mixed or turns(word) < 0.4 or IN_A_NAME.search(word):
        return False
    named = sum(len(part) for part in NAMED.findall(word))
    return named < 0.45 * len(word) and len(BREAKS.findall(word)) <= 1 + len(word) / 12
