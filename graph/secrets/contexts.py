"""Secrets shown by the text before them: `password=`, `Authorization:`, `//user:pw@`.

Every pattern runs in linear time. A value ends at its closing quote, at a space, or with the text:
that may redact a little too much, but leaves no tail of a password.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass

from graph.secrets.forms import turns

Span = tuple[int, int, str]

LONG = (
    r"passw(?:or)?d|passwort|passphrase|passcode|secret|token|credentials?|api[_-]?key|"
    r"(?:access|account|shared|private|secret|signing|encryption|master|client)[_-]?key"
)
SHORT = r"(?<![A-Za-z])(?:pwd|pass|pw|jwt|cookie|sig)"  # not the end of `bypass`, `compass`
WORD = rf"(?:{LONG}|{SHORT})"
# `PASSWORD_PROD` and `token2` hold a secret; `secret_name` and `TokenIssueTime` do not.
OF_IT = (
    "name|type|id|arn|polic|ttl|exp|age|rotat|len|enab|count|path|file|ref|uri|url|vers|manager|"
    "issue|valid|last|is|store|endpoint|provider|algo|usage|spec|method|format|scope"
)
SUFFIX = rf"(?:s?(?:[_-]|(?![_-]))(?!{OF_IT})[A-Za-z0-9]\w{{0,16}})?"
OPENER = r"(?:passw(?:or)?d|passwort|passphrase|(?<![A-Za-z])(?:pwd|pass))"
GONE = r"(?!\[redacted: )"  # redacted already
ESCAPED = r"\\+[\"'](?:[^\"']|[\"'](?!\s*(?:[,}\]]|\Z)))*"
QUOTED = rf"{ESCAPED}|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?"
VALUE = rf"{GONE}(?:{QUOTED}|[^\s\"'<>]{{4,}})"
AROUND = "\"'\\,;.)}]"  # characters at the end of a value that are no part of it
NOTHING = re.compile(
    r"(?i)(?:true|false|none|null|nil|yes|no|required|optional|enabled|disabled|unknown|"
    r"\*+|x+|-+)?"
)

PLAIN = re.compile(r"[A-Za-z]?[a-z-]+[.,;]?")  # "token: rotated by hand"
OPENED = re.compile(rf"(?i){OPENER}")

# The text before a value. Each pattern runs in linear time, and is used by the sieve too.
ASSIGNED = rf"(?:(?:{LONG}){SUFFIX}|{SHORT})[\"'\\]*\s*(?::=|=>|==?)\s*"
# A colon needs a space or quotes after such a word: an ARN of a secret has `:secret:name`.
COLON = rf"(?<![/:]){WORD}(?:[\"'\\]*\s*:\s+|\\*[\"']\s*:\s*)"
TIGHT = rf"(?<![/:]){OPENER}:"
ELEMENT = rf"{WORD}\w{{0,16}}>"
QUERY = r"[?&;](?:\w{0,12}key|sig|signature|code|auth|x-amz-(?:signature|security-token))="
HEADER = r"authorization[\"'\\]*\s*[:=]\s*[\"'\\]*"
COOKIE = r"(?<![a-z])cookie2?[\"'\\]*\s*:\s*"
BEARER = r"\bbearer\s+"
BASIC = r"\bbasic\s+"
SENTENCE = rf"{WORD}\s+(?:is|was|are)\s+"
USER = r"(?<!\S)(?:-u|--user|--proxy-user|-U)[\s=]{0,4}"
FLAG = r"(?<![\w-])--?(?P<flag>[a-z][\w-]{0,40})(?:\s+|=)"
SCHEMED = (
    rf"(?:basic|bearer|digest|token|negotiate|apikey|aws4[\w-]{{0,24}})\s+{GONE}[^\s\"']{{4,}}"
)


@dataclass(frozen=True, slots=True)
class Context:
    """A context of secrets: every text with one contains one of `needs`."""

    kind: str
    needs: tuple[str, ...]
    head: str
    pattern: re.Pattern[str]


def _context(kind: str, needs: str, head: str, value: str = VALUE) -> Context:
    compiled = re.compile(f"(?i){head}(?P<value>{value})")
    return Context(kind, tuple(needs.split("  ")), head, compiled)


EACH: tuple[Context, ...] = (
    _context(
        "authorization",
        "authorization",
        HEADER,
        rf"{SCHEMED}|{GONE}(?=\S{{0,64}}\d)[^\s\"']{{12,}}",
    ),
    _context("bearer token", "bearer", BEARER, r"[\w.~+/-]{16,}=*"),
    _context("cookie", "cookie", COOKIE, rf"{GONE}[^\n\"]{{6,}}"),
    _context("password", "=", ASSIGNED),
    _context("password", "pass  pwd", TIGHT, rf"{GONE}[^\s:/\"'<>][^\s\"'<>]{{3,}}"),
    _context("password", ">", ELEMENT, rf"{GONE}[^<\s][^<]*"),
    _context("key in an address", "=", QUERY, rf"{GONE}[^\s&\"'<>]{{8,}}"),
    _context("password", "-u", USER, r"[\"']?[^\s:]+:\S{3,}"),
)
COLONED = _context("password", ":", COLON)
IN_SENTENCE = _context("password", " is   was   are ", SENTENCE)
FLAGGED = _context("password", "-", FLAG)
BASICS = _context("authorization", "basic", BASIC, r"[A-Za-z0-9+/]{8,}={0,2}")
SHELLS = re.compile(r"(?i)\b(?:mysql\w*|mariadb\w*|sshpass|mongo\w*|ldap\w+|smbclient|7z)\b")
SHORT_FLAG = re.compile(rf"(?<!\S)-[pPwa]\s?(?P<value>{GONE}[^\s-]\S{{3,}})")
FLAGS = re.compile(rf"(?i){WORD}|(?:^|[_-])(?:auth|key)$")
COLON_ENDS = re.compile(r":\s|[\"']\s*:")
WORDS_OF_URL = re.compile(r"[^\s\"'<>]+")
# Schemes whose paths have no `@`: the text before it is a password with a `/`.
DATABASES = re.compile(
    r"(?i)(?:postgres|mysql|maria|mongo|redis|amqp|mssql|sqlserver|jdbc|s?ftp|ldap)"
)
PORT = re.compile(r"[^\s:@/]*:\d{1,5}(?:[/?#]|\Z)")
# In lower case; a text without any of them has no secret shown by context.
MARKS = (
    *("pass", "pwd", "pw", "secret", "token", "credential", "key", "code=", "jwt", "cookie", "sig"),
    *("auth", "bearer", "basic", "://", "-u", "--"),
)
HEADS = [context.head for context in (*EACH, COLONED, IN_SENTENCE, BASICS)]


def shown_by_context(text: str, low: str) -> Iterator[Span]:
    """Yield the secrets shown by context: start, end, kind; `low` is the text in lower case."""
    if not any(mark in low for mark in MARKS):
        return
    for each in EACH:
        if any(needed in low for needed in each.needs):
            for match in each.pattern.finditer(text):
                if not _nothing(match["value"]):
                    yield *match.span(), each.kind
    if COLON_ENDS.search(text):
        for match in COLONED.pattern.finditer(text):
            value = match["value"]
            word = PLAIN.fullmatch(value) and not OPENED.match(match.group())
            if not word and not _nothing(value):
                yield *match.span(), COLONED.kind
    yield from _in_sentences(text, low)
    yield from _in_commands(text, low)
    if "://" in text and "@" in text:
        yield from _in_addresses(text)


def _in_sentences(text: str, low: str) -> Iterator[Span]:
    if any(needed in low for needed in IN_SENTENCE.needs):
        for match in IN_SENTENCE.pattern.finditer(text):
            if re.search(r"\d", match["value"]):  # not "the token is rotated"
                yield *match.span(), IN_SENTENCE.kind
    if "basic" in low:
        for match in BASICS.pattern.finditer(text):
            if _names_user(match["value"]):
                yield *match.span(), BASICS.kind


def _in_commands(text: str, low: str) -> Iterator[Span]:
    if text[0] == "-" or " -" in text or "\n-" in text or "\t-" in text:
        for match in FLAGGED.pattern.finditer(text):
            if FLAGS.search(match["flag"]) and not _nothing(match["value"]):
                yield *match.span(), FLAGGED.kind
        if SHELLS.search(low):
            for match in SHORT_FLAG.finditer(text):
                yield *match.span("value"), "password"


def _nothing(value: str) -> bool:
    return NOTHING.fullmatch(value.strip(AROUND)) is not None


def _names_user(text: str) -> bool:
    """Return whether a text is user and password in base64, not a word like `authentication`."""
    try:
        decoded = b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii")
    except ValueError:
        return False
    return ":" in decoded and decoded.isprintable()


def _in_addresses(text: str) -> Iterator[Span]:
    """Yield the text between `//` and `@` in addresses, if it is more than a user name."""
    for word in WORDS_OF_URL.finditer(text):
        address = word.group()
        at, end = address.find("://"), address.rfind("@")
        if at < 0 or end < at + 3:
            continue
        start = at + 3
        user = address[start:end]
        if PORT.match(user) and not DATABASES.search(address[:at]):
            continue  # `//host:443/of/ann@example.com`
        name, colon, _ = user.partition(":")
        if "/" in name or (not colon and not _opaque_user(user)):
            continue
        if not user.startswith("[redacted: "):
            yield word.start() + start, word.start() + end, "password in an address"


def _opaque_user(user: str) -> bool:
    digits = sum(c.isdigit() for c in user)
    return len(user) >= 12 and (digits > 1 or turns(user) > 0.4)
