"""Property names in the letter case of the REST APIs, converted where a tool changed it.

PowerShell, CloudFormation and the SDKs for .NET write `DisplayName` for `displayName`.
"""

import re
from collections.abc import Collection
from typing import Any

CAPITAL = re.compile(r"[A-Z][a-z]")


def camel(value: Any, free: Collection[str] = ()) -> Any:
    """Return a document whose keys begin with a lower-case letter.

    Keys below a property in `free` are user data and stay; so does a key present in both cases.

    >>> camel({"Id": 1, "Env": {"Path": 2}}, free=["env"])
    {'id': 1, 'env': {'Path': 2}}
    """
    if isinstance(value, list):
        return [camel(part, free) for part in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for key, part in value.items():
        small = key[:1].lower() + key[1:] if CAPITAL.match(key) else key
        name = key if small in value else small
        made[name] = part if name in free else camel(part, free)
    return made
