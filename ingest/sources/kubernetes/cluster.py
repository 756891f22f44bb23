"""The things of a cluster as rows: namespaces, accounts, roles, compute, tokens and subjects."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    LEVELS,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    STORED_IN,
)
from graph.values import WrongValue, canonical, instant
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.sources.kubernetes.objects import WORKLOADS, Objects, Thing
from ingest.sources.kubernetes.pods import ended, has_token, pod_spec, secrets_of, token_of
from ingest.sources.kubernetes.rules import EVERYWHERE, namespaced
from ingest.tags.tag_map import Tagged, Tagger

PROVIDER = "kubernetes"
ACCOUNTS = "system:serviceaccounts"
EVERYBODY = "system:authenticated"
MASTERS = "system:masters"
TOKEN_SUFFIX = "#token"  # noqa: S105 - of the id of a Secret
AWS_ROLE = "eks.amazonaws.com/role-arn"
GOOGLE = "iam.gke.io/gcp-service-account"
AZURE = "azure.workload.identity/client-id"
ANONYMOUS, NOBODY = "system:anonymous", "system:unauthenticated"
NODE, NODES = "system:node:", "system:nodes"
ISSUER = "if the role trusts the cluster's issuer for this account"


GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Cluster:
    """A writer of the things of one cluster as rows, each once."""

    def __init__(self, rows: Rows, objects: Objects, name: str, tagger: Tagger) -> None:
        self.rows, self.objects, self.name, self.tagger = rows, objects, name, tagger
        self.collections: dict[str, dict[str, str]] = {}  # by sort and namespace
        self.spaces = {thing.name: thing for thing in objects.of("Namespace")}
        self.let_in: dict[str, None] = {}  # identities of a cloud account that may sign in

    def id(self, namespace: str, kind: str, name: str) -> str:
        """Return the id of a thing of this cluster."""
        return f"k8s:{self.name}/{namespace or EVERYWHERE}/{kind.lower()}/{name}"

    def namespace(self, name: str, place: Place) -> str:
        """Add a namespace, which contains the things in it."""
        id_ = self.id("", "namespace", name)
        if id_ in self.rows.labels:
            return id_
        thing = self.spaces.get(name)
        tagged = self.tagger.read(RESOURCE, tags_of(thing))
        self.rows.node(
            RESOURCE,
            id_,
            place,
            name=name,
            type="namespace",
            provider=PROVIDER,
            parent_id=self.cluster(place),
            created_at=created(thing),
            **tagged.facts,
        )
        self.native(id_, thing)
        self._owners(id_, tagged, place)
        return id_

    def native(self, id_: str, thing: Thing | None) -> None:
        """Add the id that an object has in the cluster itself, as in its audit log."""
        if thing is not None:
            self.rows.alias(id_, "kubernetes_uid", thing.metadata.get("uid"))

    def _owners(self, thing: str, tagged: Tagged, place: Place, **facts: Any) -> None:
        """Add the owners that labels and annotations name."""
        for owner in tagged.owners:
            if owner.label is not None:
                self.rows.node(owner.label, owner.id, place, **owner.facts)
            role_facts = {"role": owner.role, "evidence": owner.evidence, **facts}
            self.rows.link(OWNS, owner.id, thing, place, **role_facts)

    def namespaces(self) -> list[str]:
        """Return the ids of the namespaces known so far."""
        start = self.id("", "namespace", "")
        return [id_ for id_ in self.rows.labels if id_.startswith(start)]

    def cluster(self, place: Place) -> str:
        """Add the cluster itself, whose administrators control everything in it."""
        id_ = self.id("", "cluster", self.name)
        self.rows.node(
            RESOURCE,
            id_,
            place,
            name=self.name,
            type="cluster",
            provider=PROVIDER,
            control_plane=True,
        )
        return id_

    def account(self, namespace: str, name: str, place: Place, thing: Thing | None = None) -> str:
        """Add a service account, even if other objects only name it."""
        id_ = self.id(namespace, "serviceaccount", name)
        made = created(thing) if thing else None
        facts = {"name": name, "provider": PROVIDER, "created_at": made}
        own = self.tagger.read(SERVICE_ACCOUNT, tags_of(thing))
        around = self.tagger.read(SERVICE_ACCOUNT, tags_of(self.spaces.get(namespace)))
        facts |= {**around.facts, **own.facts}
        if self.rows.node(SERVICE_ACCOUNT, id_, place, **facts):
            if own.owners:
                self._owners(id_, own, place)
            else:  # the owner of a namespace owns the accounts in it
                self._owners(id_, around, place, inherited=True)
            if thing is not None:
                self.native(id_, thing)
                self._cloud_role(id_, thing)
        self.namespace(namespace, place)
        return id_

    def _cloud_role(self, account: str, thing: Thing) -> None:
        """Write the identities of a cloud that an account acts as, from its annotations."""
        annotations = thing.part("metadata", "annotations")
        annotations = annotations if isinstance(annotations, dict) else {}
        arn, google = text(annotations.get(AWS_ROLE)), text(annotations.get(GOOGLE))
        application = text(annotations.get(AZURE)).lower()
        if arn.startswith("arn:"):
            self._takes(account, redact_text(arn), thing.place, ISSUER)
        if "@" in google:
            mail = redact_text(google)
            self._acts_as(account, f"gcp:{mail}", f"gcp:{mail}", thing.place)
        if GUID.fullmatch(application):
            known = f"entra_app:{application}"
            self._acts_as(account, f"entra:app/{application}", known, thing.place)

    def _takes(self, account: str, arn: str, place: Place, condition: str | None) -> None:
        self.rows.node(ROLE, arn, place, name=arn.rsplit("/", 1)[-1], provider="aws")
        self.rows.link(ASSUMES, account, arn, place, condition=condition)

    def _acts_as(self, account: str, id_: str, known: str, place: Place) -> None:
        """Let an account act as an identity that another export describes."""
        self.rows.node(SERVICE_ACCOUNT, id_, place, external_ids=canonical([known]))
        condition = ISSUER.replace("the role", "the identity")
        self.rows.link(ASSUMES, account, id_, place, condition=condition)

    def associations(self) -> None:
        """Let accounts assume the roles of AWS that associations give to their pods."""
        without = 0
        for association, place in self.objects.identities:
            arn = text(association.get("roleArn")) or text(association.get("roleARN"))
            namespace, name = (
                text(association.get("namespace")),
                text(association.get("serviceAccount")),
            )
            without += not arn
            if arn.startswith("arn:") and namespace and name:
                account = self.account(redact_text(namespace), redact_text(name), place)
                self._takes(account, redact_text(arn), place, "if the role trusts EKS Pod Identity")
            elif arn:
                self.rows.reject(place, "an association must name namespace, account and role")
        if without:
            self.rows.warn(f"{without} associations of pod identities name no role")

    def compute(self) -> None:
        """Add pods and workloads, with the account that each runs as, unless it has no token."""
        over = 0
        for thing in self.objects.of("Pod", *WORKLOADS):
            spec = pod_spec(thing)
            id_ = self.id(thing.namespace, thing.kind, thing.name)
            self.collection(thing.namespace, f"{thing.kind.lower()}s", thing.place)
            self.rows.node(
                RESOURCE,
                id_,
                thing.place,
                name=thing.name,
                type=thing.kind.lower(),
                provider=PROVIDER,
                parent_id=self.namespace(thing.namespace, thing.place),
                created_at=created(thing),
            )
            self.native(id_, thing)
            self._runs(id_, thing, spec)
            over += ended(thing)
        if over:
            self.rows.warn(f"{over} pods and jobs have ended: nothing runs in them")

    def _runs(self, id_: str, thing: Thing, spec: dict[str, Any]) -> None:
        """Add the accounts that a pod acts as: its own, and those whose tokens it is given."""
        named = text(spec.get("serviceAccountName")) or text(spec.get("serviceAccount"))
        account = redact_text(named) or "default"
        described = self.objects.things.get(("ServiceAccount", thing.namespace, account))
        acts_as = {self.account(thing.namespace, account, thing.place): None}
        if not has_token(spec, described):
            acts_as.clear()
        for name in secrets_of(spec):
            secret = self.objects.things.get(("Secret", thing.namespace, redact_text(name)))
            if secret is not None and (holder := token_of(secret)):
                acts_as[self.account(thing.namespace, holder, thing.place)] = None
        for target in () if ended(thing) else acts_as:
            self.rows.link(RUNS_AS, id_, target, thing.place)

    def tokens(self) -> None:
        """Add the tokens that are kept as Secrets; of a Secret only its name and type are read."""
        for secret in self.objects.of("Secret"):
            store = self.collection(secret.namespace, "secrets", secret.place)
            account = token_of(secret)
            if not account:
                continue
            token = self.id(secret.namespace, "secret", secret.name) + TOKEN_SUFFIX
            self.rows.node(
                CREDENTIAL,
                token,
                secret.place,
                name=secret.name,
                type="sa_key",
                strength="weak",  # it never expires, and is bound to no pod and no audience
                storage="unknown",
                created_at=created(secret),
            )
            self.native(token, secret)
            target = self.account(secret.namespace, account, secret.place)
            self.rows.link(AUTHENTICATES_AS, token, target, secret.place)
            self.rows.link(STORED_IN, token, store, secret.place)

    def collection(self, namespace: str, plural: str, place: Place) -> str:
        """Add all things of one sort in a namespace, or in the cluster, as one resource."""
        known = self.collections.setdefault(plural, {})
        if namespace not in known:
            known[namespace] = id_ = self.id(namespace, plural, "*")
            everywhere = namespace == EVERYWHERE
            self.rows.node(
                RESOURCE,
                id_,
                place,
                name=f"{plural} of {_where(namespace, plural)}",
                type=plural,
                provider=PROVIDER,
                parent_id=self.cluster(place) if everywhere else self.namespace(namespace, place),
            )
        return known[namespace]

    def list_of(self, thing: Thing, part: str) -> list[Any]:
        """Return a part of an object that is a list, or missing; anything else is rejected."""
        value = thing.body.get(part)
        if value is not None and not isinstance(value, list):
            self.rows.reject(thing.place.at(part), "must be a list")
        return value if isinstance(value, list) else []

    def subjects(self, binding: Thing) -> Iterator[str]:
        """Yield the ids of the subjects of a binding, adding those that nothing else describes."""
        for number, subject in enumerate(self.list_of(binding, "subjects")):
            place = binding.place.at("subjects", number)
            kind = text(subject.get("kind")) if isinstance(subject, dict) else ""
            kind = kind.removeprefix("System")  # the prefix of OpenShift's own users
            name = redact_text(text(subject.get("name"))) if isinstance(subject, dict) else ""
            if not name or kind not in ("ServiceAccount", "User", "Group"):
                self.rows.reject(place, "a subject must be an account, a user or a group by name")
            elif kind == "Group":
                yield self.group(name, place)
            elif kind == "User":
                yield self.user(name, place)
            else:
                namespace = redact_text(text(subject.get("namespace"))) or binding.namespace
                if namespace:
                    yield self.account(namespace, name, place)
                else:
                    self.rows.reject(place, "an account must be named with its namespace")

    def group(self, name: str, place: Place) -> str:
        """Add a group; that of the masters has all access to every cluster."""
        id_ = self.id("", "group", name)
        if self.rows.node(GROUP, id_, place, name=name, provider=PROVIDER) and name == MASTERS:
            self.rows.link(
                CAN_ACCESS,
                id_,
                self.cluster(place),
                place,
                grant_id=MASTERS,
                role_name=MASTERS,
                actions=canonical(["* *"]),
                levels=canonical(list(LEVELS)),
            )
        return id_

    def user(self, name: str, place: Place) -> str:
        """Add a user: a person, unless the name is one of the system's for software."""
        parts = name.split(":")
        if name.startswith("system:serviceaccount:") and len(parts) == 4:
            return self.account(parts[2], parts[3], place)
        id_ = self.id("", "user", name)
        if name.startswith("system:"):
            self.rows.node(SERVICE_ACCOUNT, id_, place, name=name, provider=PROVIDER)
        else:
            mail = name if "@" in name else None
            self.rows.node(HUMAN, id_, place, name=name, provider=PROVIDER, email=mail)
        return id_

    def memberships(self) -> None:
        """Add accounts, users and who else may sign in to the groups of every cluster."""
        prefix = f"k8s:{self.name}/"
        for id_, label in list(self.rows.labels.items()):
            if label not in (SERVICE_ACCOUNT, HUMAN) or not id_.startswith(prefix):
                continue
            namespace, kind = id_.removeprefix(prefix).split("/")[:2]
            if label is SERVICE_ACCOUNT and kind not in ("serviceaccount", "user"):
                continue
            name = id_.rpartition("/")[2]
            groups = [NOBODY if name == ANONYMOUS else EVERYBODY]
            groups += [NODES] if name.startswith(NODE) else []
            if kind == "serviceaccount":
                groups += [ACCOUNTS, f"{ACCOUNTS}:{namespace}"]
            for group in groups:
                if (target := self.id("", "group", group)) in self.rows.labels:
                    self.rows.link(MEMBER_OF, id_, target, Place(""))
        if (everybody := self.id("", "group", EVERYBODY)) in self.rows.labels:
            for id_ in self.let_in:
                self.rows.link(MEMBER_OF, id_, everybody, Place(""))


def tags_of(thing: Thing | None) -> dict[str, str]:
    """Return the labels and annotations of an object, which are texts."""
    tags: dict[Any, Any] = {}
    for part in ("annotations", "labels"):
        values = thing.metadata.get(part) if thing is not None else None
        tags |= values if isinstance(values, dict) else {}
    return {k: v for k, v in tags.items() if isinstance(k, str) and isinstance(v, str)}


def _where(namespace: str, plural: str) -> str:
    if namespace != EVERYWHERE:
        return namespace
    return "all namespaces" if namespaced(plural) else "the cluster"


def created(thing: Thing | None) -> pd.Timestamp | None:
    """Return the instant of creation of an object; None if unknown."""
    stamp = text(thing.metadata.get("creationTimestamp")) if thing is not None else ""
    try:
        return instant(stamp) if stamp else None
    except WrongValue:
        return None
