"""Access levels inferred from the names of actions, for uses whose source declares no level.

In nearly every naming scheme the verb separates reading from writing; administration shows only in
the verb and the kind of thing changed together. An action without a known verb has no level.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from graph.schema import LEVELS

UNKNOWN = -1
LIST, READ, WRITE, ADMIN = range(len(LEVELS))
VERBS = {
    LIST: "list ls enumerate",
    READ: "read get describe head fetch query search select view download scan lookup",
    WRITE: "write put post create update delete send insert upload modify set start stop invoke "
    "execute run call patch append remove tag untag publish edit",
    ADMIN: "admin administer grant manage attach detach impersonate assume pass",
}
LEVEL_OF_VERB = {verb: level for level, verbs in VERBS.items() for verb in verbs.split()}
OF_ACCESS = frozenset(["policy", "policies", "permission", "permissions", "role", "admin", "acl"])
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def level_of(action: str) -> int:
    """Return the level of an action by its verb: a position in `LEVELS`, -1 if none is known.

    >>> [level_of(a) for a in ("read", "s3:GetObject", "iam:PutUserPolicy", "frobnicate")]
    [1, 1, 3, -1]
    """
    words = [w.lower() for w in WORD.findall(action)]
    level = next((LEVEL_OF_VERB[w] for w in words if w in LEVEL_OF_VERB), UNKNOWN)
    return ADMIN if level == WRITE and OF_ACCESS.intersection(words) else level


def levels_of(actions: pd.Series, stated: pd.Series | None = None) -> np.ndarray:
    """Return the level (int64) of each action: the declared one if there is one, else by name."""
    by_name = _each(actions, level_of)
    if stated is None:
        return by_name
    declared = stated_levels(stated)
    return np.where(declared >= 0, declared, by_name)


def stated_levels(stated: pd.Series) -> np.ndarray:
    """Return the positions in `LEVELS` (int64) of stated levels, -1 for any other text or none."""
    return _each(stated, lambda text: LEVELS.index(text) if text in LEVELS else UNKNOWN)


def _each(texts: pd.Series, level: Callable[[str], int]) -> np.ndarray:
    """Return the level (int64) of each text, worked out once for each distinct one; -1 for none."""
    codes, names = pd.factorize(texts)
    known = np.array([level(str(name)) for name in names] + [UNKNOWN], np.int64)
    return known[codes]  # an absent text has the code -1
