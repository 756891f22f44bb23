"""Rows of software: apps, tokens, deploy keys and secrets of workflows."""

from typing import Any

import pandas as pd

from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CREDENTIAL,
    LEVELS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
)
from graph.values import canonical
from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.github.documents import Entry, shown
from ingest.sources.github.organization import PROVIDER, Organization
from ingest.sources.github.permissions import ROLES, permission_levels

BOUND = "as far as the permissions of the token go"
AS_OWNER = "as far as the owner of the token may, which no list shows"
UNLISTED = "apps or tokens are for selected repositories that no file lists"
FALSE_ALARMS = ("false_positive", "used_in_tests", "pattern_deleted", "pattern_edited")
SECRET_TYPES = {  # https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
    "github_personal_access_token": "pat",
    "aws_access_key_id": "access_key",
    "google_cloud_service_account_credentials": "sa_key",
}
MANY = {"all": "secrets of all workflows", "private": "secrets of private workflows"}


class Software(Organization):
    """A writer of apps, tokens and keys, and their grants."""

    def _number(self, entry: Entry, *names: str, about: tuple[str, ...] = ()) -> str:
        """Return GitHub's number of something; "" if it has none.

        The entry is rejected then, which is `about` these things.
        """
        for name in names:
            value = entry.body.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
                return str(value)
        self.rows.reject(entry.place, f"must have the number {names[0]}", about)
        return ""

    def _deploy_key(self, entry: Entry) -> None:
        """Add a deploy key: an identity of software, and the key that it signs in with."""
        number = self._number(entry, "id")
        if not number:
            return
        repository = self._repository(entry, {"name": entry.parent})
        name = redact_text(text(entry.body.get("title"))) or number
        id_ = self._id(self._org(entry), "deploy-key", f"{shown(entry.parent)}/{number}")
        off = entry.body.get("enabled") is False
        used = self._moment(entry.body, "last_used", entry.place)
        created = self._moment(entry.body, "created_at", entry.place)
        status = "disabled" if off else "active"
        self.rows.node(
            SERVICE_ACCOUNT, id_, entry.place, name=f"deploy key {name} of {shown(entry.parent)}",
            provider=PROVIDER, status=status, created_at=created, last_used_at=used,
        )  # fmt: skip
        self.rows.node(
            CREDENTIAL, f"{id_}#key", entry.place, name=name, type="ssh_key", status=status,
            strength="strong", sender_constrained=True,
            created_at=created, last_used_at=used,
        )  # fmt: skip
        self.rows.link(AUTHENTICATES_AS, f"{id_}#key", id_, entry.place)
        levels = ROLES["read" if entry.body.get("read_only") is True else "write"]
        self._grant(id_, repository, levels, entry, granted_at=created, role_name="deploy key")

    def _secret(self, entry: Entry) -> None:
        """Add a secret of workflows; access to read the repository does not include it."""
        name = shown(entry.body.get("name"))
        if not name:
            self.rows.reject(entry.place, "a secret must have a name")
            return
        org = self._org(entry)
        stores = self._stores(entry, org, name)
        id_ = f"{self._id(org, 'secrets', shown(entry.parent) or '-')}/{name}"
        self.rows.node(
            CREDENTIAL, id_, entry.place, name=name, type="token", storage="ci",
            created_at=self._moment(entry.body, "created_at", entry.place),
            rotated_at=self._moment(entry.body, "updated_at", entry.place),
        )  # fmt: skip
        for store in stores:
            self.rows.link(STORED_IN, id_, store, entry.place)

    def _stores(self, entry: Entry, org: str, name: str) -> list[str]:
        """Return the stores of a secret: the secrets of a repository, or those of many at once."""
        if entry.parent:
            return [self._store(org, self._repository(entry, {"name": entry.parent}), entry)]
        seen = text(entry.body.get("visibility"))
        if seen == "selected":
            chosen = self.narrow.get(f"secret-repositories/{entry.body.get('name')}")
            if chosen is not None:
                return [self._store(org, repository, entry) for repository in sorted(chosen)]
            self.unknown["secrets are for selected repositories that no file lists"] += 1
        sort = MANY.get(seen, "")
        store = self._id(org, "secrets", f"-{seen}" if sort else "-")
        self.rows.node(
            RESOURCE, store, entry.place, name=f"secrets of {org}{f' ({seen})' if sort else ''}",
            type=sort or "secrets", provider=PROVIDER, parent_id=self._org_node(org, entry.place),
        )  # fmt: skip
        return [store]

    def _store(self, org: str, repository: str, entry: Entry) -> str:
        name = repository.rpartition("/")[2]
        store = self._id(org, "secrets", name)
        self.rows.node(
            RESOURCE, store, entry.place, name=f"secrets of {name}", type="secrets of workflows",
            provider=PROVIDER, parent_id=repository,
        )  # fmt: skip
        return store

    def _installation(self, entry: Entry) -> None:
        """Add an app, which acts as its installation in the organisation."""
        slug = shown(entry.body.get("app_slug"))
        about = (f"github:app/{slug}",) if slug else ()
        number = self._number(entry, "id", about=about)
        if not number:
            return
        slug = slug or number
        org = self._org(entry)
        id_ = self._id(org, "installation", number)
        suspended = bool(text(entry.body.get("suspended_at")))
        created = self._moment(entry.body, "created_at", entry.place)
        app = f"github:app/{slug}"
        self.rows.node(AGENT, app, entry.place, name=slug, kind="bot", provider=PROVIDER)
        self.rows.alias(app, "github_app", entry.body.get("app_id"))
        self.rows.alias(app, "github_app", entry.body.get("client_id"))
        self.rows.node(
            SERVICE_ACCOUNT, id_, entry.place, name=f"{slug} in {org}", provider=PROVIDER,
            status="disabled" if suspended else "active", created_at=created,
        )  # fmt: skip
        if suspended:
            return
        self.rows.link(RUNS_AS, app, id_, entry.place)
        permissions = entry.body.get("permissions")
        self._permitted(id_, permissions, f"installation-repositories/{number}", entry, created)

    def _permitted(
        self,
        holder: str,
        permissions: Any,
        narrow: str,
        entry: Entry,
        since: pd.Timestamp | None,
        owner: str = "",
    ) -> None:
        """Write the grants of permissions on the organisation, and on the chosen repositories.

        A token gives nothing that its `owner` has not; an app has no owner.
        """
        granted = permissions if isinstance(permissions, dict) else {}
        org = self._org(entry)
        actions = sorted(
            f"{redact_text(k)}:{redact_text(v)}" for k, v in granted.items() if text(v)
        )
        facts = {"actions": canonical(actions), "granted_at": since}
        whose = self.holders_of(owner) if owner else None
        organization = self._org_node(org, entry.place)
        on_all = permission_levels(granted, True)
        self._within(holder, organization, on_all, entry, whose, **facts)
        chosen = text(entry.body.get("repository_selection"))
        levels = permission_levels(granted, False)
        targets = self._all_repositories(org, entry.place) if chosen == "all" and levels else None
        if chosen != "all":
            repositories = self.narrow.get(narrow)
            targets = None if repositories is None else list(repositories)
        if targets is None and levels and chosen != "none":
            self.unknown[UNLISTED] += 1
            targets = [self._selected(holder, org, entry)]
        for repository in sorted(targets or ()):
            self._within(holder, repository, levels, entry, whose, **facts)

    def _selected(self, holder: str, org: str, entry: Entry) -> str:
        """Add what represents the repositories of an app or token that no file lists.

        There is at least one of them, so that it does not seem to reach nothing.
        """
        kind, _, number = holder.removeprefix(f"github:{org}/").partition("/")
        id_ = self._id(org, "repositories", f"{kind}-{number}")
        self.rows.node(
            RESOURCE, id_, entry.place, name=f"repositories selected for {kind} {number}",
            type="repositories", provider=PROVIDER, parent_id=self._org_node(org, entry.place),
        )  # fmt: skip
        return id_

    def _within(
        self,
        holder: str,
        target: str,
        levels: tuple[str, ...],
        entry: Entry,
        whose: list[str] | None,
        **facts: Any,
    ) -> None:
        """Grant levels, on condition those that nobody of `whose` is known to have.

        https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens
        """
        if whose is not None:
            known = self.levels_of(whose, target)
            top = max(map(LEVELS.index, known), default=-1)
            doubtful = tuple(level for level in levels if LEVELS.index(level) > top)
            self._grant(holder, target, doubtful, entry, condition=AS_OWNER, **facts)
            levels = tuple(level for level in levels if level not in doubtful)
        self._grant(holder, target, levels, entry, **facts)

    def _token(self, entry: Entry) -> None:
        """Add a fine-grained token of a person, with its owner and grants."""
        number = self._number(entry, "token_id", "id")
        owner = entry.body.get("owner")
        id_ = self._id(self._org(entry), "pat", number)
        body = owner if isinstance(owner, dict) else {}
        person = self._person(entry, body, (id_,)) if number else ""
        if not person:
            return
        body, since = entry.body, self._moment(entry.body, "access_granted_at", entry.place)
        self.rows.node(
            CREDENTIAL, id_, entry.place,
            name=redact_text(text(body.get("token_name"))) or f"token {number}", type="pat",
            status="expired" if body.get("token_expired") is True else "active", created_at=since,
            sender_constrained=False,
            expires_at=self._moment(body, "token_expires_at", entry.place),
            last_used_at=self._moment(body, "token_last_used_at", entry.place),
        )  # fmt: skip
        groups = body.get("permissions")
        groups = groups if isinstance(groups, dict) else {}
        flat: dict[str, Any] = {}
        for group, permissions in groups.items():
            if group not in ("organization", "repository"):
                continue  # on the account of its owner, outside the organisation
            for name, level in permissions.items() if isinstance(permissions, dict) else ():
                prefix = "organization_" if group == "organization" else ""
                clean = redact_text(name)  # before it is joined with anything
                flat[clean if clean.startswith(prefix) else f"{prefix}{clean}"] = level
        levels = (*permission_levels(flat, True), *permission_levels(flat, False))
        if levels:
            widest = max(levels, key=("list", "read", "write", "admin").index)
            self.rows.link(
                AUTHENTICATES_AS, id_, person, entry.place, ceiling=widest, condition=BOUND
            )
        number = self._number(entry, "id", "token_id")
        self._permitted(id_, flat, f"token-repositories/{number}", entry, since, person)

    def _authorization(self, entry: Entry) -> None:
        """Add a token or key that a person authorized for single sign-on; it acts as the person."""
        number = self._number(entry, "credential_id")
        id_ = self._id(self._org(entry), "credential", number)
        person = self._person(entry, entry.body, (id_,)) if number else ""
        if not person:
            return
        key = "ssh" in text(entry.body.get("credential_type")).lower()
        self.rows.node(
            CREDENTIAL, id_, entry.place,
            name=f"{'SSH key' if key else 'token'} {number} of {shown(entry.body.get('login'))}",
            type="ssh_key" if key else "pat", status="active",
            strength="strong" if key else None, sender_constrained=key,
            created_at=self._moment(entry.body, "credential_authorized_at", entry.place),
            expires_at=self._moment(entry.body, "authorized_credential_expires_at", entry.place),
            last_used_at=self._moment(entry.body, "credential_accessed_at", entry.place),
        )  # fmt: skip
        self.rows.link(AUTHENTICATES_AS, id_, person, entry.place)

    def _alert(self, entry: Entry) -> None:
        """Add a secret that scanning found in a repository, without its value.

        GitHub reports for some kinds whether the secret is still valid. It is revoked if its alert
        was closed as revoked, or if it is invalid; otherwise it has leaked.
        """
        number = self._number(entry, "number")
        inner = entry.body.get("repository")
        body = inner if isinstance(inner, dict) else {"name": entry.parent}
        repository = self._repository(entry, body) if number else ""
        if not repository:
            return
        alert = entry.body
        closed = text(alert.get("resolution"))
        if closed in FALSE_ALARMS:
            self.unknown["alerts were closed as no secret: left out"] += 1
            return
        dead = closed == "revoked" or text(alert.get("validity")) == "inactive"
        name = redact_text(text(alert.get("secret_type_display_name")))
        id_ = f"{repository}/secret-alert/{number}"
        self.rows.node(
            CREDENTIAL, id_, entry.place, name=f"{name or 'secret'} {number}",
            type=SECRET_TYPES.get(text(alert.get("secret_type")), "token"), storage="code",
            status="revoked" if dead else "leaked", sender_constrained=False,
        )  # fmt: skip
        self.rows.link(STORED_IN, id_, repository, entry.place)
