"""Caching of results with the immutable object that they were computed from."""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Owner = TypeVar("Owner")
P = ParamSpec("P")
T = TypeVar("T")

KEPT = "_worked_out"


def once(make: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
    """Cache the results of a function on its first argument, as long as that lives.

    The other arguments must be hashable (otherwise a `TypeError` is raised); equal ones share a
    result. Results are shared: they must not be changed.

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
        result: T = worked_out[key]
        return result

    return kept
