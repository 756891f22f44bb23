"""Resources of an account: buckets, functions, queues and more, with their policies.

Of each listed thing its name, kind, date, role and tags are read; environment variables, addresses
and code are not.
"""

import re
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from graph.aws.arn import parse, partition_of
from ingest.rows import Place
from ingest.sources.aws.authorization import document, tags_of
from ingest.sources.aws.export import Export, Reader, ResourcePolicy, Thing, records, text
from ingest.sources.aws.policies.documents import Document

KEY_ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
QUEUE_URL = re.compile(
    r"https://(?:sqs(?:-fips)?\.(?P<new>[\w-]+)|(?:(?P<old>[\w-]+)\.)?queue)"
    r"\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|api\.aws)"
    r"/(?P<account>\d+)/(?P<name>[\w.-]+)"
)
# list, name of the resource, what people call it, when it was made, type
LISTED = (
    ("Functions", "FunctionArn", "FunctionName", "", "function"),
    ("Topics", "TopicArn", "", "", "topic"),
    ("repositories", "repositoryArn", "repositoryName", "createdAt", "repository"),
    ("SecretList", "ARN", "Name", "CreatedDate", "secret"),
    ("Keys", "KeyArn", "", "", "key"),
    ("stateMachines", "stateMachineArn", "name", "creationDate", "state_machine"),
    ("DBInstances", "DBInstanceArn", "DBInstanceIdentifier", "InstanceCreateTime", "db_instance"),
    ("tasks", "taskArn", "", "createdAt", "task"),
    ("SAMLProviderList", "Arn", "", "CreateDate", "saml_provider"),
    ("OpenIDConnectProviderList", "Arn", "", "", "oidc_provider"),
)
COMMON = ("Keys", "tasks", "repositories")  # an empty list so named may be anybody's
NAMED = (("clusterArns", "cluster"), ("taskArns", "task"), ("TopicArns", "topic"))


def _is_listed(value: dict[str, Any]) -> bool:
    return any(
        isinstance(value.get(name), list)
        and (value[name] or name not in COMMON)
        and all(isinstance(r, dict) and parse(text(r, arn)) for r in value[name])
        for name, arn, *_ in LISTED
    )


def _read_listed(export: Export, value: dict[str, Any], place: Place) -> None:
    export.declares.add("inventory")
    for name, arn_field, called, made, kind in LISTED:
        below = place.at(name)
        for record, at in records(value.get(name), export, below):
            arn = text(record, arn_field)
            parsed = parse(arn)
            if parsed is None:
                export.rows.reject(at, f"{arn_field} is missing or not the name of a resource")
                continue
            created = export.instant(record.get(made), at, made) if made else None
            title = (text(record, called) if called else "") or parsed.name
            export.add_thing(Thing(arn, kind, title, at, parsed.account, created))
            if kind == "key":
                export.keys.setdefault(parsed.name, set()).add(arn)
            export.tag(arn, tags_of(record))
            _read_role(export, arn, record, at)


def _read_role(export: Export, arn: str, record: dict[str, Any], place: Place) -> None:
    """Record the role that code runs with, if the listing names it."""
    overrides = record.get("overrides")
    role = text(record, "Role") or text(record, "roleArn")
    if isinstance(overrides, dict):
        role = role or text(overrides, "taskRoleArn")
    if role:
        export.runs_as.append((arn, role, place))


def _is_named(value: dict[str, Any]) -> bool:
    return any(
        isinstance(value.get(name), list)
        and all(isinstance(v, str) and parse(v) for v in value[name])
        for name, _ in NAMED
    )


def _read_named(export: Export, value: dict[str, Any], place: Place) -> None:
    export.declares.add("inventory")
    for name, kind in NAMED:
        for number, arn in enumerate(value.get(name) or ()):
            parsed = parse(arn)
            if parsed is not None:
                at = place.at(name, number)
                export.add_thing(Thing(arn, kind, parsed.name, at, parsed.account))


def _is_buckets(value: dict[str, Any]) -> bool:
    buckets = value.get("Buckets")
    return isinstance(buckets, list) and all(
        isinstance(b, dict) and text(b, "Name") for b in buckets
    )


def _read_buckets(export: Export, value: dict[str, Any], place: Place) -> None:
    export.declares.add("inventory")
    below = place.at("Buckets")
    for record, at in records(value["Buckets"], export, below):
        name = text(record, "Name")
        created = export.instant(record.get("CreationDate"), at, "CreationDate")
        arn = f"arn:{export.people.partition()}:s3:::{name}"
        export.add_thing(Thing(arn, "bucket", name, at, "", created))


