"""The last use of single grants from service-last-accessed data.

The data have the last call of a service by an identity, not the resource or the level. So a grant
counts as used only if it is all that the identity has on that service, as unused if the service was
never called, and as unobservable otherwise.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from graph.values import iso
from ingest.sources.aws.policies.grants import Grant, Granted

Calls = Mapping[str, Mapping[str, pd.Timestamp | None]]
Entitlement = tuple[str, str]


class Observed:
    """The observed use of grants, from their holder's last calls."""

    def __init__(
        self, calls: Calls, given: Mapping[str, Granted], groups_of: Mapping[str, Sequence[str]]
    ) -> None:
        self.calls = calls
        self._given = given
        self._groups_of = groups_of
        self._by_holder: dict[str, dict[str, set[Entitlement]]] = {}

    def of(self, grant: Grant) -> tuple[bool, dict[str, str]]:
        """Return whether the grant's use would be seen, and the last use of its levels."""
        calls = self.calls.get(grant.holder)
        if not calls or not grant.levels or not grant.services:
            return False, {}
        if not grant.services <= calls.keys() or any(":" not in a for a in grant.actions):
            return False, {}
        called = {s: at for s in sorted(grant.services) if (at := calls[s]) is not None}
        if not called:
            return True, {}
        only = {(grant.target.id, level) for level in grant.levels}
        entitlements = self._entitlements(grant.holder)
        if len(only) > 1 or any(entitlements[s] != only for s in called):
            return False, {}
        return True, dict.fromkeys(grant.levels, iso(max(called.values())))

    def _entitlements(self, holder: str) -> Mapping[str, set[Entitlement]]:
        """Return, by service, every level on every target that the holder has, groups included."""
        if holder not in self._by_holder:
            by_service: dict[str, set[Entitlement]] = {}
            for id_ in (holder, *self._groups_of.get(holder, ())):
                for grant in self._given[id_].grants.values():
                    pairs = {(grant.target.id, level) for level in grant.levels}
                    for service in grant.services:
                        by_service.setdefault(service, set()).update(pairs)
            self._by_holder[holder] = by_service
        return self._by_holder[holder]
