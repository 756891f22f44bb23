"""Settings that hold a secret, and their description without its value.

A variable, header or option is recognized by its name, or by the form of its value. Only the
name, the sort, the place where the value is kept and a keyed fingerprint ever leave this module.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from ingest.secrets.redaction import fingerprint, redact_text

SORTS = {  # the last significant word of a name, and the sort of credential
    "password": "password",
    "passwd": "password",
    "passphrase": "password",
    "pwd": "password",
    "pass": "password",
    "dsn": "password",
    "secret": "token",
    "secrets": "token",
    "token": "token",
    "auth": "token",
    "authorization": "token",
    "bearer": "token",
    "jwt": "token",
    "cookie": "token",
    "credential": "token",
    "credentials": "token",
    "pat": "pat",
    "apikey": "api_key",
    "key": "api_key",
    "keys": "api_key",
}
ENDINGS = ("password", "passwd", "secret", "token", "apikey")
OPEN_KEYS = {"public", "primary", "foreign", "partition", "sort", "cache", "idempotency", "map"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
REFERENCES = (  # references to a value kept elsewhere, and where
    (re.compile(r"\$\{\{\s*secrets\.[\w.-]+\s*\}\}|\$\{secrets?[.:][\w.-]+\}"), "vault"),
    (re.compile(r"\bop://[^\s\"']+|\b(?:vault|keychain|aws-sm|gcp-sm)://?[^\s\"']+"), "vault"),
    (re.compile(r"arn:[\w-]+:(?:secretsmanager|ssm):[^\s\"']+|\bvault:[\w-]+/[^\s\"']+"), "vault"),
    (re.compile(r"@Microsoft\.KeyVault\([^()]*\)|\$\{(?:input|command):[^{}]+\}"), "vault"),
    (re.compile(r"\$?\bCOPILOT_MCP_\w+"), "vault"),  # a secret that GitHub keeps for its agent
    (re.compile(r"\$?\{(?:env[:.])?[A-Za-z_]\w*(?::?-|:?\?[^{}]*)?\}|\{env:[^{}]+\}"), "env"),
    (re.compile(r"\b(?:process\.env|os\.environ)[./][A-Za-z_]\w*"), "env"),
    (re.compile(r"(?<![\w$])\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\benv:[A-Za-z_]\w*"), "env"),
    (re.compile(r"\{file:[^{}]+\}"), "unknown"),
)
# The place of a file that holds the value, not the value; base64 may begin with a slash, too.
PLACE_OF_FILE = re.compile(
    r"(?i)(?:file://|~[\\/]|\.{1,2}[\\/]|[a-z]:[\\/]|/(?:run|var|etc|home|users|opt|mnt|root|tmp|app)/)\S+"
    r"|\S+\.(?:json|pem|key|p8|p12|pfx|ppk|jks|crt|cer|txt|ya?ml|toml|env|ini)"
)
WAY = re.compile(r"(?i)\s*(?:oauth2?|oidc|basic|bearer|digest|ntlm|kerberos|saml|jwt|iam|auto)\s*")
SCHEME = re.compile(
    r"(?i)(?:(?<![\w-])[\w-]*authorization|\b(?:bearer|basic|token|apikey|x-[\w-]+))\b\s*[:=]?"
)
WITH_VERSION = re.compile(r"[\w.-]++@[\d.]++|[\w.-]{2,}+(?<=[\d.])")  # a name ending in a version
EXAMPLE = re.compile(
    r"(?i)<[^<>\n]*>|\byour\b|your[-_]|example|change.?me|placeholder|replace|insert|dummy|x{4,}|\*{3,}"
    r"|redacted|not.?needed|\bhere\b|[-_]here\b|\.{3}|\u2026|\bfake\b|sample|\btodo\b|^[\[{].*[\]}]$"
)
UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
MIN_SECRET = 8  # characters: a shorter value is too easily guessed
SWITCH = re.compile(r"(?i)\s*(?:true|false|yes|no|on|off|none|null|\d{1,3})\s*")  # no secret
OPAQUE = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[\w.~=+-]{20,}")


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """A secret in a setting: its name and sort, where it is kept, and its fingerprint."""

    name: str
    type: str
    storage: str
    fingerprint: str | None


def secret_sort(name: str) -> str | None:
    """Return the sort of credential that a name denotes; None if it denotes none.

    >>> [secret_sort(n) for n in ("PGPASSWORD", "X-Api-Key", "NODE_ENV", "MAX_TOKENS")]
    ['password', 'api_key', None, None]
    """
    words = [word.lower() for word in WORD.findall(name[:256])]
    if not words:
        return None
    last = words[-1]
    if last in ("key", "keys") and len(words) > 1 and words[-2] in OPEN_KEYS:
        return None
    if words[-2:] == ["connection", "string"]:
        return "password"
    sort = SORTS.get(last) or next((SORTS[e] for e in ENDINGS if last.endswith(e)), None)
    if sort == "token" and {"personal", "github", "gitlab"} & set(words):
        return "pat"
    if last == "secret" and "client" in words:
        return "client_secret"
    if last == "key" and {"secret", "access"} <= set(words):
        return "access_key"
    return sort


def held_secret(name: str, value: str) -> HeldSecret | None:
    """Return the secret in a setting, without its value; None if it holds none."""
    sort = secret_sort(name)
    if SWITCH.fullmatch(value) or (sort == "token" and WAY.fullmatch(value)):
        return None  # whether there is a secret, how many, or by which way one signs in
    if sort is None:
        if redact_text(value) == value:
            return None
        sort = "password" if "://" in value else "token"
    storage = where_kept(value)
    return HeldSecret(name, sort, storage, _fingerprint(value, storage))


def _fingerprint(value: str, storage: str) -> str | None:
    """Return the fingerprint of a value that is kept here and is no placeholder."""
    known = storage == "config" and len(value) >= MIN_SECRET and not EXAMPLE.search(value)
    return fingerprint(value) if known else None


def where_kept(value: str) -> str:
    """Return where a value is kept: in the setting itself, or in what the setting refers to.

    >>> where_kept("Bearer ${GITHUB_TOKEN}"), where_kept("hunter2"), where_kept("op://a/b/c")
    ('env', 'config', 'vault')
    >>> where_kept("/home/ann/key.json"), where_kept("/9j+4AAQSkZJRgABAQ==")
    ('unknown', 'config')
    """
    if not value.strip() or PLACE_OF_FILE.fullmatch(value.strip()):
        return "unknown"
    left, places = value, []
    for form, storage in REFERENCES:
        if form.search(left):
            left = form.sub(" ", left)
            places.append(storage)
    literal = re.sub(r"[^\w]", "", SCHEME.sub("", left))
    return places[0] if places and not literal else "config"


def secrets_in_address(address: str) -> Iterator[HeldSecret]:
    """Yield the secrets in the user, the query and the path of an address.

    A password opens what its address names, so its fingerprint is that of both together; a token
    in its place is the same everywhere.
    """
    try:
        parts = urlsplit(address)
        user, password = parts.username, parts.password
        query = parse_qsl(parts.query, keep_blank_values=False, max_num_fields=200)
    except ValueError:
        return
    if password is not None or (user and parts.scheme in ("http", "https")):
        yield _as("password", unquote(password or user or ""), "password in the address", address)
    for key, value in query:
        if secret_sort(key) or redact_text(value) != value or OPAQUE.fullmatch(value):
            yield _as(secret_sort(key) or "token", value, key)
    for step in parts.path.split("/"):
        if secret_step(step):
            yield _as("token", step, "token in the path")


def _as(sort: str, value: str, name: str, opened: str = "") -> HeldSecret:
    """Return a secret by what it is; if no name or form tells, as one of `sort`.

    Its fingerprint is then that of `opened`, what the value opens together with it, if that is
    given.
    """
    storage = where_kept(value)
    print_ = _fingerprint(opened or value, storage)
    return held_secret(name, value) or HeldSecret(name, sort, storage, print_)


def secret_step(step: str) -> bool:
    """Return whether a part of a path looks like a token, not like a word.

    The digits of a version at its end tell nothing: a token may end in digits, too.
    """
    if OPAQUE.fullmatch(step) is None:
        return redact_text(step) != step
    if WITH_VERSION.fullmatch(step):
        step = step.rstrip("0123456789.").rstrip("-_").rstrip("0123456789.")
    return sum(c.isdigit() for c in step) >= 4


def bare_address(address: str, *, names: bool = False) -> str:
    """Return an address without user, query and fragment, with tokens in its path replaced.

    The port that its scheme has anyhow is left out. Where `names` is true, a UUID in the path is
    the name of what is there, and no token.

    >>> bare_address("https://me:pw@Host.example:8443/mcp/a?key=1"), bare_address("http://a.b:80/")
    ('https://host.example:8443/mcp/a', 'http://a.b')
    """

    def shown(step: str) -> str:
        named = names and UUID.fullmatch(step) is not None
        return "[token]" if secret_step(step) and not named else step

    return _bare(address, shown)


def bare_public_address(address: str) -> str:
    """Return an address without user, query and fragment, whose path is public: a tenant stays.

    >>> bare_public_address("https://a.example/9d1f7c52-8e0b-4b6a-93f5-2f8c61a07744/v2.0?x=1")
    'https://a.example/9d1f7c52-8e0b-4b6a-93f5-2f8c61a07744/v2.0'
    """
    return _bare(address, redact_text)


def _bare(address: str, shown_step: Callable[[str], str]) -> str:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "an address that cannot be read"
    if not host:
        return "an address without a host"
    path = "/".join(map(shown_step, parts.path.split("/")))
    shown = f"[{host}]" if ":" in host else host
    at = f":{port}" if port and port != PORTS.get(parts.scheme.lower()) else ""
    return f"{parts.scheme.lower()}://{shown}{at}{path.rstrip('/')}"
