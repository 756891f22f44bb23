"""Finds every regular expression of the packages, and makes texts on which it might take long.

Texts are made from the expression itself: for each part that may repeat, what comes before it, the
part many times, and an end that does not fit; and likewise for what it might begin with anywhere.
"""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).parents[3]
PACKAGES = ("ingest", "graph", "analytics", "app")
SCRIPTS = {"app.web.main"}  # runs when it is imported
TAKES_PATTERN = {
    *("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"),
    *("contains", "extract", "replace", "count", "extractall"),
}
METHODS = ("search", "match", "fullmatch")  # the others of `re` search
# How a call with a text of its own is written: what has none need not be parsed.
CALL = re.compile(rf"\.(?:{'|'.join(TAKES_PATTERN)})\((?:[\s(]|#[^\n]*\n)*\w{{0,2}}[\"']")
USES = re.compile(r"\b([A-Z_]+)(?:\.pattern)?\.(\w+)\(|\.(\w+)\(([A-Z_]+)(?:\.pattern)?[,)]")
QUICK = 0.001  # seconds for 2,000 units; what looks at all pairs takes 5 ms or more
LETTERS = "a0Z_-. :/@[\"'\\{$%\n\u00e9"


@dataclass(frozen=True)
class Found:
    """A regular expression, and where it stands."""

    where: str
    pattern: "re.Pattern[str]"
    methods: frozenset[str]


@cache
def _sources() -> dict[str, str]:
    """Return the text of each module by its name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


@cache
def _importing(module: str) -> list[str]:
    """Return the modules that import something of a module, and itself."""
    line = f"from {module} import"
    return [here for here, text in _sources().items() if here == module or line in text]


@cache
def _uses(module: str) -> dict[str, set[str]]:
    """Return by which methods a module uses each name in capitals."""
    found: dict[str, set[str]] = {}
    for use in USES.finditer(_sources()[module]):
        for name in {use[1], use[4]} - {None}:
            found.setdefault(name, set()).add(use[2] or use[3])
    return found


def _methods(where: str) -> frozenset[str]:
    """Return how an expression is used where it stands, and where it is imported from there.

    Where nobody can tell, as of one that stands in a list, it may be searched for anywhere.
    """
    if "yaml_implicit_resolvers" in where:
        return frozenset({"match"})  # the library does so
    module, _, name = where.partition("[")[0].rpartition(".")
    used = set()
    for here in _importing(module):
        used |= _uses(here).get(name, set())
    known = {m if m in METHODS else "search" for m in used if m in TAKES_PATTERN - {"compile"}}
    return frozenset(known or {"search"})


def compiled() -> Iterator[Found]:
    """Yield the compiled expressions that modules and their classes hold."""
    without: dict[int, Any] = {}  # what holds none, by its identity: many modules import it
    for package in PACKAGES:
        top = importlib.import_module(package)
        for info in pkgutil.walk_packages(top.__path__, f"{package}."):
            if info.name not in SCRIPTS:
                module = importlib.import_module(info.name)
                for name, value in vars(module).items():
                    if id(value) in without:
                        continue
                    held = list(_within(f"{info.name}.{name}", value, 0))
                    yield from held
                    if not held:
                        without[id(value)] = value


def _within(where: str, value: Any, depth: int) -> Iterator[Found]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield Found(where, value, _methods(where))
    elif depth > 4:
        return
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _within(f"{where}[{key!r}]", each, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _within(where, each, depth + 1)
    elif isinstance(value, type) and value.__module__.partition(".")[0] in PACKAGES:
        for name, each in list(vars(value).items()):
            yield from _within(f"{where}.{name}", each, depth + 1)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _within(f"{where}.{one.name}", getattr(value, one.name, None), depth + 1)


def written() -> Iterator[Found]:
    """Yield the expressions that stand as texts in a call, as in `re.sub("...", ...)`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)) if CALL.search(text) else ():
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                    continue
                if node.func.attr not in TAKES_PATTERN or not node.args:
                    continue
                said = node.args[0]
                if isinstance(said, ast.Constant) and isinstance(said.value, str):
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    way = node.func.attr
                    if way == "compile":
                        continue  # what is compiled is found where it is held
                    try:
                        used = frozenset({way if way in METHODS else "search"})
                        yield Found(where, re.compile(said.value), used)
                    except re.error:
                        continue  # a plain text, of a method that only has such a name


@cache
def every_pattern() -> list[Found]:
    """Return each expression once."""
    found: dict[tuple[str, int], Found] = {}
    for one in [*written(), *compiled()]:
        key = one.pattern.pattern, one.pattern.flags
        before = found.get(key, one)
        found[key] = replace(one, methods=one.methods | before.methods)
    return list(found.values())


# ---------------------------------------------------------------- texts


