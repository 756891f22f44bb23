"""The schema as a page of documentation: `python -m graph.reference`."""

from collections.abc import Iterator, Sequence

from graph.element import Content, Node, Property, Relationship, Table, When
from graph.schema import (
    CONTROL,
    CONTROL_PROPERTIES,
    DECLARABLE,
    LEVELS,
    NODES,
    PRINCIPALS,
    RELATIONSHIPS,
    SENSITIVITIES,
    TABLES,
)

ANYONE = "Principal"
BEFORE = {
    When.MADE: "it is not there",
    When.BEGINS: "it is not in force yet",
    When.ENDS: "it is in force still",
    When.HAPPENED: "nothing is known of it",
    When.DUE: "it is known, and ahead",
    When.READ: "nothing: it is of reading, which `--snapshot` moves",
}


def reference() -> str:
    """Return the schema as Markdown: diagrams, then a table for each element."""
    parts = (_introduction(), _nodes(), _relationships(), _tables(), _instants())
    return "\n".join(line for part in parts for line in part) + "\n"


def properties(columns: Sequence[Property]) -> list[str]:
    """Return a Markdown table of properties.

    >>> from graph.schema import ENV
    >>> properties([ENV])[-1]
    '| `env` | text | Environment, such as prod; empty means unknown. |'
    """
    return _rows(
        ("property", "type", "meaning"),
        ((f"`{p.name}`", _type(p), _meaning(p)) for p in columns),
    )


def _type(column: Property) -> str:
    return f"{column.dtype.value}, prose" if column.content is Content.PROSE else column.dtype.value


def diagram(relationships: Sequence[Relationship]) -> list[str]:
    """Return a Mermaid diagram; labels that appear on their own keep their colour."""
    ends = [(_ends(r.sources), r.name, _ends(r.targets)) for r in relationships]
    shown = {name for sources, _, targets in ends for name in (*sources, *targets)}
    arrows = [f"    {' & '.join(s)} -- {name} --> {' & '.join(t)}" for s, name, t in ends]
    colours = [
        f"    style {n.name} fill:{n.colour},color:{_ink(n.colour)}"
        for n in NODES
        if n.name in shown
    ]
    return ["```mermaid", "graph LR", *arrows, *colours, "```", ""]


def _introduction() -> Iterator[str]:
    yield from (
        "<!-- Written by `make docs` from graph/schema.py; do not edit. -->",
        "",
        "# Graph schema",
        "",
        f"{len(NODES)} node labels, {len(RELATIONSHIPS)} relationship types and {len(TABLES)} "
        "tables of raw records. Relationships point the way that access flows.",
        "",
        f"* Access levels, lowest first: {_code(LEVELS)}.",
        f"* Sensitivities, lowest first: {_code(SENSITIVITIES)}. Empty is unknown, not the lowest.",
        f"* Kinds of fact that a source may declare: {_code(DECLARABLE)}. What no source declares "
        "is unknown; what one declares and does not state is missing.",
        "* A text marked *prose* is in somebody's own words: it is kept as an answer shows it, and "
        "random words go with what else looks like a secret. All others are names and identifiers.",
        f"* {ANYONE} in the diagrams is any of {_code(n.name for n in PRINCIPALS)}.",
        "",
        "## Control: what blast radius walks",
        "",
        "Whoever holds the start can use what the end can do.",
        "",
        *diagram(CONTROL),
        "## Everything else",
        "",
        *diagram([r for r in RELATIONSHIPS if not r.control]),
    )


def _nodes() -> Iterator[str]:
    yield from ("## Node labels", "", "Every node has:", "", *properties(_common(Node)))
    yield from ("", *_rows(("label", "colour", "symbol", "can act"), map(_legend, NODES)))
    for node in NODES:
        yield from ("", f"### {node.name}", "", node.meaning, "")
        if node.managed:
            yield from ("Written by the product, never by a source.", "")
        yield from properties(node.properties)


def _relationships() -> Iterator[str]:
    yield from ("", "## Relationship types", "", "Every relationship has:", "")
    yield from properties(_common(Relationship))
    yield from (
        "",
        "*Control* hands over what the end can do, *access* is the last step onto a resource, and "
        "*identity* stays with the same identity, whose entitlements are counted.",
        "",
        *_rows(("type", "control", "access", "identity"), map(_marks, RELATIONSHIPS)),
        "",
        "Every control relationship also has:",
        "",
        *properties(CONTROL_PROPERTIES),
    )
    for relationship in RELATIONSHIPS:
        yield from _relationship(relationship)


def _relationship(relationship: Relationship) -> Iterator[str]:
    yield from ("", f"### {relationship.name}", "", relationship.meaning, "")
    yield f"* From {_code(n.name for n in relationship.sources)}"
    yield f"* To {_code(n.name for n in relationship.targets)}"
    if relationship.uncontrolled:
        yield f"* Conveys nothing from {_code(n.name for n in relationship.uncontrolled)}"
    if relationship.distinct:
        yield f"* Parallel ones differ in {_code(relationship.distinct)}"
    shared = CONTROL_PROPERTIES if relationship.control else ()
    own = [p for p in relationship.properties if p not in shared]
    if own:
        yield from ("", *properties(own))


def _tables() -> Iterator[str]:
    yield from ("", "## Tables", "", "Every record has:", "", *properties(_common(Table)))
    for table in TABLES:
        yield from ("", f"### {table.name}", "", table.meaning, "", *properties(table.properties))


def _instants() -> Iterator[str]:
    yield from (
        "",
        "## What `--as-of` does to each instant",
        "",
        "An instant that lies after the one looked at; see [time.md](time.md).",
        "",
    )
    owners: dict[tuple[str, When], list[str]] = {}
    for element in (*NODES, *RELATIONSHIPS, *TABLES):
        for column in element.instants(*When):
            assert column.when is not None
            shared = column in element.stamped
            owner = "every one" if shared else element.name
            names = owners.setdefault((column.name, column.when), [])
            names += [owner] if owner not in names else []
    order = list(When)
    lines = sorted(owners.items(), key=lambda item: (order.index(item[0][1]), item[0][0]))
    yield from _rows(
        ("instant", "of", "before it"),
        ((f"`{name}`", ", ".join(of), BEFORE[when]) for (name, when), of in lines),
    )


def _common(kind: type[Node] | type[Relationship] | type[Table]) -> tuple[Property, ...]:
    return (*kind.keys, *kind.stamped)


def _legend(node: Node) -> tuple[str, ...]:
    return node.name, f"`{node.colour}`", node.symbol, _tick(node.acts)


def _marks(relationship: Relationship) -> tuple[str, ...]:
    marks = (relationship.control, relationship.access, relationship.identity)
    return relationship.name, *map(_tick, marks)


def _meaning(column: Property) -> str:
    parts = [column.meaning]
    if column.required:
        parts.append("Required.")
    if column.unit:
        parts.append(f"Unit: {column.unit}.")
    if column.choices:
        parts.append(f"One of {_code(column.choices)}.")
    return " ".join(parts)


def _ends(nodes: Sequence[Node]) -> list[str]:
    if set(PRINCIPALS) <= set(nodes):
        return [ANYONE, *(n.name for n in nodes if n not in PRINCIPALS)]
    return [n.name for n in nodes]


def _ink(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else "#fff"


def _rows(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> list[str]:
    lines = [tuple(head), tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def _code(names: Sequence[str] | Iterator[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _tick(mark: bool) -> str:
    return "yes" if mark else ""


if __name__ == "__main__":
    print(reference(), end="")
