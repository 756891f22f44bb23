"""A column map: the meaning of the columns of a company's own tables, in a TOML beside them.

Every name that a map may use comes from the schema: the properties of a table's rows, and those
of their ends behind a prefix (`owner_email`, `target_sensitivity`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from graph.coverage import kind_of_element
from graph.element import Dtype, Node, Property, Relationship, identifier
from graph.files.toml import read_toml
from graph.schema import (
    CAN_ACCESS,
    CONTROLS,
    COVERS,
    CREDENTIAL,
    FACT_NODES,
    HUMAN,
    OWNS,
    RELATIONSHIPS,
    RESOURCE,
    REVIEW,
    SOD_RULE,
)
from ingest.files.tables import SUFFIXES
from ingest.source import InputRefused
from ingest.sources.estate.manifest import toml_instant
from ingest.tags.owner_roles import BOTH

MAP = "columns.toml"
ANSWERS = {"yes": "true", "y": "true", "no": "false", "n": "false"}
EMPLOYEE = "employee"  # the number that a company gives a person: an id in other systems
KEYS = {"scope", "taken_at", "complete", "usage_window_start", "dates", "zone", "table"}
TABLE_KEYS = {"file", "holds", "columns", "always", "words", "roles"}


@dataclass(frozen=True, slots=True)
class Form:
    """One sort of table: the ends of its rows, and their properties.

    `ends` maps the field that names an end to the labels that it can have. A map must name all
    of `needs`, and of `one_of`, if it is not empty, at least one.
    """

    ends: Mapping[str, tuple[Node, ...]]
    facts: tuple[Property, ...]
    needs: tuple[str, ...]
    labels: Mapping[str, str]
    one_of: tuple[str, ...] = ()
    relationship: Relationship | None = None

    def words(self) -> Mapping[str, Mapping[str, str]]:
        """Return by field the words that it may hold: in small letters, and as the schema has them.

        Flags may be answers, too.
        """
        named = {fact.name: fact for fact in self.facts}
        for end, labels in self.ends.items():
            named |= {f"{end}_{p.name}": p for label in labels for p in label.properties}
        flags = {name: ANSWERS for name, p in named.items() if p.dtype is Dtype.FLAG}
        return flags | {
            name: {choice.casefold(): choice for choice in p.choices}
            for name, p in named.items()
            if p.choices
        }

    def fields(self) -> dict[str, Dtype]:
        """Return the fields that a map may fill, and their types."""
        dtypes = {fact.name: fact.dtype for fact in self.facts}
        for end, labels in self.ends.items():
            dtypes |= {end: Dtype.TEXT, f"{end}_label": Dtype.TEXT, f"{end}_name": Dtype.TEXT}
            dtypes[f"{end}_{EMPLOYEE}"] = Dtype.TEXT
            dtypes |= {f"{end}_{p.name}": p.dtype for label in labels for p in label.properties}
        return dtypes


REVIEWED = tuple(p for p in REVIEW.properties if p.name != "decided_by")
SIDES = ("left", "right")


def _form_of(relationship: Relationship) -> Form:
    """Return the form of a table whose rows are a relationship, by its name in lower case."""
    ends = {"source": relationship.sources, "target": relationship.targets}
    only = {end: labels[0].name for end, labels in ends.items() if len(labels) == 1}
    needs = ("source", "target")
    return Form(ends, relationship.properties, needs, only, relationship=relationship)


FORMS: Mapping[str, Form] = {
    "owners": Form(
        {"thing": OWNS.targets, "owner": OWNS.sources},
        OWNS.properties,
        ("thing", "owner"),
        {"owner": "Human"},
    ),
    "access": Form(
        {"holder": CAN_ACCESS.sources, "target": CAN_ACCESS.targets},
        CAN_ACCESS.properties,
        ("holder", "target"),
        {"target": "Resource"},
        ("levels", "role_name", "actions"),
    ),
    "reviews": Form(
        {"thing": COVERS.targets, "decided_by": (HUMAN,)},
        (identifier("review", "The id of the review."), *REVIEWED, *COVERS.properties),
        ("thing", "decision", "decided_at"),
        {"decided_by": "Human"},
    ),
    "things": Form({"thing": FACT_NODES}, (), ("thing",), {}),
    "sod": Form(
        dict.fromkeys(SIDES, (RESOURCE,)),
        tuple(p for p in SOD_RULE.properties if not p.name.endswith("_resource")),
        ("rule", *SIDES),
        dict.fromkeys(SIDES, RESOURCE.name),
    ),
    **{
        kind.name.lower(): _form_of(kind)
        for kind in RELATIONSHIPS
        if kind not in (OWNS, CAN_ACCESS, COVERS, CONTROLS)
    },
}


@dataclass(frozen=True, slots=True)
class TableMap:
    """The map of one table: its columns, values for all rows, and translations of words.

    `roles` names the kinds of owner that a table of owners can declare, even if it declares none.
    """

    path: Path
    holds: str
    columns: Mapping[str, str]
    always: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    roles: tuple[str, ...] = ()

    @property
    def form(self) -> Form:
        """The sort of the table."""
        return FORMS[self.holds]


def kinds_of(table: TableMap) -> set[str]:
    """Return the kinds of fact that a table can declare, by its sort and its columns."""
    named = {"owners": "owners", "access": "grants", "reviews": "reviews"}
    kind = named.get(table.holds)
    if table.form.relationship is not None:
        kind = kind_of_element(table.form.relationship)
    kinds = {kind} if kind else set()
    for end, labels in table.form.ends.items():
        scoped = {n for n in labels if f"{end}_declared_scope" in table.columns}
        kinds |= {"scope"} if scoped else set()
        named_labels = {table.always.get(f"{end}_label", ""), *table.words.get(f"{end}_label", {})}
        if table.holds == "things" and CREDENTIAL.name in named_labels:
            kinds.add("credentials")
    return kinds


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A whole map. `dates` and `zone` define the form of instants that are not ISO 8601."""

    path: Path
    scope: str | None
    taken_at: pd.Timestamp | None
    complete: bool
    usage_window_start: pd.Timestamp | None
    dates: tuple[str, ...]
    zone: ZoneInfo | None
    tables: tuple[TableMap, ...]
    unknown: int


