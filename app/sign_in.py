"""Sign-in by OpenID Connect: the file that sets it up, and who a visitor is by its claims.

The identity provider says who somebody is. Which roles that person has here comes from a claim of
the provider, or from our own file, which is read again whenever it changes.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from graph.files.regular import InputRefused
from graph.files.toml import read_toml
from graph.journal.rights import RIGHTS

VARIABLE, SECRET = "TRUSTDEBT_SIGN_IN", "TRUSTDEBT_CLIENT_SECRET"
CALLBACK = "/oauth2callback"  # where the provider sends the browser back to
MAX_AGE = pd.Timedelta(hours=8)
AHEAD = 60.0  # seconds that the clock of the provider may be ahead of ours
SHORTEST = 32  # characters of a secret that signs cookies
SECTIONS = {
    "provider": {"metadata_url", "client_id", "client_secret", "scope", "prompt"},
    "session": {"max_age", "cookie_secret"},
    "person": {"claim"},
    "roles": {"claim", "everybody", "of_claim", "of_person"},
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in: the name to decide under, the account at the provider, and the roles here."""

    name: str
    account: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which roles somebody has: by values of a claim, by name or account, and as everybody.

    Without `of_claim` the values of the claim are names of roles themselves.
    """

    claim: str | None = None
    everybody: frozenset[str] = frozenset()
    of_claim: Mapping[str, frozenset[str]] | None = None
    of_person: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, claims: Mapping[str, Any], *names: str) -> frozenset[str]:
        """Return the roles of somebody with these claims, and with these names.

        >>> roles = Roles("groups", of_person={"ann@acme.test": frozenset({"admin"})})
        >>> sorted(roles.of({"groups": ["auditor", "staff"]}, "Ann@acme.test"))
        ['admin', 'auditor']
        """
        values = _texts(_claim(claims, self.claim)) if self.claim else ()
        if self.of_claim is None:
            claimed = {value for value in values if value in RIGHTS}
        else:
            claimed = {role for value in values for role in self.of_claim.get(value, ())}
        listed = {role for name in names for role in self.of_person.get(name.casefold(), ())}
        return self.everybody | claimed | listed


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts of a sign-in, read anew each time: for how long, as whom, and which roles."""

    max_age: pd.Timedelta = MAX_AGE
    claim: str = "email"
    roles: Roles = field(default_factory=Roles)

    def person(self, claims: Mapping[str, Any], now: pd.Timestamp) -> Person | None:
        """Return who signed in, or None if nobody did, or not lately enough."""
        if not claims.get("is_logged_in") or not self._lately(claims, now):
            return None
        issuer, subject = _text(claims.get("iss")), _text(claims.get("sub"))
        if not issuer or not subject:
            return None
        account = f"{issuer}|{subject}"
        vouched = self.claim != "email" or claims.get("email_verified") is not False
        name = (_text(claims.get(self.claim)) if vouched else "") or account
        return Person(name, account, self.roles.of(claims, name, account))

    def _lately(self, claims: Mapping[str, Any], now: pd.Timestamp) -> bool:
        issued = claims.get("iat")
        if not isinstance(issued, int | float) or isinstance(issued, bool):
            return False
        age = now.timestamp() - issued
        return -AHEAD <= age <= self.max_age.total_seconds()


@dataclass(frozen=True, slots=True)
class SignIn:
    """The set-up of sign-in, as its file `path` had it at the start."""

    path: Path
    metadata_url: str
    client_id: str
    client_secret: str
    cookie_secret: str
    client_kwargs: Mapping[str, str]

    def policy(self) -> Policy:
        """Return the policy as the file has it now; nobody has a role while it cannot be read."""
        try:
            return _policy(_document(self.path), self.path)
        except InputRefused:
            return Policy()

    def secrets(self, address: str) -> dict[str, Any]:
        """Return the settings of Streamlit's sign-in for the app at an address."""
        return {
            "redirect_uri": address + CALLBACK,
            "cookie_secret": self.cookie_secret,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "server_metadata_url": self.metadata_url,
            "client_kwargs": dict(self.client_kwargs),
        }


