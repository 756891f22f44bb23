"""The findings of one snapshot in compact form, stored so that it need not be assessed again."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.coverage import stated_by
from analytics.findings.evaluation import failed, find_all
from analytics.findings.lifecycle.names import (
    NO_NAMES,
    Names,
    finding_number,
    hashes,
    names_of_findings,
    names_of_things,
)
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.coverage import known_kinds
from graph.frames import empty
from graph.schema import FACT_NODES

NO_ROWS = empty(FACT_NODES[0])[["source", "scope", "last_seen"]].assign(number=np.int64(0))
Scope = tuple[str, str]
Group = tuple[str, tuple[Scope, ...]]


@dataclass(frozen=True)
class Sighting:
    """The findings of one snapshot, as numbers.

    `ids` (uint64, sorted) are the findings; `group` (int32) is the position in `groups` of each:
    its rule, and the (source, scope) pairs that declare its subject or its object. `subject`
    (uint64) is a hash of its subject's id. `judged` (uint64, sorted) are the hashes of all judged
    nodes. `declared` are, by kind of fact, those of them with a scope that declares this kind.
    `kinds` are the known kinds of fact (`graph.coverage.known_kinds`). `names` are the other ids of
    findings, `things` those of judged nodes. `failed` are the rules that raised an error; a
    sighting with any is not stored.
    """

    ids: np.ndarray
    group: np.ndarray
    subject: np.ndarray
    groups: tuple[Group, ...]
    judged: np.ndarray
    declared: dict[str, np.ndarray]
    kinds: tuple[str, ...] = ()
    names: Names = NO_NAMES
    things: Names = NO_NAMES
    failed: tuple[str, ...] = ()

    @classmethod
    def of(cls, posture: Posture) -> "Sighting":
        """Build the sighting of a posture."""
        rows = find_all(posture)
        ids = numbers_of(rows["id"])
        order = np.argsort(ids)
        hashed = _hashes(posture)
        subject, other = (rows[end].to_numpy(np.int64)[order] for end in ("subject", "object"))
        group, groups = _groups(posture, rows["rule"].to_numpy(object)[order], subject, other)
        judged = np.union1d(posture.accountable, subject).astype(np.int64)
        kinds = sorted({kind for rule in all_rules().values() for kind in rule.needs})
        declared = {k: np.sort(hashed[judged[stated_by(posture.graph, k)[judged]]]) for k in kinds}
        return cls(
            ids=ids[order],
            group=group,
            subject=hashed[subject],
            groups=groups,
            judged=np.sort(hashed[judged]),
            declared=declared,
            kinds=tuple(sorted(known_kinds(posture.graph))),
            names=names_of_findings(posture),
            things=names_of_things(posture, judged),
            failed=tuple(failed(posture)),
        )

    def encode(self) -> bytes:
        """Encode as bytes."""
        head = json.dumps(
            {"groups": self.groups, "told": list(self.declared), "kinds": list(self.kinds)}
        )
        arrays = {f"told{n}": declared for n, declared in enumerate(self.declared.values())}
        for name, names in (("names", self.names), ("things", self.things)):
            arrays |= {f"{name}_of": names.of, f"{name}_other": names.other}
        out = io.BytesIO()
        np.savez_compressed(
            out,
            head=np.frombuffer(head.encode(), np.uint8),
            ids=self.ids,
            group=self.group,
            subject=self.subject,
            judged=self.judged,
            **arrays,  # type: ignore[arg-type]
        )
        return out.getvalue()

    @classmethod
    def decode(cls, data: bytes) -> "Sighting":
        """Decode the bytes written by `encode`."""
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            head = json.loads(kept["head"].tobytes())
            groups = tuple((rule, tuple(map(tuple, scopes))) for rule, scopes in head["groups"])
            declared = {kind: kept[f"told{n}"] for n, kind in enumerate(head["told"])}
            ids, group, subject = (kept[name] for name in ("ids", "group", "subject"))
            named, things = (
                Names(kept[f"{n}_of"], kept[f"{n}_other"]) for n in ("names", "things")
            )
            kinds = tuple(head["kinds"])
            return cls(ids, group, subject, groups, kept["judged"], declared, kinds, named, things)


def numbers_of(ids: Iterable[str]) -> np.ndarray:
    """Return ids of findings as numbers (uint64)."""
    return np.array([finding_number(finding) for finding in ids], np.uint64)


def among(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a mask of the `values` that are in `known`, which is sorted."""
    if not len(known):
        return np.zeros(len(values), bool)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[place] == values)


def _hashes(posture: Posture) -> np.ndarray:
    """Return a hash of the id of each node (uint64)."""
    return hashes(posture.graph.ids.to_pandas().to_numpy(object))


def _groups(
    posture: Posture, rules: np.ndarray, subject: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, tuple[Group, ...]]:
    """Group findings by rule and by the scopes that declare an end: `subject`, or `other`.

    `other` is -1 where a finding has no object.
    """
    other = np.where(other < 0, subject, other)
    code, sets = _stated_by(posture, np.union1d(subject, other))
    keys = pd.MultiIndex.from_arrays([rules, code[subject], code[other]])
    group, distinct = pd.factorize(keys)
    return group.astype(np.int32), tuple(
        (str(rule), tuple(sorted({*sets[int(one_end)], *sets[int(other_end)]})))
        for rule, one_end, other_end in distinct
    )


def _stated_by(
    posture: Posture, chosen: np.ndarray
) -> tuple[np.ndarray, tuple[tuple[Scope, ...], ...]]:
    """Return for each node the position of its set of declaring scopes, and the list of sets.

    Only nodes of `chosen` are considered; the others have position 0.
    """
    rows = stating_rows(posture, chosen)
    pairs = rows.drop_duplicates(["number", "source", "scope"])
    pairs = pairs.sort_values(["number", "source", "scope"])
    scopes = pd.Series(list(zip(pairs["source"], pairs["scope"], strict=True)), dtype=object)
    sets = scopes.groupby(pairs["number"].to_numpy()).agg(tuple)
    code = np.zeros(len(posture.graph.ids), np.int64)
    place, distinct = pd.factorize(sets)
    code[sets.index.to_numpy(np.int64)] = place
    return code, tuple(distinct)


def stating_rows(posture: Posture, chosen: np.ndarray) -> pd.DataFrame:
    """Return a row for each node of `chosen` and scope that declares it.

    Columns: `number`, `source`, `scope` and `last_seen` (NaT where no job stamped it).
    """
    graph = posture.graph
    parts: list[pd.DataFrame] = []
    wanted = np.zeros(len(graph.ids), bool)
    wanted[chosen] = True
    for label in FACT_NODES:
        frame = graph.facts.frames[label]
        if len(frame):
            number = graph.numbers(frame["id"])
            kept = wanted[number]
            part = frame.loc[kept, ["source", "scope", "last_seen"]]
            parts.append(part.assign(number=number[kept].astype(np.int64)))
    rows: pd.DataFrame = pd.concat(parts or [NO_ROWS], ignore_index=True)
    return rows
