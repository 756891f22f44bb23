"""Compilation of kernels: the only import of numba, shielded from settings and folders outside.

numba takes its settings from a `.numba_config.yaml` of the working folder, and one of them names
the folder whose pickled code it runs. And it ends a program that has no writable folder.
"""

import contextlib
import os
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

SETTINGS = ".numba_config.yaml"
# Not `tempfile`'s choice, which may be the working folder.
PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - a folder there is taken only if it is private


def _settings_aside() -> contextlib.AbstractContextManager[None]:
    """Return a context that leaves a folder with settings for numba, read when it is imported."""
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


@cache
def _arrays_without_algebra() -> None:
    """Have numba load what it knows of arrays, but not scipy's linear algebra.

    While it loads, numba only asks whether that can be imported, which takes a quarter of a second;
    it asks again where a function multiplies matrices.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from numba.np import linalg

        asked, linalg.ensure_blas = linalg.ensure_blas, lambda: None
        try:
            from numba.np import arraymath  # noqa: F401
        finally:
            linalg.ensure_blas = asked


class Cache(FunctionCache):
    """A cache of compiled code in which failures of reading and writing only cost time."""

    def load_overload(self, *key: Any) -> Any:
        """Return the cached code, or None."""
        _arrays_without_algebra()
        try:
            return super().load_overload(*key)
        except OSError:
            return None
        except (AttributeError, ImportError):  # it names a type that an earlier version had
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, *entry: Any) -> None:
        """Cache the code if possible."""
        with contextlib.suppress(OSError):
            super().save_overload(*entry)


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Compile a function when it is first called, and cache the result for later processes.

    The cache is beside the source, else in the user's cache, else in a private temporary folder;
    without any of them, the function is compiled anew each time.
    """
    made: Any = njit(nogil=True)(function)
    with contextlib.suppress(RuntimeError):
        made._cache = _cache(function)
    return cast("Callable[P, T]", made)


def _cache(function: Callable[..., Any]) -> Cache:
    try:
        return Cache(function)
    except RuntimeError:  # "no locator available": nothing is writable
        settings.CACHE_DIR = str(private_folder() or "")
        return Cache(function)


def private_folder() -> Path | None:
    """Return a temporary folder that no other user can write to or replace, None if there is none.

    Code in it is executed, so a folder that another user made is skipped.
    """
    if not hasattr(os, "getuid"):
        return None
    for place in PLACES:
        folder = Path(place, f"trustdebt-compiled-{os.getuid()}")
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
            own = status.st_uid == os.getuid() and not status.st_mode & 0o077
            if own and stat.S_ISDIR(status.st_mode) and os.access(folder, os.W_OK):
                return folder
    return None
