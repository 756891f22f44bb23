"""The services in one reading, whose actions are looked up as its policies name them."""

from collections.abc import Iterable
from functools import cache

from graph.aws.actions import Service, known_services, service_of
from graph.aws.patterns import is_wild

# Services that give access to resources of another: a shell on a machine, statements to a database.
OPENED_BY = {
    "ec2": ("ec2-instance-connect", "ssm"),
    "ecs": ("ssm",),
    "rds": ("rds-data",),
    "redshift": ("redshift-data",),
}


@cache
def _documented(pattern: str) -> bool:
    """Return whether a pattern matches some action that AWS documents."""
    prefix, colon, _ = pattern.lower().partition(":")
    if not colon or is_wild(prefix):
        return "*" in pattern or is_wild(prefix)
    return prefix in known_services() and bool(service_of(prefix).matched(pattern))


class Catalogue:
    """The services in a reading, built on first use.

    `unknown` are the patterns that match no documented action: a misspelt one grants nothing, and
    a new one may grant unknown access.
    """

    def __init__(self, actions: Iterable[str]) -> None:
        extra: dict[str, set[str]] = {}
        patterns = sorted(set(actions))
        for action in patterns:
            prefix, colon, name = action.partition(":")
            if colon and "*" not in prefix and "?" not in prefix:
                extra.setdefault(prefix.lower(), set())
                if name and "*" not in name and "?" not in name:
                    extra[prefix.lower()].add(name)
        self.named = frozenset(extra)
        self._acting: dict[tuple[str, bool], tuple[Service, ...]] = {}
        self._extra = {prefix: sorted(names) for prefix, names in extra.items()}
        self._services: dict[str, Service] = {}
        self.unknown = tuple(pattern for pattern in patterns if not _documented(pattern))

    def __getitem__(self, prefix: str) -> Service:
        """Return the service with this prefix."""
        if prefix not in self._services:
            self._services[prefix] = Service(prefix, self._extra.get(prefix, ()))
        return self._services[prefix]

    def acting_on(self, owner: str, *, by_name: bool) -> tuple[Service, ...]:
        """Return the services whose actions act on resources of the service `owner`.

        A statement that means a resource by name may use the actions of any service that has
        such resources; one on `*` those of its own service, and of those that open it up.
        """
        key = (owner, by_name)
        if key not in self._acting:
            others = self.named - {owner} if by_name else set(OPENED_BY.get(owner, ()))
            everything = owner not in known_services()
            services = [self[p] for p in sorted(others)]
            services = [s for s in services if everything or owner in s.owners]
            self._acting[key] = (self[owner], *services)
        return self._acting[key]
