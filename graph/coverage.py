"""Kinds of fact: the kind that a source must declare to provide an element or a property."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from graph.edges import flags
from graph.element import Element
from graph.once import once
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    DECISION,
    ELEMENTS,
    FACT_NODES,
    OWNS,
    RESOURCE,
    REVIEW,
    STORED_IN,
    TOOL,
    TRUSTS,
    USED,
    USES,
)

if TYPE_CHECKING:
    from graph.access import AccessGraph

INVENTORY = "inventory"  # what exists; other kinds of fact may imply it
ELEMENT_KINDS: dict[Element, str] = {
    AGENT: INVENTORY,
    RESOURCE: INVENTORY,
    TOOL: INVENTORY,
    CAN_ACCESS: "grants",
    OWNS: "owners",
    CREDENTIAL: "credentials",
    USES: "credentials",
    AUTHENTICATES_AS: "credentials",
    STORED_IN: "credentials",
    REVIEW: "reviews",
    COVERS: "reviews",
    USED: "usage",
    DECISION: "decisions",
    TRUSTS: "trust",
    ASSUMES: "trust",
}
FIELD_KINDS = {
    "declared_scope": "scope",
    "last_used_at": "usage",
    "last_active_at": "usage",
    "telemetry": "usage",
    "human_used_at": "usage",
    "reviewed_at": "reviews",
    "approved_by": "reviews",
    "explained_count": "decisions",
    "mfa": "credentials",
}
JOURNAL = "journal"  # the source of decisions that people made in the product
DECIDED = {"owners": OWNS, "reviews": COVERS}  # relationships of decisions by their kind of fact


def kind_of_element(element: Element) -> str | None:
    """Return the kind of fact of an element, or None if any source may provide it."""
    return ELEMENT_KINDS.get(element)


def kind_of_field(element: Element, name: str) -> str | None:
    """Return the kind of fact of a property of an element."""
    return FIELD_KINDS.get(name, ELEMENT_KINDS.get(element))


def known_kinds(graph: "AccessGraph") -> frozenset[str]:
    """Return the kinds of fact that a source declares, or that have facts anyway."""
    return graph.declared | _stated_kinds(graph)


@once
def _stated_kinds(graph: "AccessGraph") -> frozenset[str]:
    return _stated({element: graph.frames[element] for element in ELEMENTS})


def can_state(graph: "AccessGraph", name: str) -> np.ndarray:
    """Return the mask of the nodes whose label has a property of this name (bool).

    A property that a label does not have is not missing.
    """
    return graph.has_label(*(node for node in FACT_NODES if node.has(name)))


def _stated(frames: Mapping[Element, pd.DataFrame]) -> frozenset[str]:
    """Return the kinds of fact that the frames have facts of; a flag counts only if it is true."""
    kinds = {kind for element, kind in ELEMENT_KINDS.items() if len(frames.get(element, ()))}
    for name, kind in FIELD_KINDS.items():
        columns = (frame[name] for frame in frames.values() if name in frame and kind not in kinds)
        if any(_tells(column) for column in columns):
            kinds.add(kind)
    return frozenset(kinds)


def _tells(column: pd.Series) -> bool:
    if column.dtype == "boolean":
        return bool(flags(column).any())
    return not column.array.isna().all()
