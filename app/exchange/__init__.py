"""Exchange formats of a snapshot and of its findings, one module each; see also `graph.exports`.

The formats are found by name, and their modules imported when one of them is asked for. Names from
data are passed on unchanged, as text of the format, except in the cells of CSV.
"""

import json
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.posture import Posture


def modules_of(package: str) -> tuple[str, ...]:
    """Return the names of the modules of a package, in alphabetical order; none is imported."""
    spec = find_spec(package)
    assert spec is not None, package
    return tuple(module.name for module in iter_modules(spec.submodule_search_locations))


GRAPHS = modules_of("graph.exports")  # of nodes and edges
SNAPSHOTS = modules_of(f"{__name__}.snapshots")  # of a snapshot and its judgements
FINDINGS = modules_of(f"{__name__}.findings")
FORMATS = (*GRAPHS, *SNAPSHOTS, *FINDINGS)
FOLDER = "zip"  # the suffix of a format of several files


def module_of(form: str) -> ModuleType:
    """Import the module of a format.

    It has `OPENED_WITH`, words for what a file of it is for, and `SUFFIX`, that of the file.
    """
    if form in GRAPHS:
        return import_module(f"graph.exports.{form}")
    return import_module(f"{__name__}.{'findings' if form in FINDINGS else 'snapshots'}.{form}")


def written(form: str, document: dict[str, Any], posture: "Posture") -> Any:
    """Return a document of findings, and the posture they are of, in the format `form`."""
    write: Callable[[dict[str, Any], Posture], Any] = module_of(form).write
    return write(document, posture)


def export(form: str, posture: "Posture", path: Path) -> int:
    """Write a snapshot in the format `form` to a file, or to a folder; return the row count.

    Findings are all that are not resolved.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if form in FINDINGS:
        return _export_findings(form, posture, path)
    if form in GRAPHS:
        from graph.exports import all_exports

        return all_exports()[form](posture.graph, path)
    save: Callable[[Posture, Path], int] = module_of(form).save
    return save(posture, path)


def _export_findings(form: str, posture: "Posture", path: Path) -> int:
    from analytics.answers.findings import findings
    from analytics.answers.table import as_json
    from app.envelope import envelope
    from graph.files.private import private_text

    document = envelope("findings", as_json(findings(posture)), posture)
    made = json.dumps(written(form, document, posture), ensure_ascii=False, allow_nan=False)
    with private_text(path) as file:
        file.write(made)
    return len(document["result"]["findings"])


def file_name(form: str) -> str:
    """Return the name of the one file that `download` makes."""
    return f"trustdebt-{form}.{module_of(form).SUFFIX}"


def download(form: str, posture: "Posture") -> bytes:
    """Return a snapshot in the format `form` as one file; a folder becomes a ZIP."""
    from graph.files.packs import zipped

    name = f"trustdebt-{form}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        export(form, posture, path)
        if module_of(form).SUFFIX != FOLDER:
            return path.read_bytes()
        files = [file for file in path.rglob("*") if file.is_file()]
        return zipped({f"{name}/{f.relative_to(path).as_posix()}": f.read_bytes() for f in files})
