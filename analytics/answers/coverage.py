"""Coverage: what each source declares, and what is unknown."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.escalation import all_escalations
from analytics.figures.stated_kinds import PER_IDENTITY, stated_kinds
from analytics.findings.rule_facts import OR, unstated, who_declares, who_states
from analytics.findings.rules import all_rules
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.source_states import covered
from graph.access import AccessGraph
from graph.element import Node
from graph.facts import Coverage
from graph.journal.failed_reads import FailedRead, failed_reads
from graph.journal.place import journal_path
from graph.schema import DECLARABLE, IDENTITIES, RESOURCE
from graph.stores import SnapshotInfo
from graph.values import iso

UNDECLARED = "{}: no source declares them"


def coverage(posture: Posture, now: pd.Timestamp) -> dict[str, Any]:
    """Return each source and scope with the kinds it declares, and what is unknown.

    `state` is complete, partial (facts that a partial read does not mention stay as last seen) or
    failed: the facts are from an earlier read, because the last one failed. `complete` is that of
    the last good read. `age_days` is the age of the read in whole days at `now`, whatever the
    moment looked at; `taken_at_assumed`: its time is only that of a file. `failed` lists failed
    reads, also of scopes never read. `unknown` lists for each kind of fact where it is unknown;
    `no_data_before` is the instant of the first fact, if the moment looked at lies before it.
    `silent_rules` are the rules, of findings and of escalation, that no connected source can
    trigger, with the facts and sources that would: their results are unknown.
    """
    graph = posture.graph
    unknown, silent = what_is_unknown(posture)
    answer = _coverage(graph.coverage, failed_now(posture), now, unknown, silent)
    return answer | {"no_data_before": iso(posture.first_fact) if posture.before_data else None}


@kept
def what_is_unknown(posture: Posture) -> tuple[list[str], list[dict[str, Any]]]:
    """Return `unknown` and `silent_rules` of `coverage`, which do not depend on the day."""
    graph = posture.graph
    return list(_unknown(posture)), _silent(graph.coverage, graph.declared, graph)


def current_coverage(
    info: SnapshotInfo | None, uri: str | None, now: pd.Timestamp
) -> dict[str, Any]:
    """Return the coverage of the current snapshot of a store, without reading its facts."""
    if info is None:
        return _coverage((), (), now, [], [])
    declared = {kind for each in info.coverage for kind in each.declares}
    unknown = [UNDECLARED.format(kind) for kind in DECLARABLE if kind not in declared]
    silent = _silent(info.coverage, frozenset(declared), None)
    return _coverage(info.coverage, failed_reads(journal_path(uri)), now, unknown, silent)


def _coverage(
    coverage: tuple[Coverage, ...],
    failed: Sequence[FailedRead],
    now: pd.Timestamp,
    unknown: list[str],
    silent: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "sources": covered(coverage, failed, now),
        "failed": [read.record() for read in failed],
        "unknown": unknown,
        "silent_rules": silent,
        "no_data_before": None,
    }


def _silent(
    coverage: tuple[Coverage, ...], declared: frozenset[str], graph: AccessGraph | None
) -> list[dict[str, Any]]:
    """Return the rules that nothing connected can trigger, and the facts and sources that would."""
    connected, rows = {scope.source for scope in coverage}, []
    rests = {rule.id: (rule.needs, rule.facts) for rule in all_rules().values()}
    rests = dict(sorted(rests.items()))
    rests |= {r.id: (r.needs, r.facts) for r in all_escalations().values()}
    for rule, (needed, wanted) in rests.items():
        kinds = [kind for kind in needed if kind not in declared]
        facts = unstated(wanted, connected, graph)
        if kinds or facts:
            reasons = [f"no source declares {' or '.join(kinds)}"] if kinds else []
            reasons += [f"no connected source states {fact.replace(OR, ' or ')}" for fact in facts]
            rows.append(
                {
                    "rule": rule,
                    "because": "; ".join(reasons),
                    "triggered_by": [
                        *({"declares": kind, "sources": who_declares(kind)} for kind in kinds),
                        *(
                            {"states": fact.split(OR), "sources": who_states(fact)}
                            for fact in facts
                        ),
                    ],
                }
            )
    return rows


def _unknown(posture: Posture) -> Iterator[str]:
    """Yield a text for each kind of fact that is unknown, for all or for some identities."""
    graph = posture.graph
    stated = stated_kinds(graph)
    for kind in graph.undeclared:
        if kind not in stated:
            yield UNDECLARED.format(kind)
        elif kind not in PER_IDENTITY:
            yield f"{kind}: stated here and there, and no source declares them"
    identities = posture.accountable
    for kind, known in (
        ("grants", posture.entitlements_known[identities]),
        ("owners", posture.ownership.known[identities]),
    ):
        if kind in stated and not known.all():
            yield f"{kind}: not known of {_count(~known)} of {len(identities)} identities"
    env = _stated(posture, "env", *IDENTITIES)[identities]
    yield from _lacking("env", env, "identities")
    things = np.flatnonzero((posture.sensitivities["stated"] != "").to_numpy(bool))
    yield from _lacking(
        "sensitivity", _stated(posture, "sensitivity", RESOURCE)[things], "resources"
    )


def _lacking(property_name: str, known: np.ndarray, of: str) -> Iterator[str]:
    """Yield a text with the number of nodes for which a property is unknown."""
    if len(known) and not known.any():
        yield f"{property_name}: no source states it"
    elif not known.all():
        yield f"{property_name}: not known of {_count(~known)} of {len(known)} {of}"


def _stated(posture: Posture, column: str, *labels: Node) -> np.ndarray:
    """Return a mask of the nodes with the given labels for which a source declares `column`."""
    graph = posture.graph
    mask = np.zeros(len(graph.ids), bool)
    for label in labels:
        frame = graph.frames[label]
        mask[graph.numbers(frame["id"][frame[column].notna().to_numpy(bool)])] = True
    return mask


def _count(chosen: np.ndarray) -> int:
    return int(np.count_nonzero(chosen))


def failed_now(posture: Posture) -> tuple[FailedRead, ...]:
    """Return the failed reads that are later than the shown read of their scope.

    If a later snapshot has a newer read of a scope, its failure concerns that one and is left out.
    """
    journal, history = posture.journal, posture.history
    if journal is None:
        return ()
    shown = {c.key: c.taken_at for c in posture.graph.coverage}
    infos = history.infos if history is not None else ()
    newest = {c.key: c.taken_at for c in infos[-1].coverage} if infos else shown
    failed = failed_reads(journal.path, journal.known)
    return tuple(read for read in failed if shown.get(read.key) == newest.get(read.key))


AHEAD = (Ahead(140, "what is unknown", what_is_unknown),)
