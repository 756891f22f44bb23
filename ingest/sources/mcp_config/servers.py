"""One server of a configuration: its program or address, and the secrets passed to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import (
    HeldSecret,
    bare_address,
    held_secret,
    secret_sort,
    secrets_in_address,
)
from ingest.secrets.redaction import redact_text
from ingest.sources.mcp_config.command_line import PATH, launched, split_arguments
from ingest.sources.mcp_config.layouts import STARTS
from ingest.sources.mcp_config.variables import map_of, with_own_variables

ADDRESSES = ("url", "serverUrl", "httpUrl", "uri")
BRIDGES = {"npm:mcp-remote", "npm:supergateway", "pypi:mcp-proxy"}  # started to reach an address
SHOWN = {*STARTS, "name", "description", "type", "cwd", "instructions"}
VARIABLE = re.compile(r"(?i)bearer_?token_?env_?var")  # its value is the name of a variable
VARIABLES = {
    "env_vars": "env",
    "envvars": "env",
    "env_keys": "vault",
}  # settings with names of variables, and their storage
PASSED = {"-e", "--env"}  # the options that pass a variable to a container
NAME = re.compile(r"[A-Za-z_][\w.-]{0,127}")
TEMPLATE = re.compile(r"\$?\{[^{}]*\}|%\w+%|<[\w -]+>")  # filled in when the server is started
REMARKS = ("_", "//", "#", "$")  # how a key begins that holds a remark or a setting
MAX_NAME = 1_024  # characters of the name of a server


@dataclass(frozen=True, slots=True)
class Server:
    """One entry of a configuration file, as far as it is kept.

    `target` is its address or program. It is `remote` if its address is valid everywhere: not if a
    part of it is a variable. `secrets` has the way of passing each secret, and the secret.
    """

    name: str
    target: str
    remote: bool
    disabled: bool
    secrets: tuple[tuple[str, HeldSecret], ...]
    place: Place
    files: int = 0  # of variables, which are not read


def servers_in(servers: Any, place: Place, rows: Rows) -> Iterator[Server]:
    """Yield the entries of a map or a list of servers; invalid ones are rejected.

    What such an entry started is part of its id and is not known, so the reading is partial: what
    it was before stays.
    """
    if isinstance(servers, list):
        entries: list[tuple[str | int, str, Any]] = [
            (n, (text(e.get("name")) or text(e.get("uses"))) if isinstance(e, dict) else "", e)
            for n, e in enumerate(servers)
        ]
    else:
        entries = [(name, str(name), e) for name, e in servers.items()]
    for number, (step, name, entry) in enumerate(entries, 1):
        if len(name) > MAX_NAME:
            reason = f"the name of server {number} is longer than {MAX_NAME} characters"
            _reject(rows, place, reason)
            continue
        here = place.at(redact_text(str(step)))
        if isinstance(entry, str) and "://" in entry:
            entry = {"url": entry}
            name = name or bare_address(entry["url"])
        if not isinstance(entry, dict):
            if str(step).startswith(REMARKS):
                rows.reject(here, "a server must be an object")
            else:
                _reject(rows, here, "a server must be an object")
            continue
        yield _server(redact_text(name) or f"server {step}", _flat(entry), here)


def _reject(rows: Rows, place: Place, reason: str) -> None:
    rows.reject(place, reason)
    rows.all_read = False
    rows.warn(
        f"{place.file}: what a server that is rejected starts is not known: nothing is retired"
    )


def _flat(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten nested parts of some clients: a command as an object, a transport around it."""
    flat = dict(entry)
    for name in ("transport", "command"):
        inner = flat.get(name)
        if isinstance(inner, dict):
            flat |= {("command" if k == "path" else k): v for k, v in inner.items()}
    command = flat.get("command")
    if isinstance(command, str) and not flat.get("args") and not PATH.search(command):
        command = command.split()  # some write the whole line
    if isinstance(command, list):
        words = [c for c in command if isinstance(c, str)]
        flat |= {"command": words[0] if words else "", "args": words[1:]}
    return flat


