"""Objects of a cluster, from manifests and from the lists that kubectl writes."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.values import WrongValue, instant
from ingest.files.export import (
    Budget,
    Documents,
    ExportFile,
    documents_of,
    export_files,
    json_documents,
    refuse_all,
    yaml_documents,
)
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Request

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
CORE = {"ServiceAccount", "Secret", "Namespace", "Pod", "ReplicationController"}
CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "Namespace"}
GROUP_OF = dict.fromkeys(CORE, "") | {
    **dict.fromkeys(("Job", "CronJob"), "batch"),
    **dict.fromkeys(("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"), "apps"),
    **dict.fromkeys((*BINDINGS, *ROLES), "rbac.authorization.k8s.io"),
}
OLD_GROUP_OF = {"apps": "extensions", "rbac.authorization.k8s.io": "authorization.openshift.io"}
ALWAYS = ("kube-system", "default", "kube-public")  # namespaces of every cluster
POD_IDENTITY = "PodIdentityAssociation"  # of the controllers for AWS, and of its command line
LINES = (".jsonl", ".ndjson")
JSON_SUFFIXES = (".json", ".json.gz", *LINES, *(f"{suffix}.gz" for suffix in LINES))
YAML_SUFFIXES = (".yaml", ".yml", ".yaml.gz", ".yml.gz")


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
        return _metadata(self.body)

    def part(self, *steps: str) -> Any:
        """Return a part of it by its keys; None if it is missing."""
        here: Any = self.body
        for step in steps:
            here = here.get(step) if isinstance(here, dict) else None
        return here


@dataclass
class Objects:
    """All objects. `listed` are the kinds that the export lists, even with no objects."""

    things: dict[tuple[str, str, str], Thing] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    files: list[ExportFile] = field(default_factory=list)
    identities: list[tuple[dict[str, Any], Place]] = field(default_factory=list)
    entries: list[tuple[dict[str, Any], Place]] = field(default_factory=list)
    auth_maps: list[tuple[dict[str, Any], Place]] = field(default_factory=list)
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
        documents = documents_of(file, budget, rows, _documents)
        if documents is None:
            continue
        values = [(value, place) for value, place in documents if value is not None]
        if _take_all(objects, values, "", rows):
            objects.files.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no object of a cluster")
        else:
            rows.warn(f"{file.path}: holds no object of a cluster; passed over")
    if not objects.files:
        refuse_all(request, rows, "nothing in it is an object of a cluster")
    if not (objects.listed or objects.identities or objects.entries or objects.auth_maps):
        # an empty reading would end what was read of the cluster before
        refuse_all(request, rows, "nothing in it concerns access to a cluster")
    if objects._passed:
        named = ", ".join(f"{kind} ({count})" for kind, count in sorted(objects._passed.items()))
        rows.warn(f"objects that do not concern access were passed over: {named}")
    return objects


def _documents(content: str, path: Path) -> Documents:
    json = path.name.endswith(JSON_SUFFIXES) or content.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
    parse = json_documents if json and not path.name.endswith(YAML_SUFFIXES) else yaml_documents
    return parse(content, path)


def _take_all(
    objects: Objects, values: Documents, kind: str, rows: Rows, *, listed: bool = False
) -> bool:
    """Add the objects among values; return whether there are any.

    What stands beside them, or in a list of the cluster, and is none is rejected.
    """
    others = [(value, at) for value, at in values if not _take(objects, value, at, kind, rows)]
    known = len(others) < len(values)
    for value, place in others if known or listed else ():
        named = text(value.get("kind")) if isinstance(value, dict) else ""
        if named != "Status" and not named.endswith("List"):  # of these all is told already
            rows.all_read = False  # nobody knows which object it is
            rows.reject(place, "must be an object with its kind and metadata")
    return known


def _take(objects: Objects, value: Any, place: Place, kind: str, rows: Rows) -> bool:
    """Add an object, or all objects of a list; return whether it is of a cluster.

    Objects of a typed list may have no kind of their own.
    """
    kind = (text(value.get("kind")) or kind) if isinstance(value, dict) else ""
    items = value.get("items") if isinstance(value, dict) else value
    if items is None and kind.endswith("List") and "items" in value:
        items = []  # how the server may write that there are none
    if not isinstance(items, list) and _is_list_of_ours(kind, value):
        rows.all_read = False
        rows.reject(place.at("items"), "must be a list")
        return True
    if isinstance(items, list) and (kind.endswith("List") or isinstance(value, list)):
        inner = kind.removesuffix("List")
        if inner in READ and not _foreign(inner, value):
            objects.listed.add(inner)
        elif inner and inner != "ConfigMap":
            objects._passed[redact_text(inner)[:64]] += len(items)
            return True
        if isinstance(value, dict) and _continued(value):
            rows.all_read = False
            rows.warn(f"{place.file}: the list continues in a page that is missing")
        steps = ["items"] if isinstance(value, dict) else []
        values = [(item, place.at(*steps, number)) for number, item in enumerate(items)]
        known = _take_all(objects, values, inner, rows, listed=isinstance(value, dict))
        return known or bool(inner)
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("association"), dict) or isinstance(value.get("associations"), list):
        return _associations(objects, value, place)
    if isinstance(value.get("accessEntry"), dict):
        objects.entries.append((value["accessEntry"], place.at("accessEntry")))
        return True
    if "associatedAccessPolicies" in value:
        objects.entries.append((value, place))
        return True
    if kind == "Status" and "status" in value:
        rows.all_read = False
        rows.warn(
            f"{place.file}: the cluster answered with an error: the requested objects are missing"
        )
        return False
    if kind and ("apiVersion" in value or "metadata" in value):
        _add(objects, kind, value, place, rows)
        return True
    return False


def _associations(objects: Objects, value: dict[str, Any], place: Place) -> bool:
    """Add associations of accounts with roles of AWS, as `aws eks` writes them."""
    single, many = value.get("association"), value.get("associations")
    associations = [(single, place.at("association"))] if isinstance(single, dict) else []
    for number, association in enumerate(many if isinstance(many, list) else ()):
        associations += (
            [(association, place.at("associations", number))]
            if isinstance(association, dict)
            else []
        )
    objects.identities += associations
    return True


def _foreign(kind: str, body: Any) -> bool:
    """Return whether an object is of another API with an equal kind, such as a cloud's Role."""
    version = text(body.get("apiVersion")) if isinstance(body, dict) else ""
    group = version.rpartition("/")[0]
    return group not in ("", GROUP_OF[kind], OLD_GROUP_OF.get(GROUP_OF[kind]))


