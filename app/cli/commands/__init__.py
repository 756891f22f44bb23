"""The commands that ask something of a snapshot, grouped. Adding a module here adds its commands.

A module is read when the command line starts, so it imports what is heavy inside its functions.
"""

from importlib import import_module
from pkgutil import iter_modules


def load_all() -> None:
    """Import every module, so that its commands are known to `app.cli.command.QUESTIONS`."""
    for found in iter_modules(__path__):
        import_module(f"{__name__}.{found.name}")
