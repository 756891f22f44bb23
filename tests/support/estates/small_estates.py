"""Small estates, stated in a few lines: in memory for the analytics, as a folder for the rest."""

import csv
import json
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.element import Dtype, Element
from graph.facts import Coverage, Facts
from graph.frames import FILE, PANDAS, PLACE, conform, empty
from graph.schema import (
    CAN_ACCESS,
    ELEMENTS,
    FACT_NODES,
    OWNS,
    RELATIONSHIPS,
    RESOURCE,
)
from graph.values import canonical
from ingest.source import Reading, Request, Source

AS_OF = pd.Timestamp("2026-08-01", tz="UTC")
EVERYTHING = (
    "grants",
    "owners",
    "scope",
    "usage",
    "reviews",
    "credentials",
    "decisions",
    "trust",
    "inventory",
)
LABELS = {n.name: n for n in FACT_NODES}
TYPES = {r.name: r for r in RELATIONSHIPS}
FEW = 8  # rows whose frame is kept for the next estate with the same
NOTHING = {e: empty(e) for e in ELEMENTS}


def ago(days: float) -> str:
    """Write the instant so many days before `AS_OF`; a negative number is after it."""
    return (AS_OF - pd.Timedelta(days=days)).isoformat().replace("+00:00", "Z")


def _cell(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


class Estate:
    """What one source and scope states; every method returns the estate, so that lines chain."""

    def __init__(
        self,
        at: pd.Timestamp = AS_OF,
        declares: Sequence[str] = EVERYTHING,
        source: str = "estate",
        scope: str = "acme",
        complete: bool = True,
        owner_roles: tuple[str, ...] = ("business", "technical"),
    ) -> None:
        self.at, self.declares, self.complete = at, tuple(declares), complete
        self.owner_roles = owner_roles
        self.source, self.scope = source, scope
        self.rows: dict[Element, list[dict[str, Any]]] = {}

    def add(self, element: Element, **facts: Any) -> "Estate":
        """State one row."""
        self.rows.setdefault(element, []).append(facts)
        return self

    def thing(self, label: str, *ids: str, **facts: Any) -> "Estate":
        """State things of one label."""
        for each in ids:
            self.add(LABELS[label], id=each, **facts)
        return self

    def agent(self, *ids: str, **facts: Any) -> "Estate":
        """State agents."""
        return self.thing("Agent", *ids, **facts)

    def account(self, *ids: str, **facts: Any) -> "Estate":
        """State service accounts."""
        return self.thing("ServiceAccount", *ids, **facts)

    def person(self, *ids: str, left: str | None = None, **facts: Any) -> "Estate":
        """State people; `left` is when they left."""
        if left is not None:
            facts |= {"status": "left", "left_at": left}
        return self.thing("Human", *ids, **facts)

    def resource(self, name: str, sensitivity: str | None = None, **facts: Any) -> "Estate":
        """State a resource."""
        return self.add(RESOURCE, id=name, sensitivity=sensitivity, **facts)

    def link(self, source: str, kind: str, target: str, **facts: Any) -> "Estate":
        """State a relationship."""
        return self.add(TYPES[kind], source_id=source, target_id=target, **facts)

    def can(self, holder: str, levels: str, resource: str, **facts: Any) -> "Estate":
        """State a grant; `levels` are words."""
        facts = {"levels": levels.split(), **facts}
        return self.add(CAN_ACCESS, source_id=holder, target_id=resource, **facts)

    def owned(
        self, thing: str, business: str | None = None, technical: str | None = None, **facts: Any
    ) -> "Estate":
        """State who owns a thing."""
        for role, owner in (("business", business), ("technical", technical)):
            if owner is not None:
                self.add(OWNS, source_id=owner, target_id=thing, role=role, **facts)
        return self

    # -- what the product makes of it -------------------------------------------------------

    @property
    def coverage(self) -> Coverage:
        """What it could say, and when."""
        roles = tuple((label, self.owner_roles) for label in ("Agent", "Role", "ServiceAccount"))
        declares = tuple(self.declares)
        return Coverage(
            self.source, self.scope, self.complete, self.at, declares, owner_roles=roles
        )

    def raw(self) -> dict[Element, pd.DataFrame]:
        """Return its rows as a connector hands them over, with the place of each."""
        return {element: _raw(element, rows, {}) for element, rows in self.rows.items()}

    def reading(self) -> Reading:
        """Return what a connector would have read."""
        return Reading(self.scope, self.at, self.complete, self.declares, self.raw())

    def job(self) -> tuple[Source, Request]:
        """Return a source that reads exactly this, and a request to it."""
        alone = self.source == "estate"  # as the native format
        source = Source(
            self.source,
            self.source,
            "",
            self.declares,
            lambda _: self.reading(),
            self_contained=alone,
        )
        return source, Request((Path(f"{self.source}-{self.scope}"),))

    def facts(self) -> Facts:
        """Return its facts; every row must meet the schema."""
        return together(self)

    def graph(self, as_of: pd.Timestamp | None = None) -> AccessGraph:
        """Look at it as of an instant."""
        return AccessGraph.of(self.facts(), as_of)

    def posture(self, as_of: pd.Timestamp | None = None) -> Posture:
        """Judge it as of an instant."""
        return assess(self.graph(as_of))

    def quick(self, as_of: pd.Timestamp | None = None) -> Posture:
        """Judge it as of an instant without checking its rows, for many random estates."""
        frames = {
            element: _typed(element, rows, {"source": self.source, "scope": self.scope})
            for element, rows in self.rows.items()
            if rows
        }
        return assess(AccessGraph.of(Facts.of(NOTHING | frames, (self.coverage,)), as_of))

    def write(self, folder: Path) -> Path:
        """Write it as a native estate, with nothing but the standard library."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"taken_at = {self.at.isoformat().replace('+00:00', 'Z')}",
            f"scope = {json.dumps(self.scope)}",
            f"complete = {str(self.complete).lower()}",
            f"declares = {json.dumps(self.declares)}",
        ]
        (folder / "estate.toml").write_text("\n".join(lines) + "\n")
        for element, rows in self.rows.items():
            part = "nodes" if element in FACT_NODES else "relationships"
            path = folder / part / f"{element.name}.csv"
            path.parent.mkdir(exist_ok=True)
            names = list(dict.fromkeys(name for row in rows for name in row))
            with path.open("w", newline="") as file:
                table = csv.DictWriter(file, names)
                table.writeheader()
                table.writerows({k: _cell(v) for k, v in row.items()} for row in rows)
        return folder


def _raw(element: Element, rows: list[dict[str, Any]], origin: dict[str, str]) -> pd.DataFrame:
    """Return rows as a connector hands them over, each with its `origin` and its place."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {
        **{name: [_cell(row.get(name)) for row in rows] for name in names},
        FILE: [f"{element.name}.csv"] * len(rows),
        PLACE: [f"line {line}" for line in range(2, len(rows) + 2)],
        **{name: [value] * len(rows) for name, value in origin.items()},
    }
    return pd.DataFrame({name: pd.array(of, dtype="string") for name, of in columns.items()})


