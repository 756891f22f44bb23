"""Rows of the objects of a tenant: identities, their credentials and their owners."""

import re
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CONTROLS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    TRUSTS,
)
from graph.values import WrongValue, canonical
from ingest.rows import Place, Rows, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.tenant import (
    APPLICATIONS,
    PRINCIPALS,
    Key,
    OfGroup,
    Tenant,
    Thing,
    guid,
    moment,
)

PROVIDER = "entra"
LABELS: dict[str, Node] = {
    "user": HUMAN,
    "group": GROUP,
    "agentUser": SERVICE_ACCOUNT,
    "servicePrincipal": SERVICE_ACCOUNT,
    "application": SERVICE_ACCOUNT,
    "agentIdentity": AGENT,
    "agentIdentityBlueprint": AGENT,
    "agentIdentityBlueprintPrincipal": AGENT,
}
MANAGED = "managed_identity"
STRENGTH = {  # https://learn.microsoft.com/en-us/entra/identity-platform/security-best-practices-for-app-registration
    "client_secret": "weak",
    "certificate": "strong",
    "federated": "strong",
}
TEST = r"claims\['(\w+)'\] (?:matches|eq) '([^']+)'"
CLAIM, CLAIMS = re.compile(TEST), re.compile(rf"{TEST}(?: and {TEST})*")


