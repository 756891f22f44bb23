"""How much is known: what each source could say, and of what nobody said anything."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analytics.escalation import all_escalations
from analytics.posture import Posture
from analytics.source_states import covered
from graph.facts import Coverage
from graph.failed_reads import FailedRead, failed_reads
from graph.journal import journal_path
from graph.schema import DECLARABLE
from graph.stores import SnapshotInfo


def coverage(posture: Posture) -> dict[str, Any]:
    """Return each source and scope with what it declares, and the kinds that none declares.

    `state` is complete, partial (what a partial read does not mention stays as it was seen
    last) or failed: what is shown was read before, and could not be read again. `complete` is
    what the last good read was. `age_days` says how long before the moment looked at it was
    read. `failed` lists what could not be read, also where it never was. `silent_rules` are
    the rules of escalation that need a kind which none declares: what they would find is
    unknown.
    """
    graph, failed = posture.graph, failed_now(posture)
    return _coverage(graph.coverage, failed, graph.as_of)


def current_coverage(info: SnapshotInfo | None, uri: str | None) -> dict[str, Any]:
    """Return the same of the current snapshot of a store, of which nothing is read for that."""
    if info is None:
        return {"sources": [], "failed": [], "unknown": [], "silent_rules": []}
    return _coverage(info.coverage, failed_reads(journal_path(uri)), info.taken_at)


def _coverage(
    coverage: tuple[Coverage, ...], failed: Sequence[FailedRead], as_of: pd.Timestamp
) -> dict[str, Any]:
    declared = {kind for each in coverage for kind in each.declares}
    return {
        "sources": covered(coverage, failed, as_of),
        "failed": [one.record() for one in failed],
        "unknown": [
            f"{kind}: no source declares them" for kind in DECLARABLE if kind not in declared
        ],
        "silent_rules": [
            {"rule": rule.id, "because": f"no source declares {' or '.join(missing)}"}
            for rule in all_escalations().values()
            if (missing := [kind for kind in rule.needs if kind not in declared])
        ],
    }


def failed_now(posture: Posture) -> tuple[FailedRead, ...]:
    """Return the reads that failed after what is shown of their scope was read.

    Where a later snapshot has a newer read of the scope, it is that which was not read again.
    """
    journal, history = posture.journal, posture.history
    if journal is None:
        return ()
    shown = {c.key: c.taken_at for c in posture.graph.coverage}
    infos = history.infos if history is not None else ()
    newest = {c.key: c.taken_at for c in infos[-1].coverage} if infos else shown
    failed = failed_reads(journal.path, journal.known)
    return tuple(one for one in failed if shown.get(one.key) == newest.get(one.key))
