"""Nothing that lies in the working folder is run: that folder may be somebody else's.

A command is often started in an unpacked export or a cloned repository. Python looks for modules
there when it is started as `python -c` or `python -m`, or with an empty entry in `PYTHONPATH`.
"""

# Nothing else is imported here, for it would be looked for in the working folder.
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from {module} import main; sys.exit(main())"
)


def safe_path() -> list[str]:
    """Return where this process looks for modules, without the working folder.

    The folder of this code stays, and what belongs to the interpreter.
    """
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:
        here = ""  # it was deleted
    own = tuple({os.path.realpath(one) for one in (ROOT, sys.prefix, sys.base_prefix)})

    def safe(entry: str) -> bool:
        if not os.path.isabs(entry):  # noqa: PTH117
            return False
        real = os.path.realpath(entry)
        return real != here or any(os.path.commonpath([real, one]) == one for one in own)

    found = [entry for entry in sys.path if safe(entry)]
    return found if ROOT in found else [ROOT, *found]


def leave_working_folder() -> None:
    """Look for modules in the working folder no more; for a process that is ours alone."""
    sys.path[:] = safe_path()


class WithoutWorkingFolder:
    """Import modules as if there were no working folder; afterwards the path is as it was."""

    def __enter__(self) -> None:
        """Take the working folder off the path."""
        self.former = list(sys.path)
        leave_working_folder()

    def __exit__(self, *_: object) -> None:
        """Put the path back, for in a notebook it is its owner's."""
        sys.path[:] = self.former


def isolated(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `main` of a module of ours in an interpreter of its own.

    It obeys no `PYTHON*` variable, and finds modules where this process does.
    """
    import json

    flags = ["-I", *(["-B"] if sys.dont_write_bytecode else [])]
    boot = BOOT.format(module=module)
    return [sys.executable, *flags, "-c", boot, json.dumps(safe_path()), *arguments]
