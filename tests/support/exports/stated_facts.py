"""Which facts each source can state: `python -m tests.support.exports.stated_facts` prints it.

That is `analytics/findings/stated.toml`, from which it follows which rules a source can trigger. A
fact is counted where a source states it of its small exports, and where its code, or what states
facts for it, names the label and the property. A source into which people write whatever they like
states anything.
"""

import ast
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from analytics.findings.rule_facts import ANY
from graph import schema
from graph.element import Element
from ingest.job.check import check
from ingest.job.run import read
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.exports.small_exports import EXPORTS, write

ANYTHING = ("csv", "estate")
AT = pd.Timestamp("2026-08-01", tz="UTC")
NOT_FACTS = ("id", "name", "source", "scope", "first_seen", "last_seen", "source_id", "target_id")
ELEMENTS = {name: one for name, one in vars(schema).items() if isinstance(one, Element)}
HEAD = """\
# What each source declares at best, and which facts it can state.
# This file is made: python -m tests.support.exports.stated_facts > analytics/findings/stated.toml
"""


def stated() -> str:
    """Return the file."""
    parts = [HEAD]
    for name, source in sorted(all_sources().items()):
        facts = [ANY] if name in ANYTHING else sorted(facts_in_code(name) | set(facts_read(name)))
        rows = "".join(f'    "{fact}",\n' for fact in facts)
        declares = ", ".join(f'"{kind}"' for kind in sorted(source.declares))
        parts.append(f"[{name}]\ndeclares = [{declares}]\nstates = [\n{rows}]\n")
    return "\n".join(parts)


def facts_in_code(name: str) -> set[str]:
    """Return the labels and types that a source's code names, and properties of theirs."""
    words: set[str] = set()
    elements: set[str] = set()
    for tree in _trees(f"ingest.sources.{name}"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                words.add(node.arg)
            elif isinstance(node, ast.Name) and node.id in ELEMENTS:
                elements.add(node.id)
    found = set()
    for one in (ELEMENTS[each] for each in elements):
        found.add(one.name)
        named = {c.name for c in one.columns if c.name not in NOT_FACTS and c.name in words}
        found |= {f"{one.name}.{column}" for column in named}
    return found


def _trees(module: str) -> Iterator[ast.Module]:
    """Yield the syntax of a source's modules, and of the others that these alone import."""
    pending, seen = [module], set[str]()
    while pending:
        name = pending.pop()
        spec = find_spec(name)
        if name in seen or spec is None or spec.origin is None:
            continue
        seen.add(name)
        if spec.submodule_search_locations:
            folder = Path(spec.origin).parent
            pending += [f"{name}.{file.stem}" for file in folder.glob("[!_]*.py")]
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        yield tree
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and _speaks(node.module, module):
                pending.append(node.module)


def _speaks(module: str, of: str) -> bool:
    """Say whether a module that a source imports is its own, or one that states facts for it."""
    return module.startswith(of) or module in SHARED


SHARED = (
    "ingest.tags.tag_map",
    "ingest.sources.decisions.records",
    "ingest.sources.decisions.governance_toolkit",
    "ingest.tags.owner_roles",
    "ingest.usage.fold",
)


def facts_read(name: str) -> Iterator[str]:
    """Yield what a source states of its small exports."""
    source = all_sources()[name]
    for export in EXPORTS.get(name, []):
        with tempfile.TemporaryDirectory() as folder:
            path = write(export, Path(folder) / "export")
            reading = read(source, Request([path], scope="x", taken_at=AT))
            frames = check(source, reading, name).frames
        for element, frame in frames.items():
            if len(frame):
                yield element.name
            for column in frame:
                if column not in NOT_FACTS and frame[column].notna().any():
                    yield f"{element.name}.{column}"


if __name__ == "__main__":
    print(stated(), end="")
