"""Elements of the schema: node labels, relationship types and tables, and their properties."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class Dtype(StrEnum):
    """Column types that a property may have.

    `TEXTS`, `INSTANTS` and `JSON` are canonical JSON text (sorted keys, no spaces), so that rows
    can be compared, hashed and written to any store; a store may keep `TEXTS` as a list. `INSTANTS`
    maps access levels to ISO 8601 instants in UTC.
    """

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    FLAG = "flag"
    INSTANT = "instant"
    TEXTS = "list of text"
    INSTANTS = "instant of each level"
    JSON = "JSON"


class Content(StrEnum):
    """The content of a text property, which decides how it is searched for secrets.

    An `IDENTIFIER` identifies something, and a `NAME` is used by people or systems: digests and
    random ids are expected there, and stay. `PROSE` is free text: it is kept only where an answer
    shows it, and random words in it are redacted too.
    """

    IDENTIFIER = "identifier"
    NAME = "name"
    PROSE = "prose"


class When(StrEnum):
    """The effect of an instant on its row at the queried instant (`as_of`).

    A row is absent before the instant at which it was `MADE`; when it is read, it counts as made,
    even if its clock runs ahead. It is not in force before it `BEGINS`, which may be in the future,
    nor after it `ENDS`. A value that `HAPPENED` is unknown before that instant. A `DUE` instant was
    set beforehand: it is always known, and compared with the queried instant. `READ` concerns the
    reading: `--snapshot` changes it, `--as-of` does not.
    """

    MADE = "made"
    BEGINS = "begins"
    ENDS = "ends"
    HAPPENED = "happened"
    DUE = "due"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Property:
    """A named, typed and explained value on a node, a relationship or a record.

    Every instant declares in `when` its effect on its row. `dates` names the property whose value
    was set at that instant, if it is among `states` (empty: any value), and what else is known of
    that. Every text declares its
    kind in `content`, unless it has `choices`. A number may have to lie `within` two others, or be
    one of them. A property that `refers` holds ids of nodes: a
    single id as text, several within a list or JSON. One that is `later` than stores in use leaves
    the hash of facts as it was where nothing states it.
    """

    name: str
    dtype: Dtype
    meaning: str
    required: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    within: tuple[float, float] | None = None
    when: When | None = None
    dates: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    content: Content | None = None
    refers: bool = False
    later: bool = False

    def __post_init__(self) -> None:
        """Reject a text without `content`, and `content` on anything else."""
        free = self.dtype in WORDED and not self.choices
        if free != (self.content is not None):
            raise TypeError(f"{self.name}: every text says what it is, and nothing else does")


WORDED = (Dtype.TEXT, Dtype.TEXTS, Dtype.JSON)


def identifier(
    name: str, meaning: str, dtype: Dtype = Dtype.TEXT, *, required: bool = False
) -> Property:
    """Declare a text that identifies something."""
    return Property(name, dtype, meaning, required, content=Content.IDENTIFIER)


def reference(
    name: str, meaning: str, dtype: Dtype = Dtype.TEXT, *, required: bool = False
) -> Property:
    """Declare a text that holds the id of a node, or ids of nodes within a list or JSON."""
    return Property(name, dtype, meaning, required, content=Content.IDENTIFIER, refers=True)


def named(
    name: str, meaning: str, dtype: Dtype = Dtype.TEXT, *, required: bool = False
) -> Property:
    """Declare a text that is a name used by people or systems."""
    return Property(name, dtype, meaning, required, content=Content.NAME)


def prose(name: str, meaning: str, dtype: Dtype = Dtype.TEXT) -> Property:
    """Declare a free text; it is kept only if an answer shows it."""
    return Property(name, dtype, meaning, content=Content.PROSE)


def key(name: str, meaning: str) -> Property:
    """Declare a property that identifies a row."""
    return identifier(name, meaning, required=True)


PROVENANCE = (
    named("source", "The source that states this row.", required=True),
    named("scope", "The part of the source's world it was read from.", required=True),
)
SEEN = (
    Property(
        "first_seen",
        Dtype.INSTANT,
        "When this source and scope first stated it.",
        when=When.READ,
    ),
    Property(
        "last_seen", Dtype.INSTANT, "When this source and scope last stated it.", when=When.READ
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """The common part of node labels, relationship types and tables.

    Each is declared once and equal only to itself, so that it is a fast dict key.
    """

    keys: ClassVar[tuple[Property, ...]]
    stamped: ClassVar[tuple[Property, ...]]

    name: str
    meaning: str
    properties: tuple[Property, ...] = ()

    @property
    def columns(self) -> tuple[Property, ...]:
        """The columns of the element's frame: keys, provenance and sightings, then properties."""
        return (*self.keys, *self.stamped, *self.properties)

    def has(self, name: str) -> bool:
        """Return whether the element has a property of this name."""
        return any(p.name == name for p in self.properties)

    def instants(self, *when: When) -> tuple[Property, ...]:
        """Return the columns that hold instants of those kinds."""
        return tuple(c for c in self.columns if c.when in when)

    def __str__(self) -> str:
        """Return the name for messages."""
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Node(_Element):
    """A node label. A node is identified by its `id`, the same in every snapshot.

    `managed` labels are written by the store or the product, never by a source. A label that `acts`
    has nodes that can exercise access (identities in the widest sense).
    """

    keys: ClassVar = (
        key("id", "One per thing, unique across sources."),
        named("name", "What people call it; the id where nobody named it."),
        identifier(
            "external_ids",
            "Ids by which other systems know it, each `kind:value`, such as `arn:...`.",
            Dtype.TEXTS,
        ),
    )
    stamped: ClassVar = (*PROVENANCE, *SEEN)

    colour: str = field(kw_only=True)
    symbol: str = field(kw_only=True, default="ellipse")
    acts: bool = field(kw_only=True, default=False)
    managed: bool = field(kw_only=True, default=False)


