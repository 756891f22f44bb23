"""What is worked out of something that never changes, worked out once."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Owner = TypeVar("Owner")
P = ParamSpec("P")
T = TypeVar("T")

KEPT = "_worked_out"


def once(make: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
    """Keep what a function returns with its first argument, for as long as that lives.

    The other arguments must be hashable (a `TypeError` says if not); equal ones give one answer.
    What is returned is shared: nobody may change it.

    Examples
    --------
    >>> class Estate:
    ...     size = 3
    >>> @once
    ... def judged(estate, level):
    ...     print("judging")
    ...     return estate.size * level
    >>> estate = Estate()
    >>> judged(estate, 2), judged(estate, 2)
    judging
    (6, 6)
    """

    @wraps(make)
    def kept(owner: Owner, /, *arguments: P.args, **named: P.kwargs) -> T:
        worked_out: dict[Hashable, Any] = vars(owner).setdefault(KEPT, {})
        key = (make, arguments, *sorted(named.items()))
        if key not in worked_out:
            worked_out[key] = make(owner, *arguments, **named)
        found: T = worked_out[key]
        return found

    return kept
