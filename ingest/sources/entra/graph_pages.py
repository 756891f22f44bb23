"""Pages of Microsoft Graph v1.0: which objects they list, and what these say.

A page says by its `@odata.context` what it lists, or by the name of its file, which follows the
address it was fetched from: `servicePrincipals/<id>/owners.json`. Objects may hold others that
`$expand` asked for.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graph.values import WrongValue
from ingest.exports import ExportFile
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, listed, text
from ingest.sources.entra.tenant import (
    APPLICATIONS,
    GUID,
    NO_ROLE,
    PRINCIPALS,
    SORTS,
    Assigned,
    Key,
    Permission,
    Tenant,
    Thing,
    guid,
    moment,
)

OBJECTS = {  # collections of objects, and the type of those that do not say theirs
    "serviceprincipals": "servicePrincipal",
    "applications": "application",
    "users": "user",
    "groups": "group",
    "organization": "organization",
    "roledefinitions": "roleDefinition",
    "directoryobjects": "",
}
PARTS = {  # what belongs to one object, by the name of the relationship
    "owners",
    "sponsors",
    "members",
    "approleassignments",
    "approleassignedto",
    "oauth2permissiongrants",
    "federatedidentitycredentials",
}
GRANTING = ("approleassignments", "approleassignedto", "oauth2permissiongrants")
SCHEDULES = {
    "roleassignments": (False, False),
    "roleassignmentscheduleinstances": (False, True),
    "roleassignmentschedules": (False, True),
    "roleeligibilityscheduleinstances": (True, True),
    "roleeligibilityschedules": (True, True),
}
BY_LOWER = {sort.lower(): sort for sort in SORTS}
WORDS = re.compile(r"[A-Za-z0-9]+")


@dataclass
class Pages:
    """Takes pages in, one after the other, and counts what is missing."""

    tenant: Tenant
    rows: Rows
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    passed: Counter[str] = field(default_factory=Counter)
    _open: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, document: Any, file: ExportFile, place: Place) -> bool:
        """Take a document in; return whether it is a page, an object or a list of them."""
        if isinstance(document, list):
            taken = [self.take(one, file, place.at(n)) for n, one in enumerate(document)]
            return any(taken) or not document
        if not isinstance(document, dict):
            return False
        what, parent = _collection(document, file)
        if isinstance(document.get("value"), list) and not guid(document.get("id")):
            if not what:
                return False
            self._page(document, what, parent, place)
            return True
        if not what and not _sort(document, ""):
            return False
        self._one(document, what, parent, place)
        return True

    def _page(self, page: dict[str, Any], what: str, parent: str, place: Place) -> None:
        key = f"{parent}/{what}"
        self._open[key].append(bool(text(page.get("@odata.nextLink"))))
        said = page.get("@odata.count")
        before, found = self._counts.get(key, (0, 0))
        counted = said if isinstance(said, int) and not isinstance(said, bool) else 0
        self._counts[key] = (max(before, counted), found + len(page["value"]))
        self._note(what, parent)
        for number, one in enumerate(page["value"]):
            self._one(one, what, parent, place.at("value", number))

    def _one(self, said: Any, what: str, parent: str, place: Place) -> None:
        if not isinstance(said, dict):
            self.rows.reject(place, "must be an object")
        elif what in PARTS:
            self._part(what, parent, said, place)
        elif what in SCHEDULES:
            self._assignment(said, *SCHEDULES[what], place)
        elif what in OBJECTS or _sort(said, ""):
            self._object(said, OBJECTS.get(what, ""), place)
        else:
            self.passed[what[:64]] += 1

    def finish(self) -> None:
        """Say which pages are missing, and what was passed over."""
        for key, more in self._open.items():
            wanted, found = self._counts[key]
            if all(more) or found < wanted:
                self.rows.whole = False
                self.rows.warn(f"{key.strip('/')}: the list goes on in pages that are not there")
        if self.passed:
            named = ", ".join(f"{k} ({n})" for k, n in sorted(self.passed.items()))
            self.rows.warn(f"objects that say nothing of access were passed over: {named}")

    def _note(self, what: str, parent: str) -> None:
        if what in ("owners", "sponsors"):
            self.asked["owners"].add(parent)
        elif what in SCHEDULES or what in GRANTING:
            self.tenant.listed.add("grants")
        elif what == "federatedidentitycredentials":
            self.tenant.listed |= {"trust", "credentials"}
        elif what == "serviceprincipals":
            self.tenant.listed.add("inventory")

    # -- objects -----------------------------------------------------------------------------------

    def _object(self, said: dict[str, Any], otherwise: str, place: Place) -> None:
        sort, id_ = _sort(said, otherwise), guid(said.get("id"))
        if sort == "roleDefinition":
            id_ = guid(said.get("templateId")) or id_
        if not id_ or not sort:
            self.rows.reject(place, "an object must have an id and a type")
            return
        thing = Thing(sort, id_, said, place)
        if sort == "roleDefinition" and guid(said.get("id")) not in ("", id_):
            self.tenant.alias[guid(said.get("id"))] = id_
        if sort == "organization":
            if self.tenant.id and self.tenant.id != id_:
                self.rows.reject(place, "is a second tenant")
                return
            self.tenant.id = id_
            self.tenant.name = redact_text(text(said.get("displayName")))
            return
        self.tenant.add(thing)
        if sort in (*PRINCIPALS, *APPLICATIONS):
            self._keys(thing)
        for name, value in said.items():
            part = name.lower()
            if part in PARTS and isinstance(value, list):
                self._note(part, id_)
                for number, one in enumerate(value):
                    at = place.at(name, number)
                    if isinstance(one, dict):
                        self._part(part, id_, one, at)
                    else:
                        self.rows.reject(at, "must be an object")

    def _keys(self, thing: Thing) -> None:
        for name, type_ in (
            ("passwordCredentials", "client_secret"),
            ("keyCredentials", "certificate"),
        ):
            found = thing.body.get(name)
            if not isinstance(found, list):
                continue
            self.tenant.listed.add("credentials")
            signing = {
                str(one.get("customKeyIdentifier"))
                for one in found
                if isinstance(one, dict) and text(one.get("usage")).lower() == "sign"
            }
            for number, one in enumerate(found):
                at = thing.place.at(name, number)
                if isinstance(one, dict) and str(one.get("customKeyIdentifier")) in signing:
                    self.rows.warn("certificates that sign tokens for users are no credentials")
                    continue
                self._key(thing.id, type_, one, at)

    def _key(self, holder: str, type_: str, said: Any, at: Place) -> None:
        name = "id" if type_ == "federated" else "keyId"
        id_ = guid(said.get(name)) if isinstance(said, dict) else ""
        if not id_:
            self.rows.reject(at, f"a credential must have a {name}")
            return
        try:
            start, end = moment(said.get("startDateTime")), moment(said.get("endDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of a credential {wrong}")
            return
        shown = text(said.get("displayName")) or text(said.get("name"))
        audience = " ".join(filter(None, map(text, listed(said.get("audiences")))))
        issuer, subject = text(said.get("issuer")), text(said.get("subject"))
        self.tenant.keys.append(
            Key(holder, type_, id_, shown, start, end, at, issuer, subject, audience)
        )

    # -- what belongs to one object ----------------------------------------------------------------

    def _part(self, what: str, parent: str, said: dict[str, Any], at: Place) -> None:
        take: dict[str, Callable[[str, dict[str, Any], Place], None]] = {
            "owners": lambda p, s, a: self._owner("technical", p, s, a),
            "sponsors": lambda p, s, a: self._owner("sponsor", p, s, a),
            "members": self._member,
            "approleassignments": self._app_role,
            "approleassignedto": self._app_role,
            "oauth2permissiongrants": self._delegated,
            "federatedidentitycredentials": lambda p, s, a: self._key(p, "federated", s, a),
        }
        if not parent and what not in ("approleassignments", "oauth2permissiongrants"):
            self.rows.reject(at, "nothing says to what it belongs: name the file as its address")
            return
        take[what](parent, said, at)

    def _other(self, said: dict[str, Any], at: Place) -> str:
        """Return the id of an object that is named within another, and what is said of it."""
        id_, sort = guid(said.get("id")), _sort(said, "")
        if not id_:
            self.rows.reject(at, "must have an id")
        elif sort:
            self.tenant.add(Thing(sort, id_, _plain(said), at))
        return id_

    def _owner(self, role: str, parent: str, said: dict[str, Any], at: Place) -> None:
        owner = self._other(said, at)
        if owner:
            self.tenant.owners.append((owner, parent, role, at))

    def _member(self, parent: str, said: dict[str, Any], at: Place) -> None:
        member = self._other(said, at)
        if member:
            self.tenant.members.append((member, parent, at))

    def _app_role(self, parent: str, said: dict[str, Any], at: Place) -> None:
        holder, api = guid(said.get("principalId")), guid(said.get("resourceId"))
        role = guid(said.get("appRoleId"))
        if not (holder and api and role):
            self.rows.reject(at, "an app role assignment must name principal, resource and role")
            return
        try:
            since = moment(said.get("createdDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            return
        sort = BY_LOWER.get(text(said.get("principalType")).lower(), "")
        if sort:
            body = {"displayName": said.get("principalDisplayName")}
            self.tenant.add(Thing(sort, holder, body, at))
        if text(said.get("resourceDisplayName")):
            body = {"displayName": said.get("resourceDisplayName")}
            self.tenant.add(Thing("servicePrincipal", api, body, at))
        values = () if role == NO_ROLE else (role,)
        id_ = text(said.get("id"))
        self.tenant.permissions.append(Permission(holder, api, values, False, "", id_, since, at))

    def _delegated(self, parent: str, said: dict[str, Any], at: Place) -> None:
        holder, api = guid(said.get("clientId")), guid(said.get("resourceId"))
        if not (holder and api):
            self.rows.reject(at, "a delegated grant must name client and resource")
            return
        user = guid(said.get("principalId"))
        if user:
            self.tenant.add(Thing("user", user, {}, at))
        values = tuple(dict.fromkeys(redact_text(text(said.get("scope"))).split()))
        id_ = text(said.get("id"))
        self.tenant.permissions.append(Permission(holder, api, values, True, user, id_, None, at))

    def _assignment(self, said: dict[str, Any], eligible: bool, dated: bool, at: Place) -> None:
        principal, role = guid(said.get("principalId")), guid(said.get("roleDefinitionId"))
        if not (principal and role):
            self.rows.reject(at, "a role assignment must name principal and role")
            return
        info = said.get("scheduleInfo")
        info = info if isinstance(info, dict) else {}
        expiry = info.get("expiration")
        expiry = expiry if isinstance(expiry, dict) else {}
        try:
            start = moment(said.get("startDateTime") or info.get("startDateTime"))
            end = moment(said.get("endDateTime") or expiry.get("endDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            return
        for name in ("principal", "roleDefinition"):
            if isinstance(said.get(name), dict):
                self._object(said[name], name if name != "principal" else "", at.at(name))
        where = text(said.get("directoryScopeId")) or text(said.get("appScopeId")) or "/"
        self.tenant.assigned.append(
            Assigned(principal, role, where, start, end, eligible, dated, at)
        )


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in said.items() if not isinstance(v, list | dict)}


def _sort(said: dict[str, Any], otherwise: str) -> str:
    """Return the type of an object: what it says itself, or what its properties tell."""
    stated = text(said.get("@odata.type")).rpartition(".")[2].lower()
    sort = BY_LOWER.get(stated, "") if stated else otherwise
    if sort == "servicePrincipal" and guid(said.get("agentIdentityBlueprintId")):
        return "agentIdentity"
    if sort == "user" and guid(said.get("identityParentId")):
        return "agentUser"
    return sort


def _collection(document: dict[str, Any], file: ExportFile) -> tuple[str, str]:
    """Return what a page lists (in lower case) and the object that it belongs to."""
    fragment = redact_text(text(document.get("@odata.context"))).partition("#")[2]
    owner = GUID.search(fragment)
    plain = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", fragment)
    steps = [s for s in plain.split("/") if s not in ("", "$entity", "value")]
    names = [s.lower() for s in steps if not s.lower().startswith("microsoft.graph.")]
    last = names[-1] if names else ""
    if last and last != "directoryobjects":
        parent = owner.group().lower() if owner else _parent(file)
        return last, parent
    return _named(file) or last, _parent(file)


def _steps(file: ExportFile) -> Iterator[str]:
    """Yield the last two steps of a file's address, the last first."""
    yield file.path.name.partition(".json")[0]
    yield file.path.parent.name


def _parent(file: ExportFile) -> str:
    found = (GUID.search(step) for step in _steps(file))
    return next((match.group().lower() for match in found if match), "")


def _named(file: ExportFile) -> str:
    for step in _steps(file):
        words = [w.lower() for w in WORDS.findall(GUID.sub(" ", step))]
        for word in reversed(words):
            if word in PARTS or word in SCHEDULES or OBJECTS.get(word):
                return str(word)
    return ""