@dataclass(frozen=True, slots=True, eq=False)
class Relationship(_Element):
    """A relationship type, directed as access flows.

    `verb` makes a sentence of the names of its ends: a child `is a member of` a group. `control`
    means that the source can use the access of the target: blast radius follows exactly these.
    `access` marks the last step onto a resource. `identity` marks the control steps that stay with
    the same identity, from which entitlements are counted. `uncontrolled` lists target labels that
    a control relationship does not extend to. `distinct` names the properties that distinguish
    parallel rows between the same two nodes.
    """

    keys: ClassVar = (
        key("id", "Identifies the relationship; the same in every snapshot."),
        reference("source_id", "The `id` of the node it starts from.", required=True),
        reference("target_id", "The `id` of the node it leads to.", required=True),
    )
    stamped: ClassVar = (
        *PROVENANCE,
        *SEEN,
        Property(
            "valid_from",
            Dtype.INSTANT,
            "When it came into force; empty means unknown.",
            when=When.BEGINS,
        ),
        Property(
            "valid_to",
            Dtype.INSTANT,
            "When it ceased; empty means still in force.",
            when=When.ENDS,
        ),
    )

    verb: str = field(kw_only=True)
    sources: tuple[Node, ...] = field(kw_only=True)
    targets: tuple[Node, ...] = field(kw_only=True)
    control: bool = field(default=False, kw_only=True)
    access: bool = field(default=False, kw_only=True)
    identity: bool = field(default=False, kw_only=True)
    uncontrolled: tuple[Node, ...] = field(default=(), kw_only=True)
    distinct: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Table(_Element):
    """Raw records that are stored beside the graph, such as usage events."""

    keys: ClassVar = (key("id", "Identifies the record within its source and scope."),)
    stamped: ClassVar = PROVENANCE


Element = Node | Relationship | Table
