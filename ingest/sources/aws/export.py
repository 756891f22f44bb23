"""The content of one reading, gathered from any mixture of files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.aws.arn import shown
from graph.values import WrongValue
from graph.values import instant as parse_instant
from ingest.rows import Place, Rows
from ingest.sources.aws.policies.documents import MAX_NAME, Document
from ingest.sources.aws.principals import ManagedPolicy, People

MAX_TAGS = 100  # of one thing; AWS allows 50
ABSENT = ("", "N/A", "n/a", "no_information", "not_supported", "none", "None")


@dataclass(frozen=True, slots=True)
class Thing:
    """A resource of an inventory. `account` is "" if unknown."""

    id: str
    type: str
    name: str
    place: Place
    account: str = ""
    created_at: pd.Timestamp | None = None


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """The policy attached to a resource; `resource` is None if only its statements name it."""

    resource: str | None
    document: Document
    place: Place


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """When an entity last called each service: None for a service that it never called."""

    entity: str
    services: dict[str, pd.Timestamp | None]
    place: Place


@dataclass
class Export:
    """The content of all documents; `rows` has the resulting rows, rejected parts and warnings."""

    people: People = field(default_factory=People)
    policies: dict[str, ManagedPolicy] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    resource_policies: list[ResourcePolicy] = field(default_factory=list)
    runs_as: list[tuple[str, str, Place]] = field(default_factory=list)
    by_profile: list[tuple[str, str, Place]] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    uses: list[ServiceUse] = field(default_factory=list)
    generated_at: list[pd.Timestamp] = field(default_factory=list)
    declares: set[str] = field(default_factory=set)
    detailed: bool = False
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by ARN
    keys: dict[str, set[str]] = field(default_factory=dict)  # of KMS: the names by their id
    rows: Rows = field(default_factory=Rows)

    def instant(self, value: Any, place: Place, name: str) -> pd.Timestamp | None:
        """Read an instant: ISO 8601 with a zone, or seconds since 1970; else it is unknown."""
        if value is None or (isinstance(value, str) and value.strip() in ABSENT):
            return None
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return pd.Timestamp(value, unit="s", tz="UTC").as_unit("ms")
            return parse_instant(value)
        except (WrongValue, ValueError, OverflowError):
            self.rows.reject(place.at(name), "is no instant with a zone; taken as unknown")
            return None

    def tag(self, arn: str, tags: Any) -> None:
        """Add the tags of a thing: pairs of key and value in either case, or a map."""
        pairs = tags.items() if isinstance(tags, dict) else map(_pair, tags or ())
        known = self.tags.setdefault(arn, {}) if arn else {}
        for key, value in pairs:
            if isinstance(key, str) and isinstance(value, str) and len(known) < MAX_TAGS:
                known.setdefault(key, value)

    def add_thing(self, thing: Thing) -> None:
        """Add a resource; of two descriptions of one, the first is kept."""
        if len(thing.id) > MAX_NAME:
            self.rows.reject(thing.place, f"a name longer than {MAX_NAME} characters")
            return
        self.things.setdefault(thing.id, thing)


def _pair(tag: Any) -> tuple[Any, Any]:
    """Return key and value of a tag, as services write it: `Key`, `key` or `TagKey`."""
    if not isinstance(tag, dict):
        return None, None
    lower = {str(name).lower().removeprefix("tag"): value for name, value in tag.items()}
    return lower.get("key"), lower.get("value")


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of one kind of document, which recognises it by its content.

    Documents are read in the order of `rank`, so that the fuller account of a thing comes first.
    """

    title: str
    rank: int
    recognises: Callable[[dict[str, Any]], bool]
    read: Callable[[Export, dict[str, Any], Place], None]


def records(value: Any, export: Export, place: Place) -> list[tuple[dict[str, Any], Place]]:
    """List the objects of a JSON list with their places; other values are rejected."""
    if not isinstance(value, list):
        if value is not None:
            export.rows.reject(place, "is not a list")
        return []
    placed = [(v, place.at(n)) for n, v in enumerate(value)]
    for item, at in placed:
        if not isinstance(item, dict):
            export.rows.reject(at, "is not an object")
    return [(item, at) for item, at in placed if isinstance(item, dict)]


def text(record: dict[str, Any], name: str) -> str:
    """Return a text of a record, or an empty one."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def missing_policy(export: Export, arn: str, description: str) -> None:
    """Warn that a policy is not in the export, which makes the reading partial."""
    export.rows.all_read = False
    export.rows.warn(f"{description} {shown(arn)} is not in the export: what it allows is unknown")
