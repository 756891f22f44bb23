"""The collection that a page of Microsoft Graph lists, and the type of an object.

The `@odata.context` of a page names it, or the name of its file, which follows the address it was
fetched from: `servicePrincipals/<id>/owners.json`. If neither does, properties that only one type
of object has decide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.files.export import ExportFile
from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.tenant import GUID, SORTS, guid

OBJECTS = {  # collections of objects, and the type of objects without one
    "serviceprincipals": "servicePrincipal",
    "applications": "application",
    "users": "user",
    "groups": "group",
    "organization": "organization",
    "roledefinitions": "roleDefinition",
    "directoryroles": "directoryRole",
    "agentidentities": "agentIdentity",
    "agentidentity": "agentIdentity",
    "agentidentityblueprints": "agentIdentityBlueprint",
    "agentidentityblueprint": "agentIdentityBlueprint",
    "agentidentityblueprintprincipals": "agentIdentityBlueprintPrincipal",
    "agentidentityblueprintprincipal": "agentIdentityBlueprintPrincipal",
    "agentusers": "agentUser",
    "directoryobjects": "",
    "deleteditems": "",
}
PARTS = {  # relationships of one object
    "owners",
    "sponsors",
    "members",
    "transitivemembers",
    "memberof",
    "transitivememberof",
    "ownedobjects",
    "approleassignments",
    "approleassignedto",
    "oauth2permissiongrants",
    "federatedidentitycredentials",
}
GRANTING = ("approleassignments", "approleassignedto", "oauth2permissiongrants")
SCHEDULES = {  # whether eligible, and whether it has an end
    "roleassignments": (False, False),
    "roleassignmentscheduleinstances": (False, True),
    "roleassignmentschedules": (False, True),
    "roleeligibilityscheduleinstances": (True, True),
    "roleeligibilityschedules": (True, True),
}
OF_GROUPS = {  # privileged identity management for groups
    "assignmentscheduleinstances": False,
    "assignmentschedules": False,
    "eligibilityscheduleinstances": True,
    "eligibilityschedules": True,
}
SCOPED = {"scopedrolemembers", "scopedrolememberships", "scopedrolememberof"}
INHERITED = "inheritablepermissions"  # of blueprints, which their agents have as well
SEEN = {"serviceprincipalsigninactivities", "appcredentialsigninactivities"}
KNOWN = {*PARTS, *SCHEDULES, *OF_GROUPS, *SEEN, *SCOPED, INHERITED}
BY_LOWER = {sort.lower(): sort for sort in SORTS} | {"directoryrole": "directoryRole"}
DELTA = re.compile(r"(?i)/(?:microsoft\.graph\.)?delta(?:\(|\?|$)")  # in the address of a page
WORDS = re.compile(r"[A-Za-z0-9]+")
SHAPES = (  # the first property that an object has decides its collection
    ("servicePrincipalType", "serviceprincipals"),
    ("servicePrincipalNames", "serviceprincipals"),
    ("agentIdentityBlueprintId", "serviceprincipals"),
    ("appOwnerOrganizationId", "serviceprincipals"),
    ("consentType", "oauth2permissiongrants"),
    ("appRoleId", "approleassignments"),
    ("rolePermissions", "roledefinitions"),
    ("roleTemplateId", "directoryroles"),
    ("roleEligibilityScheduleId", "roleeligibilityscheduleinstances"),
    ("roleAssignmentScheduleId", "roleassignmentscheduleinstances"),
    ("accessId", ""),
    ("verifiedDomains", "organization"),
    ("identifierUris", "applications"),
    ("publisherDomain", "applications"),
    ("userPrincipalName", "users"),
    ("groupTypes", "groups"),
    ("securityEnabled", "groups"),
    ("isAssignableToRole", "groups"),
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The collection of a page (lower case), its parent object, and a type it is cast to."""

    collection: str
    parent: str
    cast: str = ""


