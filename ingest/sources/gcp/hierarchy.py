"""Projects, folders and organizations: what lies in what, and which of it is certain."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graph.schema import RESOURCE
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.sources.gcp.documents import Documents, Policy
from ingest.sources.gcp.members import number_of
from ingest.sources.gcp.names import MANAGER, NUMBER, PROVIDER, Named

NUMBER_OF_PROJECT = "gcp_project_number"


@dataclass
class Hierarchy:
    """The paths of all projects, folders and organizations, and what each lies in.

    `assumed` has projects whose place no document states: they are assumed to lie in the only
    organization of the export.
    """

    rows: Rows
    numbers: dict[str, str]
    parents: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    organizations: dict[str, str] = field(default_factory=dict)  # numbers by the names of folders
    paths: dict[str, Place] = field(default_factory=dict)

    def path(self, path: str) -> str:
        """Return a path with the id of a project for its number, and the number of a folder."""
        kind, _, name = path.partition("/")
        if kind == "projects":
            return f"projects/{self.numbers.get(name, name)}"
        known = self.organizations.get(name) if kind == "organizations" else None
        return f"organizations/{known}" if known else path

    def resolved(self, resource: Named) -> Named:
        """Return a resource by the id of its project."""
        if resource.in_hierarchy:
            return Named(MANAGER, self.path(resource.path))
        return resource.with_project(self.numbers)

    def above(self, path: str) -> Iterator[tuple[str, bool]]:
        """Yield what a project or folder lies in, and whether that is certain."""
        seen, certain = {path}, True
        while True:
            if path in self.parents:
                path = self.parents[path]
            elif path in self.assumed:
                path, certain = self.assumed[path], False
            else:
                return
            if path in seen:
                return
            seen.add(path)
            yield path, certain


def hierarchy_of(documents: Documents, rows: Rows) -> Hierarchy:
    """Return the hierarchy that documents state, and add its nodes."""
    numbers = dict(documents.numbers)
    for policy in documents.policies:
        _infer_number(policy, numbers)
    made = Hierarchy(rows, numbers)
    own_roles = _organizations_of_roles(documents)
    for policy in documents.policies:
        name = policy.resource.name
        if policy.resource.kind == "organization" and not NUMBER.fullmatch(name):
            known = own_roles[policy.resource.path]
            if len(known) == 1:
                made.organizations[name] = next(iter(known))
    for child, parent in documents.parents.items():
        made.parents.setdefault(made.path(child), made.path(parent))
    _add_nodes(made, documents)
    for path, stated in own_roles.items():
        if path.startswith("projects/") and len(stated) == 1:
            inside = f"organizations/{next(iter(stated))}"
            made.parents.setdefault(made.path(path), inside)
            _add(made, inside, made.paths[made.path(path)])
    _assume(made)
    return made


def _infer_number(policy: Policy, numbers: dict[str, str]) -> None:
    """Note the number of a project from the account of Google APIs that every project has."""
    project = policy.resource.project
    if policy.resource.kind != "project" or NUMBER.fullmatch(project):
        return
    own = {
        number
        for binding in _bindings(policy)
        for member in _list(binding.get("members"))
        if (number := number_of(text(member).removeprefix("serviceAccount:")))
    }
    if len(own) == 1:
        numbers.setdefault(own.pop(), project)


def _organizations_of_roles(documents: Documents) -> defaultdict[str, set[str]]:
    """Return for each policy the organizations whose own roles it binds: it lies in them."""
    stated: defaultdict[str, set[str]] = defaultdict(set)
    for policy in documents.policies:
        if policy.resource.in_hierarchy:
            for binding in _bindings(policy):
                kind, _, rest = text(binding.get("role")).partition("/")
                if kind == "organizations":
                    stated[policy.resource.path].add(rest.partition("/")[0])
    return stated


def _bindings(policy: Policy) -> list[dict[str, Any]]:
    return [b for b in _list(policy.body.get("bindings")) if isinstance(b, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _add_nodes(made: Hierarchy, documents: Documents) -> None:
    for level in documents.levels:
        resource, body = made.resolved(level.resource), level.body
        state = text(body.get("lifecycleState")) or text(body.get("state"))
        if state in ("DELETE_REQUESTED", "DELETE_IN_PROGRESS"):
            continue
        title = text(body.get("displayName")) or (
            "" if resource.kind == "project" else text(body.get("name"))
        )
        _add(made, resource.path, level.place, title)
    for name, number in made.organizations.items():
        _add(made, f"organizations/{number}", documents.policies[0].place, name)
    for policy in documents.policies:
        for path in filter(None, (policy.project, policy.resource.path)):
            if path == policy.project or policy.resource.in_hierarchy:
                _add(made, made.path(path), policy.place)
    for thing in (*documents.things, *documents.accounts):
        if thing.project:
            _add(made, made.path(thing.project), thing.place)
    for child, parent in list(made.parents.items()):
        if child in made.paths:
            _add_chain(made, child, parent)


def _add_chain(made: Hierarchy, child: str, parent: str) -> None:
    place, seen = made.paths[child], {child}
    while parent and parent not in seen:
        _add(made, parent, place)
        seen.add(parent)
        parent = made.parents.get(parent, "")


def _add(made: Hierarchy, path: str, place: Place, title: str = "") -> None:
    """Add a node of the hierarchy; a later title completes one that was only named."""
    if path in made.paths:
        return
    made.paths[path] = place
    resource = Named(MANAGER, path)
    made.rows.node(
        RESOURCE,
        resource.id(),
        place,
        name=redact_text(title) or resource.name,
        type=resource.kind,
        provider=PROVIDER,
        control_plane=True,
    )
    if resource.kind == "project":
        for number, project in made.numbers.items():
            if project == resource.name:
                made.rows.alias(resource.id(), NUMBER_OF_PROJECT, number)


def _assume(made: Hierarchy) -> None:
    """Let projects whose place is not stated lie in the only organization; say where each lies."""
    tops = [path for path in made.paths if path.startswith("organizations/")]
    lost = [p for p in made.paths if p not in made.parents and p not in tops]
    if len(tops) == 1 and lost:
        made.assumed = dict.fromkeys(lost, tops[0])
        made.rows.warn(
            f"{len(lost)} projects or folders do not say where they lie: they are assumed to lie in"
            f" {tops[0]}"
        )
    for path in made.paths:
        above = made.parents.get(path)
        if above in made.paths:
            parent = Named(MANAGER, above).id()
            made.rows.complete(Named(MANAGER, path).id(), parent_id=parent)
