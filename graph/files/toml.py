"""Bounded TOML parsing: size, depth and key lengths are checked before the text is parsed.

The parser of Python keeps every prefix of a dotted key, and recurses for each bracket: a file of
100 kB could exhaust a machine's memory.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from graph.files.bounds import bound
from graph.files.regular import InputRefused, opened_file

# Texts and comments, up to their end or that of the line; atomic, so that each character is read
# once. (A possessive group, `(…)*+`, matches otherwise up to Python 3.11.4: gh-106052.) The parser
# also stops at a text without an end.
APART = re.compile(
    r'"""(?>(?:[^"\\]++|\\.|"(?!""))*)(?:"{3,5}|\Z)'
    r"|'''(?>(?:[^']++|'(?!''))*)(?:'{3,5}|\Z)"
    r'|"(?>(?:[^"\\\n]++|\\.)*)"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+",
    re.DOTALL,
)
BRACKETS = re.compile(r"[\[{]+|[\]}]+")
BETWEEN = re.compile(r"[\n=,\[\]{}]")
LARGEST = 1 << 63  # the format has whole numbers of 64 bits


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file within bounds.

    Raises
    ------
    InputRefused
        It cannot be read, is not TOML, or exceeds a bound; with the place.
    """
    most = bound("TOML_BYTES")
    with opened_file(path) as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise InputRefused(path, "", f"is larger than {most} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputRefused(path, "", "is not UTF-8 text") from None
    return parse_toml(text, path)


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """Parse the TOML text of the file `path`, within bounds.

    >>> parse_toml("a.b = [1, 2]", Path("x.toml"))
    {'a': {'b': [1, 2]}}
    >>> parse_toml("a = " + "[" * 100, Path("x.toml"))
    Traceback (most recent call last):
    graph.files.regular.InputRefused: x.toml, line 1: is nested more than 64 deep

    Raises
    ------
    InputRefused
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    most = bound("TOML_BYTES")
    if len(text) > most:
        raise InputRefused(path, "", f"is larger than {most} bytes")
    _check_shape(text, path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _, _, place = str(error).partition("(at ")
        raise InputRefused(path, place.rstrip(")"), "is not TOML") from None
    except ValueError:
        raise InputRefused(path, "", "a number has too many digits") from None
    except RecursionError:
        raise InputRefused(path, "", "is nested too deeply") from None
    _check_numbers(document, path)
    return document


def _check_shape(text: str, path: Path) -> None:
    """Count brackets, and the dots of each key, before parsing."""
    bare = APART.sub(_hollow, text)
    deepest, steps, tables = bound("TOML_DEPTH"), bound("TOML_STEPS"), bound("TOML_TABLES")
    depth = 0
    for run in BRACKETS.finditer(bare):
        depth += len(run[0]) if run[0][0] in "[{" else -len(run[0])
        if depth > deepest:
            raise _refused_at(run.start(), bare, path, f"is nested more than {deepest} deep")
    start = 0
    for end in BETWEEN.finditer(bare):
        if bare.count(".", start, end.start()) >= steps:
            raise _refused_at(start, bare, path, f"has a key of more than {steps} parts")
        start = end.end()
    if bare.count(".", start) >= steps:
        raise _refused_at(start, bare, path, f"has a key of more than {steps} parts")
    if bare.count(".") + bare.count("[") + bare.count("{") > tables:
        raise InputRefused(path, "", f"has more than {tables} tables, lists and dots")


def _hollow(match: re.Match[str]) -> str:
    """Reduce a text to its line ends, so that line numbers stay correct."""
    return "\n" * match[0].count("\n") if "\n" in match[0] else " "


def _refused_at(at: int, bare: str, path: Path, reason: str) -> InputRefused:
    line = bare.count("\n", 0, at) + 1
    return InputRefused(path, f"line {line}", reason)


def _check_numbers(document: dict[str, Any], path: Path) -> None:
    pending: list[Any] = [document]
    while pending:
        here = pending.pop()
        if isinstance(here, dict):
            pending += here.values()
        elif isinstance(here, list):
            pending += here
        elif isinstance(here, int) and not -LARGEST <= here < LARGEST:
            raise InputRefused(path, "", "a number has too many digits")