def listing_of(document: dict[str, Any], file: ExportFile, label: str = "") -> Listing:
    """Return the listing of a page or object: by its context, else its file's name or `label`."""
    fragment = redact_text(text(document.get("@odata.context"))).partition("#")[2]
    owner = GUID.search(fragment)
    plain = re.sub(r"\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)", "", fragment)
    steps = [s.lower() for s in plain.split("/") if s not in ("", "$entity", "value", "$delta")]
    names = [s for s in steps if not s.startswith("microsoft.graph.")]
    cast = BY_LOWER.get(steps[-1].rpartition(".")[2], "") if steps != names and steps else ""
    last = names[-1] if names else ""
    unit = "administrativeunits" in (*names, *Path(file.short.lower()).parts)
    named = _named(file, label)
    if unit and not SCOPED & {last, named} and "member" in f"{last}{named}":
        return Listing(
            "members of administrative units", ""
        )  # the managed objects, not members of a group
    if "rolemanagement" in names and "directory" not in names:
        last = f"{last} of {(names[names.index('rolemanagement') + 1 :] or ['others'])[0]}"
    if last and last != "directoryobjects":
        parent = owner.group().lower() if owner else _parent(file, label)
        return Listing(last, parent, cast)
    return Listing(_named(file, label) or last, _parent(file, label), cast)


def is_of_delta(page: dict[str, Any], more: str) -> bool:
    """Return whether a page is of a delta query, whose pages hold what changed; `more`: the next.

    https://learn.microsoft.com/en-us/graph/delta-query-overview
    """
    context = text(page.get("@odata.context")).lower()
    return "@odata.deltaLink" in page or "$delta" in context or DELTA.search(more) is not None


def shape_of(value: Any) -> str:
    """Return the collection of such objects, by their properties; "" if unknown."""
    if not isinstance(value, dict) or text(value.get("@odata.type")):
        return ""
    if {"issuer", "subject", "audiences"} <= value.keys():
        return "federatedidentitycredentials"
    collection = next((shape for name, shape in SHAPES if name in value), "")
    if collection or "roleDefinitionId" not in value or "principalId" not in value:
        return collection
    if "scheduleInfo" in value:
        return (
            "roleassignmentschedules" if "assignmentType" in value else "roleeligibilityschedules"
        )
    return "roleassignments"


def sort_of(body: dict[str, Any], otherwise: str) -> str:
    """Return the type of an object: its own, or that of its properties.

    An object of an unknown type has the type of its collection, `otherwise`.
    """
    stated = text(body.get("@odata.type")).rpartition(".")[2].lower()
    sort = BY_LOWER.get(stated, otherwise)
    if sort == "servicePrincipal" and guid(body.get("agentIdentityBlueprintId")):
        return "agentIdentity"
    if sort == "servicePrincipal" and guid(body.get("agentAppId")):
        return "agentIdentity"
    if sort == "user" and guid(body.get("identityParentId")):
        return "agentUser"
    return sort


def foreign_type(body: dict[str, Any]) -> str:
    """Return the unknown type that an object declares, if it is fit to be shown, else ""."""
    stated = redact_text(text(body.get("@odata.type"))).rpartition(".")[2]
    known = not stated or stated.lower() in BY_LOWER
    return "" if known or not stated.isidentifier() else stated[:64]


def _steps(file: ExportFile, label: str) -> Iterator[str]:
    """Yield the last steps of an address, the last first."""
    yield label
    yield file.path.name.partition(".json")[0]
    yield file.path.parent.name


def _parent(file: ExportFile, label: str) -> str:
    matches = (GUID.search(step) for step in _steps(file, label))
    return next((match.group().lower() for match in matches if match), "")


def _named(file: ExportFile, label: str) -> str:
    for step in _steps(file, label):
        words = [w.lower() for w in WORDS.findall(GUID.sub(" ", step))]
        for word in reversed(words):
            if word in KNOWN or OBJECTS.get(word):
                return str(word)
    return ""