class Identities:
    """A writer of the identities of a tenant."""

    def __init__(self, rows: Rows, tenant: Tenant) -> None:
        self.rows, self.tenant = rows, tenant
        self.unknown: set[str] = set()
        self._described_by = {acts: id_ for id_, acts in tenant.alias.items()}
        self._blueprints = {
            t.guid("appId"): t.id
            for t in tenant.of(*PRINCIPALS, *APPLICATIONS)
            if t.sort != "agentIdentity"
        }

    def write(self) -> None:
        """Write all objects that the export describes, and those that it only names."""
        for thing in self.tenant.things.values():
            if thing.sort in LABELS and not self._left_out(thing):
                self._identity(thing)
        for key in self.tenant.keys:
            self._key(key)
        self._people()
        self._name_unread()

    def _left_out(self, thing: Thing) -> bool:
        """Return whether it is an application that acts as another, or an unused vendor's one."""
        if self.tenant.acting(thing.id) != thing.id:
            return True
        if thing.sort == "group" and thing.body.get("deletedDateTime"):
            return True  # it can be restored, and until then has no members
        return self.tenant.is_vendors(thing) and thing.id not in self.tenant.busy()

    def _identity(self, thing: Thing) -> None:
        body, label = self._body(thing), LABELS[thing.sort]
        facts: dict[str, Any] = {
            "name": redact_text(text(body.get("displayName"))) or None,
            "created_at": self._moment(thing, body, "createdDateTime"),
        }
        if label is not GROUP:
            facts["status"] = self._status(thing, body)
            facts["deleted_at"] = self._moment(thing, body, "deletedDateTime")
        if label not in (GROUP, HUMAN):
            facts["last_used_at"] = self.tenant.seen.get(guid(body.get("appId")))
        known = [f"entra_object:{thing.id}"]
        if thing.sort != "agentIdentity" and guid(body.get("appId")) and self._at_home(body):
            known.append(f"entra_app:{guid(body.get('appId'))}")
        facts["external_ids"] = canonical(known)
        if label is HUMAN:
            facts |= self._person(thing)
        elif label is GROUP:
            facts |= _group(body)
        else:
            facts |= self._software(thing, body, label)
        id_ = f"entra:{thing.id}"
        self.rows.node(label, id_, thing.place, provider=PROVIDER, **facts)
        if thing.sort != "agentIdentity":  # its application is that of its blueprint
            self.rows.alias(id_, "application", guid(body.get("appId")))
        self.rows.alias(id_, "sign_in", body.get("userPrincipalName"))

    def _status(self, thing: Thing, body: dict[str, Any]) -> str | None:
        """Return the state of an object; an application that is deactivated gets no tokens."""
        if body.get("deletedDateTime"):
            return "deleted"
        described = self.tenant.things.get(self._described_by.get(thing.id, ""))
        if any(_is_off(facts) for facts in (body, described.body if described else {})):
            return "disabled"
        enabled = body.get("accountEnabled")
        return None if not isinstance(enabled, bool) else "active" if enabled else "disabled"

    def _at_home(self, body: dict[str, Any]) -> bool:
        """Return whether an application is the tenant's own; others are in many tenants."""
        return guid(body.get("appOwnerOrganizationId")) == self.tenant.id

    def _body(self, thing: Thing) -> dict[str, Any]:
        """Return the properties of an object, and of the application that acts as it."""
        described = self.tenant.things.get(self._described_by.get(thing.id, ""))
        stated = {k: v for k, v in thing.body.items() if v is not None}
        return (described.body | stated) if described else thing.body

    def _person(self, thing: Thing) -> dict[str, Any]:
        body = thing.body
        manager, seen = body.get("manager"), body.get("signInActivity")
        email = text(body.get("mail")) or text(body.get("userPrincipalName"))
        return {
            "email": redact_text(email) or None,
            "manager_id": f"entra:{guid(manager.get('id'))}"
            if isinstance(manager, dict) and guid(manager.get("id"))
            else None,
            "last_active_at": self._last_sign_in(thing, seen) if isinstance(seen, dict) else None,
            "left_at": self._moment(thing, body, "employeeLeaveDateTime"),
        }

    def _last_sign_in(self, thing: Thing, seen: dict[str, Any]) -> pd.Timestamp | None:
        """Return the last successful sign-in of a user, else the last attempt of any sort.

        https://learn.microsoft.com/en-us/graph/api/resources/signinactivity
        """
        last = self._moment(thing, seen, "lastSuccessfulSignInDateTime")
        attempts = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime")
        tried = [self._moment(thing, seen, name) for name in attempts] if last is None else []
        return max((at for at in tried if at is not None), default=last)

    def _software(self, thing: Thing, body: dict[str, Any], label: Node) -> dict[str, Any]:
        home = guid(body.get("appOwnerOrganizationId"))
        known = guid(self.tenant.id)  # else a name stands for it, which tells nothing
        third = home != known if home and known else None
        facts: dict[str, Any] = {"third_party": third}
        if text(body.get("servicePrincipalType")) == "ManagedIdentity":
            facts = {"third_party": False, "tags": canonical([MANAGED])}
        if label is SERVICE_ACCOUNT:
            return facts
        if thing.sort != "agentIdentity":
            return facts | {"kind": "blueprint"}
        return facts | {"kind": "ai_agent", "blueprint_id": self._blueprint(blueprint_named(body))}

    def _blueprint(self, named: str) -> str | None:
        """Return the blueprint's id; agent identities name it by its app id."""
        if not named:
            return None
        if self._blueprints.get(named, named) not in self.tenant.things:
            self.rows.warn("agent identities name a blueprint that is not in the export")
        return f"entra:{self.blueprint(named)}"

    def blueprint(self, named: str) -> str:
        """Return the object that acts as a blueprint, by its object id or app id."""
        return self.tenant.acting(self._blueprints.get(named, named))

    def _moment(self, thing: Thing, body: dict[str, Any], name: str) -> pd.Timestamp | None:
        try:
            return moment(body.get(name))
        except WrongValue as wrong:
            self.rows.reject(thing.place.at(name), f"the instant {wrong}")
            return None

    def known(self, id_: str, place: Place, otherwise: Node = HUMAN) -> str:
        """Return the id of a principal, which is added if the export only names it."""
        acts = self.tenant.acting(id_)
        full = f"entra:{acts}"
        if full not in self.rows.labels:
            thing = self.tenant.things.get(acts)
            if thing is not None and thing.sort in LABELS:
                self._identity(thing)
            else:
                self.rows.node(otherwise, full, place, provider=PROVIDER)
                if otherwise is HUMAN:
                    self.unknown.add(full)
        return full

    def _name_unread(self) -> None:
        """Name the objects and credentials that rejected parts are about, which are not gone."""
        acting = self.tenant.acting
        ids = {acting(id_) for id_ in self.tenant.unread if id_}
        ids |= {acting(holder) for holder, _ in self.tenant.unread_keys}
        ids |= {f"{acting(holder)}/key/{key}" for holder, key in self.tenant.unread_keys}
        self.rows.in_rejected |= {f"entra:{id_}" for id_ in ids}

    # -- credentials -------------------------------------------------------------------------------

    def _key(self, key: Key) -> None:
        holder = self.known(key.holder, key.place, SERVICE_ACCOUNT)
        id_ = f"{holder}/key/{key.id}"
        federated = key.type == "federated"
        issuer = redact_text(bare_address(key.issuer)) if federated else ""
        subject, rest = map(redact_text, _trusted(key))
        audience = redact_text(key.audience)
        added = self.rows.node(
            CREDENTIAL,
            id_,
            key.place,
            name=redact_text(key.name) or f"{key.type.replace('_', ' ')} of {self._named(holder)}",
            type=key.type,
            strength=STRENGTH.get(key.type),
            created_at=key.start,
            expires_at=key.end,
            last_used_at=self.tenant.seen.get(key.id),
            issuer=issuer or None,
            subject=subject or None,
            audience=audience or None,
        )
        if not added:
            return
        self.rows.link(AUTHENTICATES_AS, id_, holder, key.place)
        if federated and not subject:
            self.rows.warn(
                "federated credentials whose subject is not understood trust nobody here"
            )
        elif federated and "://" in issuer:
            name = issuer.partition("://")[2].partition("/")[0]
            self.rows.node(RESOURCE, issuer, key.place, name=name, type="oidc_provider")
            self.rows.link(
                TRUSTS,
                holder,
                issuer,
                key.place,
                action="entra:federate",
                issuer=issuer,
                subject=subject or None,
                condition=rest or None,
                workload=True,
            )

    def _named(self, holder: str) -> str:
        thing = self.tenant.things.get(holder.removeprefix("entra:"))
        return (redact_text(text(thing.body.get("displayName"))) if thing else "") or holder

    # -- people and groups -------------------------------------------------------------------------

    def _people(self) -> None:
        for owner, thing, role, place in self.tenant.owners:
            source, target = self.known(owner, place), self.known(thing, place, SERVICE_ACCOUNT)
            if self.rows.labels[target] is GROUP:
                self.rows.link(CONTROLS, source, target, place, rule="E1")
            elif self.rows.labels[target] in (AGENT, SERVICE_ACCOUNT):
                self.rows.link(OWNS, source, target, place, role=role, evidence="declared")
            else:
                self.rows.reject(place, "owns something that has no owners here")
        for member, group, place in self.tenant.members:
            source, target = self.known(member, place), self.known(group, place, GROUP)
            if self.rows.labels[target] is GROUP:
                self.rows.link(MEMBER_OF, source, target, place)
            else:
                self.rows.reject(place, "is a member of something that is no group")
        for membership in self.tenant.of_groups:
            self._of_group(membership)
        for user in self.tenant.of("agentUser"):
            parent = user.guid("identityParentId")
            if parent:
                agent = self.known(parent, user.place, AGENT)
                if self.rows.labels[agent] is AGENT:
                    self.rows.link(RUNS_AS, agent, f"entra:{user.id}", user.place)

    def _of_group(self, membership: OfGroup) -> None:
        """Write a membership or ownership of a group for a term, or after activation."""
        source = self.known(membership.principal, membership.place)
        target = self.known(membership.group, membership.place, GROUP)
        if self.rows.labels[target] is not GROUP:
            self.rows.reject(membership.place, "is assigned to something that is no group")
            return
        eligible = "E8" if membership.eligible else None
        self.rows.link(
            CONTROLS if membership.owner else MEMBER_OF,
            source,
            target,
            membership.place,
            valid_from=membership.start,
            valid_to=membership.end,
            eligible=True if membership.eligible else None,
            rule=eligible or ("E1" if membership.owner else None),
        )

    def warn(self) -> None:
        """Warn of principals that are only named, and of those left out."""
        if self.unknown:
            self.rows.warn(
                f"{len(self.unknown)} principals are only named: taken as people until another"
                " list gives their type"
            )
        if gone := [t for t in self.tenant.of("group") if self._left_out(t)]:
            self.rows.warn(f"{len(gone)} groups are deleted: they are left out")
        left = [t for t in self.tenant.of("servicePrincipal") if self._left_out(t)]
        vendors = [t for t in left if self.tenant.is_vendors(t)]
        if vendors:
            self.rows.warn(
                f"{len(vendors)} service principals of Microsoft that hold nothing are left out"
            )


