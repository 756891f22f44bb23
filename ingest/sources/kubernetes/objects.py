"""Objects of a cluster, from manifests and from the lists that kubectl writes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.exports import Budget, ExportFile, export_files
from ingest.files import decode, parse_json
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.source import InputRefused, Request
from ingest.yaml_files import parse_yaml

WORKLOADS = {
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
}
BINDINGS = ("RoleBinding", "ClusterRoleBinding")
ROLES = ("Role", "ClusterRole")
READ = {"ServiceAccount", "Secret", "Namespace", "Pod", *WORKLOADS, *BINDINGS, *ROLES}
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "Namespace"}
JSON_SUFFIXES, YAML_SUFFIXES = (".json", ".json.gz"), (".yaml", ".yml", ".yaml.gz", ".yml.gz")


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the cluster. `namespace` is "" for one of the whole cluster."""

    kind: str
    namespace: str
    name: str
    body: dict[str, Any]
    place: Place

    @property
    def metadata(self) -> dict[str, Any]:
        """Its metadata."""
        found = self.body.get("metadata")
        return found if isinstance(found, dict) else {}

    def part(self, *steps: str) -> Any:
        """Return a part of it by its keys; None where there is none."""
        here: Any = self.body
        for step in steps:
            here = here.get(step) if isinstance(here, dict) else None
        return here


@dataclass
class Objects:
    """All objects. `listed` are the kinds that the export speaks of, if only to say none."""

    things: dict[tuple[str, str, str], Thing] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    files: list[ExportFile] = field(default_factory=list)
    _passed: Counter[str] = field(default_factory=Counter)

    def of(self, *kinds: str) -> list[Thing]:
        """Return the objects of these kinds."""
        return [thing for thing in self.things.values() if thing.kind in kinds]


def gather(request: Request, rows: Rows) -> Objects:
    """Read everything at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is an object of a cluster.
    """
    objects, budget = Objects(), Budget()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(JSON_SUFFIXES + YAML_SUFFIXES):
            continue
        before = len(objects.listed), len(objects.things), sum(objects._passed.values())
        for value, place in _documents(decode(budget.read(file.path), file.path), file):
            _take(objects, value, place, "", rows)
        if (len(objects.listed), len(objects.things), sum(objects._passed.values())) != before:
            objects.files.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no object of a cluster")
        else:
            rows.warn(f"{file.path}: holds no object of a cluster; passed over")
    if not objects.files:
        raise InputRefused(request.paths[0], "", "nothing in it is an object of a cluster")
    if objects._passed:
        named = ", ".join(f"{kind} ({count})" for kind, count in sorted(objects._passed.items()))
        rows.warn(f"objects that say nothing of access were passed over: {named}")
    return objects


def _documents(said: str, file: ExportFile) -> Iterator[tuple[Any, Place]]:
    json = file.path.name.endswith(JSON_SUFFIXES) or said.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
    if json and not file.path.name.endswith(YAML_SUFFIXES):
        yield parse_json(said, file.path), file.place
        return
    for document in parse_yaml(said, file.path):
        yield document.value, Place(str(file.path), f"line {document.line}")


def _take(objects: Objects, value: Any, place: Place, kind: str, rows: Rows) -> None:
    """Take in an object, or all objects of a list; a typed list may leave their kind to itself."""
    kind = (text(value.get("kind")) or kind) if isinstance(value, dict) else ""
    items = value.get("items") if isinstance(value, dict) else value
    if isinstance(items, list) and (kind.endswith("List") or isinstance(value, list)):
        inner = kind.removesuffix("List")
        if inner in READ:
            objects.listed.add(inner)
        elif inner:
            objects._passed[redact_text(inner)[:64]] += len(items)
            return
        if isinstance(value, dict) and _continued(value):
            rows.whole = False
            rows.warn(f"{place.file}: the list goes on in a page that is not there")
        for number, item in enumerate(items):
            at = place.at("items", number) if isinstance(value, dict) else place.at(number)
            _take(objects, item, at, inner, rows)
        return
    if isinstance(value, dict) and kind and ("apiVersion" in value or "metadata" in value):
        _add(objects, kind, value, place, rows)


def _continued(value: dict[str, Any]) -> bool:
    metadata = value.get("metadata")
    return isinstance(metadata, dict) and bool(text(metadata.get("continue")))


def _add(objects: Objects, kind: str, body: dict[str, Any], place: Place, rows: Rows) -> None:
    if kind not in READ:
        objects._passed[redact_text(kind)[:64]] += 1
        return
    objects.listed.add(kind)
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = redact_text(text(metadata.get("name")))
    if not name:
        rows.reject(place, f"a {kind} must have a name")
        return
    namespace = redact_text(text(metadata.get("namespace"))) or "default"
    thing = Thing(kind, "" if kind in CLUSTER_WIDE else namespace, name, body, place)
    key = (kind, thing.namespace, name)
    if key in objects.things:
        if objects.things[key].body != body:
            rows.warn(
                f"{place.file}: a {kind} is described twice and differently: the first counts"
            )
        return
    objects.things[key] = thing
