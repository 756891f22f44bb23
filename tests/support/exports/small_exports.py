"""The examples of sources, found by name: `examples/NAME.py` holds those of the source NAME.

`EXPORTS` are small exports with something of each kind that the source reads, as the names and
contents of their files; `DOCUMENTS` are those that are a single JSON document. `NATIVE` are ids as
they stand in an export, with those of the things that they name; None where a source states no
thing. `SEVERAL` are exports of several files of which one cannot be read. A source without a file
is not tried on what is wrong with an export; test_source_examples says which.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ingest.source import Source
from ingest.sources import all_sources
from tests.support.exports.example import Export, Native, Several

FOLDER = Path(__file__).with_name("examples")
EXAMPLES: dict[str, ModuleType] = {
    path.stem: import_module(f"tests.support.exports.examples.{path.stem}")
    for path in sorted(FOLDER.glob("*.py"))
}
EXPORTS: dict[str, list[Export]] = {name: each.EXPORTS for name, each in EXAMPLES.items()}
DOCUMENTS: dict[str, tuple[Source, Any]] = {
    title: (all_sources()[name], document)
    for name, each in EXAMPLES.items()
    for title, document in getattr(each, "DOCUMENTS", {}).items()
}
NATIVE: dict[str, Native] = {
    name: each.NATIVE for name, each in EXAMPLES.items() if each.NATIVE is not None
}
SEVERAL: list[Several] = [
    replace(case, source=name) for name, each in EXAMPLES.items() for case in each.SEVERAL
]


def write(export: Export, folder: Path) -> Path:
    """Write an export into a new folder; return the folder, or the only file in it."""
    for name, data in export.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / next(iter(export)) if len(export) == 1 else folder
