"""Keys, certificates and passwords of users of IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html: a key is made
inactive first, and deleted once nobody misses it.
"""

import re
from dataclasses import dataclass

from analytics.remediation.handover.facts import Thing
from analytics.remediation.handover.providers.aws.names import (
    ROOT,
    Principal,
    principal,
    principal_in,
)
from analytics.remediation.handover.shell import checked
from analytics.remediation.handover.step import Instruction
from graph.schema import AUTHENTICATES_AS

OF_USER = re.compile(
    r"(?P<user>arn:.+?)(?:/(?P<kind>access_key|signing_certificate)/[0-9]+|#password)", re.DOTALL
)
KEY_ID = re.compile(r"[A-Z0-9]{16,128}")
LOGGED = "aws:access_key/"
PASSWORD, CERTIFICATE, ACCESS_KEY = "password", "certificate", "access_key"
WORDS = {ACCESS_KEY: "access-key", CERTIFICATE: "signing-certificate"}
OPTIONS = {ACCESS_KEY: "--access-key-id", CERTIFICATE: "--certificate-id"}


@dataclass(frozen=True, slots=True)
class Key:
    """A credential of a user; `id` is "" where no source says it."""

    user: Principal
    kind: str
    id: str

    @property
    def shown(self) -> str:
        """Where it is in the console."""
        return f"{self.user.shown} > Security credentials"

    def call(self, verb: str, *more: str) -> str:
        """Return the line of an operation on it."""
        return self.user.call(f"{verb}-{WORDS[self.kind]}", OPTIONS[self.kind], self.id, *more)

    def listed(self) -> str:
        """Return the sentence by which its id can be looked up."""
        return (
            f"{self.shown}. Its id is in no source that was read; look it up with:"
            f" {self.user.call(f'list-{WORDS[self.kind]}s')}"
        )


def key_of(thing: Thing) -> Key | None:
    """Return the credential of IAM that a node is; None if it is none of a user."""
    match = thing.match(OF_USER)
    user = principal_in(match["user"]) if match else _holder(thing)
    kind = thing.text("type") or (match["kind"] if match and match["kind"] else ACCESS_KEY)
    kind = CERTIFICATE if kind == "signing_certificate" else kind
    if user is None or user.kind != "user" or kind not in (PASSWORD, *WORDS):
        return None
    own = (id_.removeprefix(LOGGED) for id_ in thing.ids)
    ids = (thing.known_as("aws_id"), *own, thing.text("name"))
    return Key(user, kind, next((checked(i) for i in ids if KEY_ID.fullmatch(i)), ""))


def _holder(thing: Thing) -> Principal | None:
    """Return the one user whose credential it is, by what it authenticates as."""
    links = thing.links(AUTHENTICATES_AS)
    return principal(links[0].target) if len(links) == 1 else None


def deactivate(thing: Thing) -> Instruction | None:
    """Make a key inactive; a password is deleted, for it has no other state."""
    if (account := _of_root(thing)) is not None:
        return account
    key = key_of(thing)
    if key is None or key.kind == PASSWORD:
        return _without_password(key)
    if not key.id:
        return Instruction(place=key.listed())
    return Instruction(
        key.call("update", "--status", "Inactive"),
        f"{key.shown}.",
        key.call("update", "--status", "Active"),
    )


def delete(thing: Thing) -> Instruction | None:
    """Delete a key or a password."""
    if (account := _of_root(thing)) is not None:
        return account
    key = key_of(thing)
    if key is None or key.kind == PASSWORD:
        return _without_password(key)
    if not key.id:
        return Instruction(place=key.listed())
    return Instruction(key.call("delete"), f"{key.shown}. A deleted key does not come back.")


def rotate(thing: Thing) -> Instruction | None:
    """Make a second key, hand it over, and only then end the first."""
    if (account := _of_root(thing)) is not None:
        return account
    key = key_of(thing)
    if key is None:
        return None
    if key.kind == PASSWORD:
        reset = key.user.call("update-login-profile", "--password-reset-required")
        return Instruction(reset, f"{key.shown}. The user chooses a new password at next sign-in.")
    if key.kind != ACCESS_KEY:
        return None
    old = key.call("update", "--status", "Inactive") if key.id else key.listed()
    return Instruction(
        key.user.call("create-access-key"),
        f"{key.shown}. Hand the new key to what uses this one, and when that works: {old}",
        "delete the new key with aws iam delete-access-key; the old one works until it is ended",
    )


def _without_password(key: Key | None) -> Instruction | None:
    if key is None:
        return None
    return Instruction(
        key.user.call("delete-login-profile"),
        f"{key.shown}. A password cannot be paused: this takes the user's console sign-in away.",
        "give the user a new password, with aws iam create-login-profile",
    )


def _of_root(thing: Thing) -> Instruction | None:
    """Return what to do with a key of the root user, which only that user can change."""
    root = thing.match(ROOT)
    if root is None:
        return None
    return Instruction(
        place=f"Account {root['account']}: sign in as the root user > Security credentials. No"
        " other identity can change its credentials."
    )
