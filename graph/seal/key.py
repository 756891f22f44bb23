"""The key of a store's seal, with which its marks are made.

Hashes detect damage, but whoever may write to a store can compute them anew. To detect tampering
too, a key is kept outside of the store, in a file that only its owner may read.
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

VARIABLE = "TRUSTDEBT_SEAL_KEY"  # the path of the key file
SIZE = 32  # bytes of a key
LONGEST = 1024  # bytes read from a key file


class KeyRefused(StoreError):
    """The key file cannot be used; the message names it."""

    exit_code, code = 2, "seal-key"


class KeyNeeded(StoreError):
    """A sealed store or journal cannot be written without its key."""

    exit_code, code = 2, "seal-key-needed"

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} is sealed: to write, name the file of its key by --seal-key or {VARIABLE}"
        )


@dataclass(frozen=True, slots=True)
class Key:
    """The key in a file."""

    path: Path
    _secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """A public id of the key, from which the key cannot be derived."""
        return self.mark("key", "")[:16]

    def mark(self, purpose: str, value: Any) -> str:
        """Return the mark (HMAC-SHA256) of a value for a purpose."""
        text = canonical([purpose, value]).encode(errors="surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def made(self, mark: object, purpose: str, value: Any) -> bool:
        """Return whether a mark was made with this key from this value."""
        return isinstance(mark, str) and hmac.compare_digest(
            mark.encode(errors="replace"), self.mark(purpose, value).encode()
        )

    def misfit(self, seal: tuple[str, str] | None, purpose: str, value: Any) -> str | None:
        """Return why a seal, the id of a key and a mark, is not this key's; None if it is."""
        if seal is None:
            return (
                f"it has no seal, but {self.path} is given: the seal was taken off, or nobody has "
                "sealed it yet (trustdebt seal)"
            )
        if seal[0] != self.id:
            return f"it was sealed with the key {seal[0]}, and {self.path} is {self.id}"
        if not self.made(seal[1], purpose, value):
            return "its seal does not fit: who changed it did not have the key"
        return None


def key_in_use() -> Key | None:
    """Return the key that the environment names, or None.

    Raises
    ------
    KeyRefused
    """
    named = os.environ.get(VARIABLE)
    return key_of(Path(named)) if named else None


@contextmanager
def using(path: str | Path | None) -> Iterator[None]:
    """Set the key file for the duration of the block; None: no key at all."""
    before = os.environ.get(VARIABLE)
    try:
        os.environ[VARIABLE] = str(path or "")
    except ValueError as error:  # no file can have such a name
        raise _refused(Path(path or ""), str(error)) from None
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before


def key_of(path: Path) -> Key:
    """Read a key from its file.

    Raises
    ------
    KeyRefused
        It does not exist, is not a key file, or others may read it.
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
    """Make a key in a new file that only its owner may read.

    Raises
    ------
    KeyRefused
        It exists already, or cannot be written.
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
    """Raise `KeyRefused` if the key is in the folder of the store that it seals.

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
