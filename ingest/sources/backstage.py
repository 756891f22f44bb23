"""Backstage's software catalog: the owners of components, systems and interfaces.

The entities are described in https://backstage.io/docs/features/software-catalog/descriptor-format.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from graph.schema import AGENT, CALLS, HUMAN, IDENTITIES, MEMBER_OF, OWNS, RESOURCE, TEAM, TOOL
from graph.values import canonical
from ingest.files.bounded import parse_json_texts
from ingest.files.export import (
    Budget,
    ExportFile,
    export_files,
    readable,
    refuse_all,
    scope_of,
    taken_at,
    text_among_others,
)
from ingest.files.yaml import parse_yaml
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source
from ingest.tags.owner_roles import BUSINESS

MARK = "backstage.io/"
PLACEHOLDER = re.compile(r"\{\{|\{%")  # in a template of other files
MAIL = re.compile(r"[^@\s/:]+@[^@\s/:][^@\s/:.]*\.[^@\s/:]+")
BESIDE = {"node_modules", "vendor"}
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
THINGS = ("Component", "API", "Resource", "System", "Domain")
KINDS = (*THINGS, "Group", "User")
PEOPLE = {"group": TEAM, "user": HUMAN}
AGENTS = {"agent": "ai_agent", "aiagent": "ai_agent", "llmagent": "ai_agent", "bot": "bot"}
SERVERS = {"mcp", "mcpserver"}
DIRECTORY = {  # annotations that name an entity in other systems
    "graph.microsoft.com/user-id": "entra_object",
    "graph.microsoft.com/group-id": "entra_object",
    "github.com/user-login": "github",
}
SLUG = "github.com/project-slug"  # the repository of an entity; several may share one
PARENTS = (  # the fields for the parent of an entity, the nearest first, and its kind
    ("subcomponentOf", "component"),
    ("system", "system"),
    ("domain", "domain"),
    ("subdomainOf", "domain"),
)
ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[^\s*?]+")


def read(request: Request) -> Reading:
    """Read the catalog files at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If the one file that was named is broken, or if nothing is an entity of a catalog.
    """
    catalog = _Catalog(scope_of(request).replace("/", ":"))
    rows, budget = catalog.rows, Budget()
    used: list[ExportFile] = []
    for file in export_files(request.paths, beside=BESIDE):
        if not file.alone and file.path.suffix not in (".yaml", ".yml", ".json"):
            continue
        content = text_among_others(file, budget, rows, named=_is_named(file))
        entities = (
            None if content is None else readable(rows, partial(_entities, content, file, catalog))
        )
        if entities is None:
            continue
        if entities:
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no entity of a catalog")
        for entity, place in entities:
            catalog.gather(entity, place)
    if not used:
        refuse_all(request, rows, "nothing in it is an entity of a catalog")
    if not (catalog.entities or rows.rejected):
        # an empty reading would end what was read before
        refuse_all(request, rows, "nothing in it is an entity that has an owner or is one")
    catalog.write()
    catalog.check_pages()
    reading = rows.reading(scope_of(request), taken_at(request, used, rows), SOURCE.declares)
    reading.owner_roles = dict.fromkeys(IDENTITIES, (BUSINESS,))
    return reading


def _is_named(file: ExportFile) -> bool:
    """Return whether a file has the name of a catalog; other files may hold anything."""
    return "catalog" in file.path.name


def _entities(
    content: str, file: ExportFile, catalog: "_Catalog"
) -> list[tuple[dict[str, Any], Place]]:
    """Return the entities of a text; a template has none yet."""
    if MARK not in content and not _is_named(file):
        return []
    try:
        return list(_documents(content, file, catalog))
    except InputRefused as error:
        if file.alone or MARK not in content or not _is_template(content, error):
            raise
        catalog.other["unfilled template"] += 1
        return []


def _is_template(content: str, error: InputRefused) -> bool:
    """Return whether a text cannot be parsed because of a placeholder of a template."""
    number = error.place.removeprefix("line ")
    lines = content.splitlines()
    line = int(number) if number.isdigit() else 0
    return any(PLACEHOLDER.search(preceding) for preceding in lines[max(line - 2, 0) : line])


def _documents(
    content: str, file: ExportFile, catalog: "_Catalog"
) -> Iterator[tuple[dict[str, Any], Place]]:
    """Yield the entities of a file: its documents, its list, or the pages of the catalog's API.

    Entities of extensions count too; a company may define its own.
    """
    for value, place in _values(content, file.path):
        items = value.get("items", value) if isinstance(value, dict) else value
        many = isinstance(items, list)
        if many and isinstance(value, dict):
            catalog.page(value, len(items))
        for number, entity in enumerate(items if many else [items]):
            version = text(entity.get("apiVersion")) if isinstance(entity, dict) else ""
            if MARK in version or (version and file.path.suffix == ".json"):
                yield entity, place.at(number) if many else place


def _values(content: str, path: Path) -> Iterator[tuple[Any, Place]]:
    if path.suffix == ".json":
        for value, at in parse_json_texts(content, path):
            yield value, Place(str(path), at)
        return
    for document in parse_yaml(content, path):
        yield document.value, Place(str(path), f"line {document.line}")


@dataclass(frozen=True, slots=True)
class _Entity:
    """An entity by kind, namespace and name, whose letter case the catalog ignores."""

    kind: str
    namespace: str
    name: str
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    place: Place

    def spec_text(self, key: str) -> str:
        """Return a text of the spec; "" where there is none."""
        return redact_text(text(self.spec.get(key)))

    @property
    def sort(self) -> str:
        """The type in lower case, without separators of words."""
        return re.sub(r"[^a-z]", "", self.spec_text("type").lower())

    def ids(self) -> list[str]:
        """Return the ids by which other systems know it."""
        external_ids = [
            f"{k}:{redact_text(v)}" for key, k in DIRECTORY.items() if (v := self.note(key))
        ]
        return sorted({*external_ids, *(f"arn:{arn}" for arn in self.arns())})

    @property
    def slug(self) -> str:
        """The repository on GitHub that an annotation names, as an id; "" where none is."""
        slug = self.note(SLUG)
        return f"github:{redact_text(slug)}" if slug else ""

    @property
    def repository(self) -> str:
        """The id of the repository that it is built from, as other sources write it."""
        owner, slash, name = self.slug.removeprefix("github:").partition("/")
        return f"github:{owner}/repository/{name}" if slash and owner and name else ""

    def note(self, key: str) -> str:
        """Return the text of an annotation; "" where there is none."""
        notes = self.metadata.get("annotations")
        return text(notes.get(key)) if isinstance(notes, dict) else ""

    def arns(self) -> list[str]:
        """Return the ARNs that annotations name."""
        notes = self.metadata.get("annotations")
        texts = [text(v) for v in notes.values()] if isinstance(notes, dict) else []
        return sorted({v for v in texts if ARN.fullmatch(v) and redact_text(v) == v})


@dataclass
class _Catalog:
    """Gathers the entities, then writes rows, as entities may refer to later ones."""

    scope: str
    rows: Rows = field(default_factory=Rows)
    entities: dict[str, _Entity] = field(default_factory=dict)
    slugs: Counter[str] = field(default_factory=Counter)
    parents: dict[str, str] = field(default_factory=dict)  # of groups that others list
    other: Counter[str] = field(default_factory=Counter)
    unresolved: int = 0
    sizes: Counter[int] = field(default_factory=Counter)  # entities of pages, by their total
    going_on: list[bool] = field(default_factory=list)

    def page(self, answer: Mapping[str, Any], size: int) -> None:
        """Record a page of the catalog's API: whether it names a next one, and its total."""
        info, total = answer.get("pageInfo"), answer.get("totalItems")
        if isinstance(info, dict):
            self.going_on.append(bool(text(info.get("nextCursor"))))
        if type(total) is int:
            self.sizes[total] += size

    def check_pages(self) -> None:
        """Warn of pages that are missing, which makes the reading partial."""
        ended = not self.going_on or not all(self.going_on)
        if not ended or any(size < total for total, size in self.sizes.items()):
            self.rows.all_read = False
            self.rows.warn("the entities of the catalog continue in pages that are missing")

    def gather(self, document: Mapping[str, Any], place: Place) -> None:
        """Add one entity."""
        metadata, spec, kind = (
            document.get("metadata"),
            document.get("spec"),
            text(document.get("kind")),
        )
        if not isinstance(metadata, dict):
            self.rows.reject(place, "an entity must have metadata")
            return
        name = redact_text(text(metadata.get("name")))
        namespace = redact_text(text(metadata.get("namespace"))) or "default"
        if PLACEHOLDER.search(name) or PLACEHOLDER.search(namespace):
            self.other["unfilled template"] += 1
            return
        if not NAME.fullmatch(name) or not NAME.fullmatch(namespace):
            self.rows.reject(place, "an entity must have a name of letters, digits and - _ .")
            return
        if not kind:
            kinds = (k.lower() for k in KINDS)
            ids = [self._id(k, namespace.lower(), name.lower()) for k in kinds]
            self.rows.reject(place, "an entity must have a kind", ids)
            return
        if kind not in KINDS:
            self.other[kind if NAME.fullmatch(redact_text(kind)) else "?"] += 1
            return
        spec = spec if isinstance(spec, dict) else {}
        entity = _Entity(kind.lower(), namespace.lower(), name.lower(), metadata, spec, place)
        id_ = self._id(entity.kind, entity.namespace, entity.name)
        if id_ in self.entities:
            self.rows.warn(f"{place.file}: an entity that was read already; passed over")
            return
        self.entities[id_] = entity
        self.slugs[entity.slug.lower()] += 1
        for child in listed(spec.get("children")) if kind == "Group" else ():
            self.parents.setdefault(self._ref(child, "group", entity), id_)

    def _id(self, kind: str, namespace: str, name: str) -> str:
        return f"backstage:{self.scope}/{kind}/{namespace}/{name}"

    def _ref(self, reference: Any, kind: str, entity: _Entity) -> str:
        """Return the id that a reference, `[kind:][namespace/]name`, names; "" if it is invalid."""
        start, _, rest = redact_text(text(reference)).lower().rpartition(":")
        namespace, _, name = rest.rpartition("/")
        parts = (start or kind, namespace or entity.namespace, name)
        if not all(NAME.fullmatch(part) for part in parts):
            return ""
        return self._id(*parts)

    # -- rows ------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the rows of all entities."""
        for id_, entity in self.entities.items():
            if entity.kind in PEOPLE:
                self._people(id_, entity)
            else:
                self._thing(id_, entity)
            if id_ in self.rows.labels:
                self.rows.alias(id_, "backstage_uid", entity.metadata.get("uid"))
        for id_, entity in self.entities.items():
            if entity.kind in PEOPLE:
                self._members(id_, entity)
            else:
                self._owner(id_, entity)
                self._calls(id_, entity)
        if self.other:
            kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.other.items()))
            self.rows.warn(f"entities of other kinds were passed over: {kinds}")
        if self.unresolved:
            count = self.unresolved
            self.rows.warn(f"{count} groups and users are named, but not among the entities")

    def _named(self, entity: _Entity) -> dict[str, Any]:
        title = redact_text(text(entity.metadata.get("title")))
        ids = entity.ids()
        if entity.slug and self.slugs[entity.slug.lower()] == 1:
            ids = sorted({*ids, entity.slug})
        return {"name": title or entity.name, "external_ids": canonical(ids) if ids else None}

    def _people(self, id_: str, entity: _Entity) -> None:
        profile = entity.spec.get("profile")
        profile = profile if isinstance(profile, dict) else {}
        facts = self._named(entity)
        facts["name"] = redact_text(text(profile.get("displayName"))) or facts["name"]
        facts["email"] = redact_text(text(profile.get("email"))).lower() or None
        if entity.kind == "group":
            above = self._ref(entity.spec.get("parent"), "group", entity)
            facts["parent_id"] = above or self.parents.get(id_)
        self.rows.node(PEOPLE[entity.kind], id_, entity.place, **facts)

    def _thing(self, id_: str, entity: _Entity) -> None:
        facts = self._named(entity)
        if entity.kind == "component" and entity.sort in AGENTS:
            tags = (
                [f"lifecycle:{entity.spec_text('lifecycle')}"]
                if entity.spec_text("lifecycle")
                else []
            )
            marks = [redact_text(t) for t in listed(entity.metadata.get("tags")) if text(t)]
            self.rows.node(
                AGENT,
                id_,
                entity.place,
                kind=AGENTS[entity.sort],
                tags=canonical(sorted({*tags, *marks})),
                charter_id=entity.repository or None,
                **facts,
            )
        elif entity.kind == "api" or (entity.kind == "component" and entity.sort in SERVERS):
            kind = "mcp_server" if entity.sort in SERVERS else "api"
            self.rows.node(TOOL, id_, entity.place, kind=kind, **facts)
        else:
            sort = entity.spec_text("type") or entity.kind
            facts["parent_id"] = self._parent(entity)
            self.rows.node(RESOURCE, id_, entity.place, type=sort, **facts)

    def _parent(self, entity: _Entity) -> str | None:
        """Return the parent of an entity: another component, its system or its domain."""
        parents = (self._ref(entity.spec.get(key), kind, entity) for key, kind in PARENTS)
        return next((parent for parent in parents if parent), None)

    def _owner(self, id_: str, entity: _Entity) -> None:
        """Declare the owner of an entity, and of the ARNs that its annotations name."""
        reference = entity.spec.get("owner")
        if not text(reference):
            return
        owner = self._by_mail(reference, entity) or self._someone(reference, "group", entity)
        if not owner:
            reason = "the owner is not the name of a group or a user"
            self.rows.reject(entity.place, reason, (id_, *entity.arns()))
            return
        for thing in (id_, *entity.arns()):
            self.rows.link(OWNS, owner, thing, entity.place, role=BUSINESS, evidence="declared")

    def _by_mail(self, value: Any, entity: _Entity) -> str:
        """Return the id of a person named by an e-mail instead of a reference; "" if it is none."""
        mail = redact_text(text(value)).lower().removeprefix("user:")
        if not MAIL.fullmatch(mail):
            return ""
        id_ = self._id("user", entity.namespace, mail)
        self.unresolved += self.rows.node(HUMAN, id_, entity.place, name=mail, email=mail)
        return id_

    def _someone(self, reference: Any, kind: str, entity: _Entity) -> str:
        """Return the id of a group or a user, which need not be among the entities."""
        id_ = self._ref(reference, kind, entity)
        kind = id_.split("/")[1] if id_ else ""
        if kind not in PEOPLE:
            return ""
        if self.rows.node(PEOPLE[kind], id_, entity.place, name=id_.rpartition("/")[2]):
            self.unresolved += 1
        return id_

    def _members(self, id_: str, entity: _Entity) -> None:
        key, kind = ("members", "user") if entity.kind == "group" else ("memberOf", "group")
        for reference in listed(entity.spec.get(key)):
            other = self._someone(reference, kind, entity)
            if not other:
                self.rows.reject(entity.place, f"{key} holds an entry that names no {kind}", (id_,))
                continue
            member, group = (other, id_) if kind == "user" else (id_, other)
            self.rows.link(MEMBER_OF, member, group, entity.place)

    def _calls(self, id_: str, entity: _Entity) -> None:
        """Declare the interfaces that an agent consumes."""
        if self.rows.labels.get(id_) is not AGENT:
            return
        for reference in listed(entity.spec.get("consumesApis")):
            api = self._ref(reference, "api", entity)
            if api.startswith(f"backstage:{self.scope}/api/"):
                self.rows.link(CALLS, id_, api, entity.place)  # it waits for one not stated yet
            else:
                reason = "consumesApis holds an entry that names no interface"
                self.rows.reject(entity.place, reason, (id_,))


SOURCE = Source(
    name="backstage",
    title="Backstage catalog",
    reads="catalog-info.yaml files, or the entities of the catalog's API (JSON), or folders",
    declares=("owners", "inventory"),
    read=read,
)