def _is_queues(value: dict[str, Any]) -> bool:
    return isinstance(value.get("QueueUrls"), list)


def _read_queues(export: Export, value: dict[str, Any], place: Place) -> None:
    export.declares.add("inventory")
    for number, url in enumerate(value["QueueUrls"]):
        match = QUEUE_URL.fullmatch(url) if isinstance(url, str) else None
        at = place.at("QueueUrls", number)
        if not match:
            export.rows.reject(at, "is not the address of a queue")
            continue
        region = match["new"] or match["old"] or "us-east-1"
        arn = f"arn:{partition_of(region)}:sqs:{region}:{match['account']}:{match['name']}"
        export.add_thing(Thing(arn, "queue", match["name"], at, match["account"]))


def _is_instances(value: dict[str, Any]) -> bool:
    return isinstance(value.get("Reservations"), list)


def _read_instances(export: Export, value: dict[str, Any], place: Place) -> None:
    export.declares.add("inventory")
    below = place.at("Reservations")
    for reservation, at in records(value["Reservations"], export, below):
        owner = text(reservation, "OwnerId")
        inner = at.at("Instances")
        for instance, where in records(reservation.get("Instances"), export, inner):
            _read_instance(export, instance, owner, where)


def _read_instance(export: Export, record: dict[str, Any], owner: str, place: Place) -> None:
    name = text(record, "InstanceId")
    placement = record.get("Placement")
    zone = text(placement, "AvailabilityZone") if isinstance(placement, dict) else ""
    region = REGION.match(zone)
    if not name or not owner:
        export.rows.reject(place, "an instance without its id or its owner")
        return
    where = region.group() if region else "*"
    arn = f"arn:{partition_of(where)}:ec2:{where}:{owner}:instance/{name}"
    export.add_thing(Thing(arn, "instance", name, place, owner))
    export.tag(arn, tags_of(record))
    profile = record.get("IamInstanceProfile")
    if isinstance(profile, dict) and text(profile, "Arn"):
        export.by_profile.append((arn, text(profile, "Arn"), place))


def _is_attributes(value: dict[str, Any]) -> bool:
    inside = value.get("Attributes")
    return isinstance(inside, dict) and any(
        parse(text(inside, name)) for name in ("TopicArn", "QueueArn")
    )


def _read_attributes(export: Export, value: dict[str, Any], place: Place) -> None:
    inside = value["Attributes"]
    kind = "topic" if text(inside, "TopicArn") else "queue"
    arn = text(inside, "TopicArn") or text(inside, "QueueArn")
    parsed = parse(arn)
    if parsed is not None:
        export.declares.add("inventory")
        export.add_thing(Thing(arn, kind, parsed.name, place, parsed.account))
        _keep_policy(export, arn, inside.get("Policy"), place.at("Attributes", "Policy"))


def _keep_policy(export: Export, resource: str | None, given: Any, place: Place) -> None:
    if given is None or (resource is not None and resource not in export.things):
        return
    read = document(export, given, place, default_resource=resource or "*")
    if read is not None:
        export.resource_policies.append(ResourcePolicy(resource, read, place))


def _keep_unnamed(export: Export, given: Any, place: Place) -> None:
    """Keep a policy that does not say of what it is: its statements do, or the name of its file."""
    read = document(export, given, place, default_resource="*")
    if read is None:
        return
    key = _key_of(export, place, read)
    if key is not None:
        statements = (replace(s, resources=(key,)) for s in read.statements)
        read = Document(tuple(statements))
    export.resource_policies.append(ResourcePolicy(key, read, place))


def _key_of(export: Export, place: Place, policy: Document) -> str | None:
    """Return the listed key that a file is named after; None if its policy is none of a key.

    In the policy of a key `*` is the key, and any other resource has no effect:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    ids = set(KEY_ID.findall(PurePath(place.file).name.lower()))
    keys = {arn for id_ in ids for arn in export.keys.get(id_, ())}
    resources = {r for s in policy.statements for r in s.resources}
    if len(keys) != 1 or not resources <= {"*", *keys}:
        return None
    return None if any(s.except_resources for s in policy.statements) else next(iter(keys))


def _is_repository_policy(value: dict[str, Any]) -> bool:
    return bool(text(value, "policyText") and text(value, "repositoryName"))


def _read_repository_policy(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read a repository's policy, which names its account and not its region."""
    name, owner = text(value, "repositoryName"), text(value, "registryId")
    ending = f":{owner}:repository/{name}"
    start = f"arn:{export.people.partition(owner)}:ecr:"
    known = [a for a in export.things if a.startswith(start) and a.endswith(ending)]
    arn = known[0] if len(known) == 1 else f"{start}*{ending}"
    export.declares.add("inventory")
    export.add_thing(Thing(arn, "repository", name, place, owner))
    _keep_policy(export, arn, value["policyText"], place.at("policyText"))


