"""Which kind of fact a source must be able to provide before it states an element or a field."""

from graph.element import Element
from graph.schema import (
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    DECISION,
    OWNS,
    RESOURCE,
    REVIEW,
    STORED_IN,
    TOOL,
    TRUSTS,
    USED,
    USES,
)

INVENTORY = "inventory"  # what is there: other kinds of fact may imply that too
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


def kind_of_element(element: Element) -> str | None:
    """Return the kind of fact that rows of an element are, or None for what anybody may state."""
    return ELEMENT_KINDS.get(element)


def kind_of_field(element: Element, name: str) -> str | None:
    """Return the kind of fact that a field of an element is."""
    return FIELD_KINDS.get(name, ELEMENT_KINDS.get(element))
