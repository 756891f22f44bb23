"""Names that say what they hold, and one word for one thing: what a machine can tell of it.

The words and what each stands for are in CONTRIBUTING.md.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("ingest", "graph", "analytics", "app")
# Names of anything, and so of nothing: a mask, rows, a count or a noun says what it is.
BANNED = {
    *("said", "told", "spoken", "found", "mine", "one", "held", "whole", "there", "who", "what"),
    *("former",),
}
# In what users read: for "covers" or "is of", "authenticates as" or "read as", and "path".
SHOWN = ("speaks of", "taken for", "is told of", "no way from", "ways from")
PHRASES = ("set aside", "made one", "by what it is called", "is told as", "spoken of")


def product() -> Iterator[Path]:
    yield ROOT / "trustdebt.py"
    for folder in PRODUCT:
        yield from sorted((ROOT / folder).rglob("*.py"))


def names(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield every name that a module binds: of variables, parameters, functions and classes."""
    for node in nodes:
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def texts(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield every text of a module: docstrings, and what users may read."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def fog(text: str) -> list[str]:
    """Return the lines of a module that bind a banned name or use a banned phrase."""
    nodes = list(ast.walk(ast.parse(text)))
    bound = [f"{line}: {name}" for line, name in names(nodes) if name.strip("_").lower() in BANNED]
    used = [
        f"{line}: {phrase}"
        for line, words in texts(nodes)
        for phrase in PHRASES
        if phrase in " ".join(words.split()).lower()
    ]
    return (
        bound
        + used
        + [
            f"{line}: {words}"
            for line, words in shown(nodes)
            if any(phrase in words.lower() for phrase in SHOWN)
        ]
    )


def shown(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield every text of a module but docstrings: what users may read."""
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


def test_names_say_what_they_hold() -> None:
    unclear = {
        path.relative_to(ROOT).as_posix(): lines
        for path in product()
        if (lines := fog(path.read_text(encoding="utf-8")))
    }
    assert not unclear


def test_a_banned_name_is_noticed_wherever_it_is_bound() -> None:
    for line in (
        "said = 1",
        "for one in rows: pass",
        "def rows(found): return found",
        "def told(): pass",
        "[mine for mine in rows]",
        "lambda what: 0",
        "with rows as held: pass",
        "class Whole: pass",
        "if (there := rows): pass",
        "first, (who, last) = rows",
        "_found: int = 1",
        'text = "3 rows were set\\n aside"',
        'text = f"{name} is taken for {other}"',
        "rows.said = 1",
    ):
        assert fog(line), line


def test_names_of_the_field_pass() -> None:
    assert not fog('def stale(grants, mask): return grants[mask], "rejected", row.said, "one"')
