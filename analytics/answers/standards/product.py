"""The name and version by which documents of standards name the product that wrote them."""

from functools import cache

PRODUCT = "trustdebt"


@cache
def product_version() -> str:
    """Return the version of this product, 0 if it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow, and seldom needed

    try:
        return version(PRODUCT)
    except PackageNotFoundError:
        return "0"