def blueprint_named(body: dict[str, Any]) -> str:
    """Return the app id by which an agent identity names its blueprint; "" if it names none."""
    return guid(body.get("agentIdentityBlueprintId")) or guid(body.get("agentAppId"))


def _trusted(key: Key) -> tuple[str, str]:
    """Return the subject that a federated credential trusts, and what else a token must meet.

    `*` in an expression is anything. An expression that is not understood trusts nobody.
    https://learn.microsoft.com/en-us/entra/workload-id/workload-identities-flexible-federated-identity-credentials
    """
    if key.subject or not CLAIMS.fullmatch(key.rule):
        return key.subject, ""
    claims = list(CLAIM.finditer(key.rule))
    subject = next((claim[2] for claim in claims if claim[1] == "sub"), "")
    return subject, " and ".join(claim[0] for claim in claims if claim[1] != "sub")


def _is_off(body: dict[str, Any]) -> bool:
    """Return whether an application is deactivated, by its tenant or by Microsoft."""
    by_microsoft = text(body.get("disabledByMicrosoftStatus"))
    return body.get("isDisabled") is True or by_microsoft.startswith("Disabled")


def _group(body: dict[str, Any]) -> dict[str, Any]:
    """Return whether a group may be given roles; Graph writes null if it may not."""
    if "isAssignableToRole" not in body:
        return {}
    return {"role_assignable": body["isAssignableToRole"] is True}
