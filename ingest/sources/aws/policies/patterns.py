r"""Wildcard patterns of IAM: what they match, contain and share.

`*` stands for any run of characters, `?` for one. A pattern is matched without backtracking,
so that no policy can make it slow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import lru_cache

WILD = re.compile(r"[*?]")
STARS = re.compile(r"\*+")


@lru_cache(maxsize=65_536)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; a `?` of it does not match a `*`, which stands for many characters."""
    chunks = [re.escape(c).replace(r"\?", "[^*]") for c in STARS.sub("*", pattern).split("*")]
    if len(chunks) == 1:
        return re.compile(chunks[0], re.DOTALL)
    inner = "".join(f"(?>.*?{chunk})" for chunk in chunks[1:-1])
    return re.compile(f"{chunks[0]}{inner}.*{chunks[-1]}", re.DOTALL)


def is_wild(pattern: str) -> bool:
    """Whether the pattern can match more than one text."""
    return WILD.search(pattern) is not None


def contains(general: str, special: str) -> bool:
    """Whether all that `special` matches, `general` matches too; never wrongly true.

    >>> contains("arn:aws:s3:::b*", "arn:aws:s3:::b/logs/*")
    True
    >>> contains("a?c", "a*c")
    False
    """
    return general == special or compiled(general).fullmatch(special) is not None


@lru_cache(maxsize=65_536)
def overlaps(one: str, other: str) -> bool:
    """Whether some text matches both patterns.

    >>> overlaps("*/public/*", "b/*"), overlaps("a*", "b*")
    (True, False)
    """
    if not is_wild(other):
        return contains(one, other)
    if not is_wild(one):
        return contains(other, one)
    if _clash(_head(one), _head(other)) or _clash(_head(one[::-1]), _head(other[::-1])):
        return False
    return _meet(one, other)


def _head(pattern: str) -> str:
    return WILD.split(pattern, maxsplit=1)[0]


def _clash(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] != other[:shorter]


def _meet(one: str, other: str) -> bool:
    """Step through `one` and keep the places in `other` that can be reached, as bits."""
    other = STARS.sub("*", other)
    places: dict[str, int] = {}
    for n, letter in enumerate(other):
        places[letter] = places.get(letter, 0) | 1 << n
    stars, any_letter = places.pop("*", 0), places.pop("?", 0)
    letters = sum(places.values()) | any_letter
    whole = (1 << len(other) + 1) - 1
    here = 1 | (1 & stars) << 1
    for letter in one:
        if letter == "*":
            here = whole & -(here & -here)
            continue
        fitting = letters if letter == "?" else places.get(letter, 0) | any_letter
        here = (here & stars) | (here & fitting) << 1
        here |= (here & stars) << 1
        if not here:
            return False
    return bool(here >> len(other) & 1)
