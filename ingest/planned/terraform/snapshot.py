"""What a snapshot knows of AWS, added to a planned account: the targets of its policies."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.aws.arn import ACCOUNT, is_account, parse
from graph.aws.resources import names_of
from graph.element import Node
from graph.schema import (
    CAN_ACCESS,
    GROUP,
    HUMAN,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    TRUST_ANCHORS,
    TRUSTS,
)
from graph.values import strict_json
from ingest.rows import Place
from ingest.sources.aws.export import Export, Thing
from ingest.sources.aws.policies.documents import Document, Statement
from ingest.sources.aws.policies.trust import ANYONE, ASSUME
from ingest.sources.aws.principals import Principal

KINDS = {ROLE: "role", SERVICE_ACCOUNT: "user", HUMAN: "user", GROUP: "group"}
ARN, PREFIX = "arn:", "arn:"  # of a name, and of the kind of id that a name is
HERE = Place("")
STATED = "Stated"  # name of policies and conditions that a snapshot has in its own words


def add_known(export: Export, graph: AccessGraph) -> None:
    """Add the resources and identities of AWS that a graph has.

    Policies of a plan are then evaluated against them. What they hold themselves is in the graph;
    groups have it as a policy here, as the limits of a member may take away some of it.
    """
    for thing in _things(graph):
        export.add_thing(thing)
    trusted, granted = _trusted(graph), _granted(graph)
    for label, kind in KINDS.items():
        for arn, id_ in resource_names(graph, label).items():
            parsed = parse(arn)
            if parsed is None or not parsed.is_principal or arn in export.people.by_arn:
                continue
            person = Principal(arn, kind, HERE, detailed=True)
            if label is HUMAN:
                person.password = True
            if label is ROLE:
                person.trust = Document(tuple(trusted.get(id_, ())))
            if label is GROUP and id_ in granted:
                person.inline = [(STATED, Document(tuple(granted[id_])))]
            export.people.add(person)


def resource_names(graph: AccessGraph, label: Node) -> dict[str, str]:
    """Return the ids of the nodes of a label by their resource names of AWS.

    Such a name is the id itself, or one of the ids that other systems know the node by.
    """
    frame = graph.frames[label]
    names = {arn: arn for arn in frame["id"][frame["id"].str.startswith(ARN)].tolist()}
    known = frame["external_ids"].str.contains(f'"{PREFIX}{ARN}', regex=False).fillna(False)
    for id_, texts in frame.loc[known.to_numpy(bool), ["id", "external_ids"]].itertuples(
        index=False
    ):
        for external_id in strict_json(texts):
            if external_id.startswith(PREFIX + ARN):
                names.setdefault(external_id.removeprefix(PREFIX), id_)
    return names


def accounts_in(graph: AccessGraph) -> set[str]:
    """Return the accounts of AWS that a graph is of: those that were read, else all it names."""
    read = {c.scope for c in graph.coverage if c.source == "aws" and ACCOUNT.fullmatch(c.scope)}
    if read:
        return read
    ids = graph.frames[RESOURCE]["id"]
    parsed = (parse(str(id_)) for id_ in ids[ids.str.startswith("arn:")] if is_account(str(id_)))
    return {arn.account for arn in parsed if arn is not None}


def _things(graph: AccessGraph) -> Iterator[Thing]:
    frame = graph.frames[RESOURCE].set_index("id")[["type", "name", "parent_id"]].astype(object)
    frame = frame.where(frame.notna(), "")
    names = resource_names(graph, RESOURCE)
    rows = frame.loc[list(names.values())].itertuples(index=False)
    for arn, (type_, name, parent) in zip(names, rows, strict=True):
        above = parse(parent)
        if type_ not in (*TRUST_ANCHORS, "account"):
            yield Thing(arn, type_ or "resource", name, HERE, above.account if above else "")


def _trusted(graph: AccessGraph) -> dict[str, list[Statement]]:
    """Return the trust of each role as statements, as far as identities of AWS are trusted."""
    frame = graph.frames[TRUSTS]
    frame = frame[graph.in_force(TRUSTS) & _asked(frame)]
    statements: dict[str, list[Statement]] = {}
    for role, target, condition in frame[["source_id", "target_id", "condition"]].itertuples(
        index=False
    ):
        if target == ANYONE or str(target).startswith("arn:"):
            statements.setdefault(role, []).append(
                Statement(
                    True, (ASSUME,), (role,), (("AWS", target),), condition=_unread(condition)
                )
            )
    return statements


def _granted(graph: AccessGraph) -> dict[str, list[Statement]]:
    """Return the grants of each group as statements."""
    frame = graph.frames[CAN_ACCESS]
    held_by_group = graph.has_label(GROUP)[graph.ends(CAN_ACCESS)[0]]
    frame = frame[graph.in_force(CAN_ACCESS) & held_by_group & frame["actions"].notna().to_numpy()]
    columns = ["source_id", "target_id", "actions", "condition"]
    statements: dict[str, list[Statement]] = {}
    for group, target, actions, condition in frame[columns].itertuples(index=False):
        listed = tuple(strict_json(actions))
        statements.setdefault(group, []).append(
            Statement(True, listed, names_of(target), condition=_unread(condition))
        )
    return statements


def _unread(condition: Any) -> dict[str, object] | None:
    """Return a condition in words as one that nobody evaluates; None without any."""
    return None if pd.isna(condition) else {STATED: {"condition": condition}}


def _asked(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(frame["action"].fillna(ASSUME).eq(ASSUME).to_numpy(bool))
