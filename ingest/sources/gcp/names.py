"""Names of resources of Google Cloud, and the ids that they have here.

Forms: https://cloud.google.com/asset-inventory/docs/asset-names and
https://cloud.google.com/iam/docs/full-resource-names
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PROVIDER = "gcp"
HIERARCHY = ("project", "folder", "organization")
MANAGER, IAM, STORAGE = "cloudresourcemanager", "iam", "storage"
FULL = re.compile(r"//(?P<service>[a-z0-9-]+)\.googleapis\.com/(?P<path>[^\s*?#]{1,1000})")
PROJECT = re.compile(r"(?:[a-z][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
NUMBER = re.compile(r"[0-9]{1,25}")
ACCOUNT = re.compile(r"[a-z0-9.:-]{1,100}@[a-z0-9.:-]{1,100}\.gserviceaccount\.com", re.IGNORECASE)
OF_PROJECT = re.compile(r"projects/([^/]+)")
SINGULAR = (("ies", "y"), ("sses", "ss"), ("s", ""))
SERVICES = {  # whose permissions have another first word than their address
    MANAGER: "resourcemanager",
    "sqladmin": "cloudsql",
    "firestore": "datastore",
    "bigtableadmin": "bigtable",
}
KINDS_OF_FOLDERS = {  # of an export with a folder for each resource
    "buckets": (STORAGE, "{name}"),
    "secrets": ("secretmanager", "projects/{project}/secrets/{name}"),
    "service-accounts": (IAM, "projects/{project}/serviceAccounts/{name}"),
    "datasets": ("bigquery", "projects/{project}/datasets/{name}"),
    "topics": ("pubsub", "projects/{project}/topics/{name}"),
    "subscriptions": ("pubsub", "projects/{project}/subscriptions/{name}"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """A resource by its service and its path within it, as `storage` and the name of a bucket."""

    service: str
    path: str

    @property
    def kind(self) -> str:
        """What sort of resource it is: the singular of its collection, such as bucket."""
        steps = self.path.split("/")
        if self.service == STORAGE and len(steps) == 1:
            return "bucket"
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", steps[-2]).lower() if len(steps) > 1 else ""
        for ending, single in SINGULAR:
            if name.endswith(ending):
                return name.removesuffix(ending) + single
        return name or self.service

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.path.rpartition("/")[2]

    @property
    def title(self) -> str:
        """The name as people write it: that of a bucket begins with `gs://`."""
        return f"gs://{self.name}" if self.kind == "bucket" else self.name

    @property
    def project(self) -> str:
        """The id or number of the project in its name; "" if its name has none."""
        match = OF_PROJECT.match(self.path)
        return match[1] if match and match[1] != "_" else ""

    @property
    def permissions(self) -> str:
        """The first word of the permissions on it."""
        return SERVICES.get(self.service, self.service)

    @property
    def in_hierarchy(self) -> bool:
        """Whether it is a project, folder or organization."""
        return self.service == MANAGER and self.kind in HIERARCHY

    @property
    def account(self) -> str:
        """The address, or the unique number, of the service account that it is; else ""."""
        is_one = self.service == IAM and self.kind == "service_account"
        return self.name.lower() if is_one else ""

    def with_project(self, ids: Mapping[str, str]) -> "Named":
        """Return the resource with the id of its project for its number, where `ids` has it."""
        known = ids.get(self.project)
        if known is None:
            return self
        return Named(self.service, OF_PROJECT.sub(f"projects/{known}", self.path, count=1))

    def id(self) -> str:
        """Return the id of its node.

        >>> named("//storage.googleapis.com/projects/_/buckets/b").id()
        'gcp:storage.googleapis.com/b'
        >>> named("//cloudresourcemanager.googleapis.com/projects/acme-prod").id()
        'gcp:projects/acme-prod'
        """
        if self.in_hierarchy:
            return f"gcp:{self.path}"
        if ACCOUNT.fullmatch(self.account):
            return f"gcp:{self.account}"
        return f"gcp:{self.service}.googleapis.com/{self.path}"


def named(full: str) -> Named | None:
    """Return the resource of a full name, or of the name of a project, folder or organization.

    >>> named("folders/12"), named("nothing")
    (Named(service='cloudresourcemanager', path='folders/12'), None)
    """
    if re.fullmatch(r"(?:projects|folders|organizations)/[^/\s*?#]{1,100}", full):
        return Named(MANAGER, full)
    match = FULL.fullmatch(full)
    if match is None:
        return None
    path = match["path"].rstrip("/")
    if match["service"] == STORAGE:
        path = path.removeprefix("projects/_/").removeprefix("buckets/")
    return Named(match["service"], path)


def named_by_path(short: str) -> Named | None:
    """Return the resource whose policy a file holds, by the folders that it lies in.

    >>> named_by_path("audit/projects/acme-prod/buckets/b/iam.json")
    Named(service='storage', path='b')
    >>> named_by_path("acme-prod.json")
    Named(service='cloudresourcemanager', path='projects/acme-prod')
    """
    steps = re.sub(r"\.(?:json|ya?ml)(?:\.gz)?(?:#\d+)?$", "", short).split("/")
    if steps[-1] in GENERIC:
        steps.pop()
    if len(steps) >= 3 and steps[-2] in KINDS_OF_FOLDERS and PROJECT.fullmatch(steps[-3]):
        service, form = KINDS_OF_FOLDERS[steps[-2]]
        return Named(service, form.format(project=steps[-3], name=steps[-1]))
    if (
        len(steps) >= 2
        and steps[-2] in ("folders", "organizations")
        and NUMBER.fullmatch(steps[-1])
    ):
        return Named(MANAGER, "/".join(steps[-2:]))
    if steps and steps[-1].startswith("org_") and len(steps[-1]) > len("org_"):
        return Named(MANAGER, f"organizations/{steps[-1].removeprefix('org_')}")
    if steps and steps[-1] not in GENERIC and PROJECT.fullmatch(steps[-1]):
        return Named(MANAGER, f"projects/{steps[-1]}")
    return None


GENERIC = ("iam", "policy", "iam-policy", "iam_policy", "get-iam-policy", "bindings", "description")


def project_of_folders(short: str) -> str:
    """Return the project in whose folder a file lies; "" if none is named so."""
    steps = short.split("/")[:-1]
    for at in range(len(steps) - 1, 0, -1):
        if steps[at] in KINDS_OF_FOLDERS and PROJECT.fullmatch(steps[at - 1]):
            return steps[at - 1]
    return ""
