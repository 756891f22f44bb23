"""Keyed hashes that identify secrets without revealing them."""

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from graph.files.private import private_bytes, private_folder

SHOWN = 8  # digits of a fingerprint in a text: collisions among a thousand are rare
OF_THIS_RUN = secrets.token_bytes(32)


def fingerprint(value: str) -> str | None:
    """Return a keyed hash that is the same for equal secrets; None if no key can be kept.

    The key is made once for each installation and never leaves it, so that nobody else can test
    values against a fingerprint.
    """
    key = _installation_key()
    return _hash(key, value)[:32] if key else None


def mark_of(value: str) -> str:
    """Return a short fingerprint that distinguishes redacted values.

    If no key can be kept, it is valid for this process only.
    """
    return _hash(_installation_key() or OF_THIS_RUN, value)[:SHOWN]


def _hash(key: bytes, value: str) -> str:
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@cache
def _installation_key() -> bytes | None:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(state).expanduser() / "trustdebt" / "fingerprint-key"
    try:
        private_folder(path.parent)
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with private_bytes(made) as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(made, path)  # atomic, and the first one stays
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes()
    except (OSError, RuntimeError):
        return None
