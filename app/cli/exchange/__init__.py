"""Exchange formats: findings, tickets, checklists, a snapshot; see also `graph.exports`.

The formats are found by name, and their modules imported when one of them is asked for. Names from
data are passed on unchanged, as JSON text, except in the cells of CSV.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.posture import Posture


def modules_of(package: str) -> tuple[str, ...]:
    """Return the names of the modules of a package, in alphabetical order; none is imported."""
    spec = find_spec(package)
    assert spec is not None, package
    return tuple(module.name for module in iter_modules(spec.submodule_search_locations))


FORMATS = modules_of(f"{__name__}.findings")  # of findings
TICKETS = tuple(name.replace("_", "-") for name in modules_of(f"{__name__}.tickets"))
CHECKLISTS = tuple(name.replace("_", "-") for name in modules_of(f"{__name__}.checklists"))
SNAPSHOTS = modules_of(f"{__name__}.snapshots")  # of a snapshot and its judgements


def written(form: str, document: dict[str, Any], posture: "Posture") -> Any:
    """Return a document of findings, and the posture they are of, in the format `form`."""
    module = import_module(f"{__name__}.findings.{form}")
    write: Callable[[dict[str, Any], Posture], Any] = module.write
    return write(document, posture)


def tickets_text(form: str, document: dict[str, Any], answer: Any) -> str:
    """Return tickets in the format `form`; `document` is the JSON of `answer` in its envelope."""
    module = import_module(f"{__name__}.tickets.{form.replace('-', '_')}")
    write: Callable[[dict[str, Any], Any], str] = module.write
    return write(document, answer)


def checklist_text(form: str, document: dict[str, Any], answer: Any) -> str:
    """Return the checklist of a retirement in the format `form`."""
    module = import_module(f"{__name__}.checklists.{form.replace('-', '_')}")
    write: Callable[[dict[str, Any], Any], str] = module.write
    return write(document, answer)


def save(form: str, posture: "Posture", path: Path) -> int:
    """Write a snapshot in the format `form`; return the number of rows."""
    writer: Callable[[Posture, Path], int] = import_module(f"{__name__}.snapshots.{form}").save
    return writer(posture, path)
