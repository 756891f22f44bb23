r"""Wildcard patterns of IAM: what they match, contain and share.

`*` stands for any run of characters, `?` for one. A pattern is matched without backtracking,
so that no policy can make it slow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import lru_cache

WILD = re.compile(r"[*?]")
STARS = re.compile(r"\*+")
# A resource name with all its places: partition, service, region, account and the name itself.
NAME = re.compile(r"arn:[a-z*?-]+:[a-z0-9*?-]+:[a-z0-9*?-]*:(?:[0-9*?]*|aws):")


@lru_cache(maxsize=65_536)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; a `?` of it does not match a `*`, which stands for many characters."""
    chunks = [re.escape(c).replace(r"\?", "[^*]") for c in STARS.sub("*", pattern).split("*")]
    if len(chunks) == 1:
        return re.compile(chunks[0], re.DOTALL)
    inner = "".join(f"(?>.*?{chunk})" for chunk in chunks[1:-1])
    return re.compile(f"{chunks[0]}{inner}.*{chunks[-1]}", re.DOTALL)


def is_wild(pattern: str) -> bool:
    """Return whether the pattern can match more than one text."""
    return WILD.search(pattern) is not None


def contains(general: str, special: str) -> bool:
    """Return whether `general` matches all that `special` matches; never wrongly True.

    >>> contains("arn:aws:s3:::b*", "arn:aws:s3:::b/logs/*")
    True
    >>> contains("a?c", "a*c")
    False
    """
    return general == special or compiled(general).fullmatch(special) is not None


@lru_cache(maxsize=65_536)
def overlaps(first: str, second: str) -> bool:
    """Return whether some text matches both patterns.

    Of two resource names each place must have some text in common: a wildcard for a region is not
    taken to reach over into the name, unless one of the patterns contains the other.

    >>> overlaps("*/public/*", "b/*"), overlaps("a*", "b*")
    (True, False)
    >>> overlaps("arn:aws:lambda:*:*:function:dev-*", "arn:aws:lambda:*:1:function:prod:*")
    False
    """
    if not is_wild(second):
        return contains(first, second)
    if not is_wild(first):
        return contains(second, first)
    if NAME.match(first) and NAME.match(second):
        places = zip(first.split(":", 5), second.split(":", 5), strict=True)
        nested = contains(first, second) or contains(second, first)
        return nested or all(overlaps(own, other) for own, other in places)
    if _clash(_head(first), _head(second)) or _clash(_head(first[::-1]), _head(second[::-1])):
        return False
    return _meet(first, second)


def _head(pattern: str) -> str:
    return WILD.split(pattern, maxsplit=1)[0]


def _clash(first: str, second: str) -> bool:
    shorter = min(len(first), len(second))
    return first[:shorter] != second[:shorter]


def _meet(first: str, second: str) -> bool:
    """Step through `first`, with the reachable places in `second` as bits."""
    second = STARS.sub("*", second)
    places: dict[str, int] = {}
    for n, letter in enumerate(second):
        places[letter] = places.get(letter, 0) | 1 << n
    stars, any_letter = places.pop("*", 0), places.pop("?", 0)
    letters = sum(places.values()) | any_letter
    all_places = (1 << len(second) + 1) - 1
    here = 1 | (1 & stars) << 1
    for letter in first:
        if letter == "*":
            here = all_places & -(here & -here)
            continue
        fitting = letters if letter == "?" else places.get(letter, 0) | any_letter
        here = (here & stars) | (here & fitting) << 1
        here |= (here & stars) << 1
        if not here:
            return False
    return bool(here >> len(second) & 1)
