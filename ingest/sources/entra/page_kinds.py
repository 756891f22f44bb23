"""What a page of Microsoft Graph lists, and of which sort an object is.

A page says by its `@odata.context` what it lists, or by the name of its file, which follows the
address it was fetched from: `servicePrincipals/<id>/owners.json`. Where neither does, properties
that only one sort of object has tell.
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

OBJECTS = {  # collections of objects, and the type of those that do not say theirs
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
PARTS = {  # what belongs to one object, by the name of the relationship
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
SCHEDULES = {  # eligible or not, and whether it knows its end
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
SEEN = {"serviceprincipalsigninactivities", "appcredentialsigninactivities"}
KNOWN = {*PARTS, *SCHEDULES, *OF_GROUPS, *SEEN}
BY_LOWER = {sort.lower(): sort for sort in SORTS} | {"directoryrole": "directoryRole"}
WORDS = re.compile(r"[A-Za-z0-9]+")
SHAPES = (  # the first property that an object has tells what lists such objects
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
    """What a page lists (in lower case), the object it belongs to, and a type it is cast to."""

    what: str
    parent: str
    cast: str = ""


def listing_of(document: dict[str, Any], file: ExportFile, label: str = "") -> Listing:
    """Return what a page or object says it is, or its file's name, or `label` in its place."""
    fragment = redact_text(text(document.get("@odata.context"))).partition("#")[2]
    owner = GUID.search(fragment)
    plain = re.sub(r"\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)", "", fragment)
    steps = [s.lower() for s in plain.split("/") if s not in ("", "$entity", "value", "$delta")]
    names = [s for s in steps if not s.startswith("microsoft.graph.")]
    cast = BY_LOWER.get(steps[-1].rpartition(".")[2], "") if steps != names and steps else ""
    last = names[-1] if names else ""
    unit = "administrativeunits" in (*names, *Path(file.short.lower()).parts)
    if unit and "member" in f"{last}{_named(file, label)}":
        return Listing("members of administrative units", "")  # who is managed, not who is in it
    if "rolemanagement" in names and "directory" not in names:
        last = f"{last} of {(names[names.index('rolemanagement') + 1 :] or ['others'])[0]}"
    if last and last != "directoryobjects":
        parent = owner.group().lower() if owner else _parent(file, label)
        return Listing(last, parent, cast)
    return Listing(_named(file, label) or last, _parent(file, label), cast)


def shape_of(said: Any) -> str:
    """Return what lists such objects, by their properties; "" where these do not tell."""
    if not isinstance(said, dict) or text(said.get("@odata.type")):
        return ""
    if {"issuer", "subject", "audiences"} <= said.keys():
        return "federatedidentitycredentials"
    found = next((what for name, what in SHAPES if name in said), "")
    if found or "roleDefinitionId" not in said or "principalId" not in said:
        return found
    if "scheduleInfo" in said:
        return "roleassignmentschedules" if "assignmentType" in said else "roleeligibilityschedules"
    return "roleassignments"


def sort_of(said: dict[str, Any], otherwise: str) -> str:
    """Return the type of an object: what it says itself, or what its properties tell.

    One of a type that nobody knows here is what its collection holds.
    """
    stated = text(said.get("@odata.type")).rpartition(".")[2].lower()
    sort = BY_LOWER.get(stated, otherwise)
    if sort == "servicePrincipal" and guid(said.get("agentIdentityBlueprintId")):
        return "agentIdentity"
    if sort == "servicePrincipal" and guid(said.get("agentAppId")):
        return "agentIdentity"
    if sort == "user" and guid(said.get("identityParentId")):
        return "agentUser"
    return sort


def foreign_type(said: dict[str, Any]) -> str:
    """Return the type that an object states and that is not known here, fit to be shown."""
    stated = redact_text(text(said.get("@odata.type"))).rpartition(".")[2]
    known = not stated or stated.lower() in BY_LOWER
    return "" if known or not stated.isidentifier() else stated[:64]


def _steps(file: ExportFile, label: str) -> Iterator[str]:
    """Yield the last steps of an address, the last first."""
    yield label
    yield file.path.name.partition(".json")[0]
    yield file.path.parent.name


def _parent(file: ExportFile, label: str) -> str:
    found = (GUID.search(step) for step in _steps(file, label))
    return next((match.group().lower() for match in found if match), "")


def _named(file: ExportFile, label: str) -> str:
    for step in _steps(file, label):
        words = [w.lower() for w in WORDS.findall(GUID.sub(" ", step))]
        for word in reversed(words):
            if word in KNOWN or OBJECTS.get(word):
                return str(word)
    return ""
