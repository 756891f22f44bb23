"""The commands that ask about a snapshot, in groups. Adding a module here adds its commands.

The modules are imported when the command line starts, so they import heavy modules inside
functions.
"""

from importlib import import_module
from pkgutil import iter_modules


def load_all() -> None:
    """Import every module, so that its commands are in `app.cli.command.QUESTIONS`."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
