"""The variables and headers that a server is given, and the arguments that refer to them."""

import re
from collections.abc import Mapping
from typing import Any

from ingest.rows import text
from ingest.secrets.names import held_secret

GIVEN = re.compile(r"(?i)env|headers|http_?headers")  # how the names of settings with them begin
REFERENCE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%")
KNOWN = "-"  # stands for an argument whose secret is that of a variable; it is no value


def map_of(name: str, value: Any) -> Mapping[str, Any] | None:
    """Return a part of a server as a map; None if it is none.

    Some clients list variables and headers, as `{"name": ..., "value": ...}` or `NAME=value`.

    >>> map_of("env", ["A=1", {"name": "B", "value": "2"}])
    {'A': '1', 'B': '2'}
    """
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not GIVEN.match(name):
        return None
    listed: dict[str, Any] = {}
    for entry in value:
        if isinstance(entry, dict) and "value" in entry:
            listed[text(entry.get("name")) or text(entry.get("key"))] = entry["value"]
        elif isinstance(entry, str) and "=" in entry:
            named, _, content = entry.partition("=")
            listed[named] = content
    listed.pop("", None)
    return listed or None


def with_own_variables(args: list[str], entry: Mapping[str, Any]) -> list[str]:
    """Fill arguments in with the variables that the same entry sets.

    A variable that is known as a secret is not filled in: the argument hands on the same secret.

    >>> with_own_variables(["-H", "Authorization:${HEAD}"], {"env": {"HEAD": "Bearer 1"}})
    ['-H', 'Authorization:Bearer 1']
    >>> with_own_variables(["--api-key", "$KEY"], {"env": {"KEY": "1234-5678"}})
    ['--api-key', '-']
    """
    own: dict[str, str] = {}
    for name, value in entry.items():
        variables = map_of(name, value) if name.lower().startswith("env") else None
        own |= {n: v for n, v in (variables or {}).items() if isinstance(v, str)}
    secret = {name for name, value in own.items() if held_secret(name, value)}
    return [_filled_in(arg, own, secret) for arg in args] if own else args


def _filled_in(arg: str, own: Mapping[str, str], secret: set[str]) -> str:
    named = {next(filter(None, match)) for match in REFERENCE.findall(arg)}
    if named & secret and not named - own.keys():
        return KNOWN

    def content(match: re.Match[str]) -> str:
        return own.get(next(filter(None, match.groups())), match.group())

    return REFERENCE.sub(content, arg) if named & own.keys() else arg
