"""The formats of policies, one module each. Adding a module here adds the format."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.remediation.policy.format import Format, UnknownFormat


@cache
def all_formats() -> dict[str, Format]:
    """List the formats by name, in alphabetical order."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return {m.FORMAT.name: m.FORMAT for m in modules}


def format_of(name: str) -> Format:
    """Return the format with a name.

    Raises
    ------
    UnknownFormat
    """
    formats = all_formats()
    if name not in formats:
        raise UnknownFormat(f"--format {name!r} is none; it is one of {', '.join(formats)}")
    return formats[name]
