"""Evaluation of the policies of a plan: the rows that an export would have after apply."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from graph.access import AccessGraph
from graph.element import Element, Node, Relationship
from graph.schema import RESOURCE
from ingest.planned.form import Document
from ingest.planned.rows_of_source import typed
from ingest.planned.terraform.details import Details, Identity
from ingest.planned.terraform.snapshot import KINDS, add_known, resource_names
from ingest.rows import Place
from ingest.sources import aws
from ingest.sources.aws.authorization import read_details
from ingest.sources.aws.export import Export
from ingest.sources.aws.reading import add_rows
from ingest.tags.tag_map import Tagger, TagMap

DECLARES = ("grants", "trust", "credentials", "inventory")
Rows = Mapping[Element, pd.DataFrame]


@dataclass(frozen=True)
class Evaluated:
    """The rows about the identities of a plan, beside what the snapshot has.

    `names` maps resource names of AWS to other ids by which the snapshot knows the same things;
    `unread` says which policies could not be read.
    """

    rows: Rows
    names: Mapping[str, str]
    unread: list[str]

    def id_of(self, identity: Identity) -> str:
        """Return the id of the node of an identity."""
        return self.names.get(identity.arn, identity.arn)

    def has(self, id_: str) -> bool:
        """Return whether there is a row of a node with this id."""
        nodes = (frame for element, frame in self.rows.items() if isinstance(element, Node))
        return any(bool((frame["id"] == id_).any()) for frame in nodes)


def evaluate(document: Document, details: Details, account: str) -> Evaluated:
    """Evaluate the policies of a plan against what the snapshot of its document knows of AWS."""
    names = _known_ids(document.graph)
    export = Export()
    read_details(export, details.document(), Place(str(document.path)))
    unread = [f"a policy cannot be read: {rejected.reason}" for rejected in export.rows.rejected]
    add_known(export, document.graph)
    add_rows(export, account, Tagger(TagMap()))
    reading = export.rows.reading(account, document.graph.as_of, DECLARES)
    rows = typed(aws.SOURCE, reading, document)
    planned = {names.get(identity.arn, identity.arn) for identity in details.all()}
    return Evaluated(_about(_renamed(rows, names), planned, document.graph), names, unread)


def _known_ids(graph: AccessGraph) -> dict[str, str]:
    """Return the ids of the nodes that have a resource name of AWS and another id."""
    names = dict(graph.identities.canonical)
    for label in (RESOURCE, *KINDS):
        names |= {arn: id_ for arn, id_ in resource_names(graph, label).items() if arn != id_}
    return names


def _renamed(rows: Rows, names: Mapping[str, str]) -> Rows:
    """Replace the ids of things that the snapshot knows by another id."""
    columns = ("id", "source_id", "target_id")

    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        known = [c for c in columns if c in frame and frame[c].isin(list(names)).any()]
        changed = {c: frame[c].map(lambda id_: names.get(id_, id_)).astype("string") for c in known}
        return frame.assign(**changed) if changed else frame

    return {element: renamed(frame) for element, frame in rows.items()}


def _about(rows: Rows, planned: set[str], graph: AccessGraph) -> Rows:
    """Keep the relationships of the planned identities, and nodes that the graph lacks."""
    kept: dict[Element, pd.DataFrame] = {}
    ends = set(planned)
    for element, frame in rows.items():
        if isinstance(element, Relationship):
            own = frame["source_id"].isin(planned) | frame["target_id"].isin(planned)
            kept[element] = frame[own.to_numpy(bool)].reset_index(drop=True)
            ends |= {*kept[element]["source_id"], *kept[element]["target_id"]}
    for element, frame in rows.items():
        if isinstance(element, Node):
            new = frame["id"].isin(ends).to_numpy(bool) & (graph.numbers(frame["id"]) < 0)
            kept[element] = frame[new].reset_index(drop=True)
    return {element: frame for element, frame in kept.items() if len(frame)}