def _server(name: str, entry: Mapping[str, Any], place: Place) -> Server:
    address = next((text(entry.get(key)) for key in ADDRESSES if text(entry.get(key))), "")
    command = text(entry.get("command")) or text(entry.get("cmd"))
    given = entry.get("args")
    args = [str(a) for a in given if isinstance(a, str | int)] if isinstance(given, list) else []
    off = entry.get("disabled") is True or entry.get("enabled") is False
    program = launched(redact_text(command), [redact_text(arg) for arg in args])
    program = program or text(entry.get("uses"))  # a server of a hub, by its name there
    called = address or next((a for a in args if program in BRIDGES and "://" in a), "")
    filled = TEMPLATE.sub("variable", called)
    words = with_own_variables(split_arguments(command, args), entry)
    secrets = [*_settings(entry), *_arguments(words)]
    secrets += [("address", secret) for secret in secrets_in_address(address)]
    known = {secret.name for _, secret in secrets}
    secrets += [("argument", secret) for secret in _passed(words) if secret.name not in known]
    return Server(
        name,
        redact_text(bare_address(filled) if called else program),
        bool(called) and "://" in bare_address(filled) and filled == called,
        off,
        tuple(secrets),
        place,
        sum(bool(text(entry.get(key))) for key in ("envFile", "env_file")),
    )


# -- secrets ---------------------------------------------------------------------------------------


def _settings(entry: Mapping[str, Any]) -> Iterator[tuple[str, HeldSecret]]:
    """Yield the secrets among the variables, headers and other settings of a server."""
    pending: list[tuple[str, Mapping[str, Any]]] = [("setting", entry)]
    while pending:
        kind, here = pending.pop()
        for name, value in here.items():
            if (inner := map_of(name, value)) is not None:
                pending.append((_kind(name, kind), inner))
            elif name.lower() in VARIABLES:
                yield from (
                    ("env", variable) for variable in _named(value, VARIABLES[name.lower()])
                )
            elif not isinstance(value, str | int) or isinstance(value, bool):
                continue
            elif not (kind == "setting" and name in SHOWN):
                secret = _setting(kind, name, str(value))  # YAML has a password of digits as number
                if secret is not None:
                    yield kind.removeprefix("variable "), secret


def _setting(kind: str, name: str, value: str) -> HeldSecret | None:
    """Return the secret of one setting, which may be the name of the variable that holds it."""
    if VARIABLE.fullmatch(name) and NAME.fullmatch(value):
        return HeldSecret(value, secret_sort(value) or "token", "env", None)
    if kind == "variable header" and NAME.fullmatch(value):
        sort = secret_sort(name) or secret_sort(value)
        return HeldSecret(name, sort, "env", None) if sort else None
    return held_secret(name, value)


def _kind(name: str, outer: str) -> str:
    lowered = name.lower()
    if "header" in lowered:
        return "variable header" if lowered.startswith("env") else "header"
    return "env" if lowered.startswith("env") else outer


def _named(names: Any, storage: str) -> Iterator[HeldSecret]:
    """Yield the secrets among variables that a list only names."""
    for entry in listed(names):
        name = text(entry.get("name")) if isinstance(entry, dict) else text(entry)
        sort = secret_sort(name) if NAME.fullmatch(name) else None
        if sort:
            yield HeldSecret(name, sort, storage, None)


def _arguments(args: list[str]) -> Iterator[tuple[str, HeldSecret]]:
    """Yield the secrets among the arguments: after an option, in `NAME=value`, in an address."""
    option = ""
    for arg in args:
        name, equals, value = arg.partition("=")
        named = name.lstrip("-")
        address = value if "://" in value else arg
        within = list(secrets_in_address(address)) if "://" in arg else []
        secret = _argument(arg, option, bool(within))
        for each in within if secret is None else [secret]:
            yield "argument", each
        telling = arg.startswith("-") and not equals and NAME.fullmatch(named)
        option = named if telling and secret_sort(named) else ""


def _argument(arg: str, option: str, in_address: bool) -> HeldSecret | None:
    """Return the secret that an argument is as a whole, not only a part of an address in it."""
    name, equals, value = arg.partition("=")
    named, header = name.lstrip("-"), arg.partition(":")
    if option and not arg.startswith("-"):
        return held_secret(option, arg)
    if equals and NAME.fullmatch(named):
        by_parts = in_address and arg.startswith("-") and not secret_sort(named)
        return None if by_parts else held_secret(named, value)
    if header[1] and NAME.fullmatch(header[0]) and not header[2].startswith("//"):
        return held_secret(header[0], header[2].strip())
    return held_secret("argument", arg) if "://" not in arg and redact_text(arg) != arg else None


def _passed(args: list[str]) -> Iterator[HeldSecret]:
    """Yield the secrets passed to a container by the name of a variable alone."""
    for option, arg in pairwise(args):
        if option in PASSED:
            yield from _named(arg, "env")
