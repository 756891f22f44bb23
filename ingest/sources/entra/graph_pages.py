"""Pages of Microsoft Graph: the objects they list, with their properties.

Objects may hold others that `$expand` requested. Tools write them in other forms too: a list of one
object as the object, names in capitals (PowerShell), several answers in one (`$batch`).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graph.values import WrongValue
from ingest.files.export import ExportFile
from ingest.rows import Place, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.assignments import REMOVED, Assignments
from ingest.sources.entra.page_kinds import (
    GRANTING,
    INHERITED,
    OBJECTS,
    OF_GROUPS,
    PARTS,
    SCHEDULES,
    SCOPED,
    SEEN,
    Listing,
    foreign_type,
    is_of_delta,
    listing_of,
    shape_of,
    sort_of,
)
from ingest.sources.entra.tenant import (
    APPLICATIONS,
    PRINCIPALS,
    Assigned,
    Key,
    Thing,
    guid,
    moment,
)
from ingest.sources.entra.transitive import take_transitive

EXPANDED = 20  # related objects that `$expand` returns at most, without a note that there are more
Members = list[tuple[str, str, Place]]
PASSED = "objects that do not concern access were passed over"


@dataclass
class Pages(Assignments):
    """A collector of pages, which counts the missing ones."""

    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _open: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    _cut: dict[str, None] = field(default_factory=dict)

    def take(self, document: Any, file: ExportFile, place: Place, label: str = "") -> bool:
        """Add a document; return whether it is a page, an object or a list of them."""
        if isinstance(document, list):
            if not document:
                self._note(listing_of({}, file, label))
            taken = [self.take(part, file, place.at(n), label) for n, part in enumerate(document)]
            return any(taken) or not document
        if not isinstance(document, dict):
            return False
        if isinstance(document.get("responses"), list) and "value" not in document:
            return self._batch(document["responses"], file, place.at("responses"))
        listing = listing_of(document, file, label)
        if "value" in document and not guid(document.get("id")):
            values = listed(document["value"])
            shape = next(filter(None, map(shape_of, values)), "")
            typed = any(sort_of(part, "") for part in values if isinstance(part, dict))
            listing = listing if listing.collection else Listing(shape, listing.parent)
            if not listing.collection and not typed:
                return False
            self._page(document, values, listing, file, place)
            return True
        listing = listing if listing.collection else Listing(shape_of(document), listing.parent)
        if not listing.collection and not sort_of(document, ""):
            return False
        self._note(listing)
        self._take_value(document, listing, place)
        return True

    def _batch(self, answers: list[Any], file: ExportFile, place: Place) -> bool:
        """Add the answers of `$batch`; the id of a request may name its object."""
        taken = False
        for number, value in enumerate(answers):
            answer = value if isinstance(value, dict) else {}
            status = answer.get("status")
            if isinstance(status, int) and status >= 400:
                self.fail(place)
                taken = True
            elif isinstance(answer.get("body"), dict):
                label = redact_text(text(answer.get("id")))
                taken |= self.take(answer["body"], file, place.at(number, "body"), label)
        return taken

    def fail(self, place: Place) -> None:
        """Record that Graph answered with an error: the requested objects are missing."""
        self.rows.all_read = False
        self.rows.warn(
            f"{place.file}: Graph answered with an error: the requested objects are missing"
        )

    def _page(
        self,
        page: dict[str, Any],
        values: list[Any],
        listing: Listing,
        file: ExportFile,
        place: Place,
    ) -> None:
        key = f"{listing.parent}/{listing.collection}"
        more = text(page.get("@odata.nextLink")) or text(page.get("odata.nextLink"))
        self.is_delta |= is_of_delta(page, more)
        self._open[key].append(bool(more))
        count = page.get("@odata.count")
        before, read = self._counts.get(key, (0, 0))
        counted = count if isinstance(count, int) and not isinstance(count, bool) else 0
        self._counts[key] = (max(before, counted), read + len(values))
        if listing.collection == "members" and "directoryroles" in file.short.lower():
            self.tenant.directory_roles.add(listing.parent)
        self._note(listing)
        if listing.collection == "directoryobjects" and not all(map(_is_deleted, values)):
            self.rows.warn(
                f"{place.file}: lists objects and not what they are to which object: name the file"
                " or the request after its address, else owners, sponsors and members in it are"
                " not known"
            )
        for number, value in enumerate(values):
            if isinstance(value, dict) and REMOVED in value:
                of = listing.parent if listing.collection in PARTS else ""
                self.removed.add((guid(value.get("id")), of))
            else:
                self._take_value(value, listing, place.at("value", number))

    def _take_value(self, value: Any, listing: Listing, place: Place) -> None:
        collection = listing.collection
        if not isinstance(value, dict):
            self.rows.reject(place, "must be an object")
        elif collection in PARTS:
            self._part(collection, listing.parent, value, place)
        elif collection in SCHEDULES:
            self._assignment(value, *SCHEDULES[collection], place)
        elif collection in OF_GROUPS:
            self._of_group(value, OF_GROUPS[collection], place)
        elif collection in SCOPED:
            self._scoped(value, place)
        elif collection in SEEN:
            self._seen(value, place)
        elif collection == INHERITED:
            self._inheritable(listing.parent, value, place)
        elif collection in OBJECTS or (" of " not in collection and sort_of(value, "")):
            self._object(value, listing.cast or OBJECTS.get(collection, ""), place)
        else:
            self.passed[collection[:64] or foreign_type(value)] += 1

    def finish(self) -> None:
        """Warn of missing pages and of skipped objects."""
        for key, more in self._open.items():
            wanted, read = self._counts[key]
            if all(more) or read < wanted:
                self.rows.all_read = False
                self.rows.warn(f"{key.strip('/')}: the list continues in pages that are missing")
        if cut := [key for key in self._cut if key not in self._open]:
            self.rows.all_read = False
            self.rows.warn(
                f"{len(cut)} lists within objects may go on: an expanded list stops at {EXPANDED}"
            )
        if self.passed:
            named = ", ".join(f"{k} ({n})" for k, n in sorted(self.passed.items()))
            self.rows.warn(f"{PASSED}: {named}")
        self.leave_removed()
        take_transitive(self.tenant, self.rows)
        roles = self.tenant.directory_roles
        for member, role, at in [m for m in self.tenant.members if m[1] in roles]:
            self.tenant.listed.add("grants")
            assignment = Assigned(member, role, "/", None, None, False, False, at)
            self.tenant.assigned.append(assignment)
        self.tenant.members = [m for m in self.tenant.members if m[1] not in roles]

    def _note(self, listing: Listing) -> None:
        collection = listing.collection
        if collection in ("owners", "sponsors"):
            self.asked[collection].add(listing.parent)
        elif collection in {*SCHEDULES, *SCOPED} or collection in GRANTING:
            self.tenant.listed.add("grants")
        elif collection == "federatedidentitycredentials":
            self.tenant.listed |= {"trust", "credentials"}
        elif OBJECTS.get(collection) in PRINCIPALS:
            self.tenant.listed.add("inventory")

    # -- objects -----------------------------------------------------------------------------------

    def _object(self, body: dict[str, Any], otherwise: str, place: Place) -> None:
        sort, id_ = sort_of(body, otherwise), guid(body.get("id"))
        if foreign_type(body):
            if not sort:
                self.passed[foreign_type(body)] += 1  # a device, say
                return
            self.rows.warn("objects of an unknown type are taken as the type of their list")
        template = guid(body.get("templateId" if sort == "roleDefinition" else "roleTemplateId"))
        if sort in ("roleDefinition", "directoryRole") and template and id_:
            self.tenant.alias |= {id_: template} if id_ != template else {}
            if sort == "directoryRole":
                self.tenant.directory_roles.add(id_)
            self._parts(body, id_, place)
            sort, id_ = "roleDefinition", template
        if not id_ or not sort:
            self.rows.reject(place, "an object must have an id and a type")
            self.tenant.unread.add(id_)
            return
        thing = Thing(sort, id_, body, place)
        if sort == "organization":
            self.tenant.name_it(id_, redact_text(text(body.get("displayName"))), place)
            return
        self.tenant.add(thing)
        if sort in (*PRINCIPALS, *APPLICATIONS):
            self._keys(thing)
        if sort != "roleDefinition":
            self._parts(body, id_, place)

    def _parts(self, body: dict[str, Any], id_: str, place: Place) -> None:
        """Add the related objects that `$expand` put into an object."""
        for name, value in body.items():
            relation = name.lower().removesuffix("@delta")
            self.is_delta |= name.lower().endswith("@delta")
            if relation.endswith("@odata.nextlink") and relation.partition("@")[0] in PARTS:
                self._cut[f"{id_}/{relation.partition('@')[0]}"] = None
            if relation not in {*PARTS, INHERITED} or value is None:
                continue
            at = place.at(name)
            if not isinstance(value, list | dict):
                self.rows.all_read = False
                self.rows.reject(
                    at, "is truncated: the tool that wrote it stopped at too few levels"
                )
                continue
            self._note(Listing(relation, id_))
            if isinstance(value, list) and len(value) == EXPANDED and relation == name.lower():
                self._cut[f"{id_}/{relation}"] = None
            for number, part in enumerate(listed(value)):
                here = at.at(number) if isinstance(value, list) else at
                if isinstance(part, dict) and REMOVED in part:
                    self.removed.add((guid(part.get("id")), id_))
                elif isinstance(part, dict):
                    self._take_value(part, Listing(relation, id_), here)
                else:
                    self.rows.reject(here, "must be an object")

    def _keys(self, thing: Thing) -> None:
        """Add the credentials of an application, without what signs or encrypts tokens for users.

        A certificate that signs is a private key, a public key, and the password of the private
        one: https://learn.microsoft.com/en-us/graph/api/serviceprincipal-addtokensigningcertificate
        One that encrypts: https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/howto-saml-token-encryption
        """
        signing: set[str] = set()
        for key in listed(thing.body.get("keyCredentials")):
            if isinstance(key, dict) and text(key.get("usage")).lower() == "sign":
                signing |= _marks(key)
        for name, type_ in (
            ("passwordCredentials", "client_secret"),
            ("keyCredentials", "certificate"),
        ):
            keys = thing.body.get(name)
            if not isinstance(keys, list | dict):
                continue
            keys = [key for key in listed(keys) if key != {}]
            self.tenant.listed.add("credentials")
            for number, key in enumerate(keys):
                at = thing.place.at(name, number)
                if isinstance(key, dict) and signing & _marks(key):
                    self.rows.warn("certificates that sign tokens for users are no credentials")
                    continue
                if isinstance(key, dict) and text(key.get("usage")).lower() == "encrypt":
                    self.rows.warn("certificates that encrypt tokens are no credentials")
                    continue
                self._key(thing.id, type_, key, at)

    def _key(self, holder: str, type_: str, body: Any, at: Place) -> None:
        name = "id" if type_ == "federated" else "keyId"
        id_ = guid(body.get(name)) if isinstance(body, dict) else ""
        if not id_:
            self.rows.reject(at, f"a credential must have a {name}")
            return
        try:
            start, end = moment(body.get("startDateTime")), moment(body.get("endDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of a credential {wrong}")
            self.tenant.unread_keys.add((holder, id_))
            return
        shown = text(body.get("displayName")) or text(body.get("name"))
        audience = " ".join(filter(None, map(text, listed(body.get("audiences")))))
        issuer, subject = text(body.get("issuer")), text(body.get("subject"))
        rule = body.get("claimsMatchingExpression")
        rule = text(rule.get("value")) if isinstance(rule, dict) else text(rule)
        self.tenant.keys.append(
            Key(holder, type_, id_, shown, start, end, at, issuer, subject, audience, rule)
        )

    # -- what belongs to one object ----------------------------------------------------------------

    def _part(self, relation: str, parent: str, body: dict[str, Any], at: Place) -> None:
        take: dict[str, Callable[[str, dict[str, Any], Place], None]] = {
            "owners": lambda p, s, a: self._owner("technical", p, s, a),
            "sponsors": lambda p, s, a: self._owner("sponsor", p, s, a),
            "members": lambda p, s, a: self._member(self.tenant.members, p, s, a),
            "transitivemembers": lambda p, s, a: self._member(self.tenant.transitive, p, s, a),
            "memberof": lambda p, s, a: self._member_of(self.tenant.members, p, s, a),
            "transitivememberof": lambda p, s, a: self._member_of(self.tenant.transitive, p, s, a),
            "ownedobjects": self._owned,
            "approleassignments": self._app_role,
            "approleassignedto": self._app_role,
            "oauth2permissiongrants": self._delegated,
            "federatedidentitycredentials": lambda p, s, a: self._key(p, "federated", s, a),
        }
        if not parent and relation not in GRANTING:
            self.rows.reject(
                at, "the object that it belongs to is unknown: name the file after its address"
            )
            self.tenant.unread.add(guid(body.get("id")))
            return
        take[relation](parent, body, at)

    def _other(self, body: dict[str, Any], at: Place) -> str:
        """Add an object that is named within another, and return its id."""
        id_, sort = guid(body.get("id")), sort_of(body, OBJECTS.get(shape_of(body), ""))
        if not sort and foreign_type(body):
            self.passed[foreign_type(body)] += 1  # a device, say
            return ""
        if not id_:
            self.rows.reject(at, "must have an id")
        elif sort:
            self.tenant.add(Thing(sort, id_, _plain(body), at))
        return id_

    def _owner(self, role: str, parent: str, body: dict[str, Any], at: Place) -> None:
        owner = self._other(body, at)
        if owner:
            self.tenant.owners.append((owner, parent, role, at))

    def _member(self, to: Members, parent: str, body: dict[str, Any], at: Place) -> None:
        member = self._other(body, at)
        if member:
            to.append((member, parent, at))

    def _member_of(self, to: Members, parent: str, body: dict[str, Any], at: Place) -> None:
        """Add the object of a page to a group, or to a directory role."""
        if sort_of(body, "") == "directoryRole":
            self._object(body, "", at)
            group = guid(body.get("id"))
        else:
            group = self._other(body, at)
        if group:
            to.append((parent, group, at))

    def _owned(self, parent: str, body: dict[str, Any], at: Place) -> None:
        owned = self._other(body, at)
        if owned:
            self.tenant.owners.append((parent, owned, "technical", at))

    # -- assignments -------------------------------------------------------------------------------

    def _assignment(self, body: dict[str, Any], eligible: bool, dated: bool, at: Place) -> None:
        principal, role = guid(body.get("principalId")), guid(body.get("roleDefinitionId"))
        if "/" in text(body.get("roleDefinitionId")):
            self.passed["role assignments of Azure"] += 1
            return
        if not (principal and role):
            self.rows.reject(at, "a role assignment must name principal and role")
        if self._not_in_effect(body):
            return
        term = self._term(body, at) if principal and role else None
        if term is None:
            self.tenant.unread.add(principal)
            self.tenant.unread_roles.add(role)
            return
        for name in ("principal", "roleDefinition"):
            if isinstance(body.get(name), dict) and guid(body[name].get("id")):
                self._named(body[name], name if name != "principal" else "", at.at(name))
        where = text(body.get("directoryScopeId")) or text(body.get("appScopeId")) or "/"
        self.tenant.assigned.append(Assigned(principal, role, where, *term, eligible, dated, at))

    def _named(self, body: dict[str, Any], otherwise: str, at: Place) -> None:
        """Add an object that an assignment holds, if its type is known."""
        otherwise = otherwise or OBJECTS.get(shape_of(body), "")
        if sort_of(body, otherwise):
            self._object(body, otherwise, at)


def _marks(key: dict[str, Any]) -> set[str]:
    """Return what the parts of a certificate share: its key id, and its own identifier."""
    return {str(key[name]) for name in ("keyId", "customKeyIdentifier") if key.get(name)}


def _is_deleted(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.get("deletedDateTime"))


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if not isinstance(v, list | dict)}
