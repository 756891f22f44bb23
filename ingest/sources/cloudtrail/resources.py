"""Action, access level and resource of a record.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graph.aws.actions import level_of, service_of
from graph.aws.arn import ACCOUNT, account_id, parse, partition_of
from graph.aws.resources import containing_resource
from graph.schema import LEVELS
from ingest.rows import text
from ingest.sources.cloudtrail.actors import plain

VERSION = re.compile(r"\d{8}(?:v\d+)?$")
QUEUE = re.compile(r"https://(?:sqs\.)?([\w-]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?/(\d{12})/(.+)")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=65_536)
def action_of(source: str, name: str) -> tuple[str, str]:
    """Return the service's prefix and the action that permits an event."""
    first = source.partition(".")[0].lower()
    prefix = str(_table()["services"].get(first, first))
    action = VERSION.sub("", name)
    other = str(_table()["actions"].get(f"{prefix}:{action}", f"{prefix}:{action}"))
    return prefix, other.partition(":")[2]


@lru_cache(maxsize=65_536)
def access_level(prefix: str, action: str) -> str:
    """Return the access level, by the same table as for permissions of an account."""
    service = service_of(prefix)
    levels = service.levels(service.matched(f"{prefix}:{action}".lower()))
    return max(levels, key=LEVELS.index) if levels else level_of(prefix, action, None)


def resource_of(record: dict[str, Any], prefix: str, action: str) -> str | None:
    """Return the used resource: a named one; the account if the action has no other."""
    for name in _named(record, prefix):
        arn = parse(name) if plain(name) else None
        if arn is None or not arn.service or not arn.resource or arn.resource == "root":
            continue
        if arn.service not in ("iam", "sts"):
            return containing_resource(name)
    account = text(record.get("recipientAccountId"))
    service = service_of(prefix)
    bits = service.matched(f"{prefix}:{action}".lower())
    alone = prefix in ("iam", "organizations") or (bits and not bits & ~service.resourceless)
    if alone and ACCOUNT.fullmatch(account):
        return account_id(account, partition_of(text(record.get("awsRegion"))))
    return None


def _named(record: dict[str, Any], prefix: str) -> Iterator[str]:
    """Yield the resource names of a record: listed ones, then those of its parameters."""
    listed = record.get("resources")
    for resource in listed if isinstance(listed, list) else ():
        if isinstance(resource, dict):
            yield next(
                (text(resource[n]) for n in ("ARN", "arn", "ARNPrefix") if resource.get(n)), ""
            )
    parameters = record.get("requestParameters")
    if not isinstance(parameters, dict):
        return
    where = {
        "partition": partition_of(text(record.get("awsRegion"))),
        "region": text(record.get("awsRegion")),
        "account": text(record.get("recipientAccountId")),
    }
    for template in _table()["resource"]:
        value = text(parameters.get(template["parameter"]))
        if value and template["service"] == prefix:
            named = value.startswith("arn:") or template["name"] == "{v}"
            yield value if named else template["name"].format(v=value.lstrip("/"), **where)
    queue = QUEUE.fullmatch(text(parameters.get("queueUrl")))
    if queue is not None:
        yield f"arn:{where['partition']}:sqs:{queue[1]}:{queue[2]}:{queue[3]}"
    for value in parameters.values():
        if text(value).startswith(f"arn:{where['partition']}:{prefix}:"):
            yield text(value)
