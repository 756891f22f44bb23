"""Resources of AWS and their parts: an object belongs to its bucket, a stream to its log group."""

import re

from graph.aws.arn import parse
from graph.aws.patterns import is_wild

# Parts of a resource that have names of their own, and the separator before them.
PARTS = (
    (re.compile(r"\A(arn:[^:]*:s3:::[^/]+)/.*", re.DOTALL), "/"),
    (re.compile(r"\A(arn:[^:]*:dynamodb:[^:]*:[^:]*:table/[^/]+)/.*", re.DOTALL), "/"),
    (re.compile(r"\A(arn:[^:]*:es:[^:]*:[^:]*:domain/[^/]+)/.*", re.DOTALL), "/"),
    (re.compile(r"\A(arn:[^:]*:lambda:[^:]*:[^:]*:function:[^:]+):.*", re.DOTALL), ":"),
    (re.compile(r"\A(arn:[^:]*:logs:[^:]*:[^:]*:log-group:[^:]+):.*", re.DOTALL), ":"),
)
WITH_PARTS = (
    (re.compile(r"\Aarn:[^:]*:s3:::[^/]+"), "/"),
    (re.compile(r"\Aarn:[^:]*:dynamodb:[^:]*:[^:]*:table/[^/]+"), "/"),
    (re.compile(r"\Aarn:[^:]*:es:[^:]*:[^:]*:domain/[^/]+"), "/"),
    (re.compile(r"\Aarn:[^:]*:lambda:[^:]*:[^:]*:function:[^:]+"), ":"),
    (re.compile(r"\Aarn:[^:]*:logs:[^:]*:[^:]*:log-group:[^:]+"), ":"),
)


def containing_resource(resource: str) -> str:
    """Return the resource that a part belongs to.

    >>> containing_resource("arn:aws:s3:::b/logs/*")
    'arn:aws:s3:::b'
    >>> containing_resource("arn:aws:sqs:eu-west-1:1:q")
    'arn:aws:sqs:eu-west-1:1:q'
    """
    for pattern, _ in PARTS:
        match = pattern.fullmatch(resource)
        if match:
            return match.group(1)
    return resource


def names_of(resource: str) -> tuple[str, ...]:
    """Return the name of a resource and the pattern of its parts' names, if it has parts."""
    for pattern, separator in WITH_PARTS:
        if pattern.fullmatch(resource):
            return resource, f"{resource}{separator}*"
    return (resource,)


def covered_names(resource: str) -> tuple[str, ...]:
    """Return the patterns of the names that a pattern stands for; nothing for a plain name.

    `arn:aws:s3:*:123456789012:*`, as sources name everything of a service in an account, means
    names without region and account as well.

    >>> covered_names("arn:aws:s3:::logs-*")
    ('arn:aws:s3:::logs-*', 'arn:aws:s3:::logs-*/*')
    >>> covered_names("arn:aws:s3:::b"), covered_names("arn:aws:sqs:*:123456789012:*")
    ((), ('arn:aws:sqs:*:*:*',))
    """
    if not is_wild(resource):
        return ()
    arn = parse(resource)
    if arn is not None and arn.region == "*" and arn.resource == "*":
        return (f"arn:{arn.partition}:{arn.service}:*:*:*",)
    return names_of(resource)
