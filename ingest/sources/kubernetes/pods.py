"""What pods and workloads run with: their account, tokens that they are given, and their end."""

from collections.abc import Iterator
from typing import Any

from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.kubernetes.objects import Thing

TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret, not a secret
TOKEN_OF = "kubernetes.io/service-account.name"  # noqa: S105
KEY = "token"  # of such a Secret; others hold what is no secret
CLUSTER = "kubernetes"  # the default audience of a token
AUTOMOUNT = "automountServiceAccountToken"
NO = ("no", "off", "n")  # false in YAML 1.1, and texts in YAML 1.2
OVER = ("Succeeded", "Failed")  # phases of pods that have ended
ENDS = ("Complete", "Failed")  # conditions of jobs that have ended
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def pod_spec(thing: Thing) -> dict[str, Any]:
    """Return the specification of the pods of an object."""
    steps = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}
    spec = thing.part(*steps.get(thing.kind, ("spec", "template", "spec")))
    return spec if isinstance(spec, dict) else {}


def ended(thing: Thing) -> bool:
    """Return whether a pod has ended, or a job, which starts no other.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions
    """
    if thing.kind == "Job":
        conditions = _objects(thing.part("status", "conditions"))
        return any(c.get("type") in ENDS and text(c.get("status")) == "True" for c in conditions)
    return thing.kind == "Pod" and text(thing.part("status", "phase")) in OVER


def token_of(secret: Thing) -> str:
    """Return the account whose token a Secret is; "" if it is none."""
    if text(secret.body.get("type")) != TOKEN:
        return ""
    return redact_text(text(secret.part("metadata", "annotations", TOKEN_OF)))


def has_token(spec: dict[str, Any], account: Thing | None) -> bool:
    """Return whether a pod is given a token of its account, which is in the export or not."""
    mounted = _flag(spec.get(AUTOMOUNT))
    if mounted is None and account is not None:
        mounted = _flag(account.body.get(AUTOMOUNT))
    return mounted is not False or _projects_token(spec)


def secrets_of(spec: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the Secrets that a pod is given, in volumes and in variables.

    https://kubernetes.io/docs/concepts/configuration/secret/#using-a-secret
    """
    for volume in _objects(spec.get("volumes")):
        yield _name(volume, "secret", "secretName")
        for source in _sources(volume):
            yield _name(source, "secret", "name")
    for container in (c for part in CONTAINERS for c in _objects(spec.get(part))):
        for variable in _objects(container.get("env")):
            value = variable.get("valueFrom")
            source = value if isinstance(value, dict) else {}
            if _name(source, "secretKeyRef", "key") == KEY:
                yield _name(source, "secretKeyRef", "name")
        for source in _objects(container.get("envFrom")):
            yield _name(source, "secretRef", "name")


def _projects_token(spec: dict[str, Any]) -> bool:
    """Return whether a volume gives a pod a token of its account for the cluster itself."""
    for source in (s for volume in _objects(spec.get("volumes")) for s in _sources(volume)):
        token = source.get("serviceAccountToken")
        if isinstance(token, dict) and "kubernetes" in (text(token.get("audience")) or CLUSTER):
            return True
    return False


def _sources(volume: dict[str, Any]) -> Iterator[dict[str, Any]]:
    projected = volume.get("projected")
    yield from _objects(projected.get("sources") if isinstance(projected, dict) else None)


def _name(body: dict[str, Any], part: str, key: str) -> str:
    value = body.get(part)
    return text(value.get(key)) if isinstance(value, dict) else ""


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    yield from (v for v in (value if isinstance(value, list) else ()) if isinstance(v, dict))


def _flag(value: Any) -> bool | None:
    """Return a flag; None if it is missing. Kubernetes reads manifests as YAML 1.1."""
    return None if value is None else value is not False and text(value).lower() not in NO
