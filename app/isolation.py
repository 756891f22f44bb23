"""Import protection: no module in the working folder is run, as the folder may be untrusted.

A command is often started in an unpacked export or a cloned repository. Python looks for modules
there when it is started as `python -c` or `python -m`, or with an empty entry in `PYTHONPATH`.
"""

# No other imports here: Python would look for them in the working folder.
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "from {module} import main; sys.exit(main())"
)


def safe_path() -> list[str]:
    """Return the module search path of this process without the working folder.

    The folder of this code stays, and the folders of the interpreter.
    """
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:
        here = ""  # it was deleted
    own = tuple({os.path.realpath(folder) for folder in (ROOT, sys.prefix, sys.base_prefix)})

    def safe(entry: str) -> bool:
        if not os.path.isabs(entry):  # noqa: PTH117
            return False
        real = os.path.realpath(entry)
        return real != here or any(os.path.commonpath([real, folder]) == folder for folder in own)

    kept = [entry for entry in sys.path if safe(entry)]
    return kept if ROOT in kept else [ROOT, *kept]


def leave_working_folder() -> None:
    """Remove the working folder from `sys.path` permanently; only for a process of our own."""
    sys.path[:] = safe_path()


class WithoutWorkingFolder:
    """A context without the working folder in `sys.path`; it is restored afterwards."""

    def __enter__(self) -> None:
        """Remove the working folder from `sys.path`."""
        self.before = list(sys.path)
        leave_working_folder()

    def __exit__(self, *_: object) -> None:
        """Restore `sys.path`, which in a notebook belongs to the user."""
        sys.path[:] = self.before


def isolated(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `main` of one of our modules in a separate interpreter.

    It ignores `PYTHON*` variables, and uses the module search path of this process.
    """
    import json

    flags = ["-I", *(["-B"] if sys.dont_write_bytecode else [])]
    boot = BOOT.format(module=module)
    return [sys.executable, *flags, "-c", boot, json.dumps(safe_path()), *arguments]
