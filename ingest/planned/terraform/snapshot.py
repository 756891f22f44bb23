"""What a snapshot knows of AWS, added to a planned account: the targets of its policies."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.aws.arn import is_account, parse
from graph.schema import GROUP, HUMAN, RESOURCE, ROLE, SERVICE_ACCOUNT, TRUST_ANCHORS, TRUSTS
from ingest.rows import Place
from ingest.sources.aws.export import Export, Thing
from ingest.sources.aws.policies.documents import Document, Statement
from ingest.sources.aws.policies.trust import ANYONE, ASSUME
from ingest.sources.aws.principals import Principal

KINDS = {ROLE: "role", SERVICE_ACCOUNT: "user", HUMAN: "user", GROUP: "group"}
HERE = Place("")


def add_known(export: Export, graph: AccessGraph) -> None:
    """Add the resources and identities of AWS that a graph has, without their policies.

    Policies of a plan are then evaluated against them; what they hold themselves is in the graph.
    """
    for thing in _things(graph):
        export.add_thing(thing)
    trusted = _trusted(graph)
    for label, kind in KINDS.items():
        for arn in graph.frames[label]["id"].tolist():
            parsed = parse(arn)
            if parsed is None or not parsed.is_principal or arn in export.people.by_arn:
                continue
            person = Principal(arn, kind, HERE, detailed=True)
            if label is HUMAN:
                person.password = True
            if label is ROLE:
                person.trust = Document(tuple(trusted.get(arn, ())))
            export.people.add(person)


def accounts_in(graph: AccessGraph) -> set[str]:
    """Return the accounts of AWS that a graph has."""
    ids = graph.frames[RESOURCE]["id"]
    parsed = (parse(str(id_)) for id_ in ids[ids.str.startswith("arn:")] if is_account(str(id_)))
    return {arn.account for arn in parsed if arn is not None}


def _things(graph: AccessGraph) -> Iterator[Thing]:
    frame = graph.frames[RESOURCE]
    own = frame["id"].str.startswith("arn:").to_numpy(bool)
    own &= ~frame["type"].isin((*TRUST_ANCHORS, "account")).to_numpy(bool)
    columns = frame.loc[own, ["id", "type", "name", "parent_id"]].astype(object)
    columns = columns.where(columns.notna(), "")
    for id_, type_, name, parent in columns.itertuples(index=False):
        above = parse(parent)
        yield Thing(id_, type_ or "resource", name, HERE, above.account if above else "")


def _trusted(graph: AccessGraph) -> dict[str, list[Statement]]:
    """Return the trust of each role as statements, as far as identities of AWS are trusted."""
    frame = graph.frames[TRUSTS]
    frame = frame[graph.in_force(TRUSTS) & _asked(frame)]
    statements: dict[str, list[Statement]] = {}
    for role, target, condition in frame[["source_id", "target_id", "condition"]].itertuples(
        index=False
    ):
        if target == ANYONE or str(target).startswith("arn:"):
            unread = None if pd.isna(condition) else {"Stated": {"condition": condition}}
            statements.setdefault(role, []).append(
                Statement(True, (ASSUME,), (role,), (("AWS", target),), condition=unread)
            )
    return statements


def _asked(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(frame["action"].fillna(ASSUME).eq(ASSUME).to_numpy(bool))