def read_column_map(path: Path) -> ColumnMap:
    """Read and check a column map.

    Raises
    ------
    InputRefused
        If it is no TOML, has a name that the schema does not have, or lacks a required field.
    """
    document = read_toml(path)
    tables = document.get("table")
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise InputRefused(path, "table", "there must be a [[table]] for each file")
    read = tuple(_table(t, f"table/{n}", path) for n, t in enumerate(tables))
    if any(table in read[:n] for n, table in enumerate(read)):
        raise InputRefused(path, "table", "has one table twice")
    instants = {
        key: toml_instant(document, key, path) if key in document else None
        for key in ("taken_at", "usage_window_start")
    }
    complete = document.get("complete", True)
    if not isinstance(complete, bool):
        raise InputRefused(path, "complete", "must be true or false")
    return ColumnMap(
        path,
        _text(document, "scope", "scope", path) if "scope" in document else None,
        instants["taken_at"],
        complete,
        instants["usage_window_start"],
        _dates(document.get("dates", []), path),
        _zone(document, path),
        read,
        len(document.keys() - KEYS) + sum(len(t.keys() - TABLE_KEYS) for t in tables),
    )


def _table(table: Mapping[str, Any], place: str, path: Path) -> TableMap:
    holds = _text(table, "holds", f"{place}/holds", path)
    if holds not in FORMS:
        raise InputRefused(path, f"{place}/holds", f"must be one of {', '.join(FORMS)}")
    known = FORMS[holds].fields()
    columns = _texts(table.get("columns"), f"{place}/columns", path, known)
    always = _texts(table.get("always", {}), f"{place}/always", path, known)
    words = table.get("words", {})
    if not isinstance(words, dict):
        raise InputRefused(path, f"{place}/words", "must be a table")
    _known(words, f"{place}/words", path, known)
    read = {f: _texts(w, f"{place}/words/{f}", path, None) for f, w in words.items()}
    filled, one_of = {*columns, *always}, FORMS[holds].one_of
    lacking = [f for f in FORMS[holds].needs if f not in filled]
    if one_of and not filled & set(one_of):
        lacking.append(" or ".join(one_of))
    if lacking:
        raise InputRefused(path, f"{place}/columns", f"names no column for {', '.join(lacking)}")
    file = _beside(path, _text(table, "file", f"{place}/file", path), f"{place}/file")
    folded = {f: {k.strip().casefold(): v for k, v in w.items()} for f, w in read.items()}
    return TableMap(file, holds, columns, always, folded, _roles(table, place, path))


def _roles(table: Mapping[str, Any], place: str, path: Path) -> tuple[str, ...]:
    """Return the kinds of owner that a table can declare."""
    roles = table.get("roles", [])
    if not isinstance(roles, list) or not all(role in BOTH for role in roles):
        raise InputRefused(path, f"{place}/roles", f"must be a list of {', '.join(BOTH)}")
    return tuple(role for role in BOTH if role in roles)


def _beside(path: Path, name: str, place: str) -> Path:
    """Return the file of a name, which must lie beside or below the map."""
    named = Path(name)
    if named.is_absolute() or ".." in named.parts or not name.isprintable():
        raise InputRefused(path, place, "must be a file beside the map or below")
    file = path.parent / named
    if file.suffix not in SUFFIXES:
        raise InputRefused(path, place, f"must end in one of {', '.join(SUFFIXES)}")
    try:
        inside = file.resolve().is_relative_to(path.parent.resolve())
    except (OSError, RuntimeError):
        raise InputRefused(file, "", "is a link that leads nowhere") from None
    if not inside:
        raise InputRefused(path, place, "leads out of the folder of the map")
    return file


def _text(table: Mapping[str, Any], key: str, place: str, path: Path) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InputRefused(path, place, "is missing or is not a line of text")
    return value.strip()


def _texts(table: Any, place: str, path: Path, known: Collection[str] | None) -> Mapping[str, str]:
    if not isinstance(table, dict) or not all(isinstance(v, str) and v for v in table.values()):
        raise InputRefused(path, place, "must map names to texts")
    if known is not None:
        _known(table, place, path, known)
    return table


def _known(names: Collection[str], place: str, path: Path, known: Collection[str]) -> None:
    if not set(names) <= set(known):
        raise InputRefused(path, place, f"may only name {', '.join(known)}")


def _dates(value: Any, path: Path) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(d, str) and "%" in d for d in listed):
        raise InputRefused(path, "dates", "must be forms such as %d.%m.%Y")
    return tuple(listed)


def _zone(document: Mapping[str, Any], path: Path) -> ZoneInfo | None:
    if "zone" not in document:
        return None
    try:
        return ZoneInfo(_text(document, "zone", "zone", path))
    except (ValueError, OSError, KeyError):  # an invalid name may name a folder
        raise InputRefused(path, "zone", "must be a zone such as Europe/Berlin") from None
