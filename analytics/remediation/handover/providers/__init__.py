"""Providers, one module or folder each. Adding one here adds the provider."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.remediation.handover.provider import Provider


@cache
def all_providers() -> tuple[Provider, ...]:
    """List the providers, in the order of their modules' names."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return tuple(module.PROVIDER for module in modules)


def providers_of(ids: Iterable[str]) -> list[Provider]:
    """Return the providers that recognise any of `ids`, in the order of these."""
    known = [provider for id_ in ids for provider in all_providers() if provider.recognises(id_)]
    return list({provider.title: provider for provider in known}.values())