def _metadata(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _is_list_of_ours(kind: str, value: Any) -> bool:
    """Return whether something says that it is a list that may hold what is read."""
    inner = kind.removesuffix("List")
    ours = not inner or (inner in READ and not _foreign(inner, value))
    return ours and kind.endswith("List")


def _continued(value: dict[str, Any]) -> bool:
    return bool(text(_metadata(value).get("continue")))


def _add(objects: Objects, kind: str, body: dict[str, Any], place: Place, rows: Rows) -> None:
    if kind == POD_IDENTITY and isinstance(body.get("spec"), dict):
        objects.identities.append((body["spec"], place.at("spec")))
        return
    if kind == "ConfigMap" and text(_metadata(body).get("name")) == "aws-auth":
        objects.auth_maps.append((body, place))
        return
    if kind not in READ or _foreign(kind, body):
        objects._passed[redact_text(kind)[:64]] += 1
        return
    objects.listed.add(kind)
    body = _named_role(body)
    metadata = _metadata(body)
    name = redact_text(text(metadata.get("name")))
    if not name:
        rows.all_read = False  # nobody knows which one it is, or how much more broke off with it
        rows.reject(place, f"a {kind} must have a name")
        return
    if not isinstance(metadata.get("namespace"), str | None):  # to the default one it is not
        rows.all_read = False
        rows.reject(place.at("metadata", "namespace"), "must be a text")
        return
    _check_created(metadata, place, rows)
    namespace = redact_text(text(metadata.get("namespace"))) or "default"
    thing = Thing(kind, "" if kind in CLUSTER_WIDE else namespace, name, body, place)
    key = (kind, thing.namespace, name)
    if key in objects.things:
        if objects.things[key].body != body:
            _refuse_second(objects.things[key], thing)
            rows.warn(
                f"{place.file}: a {kind} is described twice and differently: the first counts"
            )
        return
    objects.things[key] = thing


def _check_created(metadata: dict[str, Any], place: Place, rows: Rows) -> None:
    """Reject a date of creation that is none; the object counts without it."""
    stamp = metadata.get("creationTimestamp")
    try:
        if stamp:
            instant(stamp)
    except WrongValue as error:
        rows.reject(place.at("metadata", "creationTimestamp"), str(error))


def _named_role(body: dict[str, Any]) -> dict[str, Any]:
    """Add the kind of role to a binding of OpenShift, which only implies it by the namespace."""
    role = body.get("roleRef")
    if not isinstance(role, dict) or role.get("kind") or not _openshift(body):
        return body
    return body | {"roleRef": role | {"kind": "Role" if role.get("namespace") else "ClusterRole"}}


def _openshift(body: dict[str, Any]) -> bool:
    return text(body.get("apiVersion")).startswith("authorization.openshift.io/")


def _refuse_second(first: Thing, second: Thing) -> None:
    """Refuse two ids of a namespace that every cluster has: they are of two clusters."""
    ids = {text(thing.metadata.get("uid")) for thing in (first, second)} - {""}
    if first.kind == "Namespace" and first.name in ALWAYS and len(ids) > 1:
        reason = "is of a second cluster: read the folder of each cluster by itself"
        raise InputRefused(second.place.file, second.place.pointer, reason)
