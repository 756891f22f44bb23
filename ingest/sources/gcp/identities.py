"""Service accounts with their keys, and what runs as them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CREDENTIAL,
    OWNS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from graph.values import WrongValue, instant
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.gcp.documents import KEY, Thing
from ingest.sources.gcp.hierarchy import Hierarchy
from ingest.sources.gcp.members import account, project_of
from ingest.sources.gcp.names import ACCOUNT, MANAGER, PROVIDER, Named
from ingest.tags.tag_map import Tagger

NEVER = "9999"  # the year in which keys without an end expire
AGENTS = "reasoning_engine"
NOTHING: Mapping[str, Any] = {}


@dataclass
class Identities:
    """A writer of accounts, keys and things; `ids` has addresses by the accounts' numbers."""

    rows: Rows
    tagger: Tagger
    hierarchy: Hierarchy
    ids: dict[str, str]

    def add_account(self, thing: Thing) -> None:
        """Add a service account that is described."""
        body, at = thing.body, thing.place
        mail = text(body.get("email")).lower()
        if not ACCOUNT.fullmatch(mail):
            named = f"gcp:{text(body.get('name')).rpartition('/')[2].lower()}"
            self.rows.reject(at, "must have the address of a service account", {named})
            return
        member = account(mail)
        title = redact_text(text(body.get("displayName")))
        facts: dict[str, Any] = {**member.facts, "name": title or mail}
        facts["status"] = "disabled" if body.get("disabled") is True else "active"
        facts["purpose"] = redact_text(text(body.get("description")))
        known = {name: value for name, value in facts.items() if value}
        self.rows.node(SERVICE_ACCOUNT, member.id, at, **{**member.facts, **known})
        self.rows.alias(member.id, "gcp_unique_id", body.get("uniqueId"))

    def add_key(self, thing: Thing) -> None:
        """Add a key that users manage; those of Google are rotated by Google and never seen."""
        body, at = thing.body, thing.place
        name = text(body.get("name")) or thing.resource.path
        match = KEY.search(name)
        if match is None:
            self.rows.all_read = False
            self.rows.reject(at, "must have the name of a key")
            return
        if text(body.get("keyType")) == "SYSTEM_MANAGED":
            return
        holder = match[1].lower()
        mail = self.ids.get(holder, holder)
        if not ACCOUNT.fullmatch(mail):
            self.rows.all_read = False
            self.rows.reject(at, "belongs to a service account that is not in the export")
            return
        owner = account(mail)
        project = project_of(mail, self.hierarchy.numbers) or "-"
        id_ = f"gcp:projects/{project}/serviceAccounts/{mail}/keys/{match[2]}"
        end = text(body.get("validBeforeTime"))
        self.rows.node(owner.label, owner.id, at, **owner.facts)
        added = self.rows.node(
            CREDENTIAL,
            id_,
            at,
            name=f"key {match[2][:8]} of {mail}",
            type="sa_key",
            status="disabled" if body.get("disabled") is True else "active",
            created_at=self._moment(body, "validAfterTime", at),
            expires_at=None if end.startswith(NEVER) else self._moment(body, "validBeforeTime", at),
        )
        if added:
            self.rows.link(AUTHENTICATES_AS, id_, owner.id, at)

    def add_thing(self, thing: Thing) -> Named:
        """Add a resource with the accounts that it runs as, and return it."""
        resource, body, at = self.hierarchy.resolved(thing.resource), thing.body, thing.place
        self.name_thing(resource, at, self.hierarchy.path(thing.project), body)
        label = self.rows.labels[resource.id()]
        made = text(body.get("createTime")) or text(body.get("creationTimestamp"))
        created = _instant(made or text(body.get("timeCreated")))
        self.rows.complete(resource.id(), created_at=created)
        self._tag(label, resource.id(), body.get("labels"), at)
        for mail in _run_as(resource, body):
            member = account(mail)
            self.rows.node(member.label, member.id, at, **member.facts)
            self.rows.link(RUNS_AS, resource.id(), member.id, at)
        return resource

    def name_account(self, scope: Named, at: Place) -> None:
        """Add a service account that only its policy names."""
        if ACCOUNT.fullmatch(scope.account):
            member = account(scope.account)
            self.rows.node(member.label, member.id, at, **member.facts)

    def name_thing(
        self, resource: Named, at: Place, project: str, body: Mapping[str, Any] = NOTHING
    ) -> None:
        """Add a resource within its project, with what is known of it."""
        if resource.kind == AGENTS:
            title = redact_text(text(body.get("displayName"))) or resource.name
            facts = {"name": title, "kind": "ai_agent", "platform": "vertex-ai"}
            self.rows.node(AGENT, resource.id(), at, provider=PROVIDER, **facts)
            return
        parent = Named(MANAGER, project).id() if project else None
        self.rows.node(
            RESOURCE,
            resource.id(),
            at,
            name=redact_text(resource.title),
            type=resource.kind,
            provider=PROVIDER,
            parent_id=parent if parent in self.rows.labels else None,
        )

    def tag(self, level: Thing) -> None:
        """Add what the labels of a project say."""
        id_ = self.hierarchy.resolved(level.resource).id()
        if id_ in self.rows.labels:
            self._tag(self.rows.labels[id_], id_, level.body.get("labels"), level.place)
            self.rows.complete(id_, created_at=_instant(text(level.body.get("createTime"))))

    def _tag(self, label: Node, id_: str, labels: Any, at: Place) -> None:
        tags = {str(k): text(v) for k, v in labels.items()} if isinstance(labels, dict) else {}
        tagged = self.tagger.read(label, tags)
        self.rows.complete(id_, **tagged.facts)
        for owner in tagged.owners:
            if owner.label is not None:
                self.rows.node(owner.label, owner.id, at, **owner.facts)
            self.rows.link(OWNS, owner.id, id_, at, role=owner.role, evidence=owner.evidence)

    def _moment(self, body: dict[str, Any], name: str, at: Place) -> pd.Timestamp | None:
        value = text(body.get(name))
        made = _instant(value)
        if value and made is None:
            self.rows.reject(at.at(name), "is no instant")
        return made


def _instant(value: str) -> pd.Timestamp | None:
    try:
        return instant(value) if value else None
    except WrongValue:
        return None


def _inner(body: Any, *names: str) -> Any:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _run_as(resource: Named, body: dict[str, Any]) -> Iterator[str]:
    """Yield the addresses of the accounts that an instance, function, service or agent runs as."""
    ways: tuple[Callable[[], Any], ...] = (
        lambda: [_inner(attached, "email") for attached in listed(body.get("serviceAccounts"))],
        lambda: _inner(body, "serviceAccountEmail"),
        lambda: _inner(body, "serviceConfig", "serviceAccountEmail"),
        lambda: _inner(body, "spec", "template", "spec", "serviceAccountName"),
        lambda: _inner(body, "template", "serviceAccount"),
        lambda: _inner(body, "template", "template", "serviceAccount"),
        lambda: _inner(body, "spec", "serviceAccount"),
        lambda: _inner(body, "nodeConfig", "serviceAccount"),
    )
    mails = {text(mail).lower() for way in ways for mail in listed(way())}
    yield from sorted(mail for mail in mails if ACCOUNT.fullmatch(mail))
