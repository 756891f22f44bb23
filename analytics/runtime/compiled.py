"""How kernels are compiled: numba's one door, which neither obeys nor needs what it finds outside.

numba takes its settings from a `.numba_config.yaml` of the working folder, and one of them names
the folder whose pickled code it runs. And it ends a program that can write to no folder of its own.
"""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = ".numba_config.yaml"
# Not `tempfile`'s choice, which may be the working folder.
PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - a folder there is taken only if it is private


def _settings_aside() -> contextlib.AbstractContextManager[None]:
    """Leave a folder that has settings for numba, which reads them when it is imported."""
    if Path(SETTINGS).exists():
        return contextlib.chdir(Path(__file__).parent)
    return contextlib.nullcontext()


with _settings_aside():
    from numba import njit, types
    from numba.core import cgutils
    from numba.core import config as _config
    from numba.core.caching import FunctionCache
    from numba.extending import intrinsic

settings: Any = _config  # its names are set by the environment, so no checker knows them
settings._config_fname = ""  # it looks again before each compilation

__all__ = ["cgutils", "compiled", "intrinsic", "types"]


class Cache(FunctionCache):
    """What was compiled earlier, where it can be kept; what cannot be kept only costs time."""

    def load_overload(self, *key: Any) -> Any:
        """Return what was kept, or None."""
        try:
            return super().load_overload(*key)
        except OSError:
            return None

    def save_overload(self, *entry: Any) -> None:
        """Keep it if that can be done."""
        with contextlib.suppress(OSError):
            super().save_overload(*entry)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called, and keep the result for later processes.

    It is kept beside the source, else in the user's cache, else in a private temporary folder;
    where there is none of them, it is compiled anew each time.
    """
    made: Any = njit(nogil=True)(function)
    with contextlib.suppress(RuntimeError):
        made._cache = _cache(function)
    return made  # type: ignore[no-any-return]


def _cache(function: Callable[..., Any]) -> Cache:
    try:
        return Cache(function)
    except RuntimeError:  # "no locator available": nothing is writable
        settings.CACHE_DIR = str(private_folder() or "")
        return Cache(function)


def private_folder() -> Path | None:
    """Return a temporary folder that no other user can write to or replace, None if there is none.

    What lies there is run, so one that somebody else made is passed over.
    """
    if not hasattr(os, "getuid"):
        return None
    for place in PLACES:
        folder = Path(place, f"trustdebt-compiled-{os.getuid()}")
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            own = found.st_uid == os.getuid() and not found.st_mode & 0o077
            if own and stat.S_ISDIR(found.st_mode) and os.access(folder, os.W_OK):
                return folder
    return None
