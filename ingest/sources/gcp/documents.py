"""Documents of Google Cloud, known by their keys: policies, accounts, keys, roles and assets.

They are collected first, since a name with the number of a project is understood only when all
projects are known.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ingest.files.export import ExportFile
from ingest.rows import Place, Rows, listed, text
from ingest.sources.gcp.names import (
    HIERARCHY,
    MANAGER,
    NUMBER,
    Named,
    named,
    named_by_path,
    project_of_folders,
)
from ingest.sources.gcp.roles import ROLE

LISTS = ("results", "assets", "accounts", "keys", "roles", "projects", "folders", "organizations")
OF_POLICY = {"bindings", "etag", "version", "auditConfigs", "kind", "resourceId"}
KEY = re.compile(r"projects/[^/\s]{1,100}/serviceAccounts/([^/\s]{1,200})/keys/([0-9a-f]{8,64})")
ASSETS = {  # types of Asset Inventory with a document of their own
    "iam.googleapis.com/ServiceAccount": "account",
    "iam.googleapis.com/ServiceAccountKey": "key",
    "iam.googleapis.com/Role": "role",
    "cloudresourcemanager.googleapis.com/Project": "project",
    "cloudresourcemanager.googleapis.com/Folder": "folder",
    "cloudresourcemanager.googleapis.com/Organization": "organization",
}
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """The bindings of a resource. `sure` is False if only the name of its file says of which."""

    resource: Named
    body: Body
    place: Place
    sure: bool = True
    project: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource that is described, with the path of its project where that is known."""

    resource: Named
    body: Body
    place: Place
    project: str = ""


@dataclass
class Documents:
    """All documents of an export, and what they say of the hierarchy.

    `numbers` maps the number of a project to its id, and `parents` what lies in the hierarchy to
    what it lies in, both by path such as `folders/12`.
    """

    rows: Rows
    policies: list[Policy] = field(default_factory=list)
    accounts: list[Thing] = field(default_factory=list)
    keys: list[Thing] = field(default_factory=list)
    roles: list[Thing] = field(default_factory=list)
    levels: list[Thing] = field(default_factory=list)  # projects, folders and organizations
    things: list[Thing] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    lists: bool = False  # of all service accounts

    def take(self, document: Any, file: ExportFile, place: Place) -> bool:
        """Add a document; return whether any part of it is known."""
        if isinstance(document, list):
            self._lineage(document)
            self.lists |= any(isinstance(part, dict) and _is_account(part) for part in document)
            taken = [self.take(part, file, place.at(n)) for n, part in enumerate(document)]
            return any(taken)
        if not isinstance(document, dict):
            return False
        for known, add in self._kinds():
            if known(document):
                add(document, file, place)
                return True
        for name in LISTS:
            if isinstance(document.get(name), list):
                return self.take(document[name], file, place.at(name)) or not document[name]
        return False

    def _kinds(self) -> Iterator[tuple[Callable[[Body], bool], Callable[..., None]]]:
        yield _is_asset, self._asset
        yield _is_found_policy, self._found_policy
        yield _is_ancestor, self._ancestor
        yield _is_policy, self._policy_of_file
        yield _is_account, self._described("accounts")
        yield _is_key, self._described("keys")
        yield _is_role, self._described("roles")
        yield _is_level, self._level

    def _asset(self, body: Body, _: ExportFile, place: Place) -> None:
        resource = named(text(body.get("name")))
        if resource is None:
            self.rows.all_read = False
            self.rows.reject(place.at("name"), "must be the full name of a resource")
            return
        self.lists = True
        chain = _chain(body)
        project = self._hang(resource, chain)
        policy = either(body, "iamPolicy")
        if isinstance(policy, dict):
            at = place.at("iam_policy" if "iam_policy" in body else "iamPolicy")
            self.policies.append(Policy(resource, policy, at, project=project))
        stated = body.get("resource")
        data = stated.get("data") if isinstance(stated, dict) else None
        if not isinstance(data, dict):
            data = {k: body[k] for k in ("labels", "displayName") if k in body}
        kind = ASSETS.get(text(either(body, "assetType")))
        at = place.at("resource", "data") if "resource" in body else place
        if kind in HIERARCHY:
            self._level({"name": resource.path, **data}, None, at)
            return
        sort = {"account": self.accounts, "key": self.keys, "role": self.roles}.get(kind or "")
        thing = Thing(resource, data, at, project)
        (self.things if sort is None else sort).append(thing)

    def _found_policy(self, body: Body, _: ExportFile, place: Place) -> None:
        resource = named(text(body.get("resource")))
        if resource is None:
            self.rows.all_read = False
            self.rows.reject(place.at("resource"), "must be the full name of a resource")
            return
        project = self._hang(resource, _chain(body))
        self.policies.append(Policy(resource, body["policy"], place.at("policy"), project=project))

    def _ancestor(self, body: Body, _: ExportFile, place: Place) -> None:
        resource = Named(MANAGER, f"{text(body.get('type'))}s/{text(body.get('id'))}")
        self.policies.append(Policy(resource, body["policy"], place.at("policy")))

    def _policy_of_file(self, body: Body, file: ExportFile, place: Place) -> None:
        resource = named_by_path(file.path.as_posix() if file.alone else file.short)
        if resource is None:
            self.rows.all_read = False
            self.rows.reject(
                place, "does not say which resource it is the policy of: see the source's page"
            )
            return
        project = project_of_folders(file.path.as_posix() if file.alone else file.short)
        sure = "projects/" in file.short or not resource.project
        path = f"projects/{project}" if project else ""
        self.policies.append(Policy(resource, body, place, sure, path))

    def _described(self, sort: str) -> Callable[..., None]:
        def add(body: Body, _: ExportFile, place: Place) -> None:
            name = text(body.get("name"))
            resource = named(f"//iam.googleapis.com/{name}") or Named("iam", name)
            getattr(self, sort).append(Thing(resource, body, place))

        return add

    def _level(self, body: Body, _: ExportFile | None, place: Place) -> None:
        """Add a project, folder or organization, with its parent and its number."""
        id_, number = text(body.get("projectId")), str(body.get("projectNumber") or "")
        name = text(body.get("name"))
        number = number or (name.removeprefix("projects/") if name.startswith("projects/") else "")
        path = f"projects/{id_}" if id_ else name
        resource = named(path)
        if resource is None or not resource.in_hierarchy:
            self.rows.all_read = False
            self.rows.reject(place, "must name a project, folder or organization")
            return
        if id_ and NUMBER.fullmatch(number):
            self.numbers[number] = id_
        parent = body.get("parent")
        if isinstance(parent, dict):
            parent = f"{text(parent.get('type'))}s/{text(parent.get('id'))}"
        above = named(text(parent).rpartition(".googleapis.com/")[2])
        if above is not None and above.in_hierarchy:
            self.parents.setdefault(resource.path, above.path)
        self.levels.append(Thing(resource, body, place))

    def _hang(self, resource: Named, chain: list[str]) -> str:
        """Note the places of a resource's ancestors; return the path of its project."""
        for child, parent in pairwise(chain):
            self.parents.setdefault(child, parent)
        project = chain[0] if chain and chain[0].startswith("projects/") else ""
        number = project.removeprefix("projects/")
        inner = resource.in_hierarchy and resource.kind != "project"
        if inner and chain and resource.path != chain[0]:
            self.parents.setdefault(resource.path, chain[0])
        own = resource.project
        if own and not NUMBER.fullmatch(own) and NUMBER.fullmatch(number):
            self.numbers.setdefault(number, own)
        return project or (f"projects/{own}" if own and not resource.in_hierarchy else "")

    def _lineage(self, parts: list[Any]) -> None:
        """Note the places of the ancestors that `get-ancestors-iam-policy` lists, lowest first."""
        if all(isinstance(part, dict) and _is_ancestor(part) for part in parts):
            chain = [f"{text(part['type'])}s/{text(part['id'])}" for part in parts]
            for child, parent in pairwise(chain):
                self.parents.setdefault(child, parent)


