"""Write docs/modules.md: every module with the first sentence of its docstring.

`python -m tests.support.module_index > docs/modules.md`, which `make docs` does.
"""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("ingest", "graph", "analytics", "app")
HEAD = """\
# Modules

Written by `make docs` from the first sentence of each module: change it there. Which folder a line
belongs to is in [CONTRIBUTING](../CONTRIBUTING.md).
"""


def index() -> str:
    """Return the page.

    >>> "(../graph/schema.py)" in index()
    True
    """
    parts = [HEAD]
    for folder, modules in groupby(_modules(), lambda path: path.parent):
        named = folder.relative_to(ROOT).as_posix()
        parts.append(f"\n## {named}/\n")
        init, paths = folder / "__init__.py", [*modules]
        parts.append(f"{sentence(init)}\n\n" if init in paths else "")
        parts += [
            f"* [{path.stem}](../{path.relative_to(ROOT).as_posix()}): {sentence(path)}\n"
            for path in paths
            if path != init
        ]
    return "".join(parts)


def _modules() -> list[Path]:
    return sorted((path for top in FOLDERS for path in (ROOT / top).rglob("*.py")), key=_place)


def _place(module: Path) -> tuple[int, str, Path]:
    inside = module.parent.relative_to(ROOT)
    return FOLDERS.index(inside.parts[0]), inside.as_posix(), module


@cache
def sentence(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return next(_sentences(" ".join(text.split("\n\n")[0].split())), "")


def _sentences(text: str) -> Iterator[str]:
    begin = 0
    for at, character in enumerate(text):
        if character == "." and text[at + 1 : at + 2] in ("", " "):
            yield text[begin : at + 1]
            begin = at + 2
    if begin < len(text):
        yield text[begin:]


if __name__ == "__main__":
    print(index(), end="")
