"""Changes of the state of an account or a credential, in the order in which they count."""

from collections.abc import Iterable
from typing import Any, TypeVar

from graph.schema import CREDENTIAL_ENDED

LEAKED = "leaked"
STATES = (  # of one instant, the last wins
    *("active", LEAKED, "expired", "disabled", "revoked", "left", "retired", "deleted"),
)
RANK = {state: place for place, state in enumerate(STATES)}
Change = TypeVar("Change", bound=tuple[Any, ...])  # an instant, a state, and what is known of it


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Return changes, which begin with an instant and a state, in the order of time.

    The order in which a log tells them does not count. That a credential leaked after its end
    opens nothing again, and is left out.

    >>> in_order([(3, "leaked", ""), (2, "revoked", ""), (1, "deleted", ""), (1, "disabled", "")])
    [(1, 'disabled', ''), (1, 'deleted', ''), (2, 'revoked', '')]
    """
    kept: list[Change] = []
    for change in sorted(changes, key=lambda each: (each[0], RANK[each[1]], str(each[2:]))):
        if change[1] != LEAKED or not kept or kept[-1][1] not in CREDENTIAL_ENDED:
            kept.append(change)
    return kept
