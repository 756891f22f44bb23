"""Exchange formats of other tools, one module each; see also `graph.exports`.

The module of a format of findings has `write(document)`, which converts the answer to `findings`,
with its envelope, to a document of its format. That of another format has `save(posture, path)`,
which writes a snapshot and counts its rows. Names from data are passed on unchanged, as JSON text,
except in the cells of CSV.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analytics.posture import Posture

FORMATS = ("sarif", "ocsf")  # of findings
SNAPSHOTS = ("csv", "cedar", "opa")  # of a snapshot and its judgements
PRODUCT = "trustdebt"


def written(form: str, document: dict[str, Any]) -> Any:
    """Return a document of findings in the format `form`."""
    write: Callable[[dict[str, Any]], Any] = import_module(f"{__name__}.{form}").write
    return write(document)


def save(form: str, posture: "Posture", path: Path) -> int:
    """Write a snapshot in the format `form`; return the number of rows."""
    writer: Callable[[Posture, Path], int] = import_module(f"{__name__}.{form}").save
    return writer(posture, path)


def product_version() -> str:
    """Return the version of this product, 0 if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and seldom needed

    try:
        return version(PRODUCT)
    except PackageNotFoundError:
        return "0"
