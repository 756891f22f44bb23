"""Findings in the formats of other tools, one module each; each names its version of the format.

A module here has `write(document)`, which makes of the answer to `findings`, envelope and all,
the document of its format. Names from data are passed on as they are, as JSON text.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

FORMATS = ("sarif", "ocsf")
PRODUCT = "trustdebt"


def written(form: str, document: dict[str, Any]) -> Any:
    """Return a document of findings in the format `form`."""
    write: Callable[[dict[str, Any]], Any] = import_module(f"{__name__}.{form}").write
    return write(document)


def product_version() -> str:
    """Return the version of this product, 0 where it runs without having been installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and seldom needed

    try:
        return version(PRODUCT)
    except PackageNotFoundError:
        return "0"
