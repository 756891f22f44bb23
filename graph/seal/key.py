"""The key of a store's seal: with it marks are made that nobody makes without it.

Hashes find damage. Who may write to a store can make all of them anew, so whoever wants tampering
found too keeps a key outside of the store, in a file that only its owner may read.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.files.private import private_text
from graph.files.regular import InputRefused, opened_file
from graph.stores import StoreError
from graph.values import canonical

VARIABLE = "TRUSTDEBT_SEAL_KEY"  # names the file of the key
SIZE = 32  # bytes of a key
LONGEST = 1024  # bytes that are read of a file


class KeyRefused(StoreError):
    """The file of the key cannot be used; the text names it."""

    exit_code, code = 2, "seal-key"


class KeyNeeded(StoreError):
    """What is sealed is not written to without its key."""

    exit_code, code = 2, "seal-key-needed"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is sealed: to write, name the file of its key by --seal-key or {VARIABLE}"
        )


@dataclass(frozen=True, slots=True)
class Key:
    """The key in a file."""

    path: Path
    _secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """What tells it from other keys, and says nothing of it."""
        return self.mark("key", "")[:16]

    def mark(self, purpose: str, said: Any) -> str:
        """Return the mark (HMAC-SHA256) of what is said for a purpose."""
        text = canonical([purpose, said]).encode(errors="surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def made(self, mark: object, purpose: str, said: Any) -> bool:
        """Say whether a mark was made with it, of that."""
        return isinstance(mark, str) and hmac.compare_digest(
            mark.encode(errors="replace"), self.mark(purpose, said).encode()
        )


def key_in_use() -> Key | None:
    """Return the key that the environment names, if it names one.

    Raises
    ------
    KeyRefused
    """
    named = os.environ.get(VARIABLE)
    return key_of(Path(named)) if named else None


@contextmanager
def using(path: str | Path | None) -> Iterator[None]:
    """Name the file of the key for as long as the block lasts; None: no key at all."""
    before = os.environ.get(VARIABLE)
    try:
        os.environ[VARIABLE] = str(path or "")
    except ValueError as error:  # no file has such a name
        raise _refused(Path(path or ""), str(error)) from None
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def key_of(path: Path) -> Key:
    """Read a key from its file.

    Raises
    ------
    KeyRefused
        It is not there, is not a key's, or others may read it.
    """
    try:
        with opened_file(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(LONGEST).decode("ascii", errors="replace").strip()
    except InputRefused as error:
        raise _refused(path, error.reason) from None
    if mode & 0o077:
        raise _refused(path, f"others may read or write it: chmod 600 {path}")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SIZE:
        raise _refused(path, f"it does not hold {2 * SIZE} hexadecimal digits")
    return Key(path.absolute(), secret)


def new_key(path: Path) -> Key:
    """Make a key in a file that is not there yet, which only its owner may read.

    Raises
    ------
    KeyRefused
        It is there, or cannot be written.
    """
    try:
        with private_text(path, fresh=True) as file:
            file.write(f"{secrets.token_hex(SIZE)}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise _refused(path, "it is there already, and is not written over") from None
    except (OSError, ValueError) as error:
        raise _refused(path, getattr(error, "strerror", None) or str(error)) from None
    return key_of(path)


def refuse_inside(folder: Path) -> None:
    """Refuse a key that lies in the folder of the store which it is to seal.

    Raises
    ------
    KeyRefused
        Whoever may write the store could read it, or it would be copied with the store.
    """
    named = os.environ.get(VARIABLE)
    if named and Path(named).absolute().resolve().is_relative_to(folder.absolute().resolve()):
        raise _refused(Path(named), "it lies in the store; keep it outside of what it seals")


def _refused(path: Path, why: str) -> KeyRefused:
    return KeyRefused(f"the key of the seal, {path}, cannot be used: {why}")