def _typed(element: Element, rows: list[dict[str, Any]], origin: dict[str, str]) -> pd.DataFrame:
    """Make a frame of rows that meet the schema, relationships among them with an id."""
    stated = {name for row in rows for name in row} | {*origin, "name"}
    columns = {}
    for column in element.columns:
        if column.name not in stated:
            columns[column.name] = _absent(column.dtype, len(rows))
            continue
        values = [(origin | row).get(column.name) for row in rows]
        if column.name == "name":
            values = [v or row["id"] for v, row in zip(values, rows, strict=True)]
        columns[column.name] = _column(column.dtype, values)
    return pd.DataFrame(columns)


def _column(dtype: Dtype, values: list[Any]) -> Any:
    if dtype is Dtype.INSTANT:
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True).dt.as_unit("ms")
    if dtype is Dtype.FLAG:
        return pd.array([None if v is None else v == "true" for v in values], dtype="boolean")
    if dtype in (Dtype.COUNT, Dtype.NUMBER):
        return pd.array(values, dtype=PANDAS[dtype])
    texts = [v if v is None or isinstance(v, str) else canonical(v) for v in values]
    return pd.array(texts, dtype="string")


@cache
def _absent(dtype: Dtype, count: int) -> Any:
    """Make a column without values once: most columns of a small estate are such."""
    return _column(dtype, [None] * count)


def _checked(element: Element, rows: list[dict[str, Any]], origin: dict[str, str]) -> pd.DataFrame:
    """Return the frame of rows that must meet the schema; many estates state the same few rows."""
    if len(rows) > FEW:
        return _conformed(element, rows, origin)
    said = json.dumps(rows)
    return _once(element, said, tuple(origin.items())).copy(deep=False)


@lru_cache(maxsize=2_000)
def _once(element: Element, said: str, origin: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return _conformed(element, json.loads(said), dict(origin))


def _conformed(
    element: Element, rows: list[dict[str, Any]], origin: dict[str, str]
) -> pd.DataFrame:
    done = conform(_raw(element, rows, origin), element)
    assert done.rejected.empty, done.rejected.to_dict("records")
    return done.frame


def together(*estates: Estate) -> Facts:
    """Join what several scopes state."""
    parts: dict[Element, list[pd.DataFrame]] = {}
    for estate in estates:
        origin = {"source": estate.source, "scope": estate.scope}
        for element, rows in estate.rows.items():
            parts.setdefault(element, []).append(_checked(element, rows, origin))
    frames = {
        e: pd.concat(parts[e], ignore_index=True) if len(parts[e]) > 1 else parts[e][0]
        for e in ELEMENTS
        if e in parts
    }
    return Facts.of(NOTHING | frames, tuple(e.coverage for e in estates))


def ids(things: Iterable[dict[str, Any]], key: str | None = None) -> list[str]:
    """Return the ids of things in an answer, or of the thing under `key` of each row."""
    return [(row[key] if key else row)["id"] for row in things]


def example() -> Estate:
    """Build an agent that reaches four resources at 2 and 3 hops, one of them under a ceiling.

    A uses K1, which is svc; svc is in fin (invoices, read) and takes dep (app, write). A spawns
    B, which runs as svcb (crm, read), and calls mail with the ceiling write, which runs as
    mailer (smtp, write and admin). adm, which may do anything to the ledger, is out of reach.
    """
    e = Estate()
    e.agent("A", "B").account("svc", "svcb", "mailer").thing("Credential", "K1")
    e.thing("Group", "fin").thing("Role", "dep", "adm").thing("Tool", "mail")
    e.resource("s3:invoices", "confidential").resource("repo:app", "internal")
    e.resource("crm", "confidential").resource("smtp", "internal")
    e.resource("db:ledger", "restricted")
    e.link("A", "USES", "K1").link("K1", "AUTHENTICATES_AS", "svc")
    e.link("svc", "MEMBER_OF", "fin").can("fin", "read", "s3:invoices")
    e.link("svc", "ASSUMES", "dep").can("dep", "write", "repo:app")
    e.can("adm", "read write admin", "db:ledger")
    e.link("A", "SPAWNS", "B").link("B", "RUNS_AS", "svcb").can("svcb", "read", "crm")
    e.link("A", "CALLS", "mail", ceiling="write").link("mail", "RUNS_AS", "mailer")
    return e.can("mailer", "write admin", "smtp")
