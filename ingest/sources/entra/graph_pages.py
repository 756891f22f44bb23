"""Pages of Microsoft Graph: which objects they list, and what these say.

Objects may hold others that `$expand` asked for. Tools write them in other forms too: a list of
one as that one, names in capitals (PowerShell), several answers in one (`$batch`).
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graph.values import WrongValue
from ingest.files.export import ExportFile
from ingest.rows import Place, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.assignments import Assignments
from ingest.sources.entra.page_kinds import (
    GRANTING,
    OBJECTS,
    OF_GROUPS,
    PARTS,
    SCHEDULES,
    SEEN,
    Listing,
    foreign_type,
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

EXPANDED = 20  # so many related objects `$expand` gives at most, without saying that it stopped
PASSED = "objects that say nothing of access were passed over"


@dataclass
class Pages(Assignments):
    """Takes pages in, one after the other, and counts what is missing."""

    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _open: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    _cut: dict[str, None] = field(default_factory=dict)

    def take(self, document: Any, file: ExportFile, place: Place, label: str = "") -> bool:
        """Take a document in; return whether it is a page, an object or a list of them."""
        if isinstance(document, list):
            if not document:
                self._note(listing_of({}, file, label))
            taken = [self.take(one, file, place.at(n), label) for n, one in enumerate(document)]
            return any(taken) or not document
        if not isinstance(document, dict):
            return False
        if isinstance(document.get("responses"), list) and "value" not in document:
            return self._batch(document["responses"], file, place.at("responses"))
        said = listing_of(document, file, label)
        if "value" in document and not guid(document.get("id")):
            values = listed(document["value"])
            shape = next(filter(None, map(shape_of, values)), "")
            typed = any(sort_of(one, "") for one in values if isinstance(one, dict))
            said = said if said.what else Listing(shape, said.parent)
            if not said.what and not typed:
                return False
            self._page(document, values, said, file, place)
            return True
        said = said if said.what else Listing(shape_of(document), said.parent)
        if not said.what and not sort_of(document, ""):
            return False
        self._note(said)
        self._one(document, said, place)
        return True

    def _batch(self, answers: list[Any], file: ExportFile, place: Place) -> bool:
        """Take in the answers of `$batch`; the id that each was asked under may name its object."""
        taken = False
        for number, one in enumerate(answers):
            said = one if isinstance(one, dict) else {}
            status = said.get("status")
            if isinstance(status, int) and status >= 400:
                self.fail(place)
                taken = True
            elif isinstance(said.get("body"), dict):
                label = redact_text(text(said.get("id")))
                taken |= self.take(said["body"], file, place.at(number, "body"), label)
        return taken

    def fail(self, place: Place) -> None:
        """Note that Graph answered with an error: what was asked for is missing."""
        self.rows.whole = False
        self.rows.warn(f"{place.file}: Graph answered with an error: what was asked for is missing")

    def _page(
        self,
        page: dict[str, Any],
        values: list[Any],
        said: Listing,
        file: ExportFile,
        place: Place,
    ) -> None:
        key = f"{said.parent}/{said.what}"
        more = text(page.get("@odata.nextLink")) or text(page.get("odata.nextLink"))
        self._open[key].append(bool(more))
        count = page.get("@odata.count")
        before, found = self._counts.get(key, (0, 0))
        counted = count if isinstance(count, int) and not isinstance(count, bool) else 0
        self._counts[key] = (max(before, counted), found + len(values))
        if said.what == "members" and "directoryroles" in file.short.lower():
            self.tenant.directory_roles.add(said.parent)
        self._note(said)
        for number, one in enumerate(values):
            self._one(one, said, place.at("value", number))

    def _one(self, one: Any, said: Listing, place: Place) -> None:
        what = said.what
        if not isinstance(one, dict):
            self.rows.reject(place, "must be an object")
        elif what in PARTS:
            self._part(what, said.parent, one, place)
        elif what in SCHEDULES:
            self._assignment(one, *SCHEDULES[what], place)
        elif what in OF_GROUPS:
            self._of_group(one, OF_GROUPS[what], place)
        elif what in SEEN:
            self._seen(one, place)
        elif what in OBJECTS or (" of " not in what and sort_of(one, "")):
            self._object(one, said.cast or OBJECTS.get(what, ""), place)
        else:
            self.passed[what[:64] or foreign_type(one)] += 1

    def finish(self) -> None:
        """Say which pages are missing, and what was passed over."""
        for key, more in self._open.items():
            wanted, found = self._counts[key]
            if all(more) or found < wanted:
                self.rows.whole = False
                self.rows.warn(f"{key.strip('/')}: the list goes on in pages that are not there")
        if cut := [key for key in self._cut if key not in self._open]:
            self.rows.whole = False
            self.rows.warn(
                f"{len(cut)} lists within objects may go on: an expanded list is cut at {EXPANDED}"
            )
        if self.passed:
            named = ", ".join(f"{k} ({n})" for k, n in sorted(self.passed.items()))
            self.rows.warn(f"{PASSED}: {named}")
        roles = self.tenant.directory_roles
        for member, role, at in [m for m in self.tenant.members if m[1] in roles]:
            self.tenant.listed.add("grants")
            one = Assigned(member, role, "/", None, None, False, False, at)
            self.tenant.assigned.append(one)
        self.tenant.members = [m for m in self.tenant.members if m[1] not in roles]

    def _note(self, said: Listing) -> None:
        what = said.what
        if what in ("owners", "sponsors"):
            self.asked[what].add(said.parent)
        elif what in SCHEDULES or what in GRANTING:
            self.tenant.listed.add("grants")
        elif what == "federatedidentitycredentials":
            self.tenant.listed |= {"trust", "credentials"}
        elif OBJECTS.get(what) in PRINCIPALS:
            self.tenant.listed.add("inventory")

    # -- objects -----------------------------------------------------------------------------------

    def _object(self, said: dict[str, Any], otherwise: str, place: Place) -> None:
        sort, id_ = sort_of(said, otherwise), guid(said.get("id"))
        if foreign_type(said):
            if not sort:
                self.passed[foreign_type(said)] += 1  # a device, say
                return
            self.rows.warn("objects of a type not known here are taken for what lists them")
        template = guid(said.get("templateId" if sort == "roleDefinition" else "roleTemplateId"))
        if sort in ("roleDefinition", "directoryRole") and template and id_:
            self.tenant.alias |= {id_: template} if id_ != template else {}
            if sort == "directoryRole":
                self.tenant.directory_roles.add(id_)
            self._parts(said, id_, place)
            sort, id_ = "roleDefinition", template
        if not id_ or not sort:
            self.rows.reject(place, "an object must have an id and a type")
            return
        thing = Thing(sort, id_, said, place)
        if sort == "organization":
            self.tenant.name_it(id_, redact_text(text(said.get("displayName"))), place)
            return
        self.tenant.add(thing)
        if sort in (*PRINCIPALS, *APPLICATIONS):
            self._keys(thing)
        if sort != "roleDefinition":
            self._parts(said, id_, place)

    def _parts(self, said: dict[str, Any], id_: str, place: Place) -> None:
        """Take in what `$expand` put into an object."""
        for name, value in said.items():
            part = name.lower()
            if part.endswith("@odata.nextlink") and part.partition("@")[0] in PARTS:
                self._cut[f"{id_}/{part.partition('@')[0]}"] = None
            if part not in PARTS or value is None:
                continue
            at = place.at(name)
            if not isinstance(value, list | dict):
                self.rows.whole = False
                self.rows.reject(at, "is cut off: the tool that wrote it went not deep enough")
                continue
            self._note(Listing(part, id_))
            if isinstance(value, list) and len(value) == EXPANDED:
                self._cut[f"{id_}/{part}"] = None
            for number, one in enumerate(listed(value)):
                here = at.at(number) if isinstance(value, list) else at
                if isinstance(one, dict):
                    self._part(part, id_, one, here)
                else:
                    self.rows.reject(here, "must be an object")

    def _keys(self, thing: Thing) -> None:
        for name, type_ in (
            ("passwordCredentials", "client_secret"),
            ("keyCredentials", "certificate"),
        ):
            found = thing.body.get(name)
            if not isinstance(found, list | dict):
                continue
            found = [one for one in listed(found) if one != {}]
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
        rule = said.get("claimsMatchingExpression")
        rule = text(rule.get("value")) if isinstance(rule, dict) else text(rule)
        self.tenant.keys.append(
            Key(holder, type_, id_, shown, start, end, at, issuer, subject, audience, rule)
        )

    # -- what belongs to one object ----------------------------------------------------------------

    def _part(self, what: str, parent: str, said: dict[str, Any], at: Place) -> None:
        take: dict[str, Callable[[str, dict[str, Any], Place], None]] = {
            "owners": lambda p, s, a: self._owner("technical", p, s, a),
            "sponsors": lambda p, s, a: self._owner("sponsor", p, s, a),
            "members": self._member,
            "transitivemembers": self._member,
            "memberof": self._member_of,
            "transitivememberof": self._member_of,
            "ownedobjects": self._owned,
            "approleassignments": self._app_role,
            "approleassignedto": self._app_role,
            "oauth2permissiongrants": self._delegated,
            "federatedidentitycredentials": lambda p, s, a: self._key(p, "federated", s, a),
        }
        if not parent and what not in GRANTING:
            self.rows.reject(at, "nothing says to what it belongs: name the file as its address")
            return
        take[what](parent, said, at)

    def _other(self, said: dict[str, Any], at: Place) -> str:
        """Return the id of an object that is named within another, and what is said of it."""
        id_, sort = guid(said.get("id")), sort_of(said, OBJECTS.get(shape_of(said), ""))
        if not sort and foreign_type(said):
            self.passed[foreign_type(said)] += 1  # a device, say
            return ""
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

    def _member_of(self, parent: str, said: dict[str, Any], at: Place) -> None:
        """Put the object that a page belongs to into a group, or let it hold a directory role."""
        if sort_of(said, "") == "directoryRole":
            self._object(said, "", at)
            group = guid(said.get("id"))
        else:
            group = self._other(said, at)
        if group:
            self.tenant.members.append((parent, group, at))

    def _owned(self, parent: str, said: dict[str, Any], at: Place) -> None:
        owned = self._other(said, at)
        if owned:
            self.tenant.owners.append((parent, owned, "technical", at))

    # -- assignments -------------------------------------------------------------------------------

    def _assignment(self, said: dict[str, Any], eligible: bool, dated: bool, at: Place) -> None:
        principal, role = guid(said.get("principalId")), guid(said.get("roleDefinitionId"))
        if "/" in text(said.get("roleDefinitionId")):
            self.passed["role assignments of Azure"] += 1
            return
        if not (principal and role):
            self.rows.reject(at, "a role assignment must name principal and role")
            return
        term = self._term(said, at)
        if term is None:
            return
        for name in ("principal", "roleDefinition"):
            if isinstance(said.get(name), dict) and guid(said[name].get("id")):
                self._named(said[name], name if name != "principal" else "", at.at(name))
        where = text(said.get("directoryScopeId")) or text(said.get("appScopeId")) or "/"
        self.tenant.assigned.append(Assigned(principal, role, where, *term, eligible, dated, at))

    def _named(self, said: dict[str, Any], otherwise: str, at: Place) -> None:
        """Take in an object that an assignment holds, if it says of which type it is."""
        otherwise = otherwise or OBJECTS.get(shape_of(said), "")
        if sort_of(said, otherwise):
            self._object(said, otherwise, at)


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in said.items() if not isinstance(v, list | dict)}