def read_sign_in(path: Path) -> SignIn:
    """Read the file that sets up sign-in.

    The client's secret may be in `TRUSTDEBT_CLIENT_SECRET` instead. Without a secret for the
    cookies, one is made: then everybody signs in again after each start.

    Raises
    ------
    InputRefused
        It cannot be read, says something unknown, or lacks what is needed.
    """
    document = _document(path)
    provider, session = _section(document, "provider"), _section(document, "session")
    _policy(document, path)
    cookie_secret = _text(session.get("cookie_secret")) or secrets.token_hex(32)
    if len(cookie_secret) < SHORTEST:
        raise InputRefused(path, "session", f"cookie_secret is shorter than {SHORTEST} characters")
    url = _needed(path, provider, "metadata_url")
    if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
        raise InputRefused(path, "provider", "metadata_url does not begin with https://")
    return SignIn(
        path=path,
        metadata_url=url,
        client_id=_needed(path, provider, "client_id"),
        client_secret=os.environ.get(SECRET) or _needed(path, provider, "client_secret"),
        cookie_secret=cookie_secret,
        client_kwargs={
            "scope": _text(provider.get("scope")) or "openid profile email",
            "prompt": _text(provider.get("prompt")) or "login",
        },
    )


def _document(path: Path) -> dict[str, Any]:
    document = read_toml(path)
    for name, section in document.items():
        if name not in SECTIONS or not isinstance(section, dict):
            raise InputRefused(path, name, f"is not one of {', '.join(SECTIONS)}")
        for key in section.keys() - SECTIONS[name]:
            raise InputRefused(path, f"{name}.{key}", f"is not one of {_listed(SECTIONS[name])}")
    return document


def _policy(document: Mapping[str, Any], path: Path) -> Policy:
    return Policy(
        max_age=_age(path, _section(document, "session").get("max_age")),
        claim=_text(_section(document, "person").get("claim")) or "email",
        roles=_roles(document, path),
    )


def _roles(document: Mapping[str, Any], path: Path) -> Roles:
    section = _section(document, "roles")
    of_claim = section.get("of_claim")
    if not isinstance(section.get("claim", ""), str):
        raise InputRefused(path, "roles.claim", "is not the name of a claim")
    return Roles(
        claim=_text(section.get("claim")) or None,
        everybody=_named(path, "everybody", section.get("everybody", [])),
        of_claim=None if of_claim is None else _mapping(path, "of_claim", of_claim),
        of_person={
            name.casefold(): roles
            for name, roles in _mapping(path, "of_person", section.get("of_person", {})).items()
        },
    )


def _mapping(path: Path, key: str, value: Any) -> dict[str, frozenset[str]]:
    if not isinstance(value, dict):
        raise InputRefused(path, f"roles.{key}", "is not a table of names and their roles")
    return {str(name): _named(path, f"{key}.{name}", roles) for name, roles in value.items()}


def _named(path: Path, key: str, value: Any) -> frozenset[str]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text in RIGHTS for text in texts):
        raise InputRefused(path, f"roles.{key}", f"is not a list of roles: {', '.join(RIGHTS)}")
    return frozenset(texts)


def _age(path: Path, value: Any) -> pd.Timedelta:
    if value is None:
        return MAX_AGE
    try:
        age = pd.Timedelta(value)
    except ValueError:
        age = pd.Timedelta(0)
    if not isinstance(value, str) or not pd.Timedelta(0) < age <= pd.Timedelta(days=30):
        raise InputRefused(path, "session.max_age", "is not a time such as 8h, at most 30 days")
    return age


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section: Mapping[str, Any] = document.get(name, {})
    return section


def _needed(path: Path, provider: Mapping[str, Any], key: str) -> str:
    value = _text(provider.get(key))
    if not value:
        raise InputRefused(path, "provider", f"lacks {key}")
    return value


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim; dots lead into claims that hold others, as in `realm_access.roles`."""
    value: Any = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in values if isinstance(text, str)]


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
