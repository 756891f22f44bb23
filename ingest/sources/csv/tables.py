"""Rows of the tables of a column map, table by table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from unicodedata import normalize

import pandas as pd

from graph.element import Dtype, Element, Node
from graph.frames import FILE, PLACE
from graph.schema import (
    CAN_ACCESS,
    COVERS,
    DECLARABLE,
    FACT_NODES,
    HUMAN,
    IDENTITIES,
    OWNS,
    REVIEW,
    SOD_RULE,
)
from graph.values import NAIVE, UNIT_SEPARATOR, canonical, iso
from ingest.files.bounded import list_files
from ingest.files.export import ExportFile, readable, refuse_all, taken_at
from ingest.files.tables import SUFFIXES, read_table
from ingest.rows import Place, Rows
from ingest.secrets.redaction import redact_text, secretive
from ingest.source import InputRefused, Reading, Request
from ingest.sources.csv.cells import (
    MAIL,
    NOBODY,
    by_level,
    digest,
    each,
    known_words,
    list_of,
    word,
)
from ingest.sources.csv.column_map import EMPLOYEE, SIDES, ColumnMap, TableMap, kinds_of
from ingest.sources.csv.lists import NONE, by_field, lists_none, may_list, one_each, wrong_list
from ingest.sources.csv.things import named, one_row_each
from ingest.tags.owner_roles import BOTH, BUSINESS, SPONSOR, role_of_word, tells_kinds_apart

LABELS = {label.name.casefold(): label for label in FACT_NODES}
KNOWN_ELSEWHERE = re.compile(r"[a-z][a-z0-9_+.-]*:\S+")  # an ARN, entra:..., k8s:..., https://...
KIND_OF_OWNER = {SPONSOR: BUSINESS}
OPTIONAL = ("owner", "decided_by")  # ends of rows: an empty cell means nobody


@dataclass
class Tables:
    """A collector of the rows of all tables of a map."""

    map: ColumnMap
    scope: str
    rows: Rows = field(default_factory=Rows)
    nodes: dict[Node, list[pd.DataFrame]] = field(default_factory=dict)
    links: dict[Element, list[pd.DataFrame]] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)  # of owners that the tables can declare
    lost: list[TableMap] = field(default_factory=list)  # tables that cannot be read
    frames: dict[Path, pd.DataFrame | None] = field(default_factory=dict)  # of files in use

    def add(self, table: TableMap) -> None:
        """Add the rows of one table."""
        read = self._frame(table.path)
        if read is None:
            self.lost.append(table)
            return
        lacking = [c for c in table.columns.values() if c not in read.columns]
        if lacking:
            raise InputRefused(table.path, "line 1", f"has no column named {lacking[0]!r}")
        frame = self._fields(one_each(by_field(read, table), table), table)
        if table.holds == "reviews":
            frame = self._decided(frame, table)
        ends_by_name = {end: self._end(frame, table, end) for end in table.form.ends}
        wrong = pd.Series(pd.NA, frame.index, dtype="string")
        for ends in ends_by_name.values():
            wrong = wrong.fillna(ends.wrong)  # the reason of the first end counts
        self._reject(frame, wrong, table)
        good = wrong.isna()
        for ends in ends_by_name.values():
            self._add_nodes(frame[good], ends)
        # A row that lists nothing at an end that it needs has no fact but the thing at its other.
        for end in set(ends_by_name) - set(OPTIONAL):
            good &= ~lists_none(frame, end)
        self._add_facts(frame[good], table, {end: e.ids[good] for end, e in ends_by_name.items()})

    def _frame(self, path: Path) -> pd.DataFrame | None:
        """Return the rows of a file, which several tables may use; None if it cannot be read."""
        if path not in self.frames:
            try:
                exists = path.is_file()
            except (OSError, ValueError):  # a name that no file can have
                exists = False
            if not exists:
                raise InputRefused(path, "", "there is no such file, though the map names it")
            read = readable(self.rows, lambda: read_table(path, by_others=True))
            if read is not None:
                self.rows.take_over(read.rejected, read.remarks)
            self.frames[path] = None if read is None else read.frame
        if [t.path for t in self.map.tables].count(path) > 1:
            return self.frames[path]
        return self.frames.pop(path)

    # -- cells -----------------------------------------------------------------------------------

    def _fields(self, raw: pd.DataFrame, table: TableMap) -> pd.DataFrame:
        """Return the fields of a table in the names and words of the schema, without secrets."""
        dtypes, usual = table.form.fields(), table.form.words()
        kept = [FILE, PLACE, *(c for c in raw.columns if c.startswith(NONE))]
        columns = {name: raw[name] for name in kept}
        for name in (*table.always, *table.columns):
            if name in columns:
                continue
            cells = raw[name] if name in table.columns else pd.NA
            column = pd.Series(cells, index=raw.index, dtype="string")
            if name in table.always:
                column = column.fillna(table.always[name])
            if table.holds == "owners" and name == "role":
                columns[name] = self._roles_of_owners(column, table)
                continue
            words = known_words(usual.get(name, {}), table.words.get(name, {}))
            columns[name] = self._worded(column, dtypes[name], words)
        if table.holds == "owners" and "role" not in columns:
            self.roles |= {BUSINESS, *table.roles}
        return pd.DataFrame(columns)

    def _roles_of_owners(self, column: pd.Series, table: TableMap) -> pd.Series:
        """Return the roles of owners in the schema's words, and record those the table can declare.

        A column with particular kinds can declare both; one whose cells all are just "owner", or a
        single kind for the whole table, can declare one.
        """
        words = table.words.get("role", {})
        cells = column.fillna("").unique()
        usual = {c.casefold(): role for c in cells if (role := role_of_word(c)) is not None}
        worded = self._worded(column, Dtype.TEXT, {**usual, **words})
        particular = [c for c in cells if c.casefold() in words or tells_kinds_apart(c)]
        kinds = {KIND_OF_OWNER.get(role, role) for role in worded.dropna().unique()} & {*BOTH}
        several = "role" in table.columns and bool(particular)
        self.roles |= {*(BOTH if several else kinds or {BUSINESS}), *table.roles}
        return worded

    def _worded(self, column: pd.Series, dtype: Dtype, words: Mapping[str, str]) -> pd.Series:
        """Return a column with each cell in the form of the schema."""
        secret = column.index[secretive(column.fillna(""))]
        if len(secret):
            column = column.copy()
            column[secret] = column[secret].map(redact_text)
        if dtype is Dtype.INSTANT or dtype is Dtype.INSTANTS:
            return each(column, self._instant)
        if dtype is Dtype.TEXTS:
            return each(column, lambda cell: list_of(cell, words))
        return each(column, lambda cell: word(cell, words)) if words else column

    def _instant(self, cell: str) -> str:
        """Return an instant in ISO 8601; any other text stays, and is rejected when it is typed."""
        for form in self.map.dates:
            try:
                at = datetime.strptime(cell, form)
            except ValueError:
                continue
            if not {"%H", "%I", "%c", "%X"} & set(re.findall("%.", form)):
                return at.date().isoformat()
            return self._zoned(at.isoformat())
        return self._zoned(cell)

    def _zoned(self, cell: str) -> str:
        if self.map.zone is None or not NAIVE.fullmatch(cell):
            return cell
        try:
            return iso(pd.Timestamp(cell).tz_localize(self.map.zone))
        except ValueError:  # no such time, or twice on that day
            return cell

    # -- ends of rows ----------------------------------------------------------------------------

    def _end(self, frame: pd.DataFrame, table: TableMap, end: str) -> "_Ends":
        """Return the ids at one end of each row, their labels, and the reasons to reject rows."""
        allowed = table.form.ends[end]
        none = pd.Series(pd.NA, frame.index, dtype="string")
        cells = frame.get(end, none)
        labels = frame.get(f"{end}_label", none).fillna(table.form.labels.get(end, pd.NA))
        labels = labels.str.casefold()
        elsewhere = cells.str.fullmatch(KNOWN_ELSEWHERE.pattern).fillna(False).astype(bool)
        if f"{end}_label" not in table.columns:
            labels = labels.mask(elsewhere)  # another source knows the label
        kinds = [label.name.casefold() for label in allowed]
        if end in OPTIONAL:
            cells = self._persons(cells, table)
        filled = cells.notna()
        empty = ~filled & (end not in OPTIONAL) & ~lists_none(frame, end)
        wrong = none.mask(empty, f"{end} is empty")
        may = cells[may_list(cells)].unique()
        unfits = {cell: f"{end} {why}" for cell in may if (why := wrong_list(cell))}
        wrong = wrong.fillna(cells.map(unfits).astype("string"))
        unfit = filled & labels.notna() & ~labels.isin(kinds)
        names = ", ".join(label.name for label in allowed)
        wrong = wrong.mask(wrong.isna() & unfit, f"{end}_label must be one of {names}")
        bare = filled & labels.isna() & ~elsewhere
        wrong = wrong.mask(wrong.isna() & bare, f"the label of {end} is unknown: give {end}_label")
        mails = cells.str.fullmatch(MAIL.pattern).fillna(False).astype(bool)
        native = cells.str.normalize("NFC")  # two forms of one text are one name
        native = native.mask(mails, native.str.lower())
        ids = cells.where(elsewhere, f"csv:{self.scope}/" + labels + "/" + native)
        return _Ends(end, ids, labels.where(filled), mails, wrong)

    def _persons(self, cells: pd.Series, table: TableMap) -> pd.Series:
        """Return cells that name persons; a word for nobody counts as an empty cell."""
        nobody = cells.str.casefold().isin(NOBODY)
        if nobody.any():
            count = int(nobody.sum())
            self.rows.warn(f"{table.path}: {count} cells that name nobody were read as empty")
        return cells.mask(nobody)

    def _add_nodes(self, frame: pd.DataFrame, ends: "_Ends") -> None:
        """Add the nodes at one end of a table whose label is known."""
        prefix = f"{ends.end}_"
        for kind, rows in frame.groupby(ends.labels.reindex(frame.index)):
            label = LABELS[str(kind)]
            declared = {"name", *(p.name for p in label.properties)}
            facts = {c: rows[prefix + c] for c in declared if prefix + c in rows.columns}
            node = pd.DataFrame({"id": ends.ids[rows.index], **facts}, index=rows.index)
            cell = rows[ends.end]
            if label is HUMAN:
                email = node.get("email", pd.Series(pd.NA, rows.index, dtype="string"))
                node["email"] = email.fillna(cell.where(ends.mails[rows.index])).str.lower()
            if f"{prefix}{EMPLOYEE}" in rows.columns:
                number = rows[f"{prefix}{EMPLOYEE}"]
                node["external_ids"] = each(number, lambda n: canonical([f"{EMPLOYEE}:{n}"]))
            node[[FILE, PLACE]] = rows[[FILE, PLACE]]
            self.nodes.setdefault(label, []).append(node)

    # -- rows ------------------------------------------------------------------------------------

    def _add_facts(
        self, frame: pd.DataFrame, table: TableMap, ids: Mapping[str, pd.Series]
    ) -> None:
        names = [p.name for p in table.form.facts if p.name in frame.columns]
        facts = frame[[FILE, PLACE, *names]]
        if table.holds == "owners":
            links = facts.assign(source_id=ids["owner"], target_id=ids["thing"])
            if "evidence" not in links:
                links["evidence"] = "declared"
            self._link(OWNS, links[ids["owner"].notna()])
        elif table.holds == "access":
            links = facts.assign(source_id=ids["holder"], target_id=ids["target"])
            self._link(CAN_ACCESS, self._used_by_level(links))
        elif table.holds == "reviews":
            self._add_reviews(facts, ids)
        elif table.holds == "sod":
            sides = {f"{side}_resource": ids[side] for side in SIDES}
            named = facts["rule"].map(digest, na_action="ignore")
            self._link(SOD_RULE, facts.assign(id=f"csv:{self.scope}/sod/" + named, **sides))
        elif table.form.relationship is not None:
            links = facts.assign(source_id=ids["source"], target_id=ids["target"])
            self._link(table.form.relationship, links)

    def _used_by_level(self, grants: pd.DataFrame) -> pd.DataFrame:
        """Return grants in which a last use without a level counts for each granted level."""
        if "last_used_at" not in grants:
            return grants
        levels = grants.get("levels", pd.Series(pd.NA, grants.index, dtype="string"))
        used = grants["last_used_at"]
        idle = used.notna() & ~used.str.startswith("{").fillna(False) & levels.isna()
        if idle.any():
            self.rows.warn(f"{int(idle.sum())} last uses of grants without a level were left out")
        made = [
            pd.NA if pd.isna(at) or left_out else by_level(at, level)
            for at, level, left_out in zip(used, levels.fillna(""), idle, strict=True)
        ]
        return grants.assign(last_used_at=pd.Series(made, grants.index, dtype="string"))

    def _add_reviews(self, facts: pd.DataFrame, ids: Mapping[str, pd.Series]) -> None:
        parts = [ids["thing"], facts["decided_at"], facts.get("grant_id")]
        spelled = zip(*(p.fillna("") for p in parts if p is not None), strict=True)
        made = pd.Series(
            [digest(UNIT_SEPARATOR.join(cells)) for cells in spelled], facts.index, dtype="string"
        )
        review = facts["review"].fillna(made) if "review" in facts else made
        named = facts.assign(id=f"csv:{self.scope}/review/" + review.astype("string"))
        covers = {c: named[c] for c in ("grant_id",) if c in named}
        self._link(
            COVERS,
            named[[FILE, PLACE]].assign(source_id=named["id"], target_id=ids["thing"], **covers),
        )
        node = named.drop(columns=["grant_id", "review"], errors="ignore")
        node = node.assign(decided_by=ids["decided_by"])
        if "kind" not in node:
            node["kind"] = "access_review"
        self.nodes.setdefault(REVIEW, []).append(node)

    def _decided(self, frame: pd.DataFrame, table: TableMap) -> pd.DataFrame:
        """Leave out reviews without a decision."""
        open_ = frame["decision"].isna() if "decision" in frame else pd.Series(True, frame.index)
        if open_.any():
            count = int(open_.sum())
            self.rows.warn(f"{table.path}: {count} reviews without a decision were passed over")
        return frame[~open_]

    def _link(self, element: Element, frame: pd.DataFrame) -> None:
        self.links.setdefault(element, []).append(frame)

    def _reject(self, frame: pd.DataFrame, wrong: pd.Series, table: TableMap) -> None:
        rows = frame[wrong.notna()].astype("string")
        ends = {end: rows[end] for end in table.form.ends if end in rows}
        named_by: dict[tuple[str, str, str], list[str]] = {}  # one row may mean several
        for number, why in enumerate(wrong.dropna()):
            place = (str(rows[FILE].iloc[number]), str(rows[PLACE].iloc[number]), str(why))
            cells = {end: column.iloc[number] for end, column in ends.items()}
            ids = [self._ids(str(c), table, e) for e, c in cells.items() if pd.notna(c)]
            named_by.setdefault(place, []).extend(chain.from_iterable(ids))
        for (file, row, why), ids_ in named_by.items():
            self.rows.reject(Place(file, row), why, ids_)

    def _ids(self, cell: str, table: TableMap, end: str) -> list[str]:
        """Return the ids that a cell may name, whose label may be what is wrong with the row."""
        if KNOWN_ELSEWHERE.fullmatch(cell):
            return [cell]
        native = normalize("NFC", cell.lower() if MAIL.fullmatch(cell) else cell)
        labels = (label.name.casefold() for label in table.form.ends[end])
        return [f"csv:{self.scope}/{label}/{native}" for label in labels]

    def reading(self, request: Request) -> Reading:
        """Return all rows as a reading."""
        self._warn_of_others()
        window = self.map.usage_window_start
        # Incomplete kinds are not declared.
        lost = {kind for table in self.lost for kind in kinds_of(table)}
        could = {kind for table in self.map.tables for kind in kinds_of(table)} - lost
        if window is not None and could & {"grants", "credentials"}:
            could.add("usage")
        elif window is None:
            could.discard("usage")
        knows = tuple(role for role in BOTH if role in self.roles)
        stated = self.map.taken_at if request.taken_at is None else request.taken_at
        read = [table for table in self.map.tables if table not in self.lost]
        if not read:
            refuse_all(request, self.rows, "no table of it can be read")
        files = [ExportFile(t.path, t.path.name, False) for t in read]
        rows: dict[Element, pd.DataFrame] = {
            element: pd.concat(parts, ignore_index=True) for element, parts in self.links.items()
        }
        rows |= {label: self._things(label, parts) for label, parts in self.nodes.items()}
        return Reading(
            scope=self.scope,
            taken_at=stated if stated is not None else taken_at(request, files, self.rows),
            complete=self.map.complete and self.rows.all_read,
            declares=tuple(kind for kind in DECLARABLE if kind in could),
            rows={element: frame for element, frame in rows.items() if len(frame)},
            owner_roles=dict.fromkeys(IDENTITIES, knows) if knows and knows != BOTH else {},
            usage_window_start=window,
            rejected=self.rows.rejected,
            in_rejected=frozenset(self.rows.in_rejected),
            warnings=list(self.rows.warnings),
            taken_at_assumed=self.rows.taken_at_assumed,
        )

    def _things(self, label: Node, parts: list[pd.DataFrame]) -> pd.DataFrame:
        things, twice = one_row_each(label, parts)
        if twice:
            reason = "are described in several ways; the first counts"
            self.rows.warn(f"{label.name}: {twice} things {reason}")
        return things if label is REVIEW else named(label, things, self.scope)

    def _warn_of_others(self) -> None:
        if self.map.unknown:
            self.rows.warn(f"{self.map.path}: {self.map.unknown} unknown keys were not read")
        named = {table.path for table in self.map.tables}
        beside = {f for f in list_files(self.map.path.parent) if f.suffix in SUFFIXES}
        if beside - named:
            count = len(beside - named)
            self.rows.warn(f"{count} tables beside the map are not in it; passed over")


@dataclass(frozen=True)
class _Ends:
    """One end of each row: ids, labels, the mask of e-mails, and reasons to reject rows."""

    end: str
    ids: pd.Series
    labels: pd.Series
    mails: pd.Series
    wrong: pd.Series
