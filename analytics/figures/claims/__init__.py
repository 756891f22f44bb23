"""The claims of an assurance statement, one module each: adding a module here adds the claim."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.figures.claim import Claim


@cache
def all_claims() -> dict[str, Claim]:
    """List the claims by name, in the order in which a statement has them."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    claims = sorted((module.CLAIM for module in modules), key=lambda claim: claim.order)
    return {claim.name: claim for claim in claims}
