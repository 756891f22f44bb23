"""Keyed hashes by which equal secrets are known again, and different ones are told apart."""

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from graph.files.private import private_bytes, private_folder

SHOWN = 8  # digits of a fingerprint in a text: among a thousand secrets two alike are a rarity
OF_THIS_RUN = secrets.token_bytes(32)


def fingerprint(value: str) -> str | None:
    """Return a keyed hash by which equal secrets are known again; None where no key can be kept.

    The key is made once for each installation and never leaves it, so that nobody else can try
    out which value has a fingerprint.
    """
    key = _installation_key()
    return _hash(key, value)[:32] if key else None


def mark_of(value: str) -> str:
    """Return what tells a redacted value from others: a short fingerprint.

    Where no key can be kept it is one of this run, and another in the next.
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
            os.link(made, path)  # whole or not at all, and the first one stays
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes()
    except (OSError, RuntimeError):
        return None
