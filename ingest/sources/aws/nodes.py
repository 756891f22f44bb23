"""Rows of nodes and of the plain relationships between them."""

from collections.abc import Iterable

from graph.aws.arn import STUBS, account_id, is_account, parse, shown, without_path
from graph.element import Node
from graph.schema import (
    AUTHENTICATES_AS,
    CREDENTIAL,
    GROUP,
    HUMAN,
    OWNS,
    RESOURCE,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
)
from graph.values import canonical
from ingest.rows import Place, Row, Rows
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.targets import Target
from ingest.sources.aws.policies.trust import ANYONE, Named
from ingest.sources.aws.principals import Key, Principal
from ingest.tags.tag_map import Tagged, Tagger

PROVIDER = "aws"


def label_of(person: Principal) -> Node:
    """Return the label of a principal: a user with a console password is a person."""
    if person.kind == "role":
        return ROLE
    if person.kind == "group":
        return GROUP
    return HUMAN if person.password or person.kind == "root" else SERVICE_ACCOUNT


def add_owners(rows: Rows, thing: str, tagged: Tagged, place: Place) -> None:
    """Add the owners that the tags of a thing name."""
    for owner in tagged.owners:
        if owner.label is not None:
            rows.node(owner.label, owner.id, place, **owner.facts)
        rows.link(OWNS, owner.id, thing, place, role=owner.role, evidence=owner.evidence)


def add_people(export: Export, assumable: Iterable[str], tagger: Tagger) -> None:
    """Add users, roles, groups and their keys."""
    rows, takeable = export.rows, set(assumable)
    for person in export.people:
        label = label_of(person)
        row: Row = {
            "name": person.name,
            "provider": PROVIDER,
            "created_at": person.created_at,
            "external_ids": _known_as(person),
        }
        if label is not GROUP:
            row |= {"status": "active", "boundary": person.boundary}
            row |= _use(person, label)
        if label is ROLE:
            row["assumable"] = person.arn in takeable if person.trust is not None else None
        if label is HUMAN:
            row["mfa"] = person.mfa
        if label is SERVICE_ACCOUNT:
            row["has_password"] = person.password
        tagged = tagger.read(label, export.tags.get(person.arn, {}))
        rows.node(label, person.arn, person.place, **row | dict(tagged.facts))
        add_owners(rows, person.arn, tagged, person.place)
        for key in person.keys:
            _add_key(rows, person, key)


def _known_as(person: Principal) -> str | None:
    """Return the ids of other exports: the unique id, which AWS never reuses, and the bare name.

    Some name a role without its path, such as the map `aws-auth` of EKS, which takes no other.
    """
    known = [f"aws_id:{person.unique_id}"] if person.unique_id else []
    if person.kind == "role" and (bare := without_path(person.arn)) != person.arn:
        known.append(f"arn:{bare}")
    return canonical(known) if known else None


def _use(person: Principal, label: Node) -> Row:
    keys = [k.last_used_at for k in person.keys]
    seen = [at for at in (*keys, person.password_used_at, person.last_used_at) if at is not None]
    latest = max(seen, default=None)
    if label is HUMAN:
        return {"last_active_at": person.password_used_at, "last_used_at": latest}
    if label is SERVICE_ACCOUNT:
        return {"last_active_at": latest, "last_used_at": latest}
    return {"last_used_at": latest}


def _add_key(rows: Rows, person: Principal, key: Key) -> None:
    used = key.last_used_at
    rows.node(
        CREDENTIAL,
        key.id,
        person.place,
        name=key.name or person.name + key.id.removeprefix(person.arn),
        type=key.type,
        status="active" if key.active else "disabled",
        created_at=key.created_at,
        rotated_at=key.rotated_at,
        last_used_at=used,
        external_ids=canonical([f"aws_id:{key.name}"]) if key.name else None,
        storage="unknown",
    )
    rows.link(AUTHENTICATES_AS, key.id, person.arn, person.place, last_used_at=used)


def add_account(rows: Rows, account: str, partition: str, place: Place) -> None:
    """Add the resource that represents an account, whose administrators control all in it."""
    rows.node(
        RESOURCE,
        account_id(account, partition),
        place,
        name=account,
        type="account",
        provider=PROVIDER,
        control_plane=True,
    )


def add_resource(export: Export, target: Target, accounts: dict[str, str], tagger: Tagger) -> None:
    """Add a resource; `accounts` are the ids of the accounts that have a node."""
    thing = export.things.get(target.id)
    row: Row = {
        "name": target.title,
        "type": target.type,
        "provider": PROVIDER,
        "parent_id": accounts.get(target.account),
        "created_at": thing.created_at if thing else None,
    }
    place = thing.place if thing else Place("")
    tagged = tagger.read(RESOURCE, export.tags.get(target.id, {}))
    export.rows.node(RESOURCE, target.id, place, **row | dict(tagged.facts))
    add_owners(export.rows, target.id, tagged, place)


def add_named(rows: Rows, named: Named, place: Place) -> None:
    """Add a principal that a policy names, if the export lacks it: a stub with its name only."""
    if named.id in rows.labels:
        return
    arn = parse(named.id)
    if named.kind == "anyone":
        _add_stub(rows, ANYONE, "anyone", "anyone", place)
    elif named.kind == "account" or is_account(named.id):
        add_account(rows, named.account, arn.partition if arn else "aws", place)
    elif named.kind in ("service", "oidc", "saml"):
        kind = {"oidc": "oidc_provider", "saml": "saml_provider"}.get(named.kind, "service")
        name = named.id.split("/", 1)[-1]
        _add_stub(rows, named.id, name, kind, place)
    else:
        name = arn.name if arn else named.id
        status = "deleted" if named.deleted else None
        label = _stub_label(named.id)
        rows.node(label, named.id, place, name=name, provider=PROVIDER, status=status)


def _add_stub(rows: Rows, id_: str, name: str, kind: str, place: Place) -> None:
    rows.node(RESOURCE, id_, place, name=name, type=kind, provider=PROVIDER)


def _stub_label(id_: str) -> Node:
    arn = parse(id_)
    if arn is None:
        return ROLE if id_.startswith("AROA") else SERVICE_ACCOUNT
    return STUBS.get(arn.kind, SERVICE_ACCOUNT)


def add_compute(export: Export) -> None:
    """Add the roles with which functions, tasks and instances run; warn of missing roles."""
    profiles = {
        profile: person.arn for person in export.people for profile in person.instance_profiles
    }
    runs = list(export.runs_as)
    for compute, profile, place in export.by_profile:
        if profile in profiles:
            runs.append((compute, profiles[profile], place))
        else:
            export.rows.warn(f"{shown(compute)}: instance profile {shown(profile)} is not there")
    for compute, role, place in runs:
        principal = export.people.by_arn.get(role) or export.people.find(role)
        if principal is None or principal.kind != "role":
            export.rows.warn(f"{shown(compute)} runs as {shown(role)}, which is not in the export")
            continue
        export.rows.link(RUNS_AS, compute, principal.arn, place)