def _set(items: list[Any]) -> str:
    """Return a character of a set."""
    negated = bool(items) and items[0][0] is sre.NEGATE
    for letter in [*LETTERS, *map(chr, range(32, 127)), "\u2026", "\x00"]:
        if _in(letter, items[1:] if negated else items) is not negated:
            return letter
    return "a"


CLASSES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdigit,
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdigit(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    sre.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}


def _in(letter: str, items: list[Any]) -> bool:
    for kind, value in items:
        if kind is sre.LITERAL and ord(letter) == value:
            return True
        if kind is sre.RANGE and value[0] <= ord(letter) <= value[1]:
            return True
        if kind is sre.CATEGORY and CLASSES[value](letter):
            return True
    return False


def shortest(parts: Any) -> str:
    """Return a short text that a parsed expression likely matches."""
    return "".join(_one(kind, value) for kind, value in parts)


def _one(kind: Any, value: Any) -> str:
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is sre.ANY:
        return "a"
    if kind is sre.IN:
        return _set(value)
    if kind is sre.BRANCH:
        return min((shortest(p) for p in value[1]), key=len)
    if kind is sre.SUBPATTERN:
        return shortest(value[3])
    if kind is sre.ATOMIC_GROUP:
        return shortest(value)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return shortest(value[2]) * min(value[0], 64)
    return ""


REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def pumps(parts: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield for each part that may repeat often what comes before it, and one time of it."""
    for kind, value in parts:
        if kind in REPEATS:
            if value[1] > 200:
                for piece in _pieces(value[2]):
                    yield before, piece
            yield from pumps(value[2], before)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from pumps(branch, before)
        elif kind is sre.SUBPATTERN:
            yield from pumps(value[3], before)
        elif kind is sre.ATOMIC_GROUP:
            yield from pumps(value, before)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            yield from pumps(value[1], before)
        before += _one(kind, value)


def _pieces(parts: Any) -> Iterator[str]:
    """Yield texts of one repetition: the shortest, one of each branch, and each of some letters."""
    yield shortest(parts)
    for kind, value in parts:
        if kind is sre.BRANCH:
            yield from map(shortest, value[1])
        if kind is sre.SUBPATTERN:
            yield from _pieces(value[3])
        if kind is sre.IN:
            negated = value[0][0] is sre.NEGATE
            items = value[1:] if negated else value
            yield from (c for c in LETTERS if _in(c, items) is not negated)
        if kind in (sre.ANY, sre.NOT_LITERAL):
            yield from LETTERS


def texts(pattern: "re.Pattern[str]", size: int) -> Iterator[str]:
    """Yield texts that might take an expression long.

    They hold so many times a unit of one character, and fewer times a longer one: where all pairs
    of a unit and a character after it are looked at, there are as many pairs in each text.
    """
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    made = set(pumps(tree))
    starts = {""} | {before for before, _ in made}
    units = {piece for _, piece in made if piece}
    units |= {before + piece for before, piece in made if before + piece}
    literals = re.findall(r"[\w@:/.-]{2,}", pattern.pattern)[:4]
    units |= set(literals) | {f"{word[:-1]}-" for word in literals}
    units |= set(LETTERS) | {"ab-", "a.", "a b ", 'a"', "a/", "a:", ' "'}
    for unit in sorted(units):
        body = unit * int(size / len(unit) ** 0.5)
        for start in sorted(starts if any(unit == p for _, p in made) else {""})[:6]:
            for end in ("", "\x00", "\n!\n", "@"):
                yield start + body + end


def seconds(use: Callable[[str], Any], text: str) -> float:
    """Return the processor time that one use takes: the least of three."""
    return min(_once(use, text) for _ in range(3))


def _once(use: Callable[[str], Any], text: str) -> float:
    start = time.process_time()
    use(text)
    return time.process_time() - start


def grows(found: Found, size: int = 2000, quick: float = QUICK) -> str | None:
    """Return the beginning of a text of which twice as much takes more than twice as long.

    A text that takes no time to speak of is passed over. Of the others one of four times the length
    must not take more than about four times as long, or one of sixteen times: an expression may
    look ahead, if it does not look further than to a bound. What looks linear at a first measuring
    is not measured again.
    """
    for method in sorted(found.methods):
        use = getattr(found.pattern, method)
        for number, text in enumerate(texts(found.pattern, size)):
            if (first := _once(use, text)) < quick:
                continue
            fourth = _nth(found.pattern, 4 * size, number)
            if _once(use, fourth) < 6 * first or (short := seconds(use, text)) < quick:
                continue
            if (middle := seconds(use, fourth)) <= 8 * short:
                continue
            if _once(use, _nth(found.pattern, 16 * size, number)) > 8 * middle:
                return f"{method}: {text[:40]!r} ... {text[-8:]!r}"
    return None


def _nth(pattern: "re.Pattern[str]", size: int, number: int) -> str:
    return next(islice(texts(pattern, size), number, None))