def _is_secret(value: dict[str, Any]) -> bool:
    arn = parse(text(value, "ARN"))
    return arn is not None and arn.service == "secretsmanager"


def _read_secret(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read the policy of a secret."""
    arn = parse(text(value, "ARN"))
    if arn is not None:
        export.declares.add("inventory")
        name = text(value, "Name") or arn.name
        export.add_thing(Thing(text(value, "ARN"), "secret", name, place, arn.account))
        given = value.get("ResourcePolicy")
        _keep_policy(export, text(value, "ARN"), given, place.at("ResourcePolicy"))


def _is_function(value: dict[str, Any]) -> bool:
    inside = value.get("Configuration")
    return isinstance(inside, dict) and bool(parse(text(inside, "FunctionArn")))


def _read_function(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read one function; only its own answer has its tags."""
    record, at = value["Configuration"], place.at("Configuration")
    _read_listed(export, {"Functions": [record]}, Place(at.file, f"{at.pointer}#"))
    export.tag(text(record, "FunctionArn"), tags_of(value))


def _is_tagged(value: dict[str, Any]) -> bool:
    """Recognise the answer of `resourcegroupstaggingapi get-resources`."""
    return isinstance(value.get("ResourceTagMappingList"), list)


def _read_tagged(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read the tags of things that other answers describe."""
    below = place.at("ResourceTagMappingList")
    for record, _ in records(value["ResourceTagMappingList"], export, below):
        export.tag(text(record, "ResourceARN"), tags_of(record))


def _is_policy(value: dict[str, Any]) -> bool:
    """Recognise an answer with the policy as text, as percent-encoded text or as an object."""
    policy = value.get("Policy")
    if isinstance(policy, str):
        return '"Statement"' in policy or "%22Statement%22" in policy
    return isinstance(policy, dict) and "Statement" in policy


def _read_policy(export: Export, value: dict[str, Any], place: Place) -> None:
    _keep_unnamed(export, value["Policy"], place.at("Policy"))


def _is_bare_policy(value: dict[str, Any]) -> bool:
    """Recognise the policy of a resource itself, as `--query Policy --output text` prints it."""
    statements = value.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    return any(isinstance(s, dict) and s.keys() & {"Principal", "NotPrincipal"} for s in listed)


def _read_bare_policy(export: Export, value: dict[str, Any], place: Place) -> None:
    _keep_unnamed(export, value, place)


def _is_policy_alone(value: dict[str, Any]) -> bool:
    """Recognise the attributes of a queue of which only the policy was asked for."""
    inside = value.get("Attributes")
    return isinstance(inside, dict) and _is_policy(inside)


def _read_policy_alone(export: Export, value: dict[str, Any], place: Place) -> None:
    _read_policy(export, value["Attributes"], place.at("Attributes"))


def _is_summary(value: dict[str, Any]) -> bool:
    return isinstance(value.get("SummaryMap"), dict)


def _read_nothing(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read nothing: totals hold no single thing."""


READERS = (
    Reader("a function", 5, _is_function, _read_function),
    Reader("tags of resources", 9, _is_tagged, _read_tagged),
    Reader("an inventory", 6, _is_listed, _read_listed),
    Reader("an inventory of names", 7, _is_named, _read_named),
    Reader("a list of buckets", 6, _is_buckets, _read_buckets),
    Reader("instances", 6, _is_instances, _read_instances),
    Reader("attributes of a topic or queue", 6, _is_attributes, _read_attributes),
    Reader("a list of queues", 7, _is_queues, _read_queues),
    Reader("a repository's policy", 8, _is_repository_policy, _read_repository_policy),
    Reader("a secret", 8, _is_secret, _read_secret),
    Reader("a resource's policy", 9, _is_policy, _read_policy),
    Reader("a policy in attributes", 9, _is_policy_alone, _read_policy_alone),
    Reader("a policy by itself", 9, _is_bare_policy, _read_bare_policy),
    Reader("an account summary", 9, _is_summary, _read_nothing),
)
