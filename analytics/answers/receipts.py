"""Verified records: of a file of decisions or receipts, what each proves, and the first break."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Table, instants, objects
from graph.instants import NEVER, millisecond
from graph.receipts.chains import Chain
from graph.receipts.claims import ACCEPT, CLAIMS, NO, REJECT, UNKNOWN, YES
from graph.receipts.keys import KeyRing
from graph.receipts.verifying import Entry, claim_of, verify
from graph.secrets import redact_text

HEX = re.compile("[0-9a-f]{64}")
LONGEST = 300  # letters of a text of a record that are shown
ORDER = (REJECT, UNKNOWN, ACCEPT)  # the refused ones first
NO_NODES = pd.DataFrame({"id": [], "label": [], "name": []}, dtype="string")


@dataclass(frozen=True)
class VerifiedRecords:
    """The records of a file; see `verified_records`.

    `valid` is None if no record is refused and one is open. `first_broken` is the position of the
    first refused record (0-based), with its `id` and `reason`. `verdicts` counts records by
    verdict, and `claims` by claim and state. `judged` has a row for each record: `record`, `id`,
    `format`, `verdict`, each claim with `state` and `reason`, `reasons`, `dated`. `chains` has
    `chain`, `records`, `first_record`, `head`, `breaks`; `faults` has `record`, `chain`, `kind`,
    `reason`.
    """

    records: int
    valid: bool | None
    first_broken: int | None
    id: str | None
    reason: str | None
    verdicts: Mapping[str, int]
    claims: Mapping[str, Mapping[str, int]]
    formats: Mapping[str, int]
    dated_in_future: int
    keys_not_given: Sequence[str]
    judged: Table
    chains: Table
    faults: Table
    left_out: int


def verified_records(
    stream: BinaryIO,
    path: Path,
    keys: KeyRing,
    at: datetime | None,
    now: datetime | None,
    limit: int = 0,
) -> VerifiedRecords:
    """Verify a file of records with the given keys; refused records are listed first.

    Raises
    ------
    UnknownFormat, InputRefused
    """
    verified = verify(stream, path, keys, at, now)
    entries = verified.entries
    shown, left_out = cut(sorted(entries, key=lambda entry: ORDER.index(entry.verdict)), limit)
    faults, faults_left_out = cut(verified.faults, limit)
    chains, chains_left_out = cut(verified.chains, limit)
    broken = entries[verified.first_broken] if verified.first_broken is not None else None
    missing = {name for e in entries if e.judged for name in e.judged.lacks}
    return VerifiedRecords(
        records=len(entries),
        valid=verified.valid,
        first_broken=verified.first_broken,
        id=_shown(broken.judged.id) if broken is not None and broken.judged is not None else None,
        reason=_shown(broken.reasons[0]) if broken is not None else None,
        verdicts=_counted((entry.verdict for entry in entries), ORDER),
        claims={
            name: _counted((claim_of(entry, name).state for entry in entries), (YES, NO, UNKNOWN))
            for name in CLAIMS
        },
        formats=dict(sorted(Counter(entry.format or "not known" for entry in entries).items())),
        dated_in_future=sum(entry.future for entry in entries),
        keys_not_given=[str(_shown(name)) for name in sorted(missing)],
        judged=_judged(shown),
        chains=_chains(chains),
        faults=_faults(faults),
        left_out=left_out + faults_left_out + chains_left_out,
    )


def _counted(values: Any, names: Sequence[str]) -> dict[str, int]:
    counts = Counter(values)
    return {name: counts[name] for name in names}


def _judged(entries: Sequence[Entry]) -> Table:
    claims = {name: [claim_of(entry, name) for entry in entries] for name in CLAIMS}
    dated = [entry.judged.dated if entry.judged else None for entry in entries]
    columns: dict[str, Any] = {
        "record": pd.array([entry.record for entry in entries], dtype="int64"),
        "id": _all_shown(entry.judged.id if entry.judged else None for entry in entries),
        "format": _texts([entry.format for entry in entries]),
        "verdict": _texts([entry.verdict for entry in entries]),
    }
    for name, parts in claims.items():
        columns[f"{name}.state"] = _texts([claim.state for claim in parts])
        columns[f"{name}.reason"] = _all_shown(claim.reason for claim in parts)
    columns["reasons"] = objects([[_shown(text) for text in entry.reasons] for entry in entries])
    milliseconds = [millisecond(pd.Timestamp(at)) if at is not None else NEVER for at in dated]
    columns["dated"] = instants(np.array(milliseconds, np.int64))
    return Table(pd.DataFrame(columns), NO_NODES)


def _chains(chains: Sequence[Chain]) -> Table:
    columns = {
        "chain": _all_shown(chain.name for chain in chains),
        "records": pd.array([chain.records for chain in chains], dtype="int64"),
        "first_record": pd.array([chain.first for chain in chains], dtype="int64"),
        "head": _texts([_digest(chain.head) for chain in chains]),
        "breaks": pd.array([len(chain.faults) for chain in chains], dtype="int64"),
    }
    return Table(pd.DataFrame(columns), NO_NODES)


def _faults(faults: Sequence[Any]) -> Table:
    columns = {
        "record": pd.array([fault.record for _, fault in faults], dtype="int64"),
        "chain": _all_shown(chain.name for chain, _ in faults),
        "kind": _texts([fault.kind for _, fault in faults]),
        "reason": _all_shown(fault.reason for _, fault in faults),
    }
    return Table(pd.DataFrame(columns), NO_NODES)


def _texts(values: Sequence[str | None]) -> Any:
    return pd.array(list(values), dtype="string")


def _shown(text: str | None) -> str | None:
    """Return a text of a record as it may be shown: without secrets, and of a bounded length."""
    if text is None:
        return None
    shown = redact_text(text)  # first: half a secret would not be known for one
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"


def _digest(text: str | None) -> str | None:
    """Return a digest as it is; what only stands in its place as any other text."""
    return text if text is not None and HEX.fullmatch(text) else _shown(text)


def _all_shown(values: Iterable[str | None]) -> Any:
    return _texts([_shown(value) for value in values])