def either(body: Mapping[str, Any], name: str) -> Any:
    """Return a value by its name as the REST API writes it, or as exports to storage do."""
    return body.get(name, body.get(re.sub(r"(?=[A-Z])", "_", name).lower()))


def _chain(body: Body) -> list[str]:
    """Return the ancestors of a resource, lowest first."""
    stated = either(body, "ancestors")
    if stated is None:
        stated = [body.get("project"), *listed(body.get("folders")), body.get("organization")]
    paths = [named(text(path)) for path in listed(stated)]
    return [path.path for path in paths if path is not None and path.in_hierarchy]


def _is_asset(body: Body) -> bool:
    return bool(text(either(body, "assetType"))) and "name" in body


def _is_found_policy(body: Body) -> bool:
    return isinstance(body.get("resource"), str) and isinstance(body.get("policy"), dict)


def _is_ancestor(body: Body) -> bool:
    kind, id_ = text(body.get("type")), text(body.get("id"))
    return kind in HIERARCHY and bool(id_) and isinstance(body.get("policy"), dict)


def _is_policy(body: Body) -> bool:
    if isinstance(body.get("bindings"), list):
        return True
    return "etag" in body and body.keys() <= OF_POLICY  # one that binds nobody


def _is_account(body: Body) -> bool:
    return bool(text(body.get("email"))) and ("uniqueId" in body or "oauth2ClientId" in body)


def _is_key(body: Body) -> bool:
    return KEY.fullmatch(text(body.get("name"))) is not None


def _is_role(body: Body) -> bool:
    return ROLE.fullmatch(text(body.get("name"))) is not None and bool(
        body.keys() & {"includedPermissions", "title", "stage"}
    )


def _is_level(body: Body) -> bool:
    name = text(body.get("name"))
    return bool(text(body.get("projectId"))) or (
        re.fullmatch(r"(?:folders|organizations)/\d{1,25}", name) is not None
    )
