"""Members of bindings: whom a policy of Google Cloud names, as nodes.

Forms: https://cloud.google.com/iam/docs/principal-identifiers
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.element import Node
from graph.schema import AGENT, ANYONE, GROUP, HUMAN, RESOURCE, SERVICE_ACCOUNT
from graph.values import canonical
from ingest.secrets.redaction import redact_text
from ingest.sources.gcp.names import ACCOUNT, PROJECT, PROVIDER, Named

EVERYBODY = "*"
SIGNED_IN = "signed in with any Google account"
KINDS: Mapping[str, Node] = {"user": HUMAN, "group": GROUP, "serviceAccount": SERVICE_ACCOUNT}
BASIC = {"projectOwner": "owner", "projectEditor": "editor", "projectViewer": "viewer"}
NAME = re.compile(r"[^\s]{1,500}")
MAIL = re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}")
POOL = re.compile(r"(?P<project>[^\s/\[\]]{1,100})\.svc\.id\.goog")
OF_POOL = re.compile(
    rf"{POOL.pattern}\[(?P<namespace>[^\s/\[\]]{{1,100}})/(?P<account>[^\s/\[\]]{{1,100}})\]"
)
SUBJECT = re.compile(r"ns/(?P<namespace>[^/]{1,100})/sa/(?P<account>[^/]{1,100})")
FEDERATED = re.compile(
    r"(?P<set>principal|principalSet)://iam\.googleapis\.com/(?P<place>[^\s]{1,200}?)"
    r"/(?P<kind>workloadIdentityPools|workforcePools)/(?P<pool>[^/\s]{1,200})/(?P<rest>[^\s]{1,500})"
)
RUNTIME = re.compile(
    r"principal://agents\.global\.(?:org|project)-[^/\s]{1,100}\.system\.id\.goog/resources"
    r"/(?P<service>[a-z]{1,40})/(?P<path>projects/[^\s]{1,300})"
)
GOOGLE = re.compile(
    r"service-\d+@[a-z0-9.-]+\.iam\.gserviceaccount\.com|\d+@cloudservices\.gserviceaccount\.com"
    r"|\d+@cloudbuild\.gserviceaccount\.com"
)
AGENTS_OF_GOOGLE = "service agent: Google uses it on behalf of a project"


@dataclass(frozen=True)
class Member:
    """A member as a node: its label, id and facts.

    `condition` limits who it is. `within` names sets that it is a member of by its own name.
    """

    label: Node
    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    condition: str | None = None
    within: tuple[str, ...] = ()


def member_of(text: str, projects: Mapping[str, str]) -> Member | None:
    """Return whom a policy names; None if that is no form of a member.

    `projects` has ids of projects by number.

    >>> member_of("user:Ann@acme.example", {}).id, member_of("ann", {})
    ('gcp:ann@acme.example', None)
    """
    if not NAME.fullmatch(text):
        return None
    if text in ("allUsers", "allAuthenticatedUsers"):
        facts = {"name": "anyone", "type": ANYONE}
        return Member(RESOURCE, EVERYBODY, facts, SIGNED_IN if text != "allUsers" else None)
    if "://" in text:
        return _federated(text.removeprefix("deleted:"), projects, deleted=text[:8] == "deleted:")
    kind, _, name = text.partition(":")
    if kind == "deleted":
        return _deleted(name)
    if kind in BASIC:
        return convenience(projects.get(name, name), BASIC[kind]) if name else None
    if kind == "domain":
        return _named(GROUP, f"domain:{name.lower()}", name) if name else None
    if kind not in KINDS or not name:
        return None
    pool = OF_POOL.fullmatch(name)
    if pool and kind == "serviceAccount":
        return workload(pool["project"], pool["namespace"], pool["account"])
    return _addressed(KINDS[kind], name) if MAIL.fullmatch(name) else None


def convenience(project: str, role: str) -> Member:
    """Return the set of those who have a basic role on a project."""
    return _named(GROUP, f"projects/{project}/{role}s", f"{role}s of {project}")


def workload(project: str, namespace: str, account: str) -> Member:
    """Return a service account of Kubernetes, in the pool of the clusters of a project."""
    name = f"{project}.svc.id.goog[{namespace}/{account}]"
    pool = f"gcp:{project}.svc.id.goog"
    facts = {"name": name, "provider": PROVIDER}
    sets = (f"{pool}/*", f"{pool}/namespace/{namespace}")
    return Member(SERVICE_ACCOUNT, f"gcp:{name}", facts, within=sets)


def account(mail: str) -> Member:
    """Return a service account by its address."""
    return _addressed(SERVICE_ACCOUNT, mail)


def _addressed(label: Node, mail: str) -> Member:
    address = redact_text(mail.lower())
    if ACCOUNT.fullmatch(address):
        label = SERVICE_ACCOUNT  # whatever the policy calls it
    facts: dict[str, Any] = {"name": address, "provider": PROVIDER}
    if label is not GROUP:
        facts["email"] = address
    if label is SERVICE_ACCOUNT:
        facts["external_ids"] = canonical([f"gcp:{address}"])
    if GOOGLE.fullmatch(address):
        facts |= {"third_party": True, "purpose": AGENTS_OF_GOOGLE}
    domain = address.partition("@")[2]
    return Member(label, f"gcp:{address}", facts, within=(f"gcp:domain:{domain}",))


def _named(label: Node, rest: str, name: str) -> Member:
    return Member(
        label, f"gcp:{redact_text(rest)}", {"name": redact_text(name), "provider": PROVIDER}
    )


def _deleted(rest: str) -> Member | None:
    """Return a member that was deleted: it is nobody who has its address since."""
    kind, _, name = rest.partition(":")
    mail = name.partition("?")[0]
    if kind not in KINDS or not MAIL.fullmatch(mail):
        return None
    label = KINDS[kind]
    facts: dict[str, Any] = {"name": redact_text(f"{mail} (deleted)"), "provider": PROVIDER}
    if label is not GROUP:
        facts |= {"status": "deleted", "email": redact_text(mail.lower())}
    return Member(label, f"gcp:deleted:{redact_text(name)}", facts)


def _federated(text: str, projects: Mapping[str, str], *, deleted: bool) -> Member | None:
    """Return an identity, or a set of them, of a pool outside of the accounts of Google."""
    runtime = RUNTIME.fullmatch(text)
    if runtime:
        return _runtime(runtime, projects, deleted=deleted)
    match = FEDERATED.fullmatch(text)
    if match is None:
        known = re.fullmatch(r"principalSet://[^\s]{1,500}", text)
        return _named(GROUP, text, text.partition("://")[2]) if known else None
    pool, rest = match["pool"], match["rest"]
    cluster = POOL.fullmatch(pool)
    if match["set"] == "principalSet":
        name = f"{pool}/{rest}" if cluster else text
        return _named(GROUP, name, f"{pool}/{rest}")
    subject = rest.removeprefix("subject/")
    of_cluster = SUBJECT.fullmatch(subject) if cluster else None
    if cluster and of_cluster:
        return workload(cluster["project"], of_cluster["namespace"], of_cluster["account"])
    label = HUMAN if match["kind"] == "workforcePools" else SERVICE_ACCOUNT
    made = _named(label, text, f"{pool}: {subject}")
    facts = {**made.facts, "status": "deleted"} if deleted else made.facts
    every = f"gcp:principalSet://iam.googleapis.com/{match['place']}/{match['kind']}/{pool}/*"
    return Member(label, made.id, facts, within=(every,))


def _runtime(match: re.Match[str], projects: Mapping[str, str], *, deleted: bool) -> Member:
    """Return an agent that acts under an identity of its own."""
    thing = Named(match["service"], match["path"]).with_project(projects)
    facts = {"name": thing.name, "kind": "ai_agent", "provider": PROVIDER, "platform": "vertex-ai"}
    if deleted:
        facts["status"] = "deleted"
    return Member(AGENT, thing.id(), facts)


def number_of(address: str) -> str:
    """Return the number of the project that an account of Google APIs belongs to; else "".

    >>> number_of("123@cloudservices.gserviceaccount.com")
    '123'
    """
    match = re.fullmatch(r"(\d{1,25})@cloudservices\.gserviceaccount\.com", address)
    return match[1] if match else ""


def project_of(address: str, projects: Mapping[str, str]) -> str:
    """Return the project that a service account lies in, as far as its address says so; else "".

    >>> project_of("bot@acme-prod.iam.gserviceaccount.com", {})
    'acme-prod'
    """
    name, _, domain = address.partition("@")
    if domain == "developer.gserviceaccount.com":
        return projects.get(name.removesuffix("-compute"), "")
    if domain == "appspot.gserviceaccount.com":
        return name
    project = domain.removesuffix(".iam.gserviceaccount.com")
    if project == domain or GOOGLE.fullmatch(address):
        return ""
    own, dot, scope = project.partition(".")
    project = f"{scope}:{own}" if dot else project
    return project if PROJECT.fullmatch(project) else ""
