"""Actions: what a person can do about access, and which of it takes a fact away."""

from collections.abc import Mapping
from enum import StrEnum

from graph.element import Element
from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CAN_ACCESS,
    CONTROLS,
    CREDENTIAL,
    MEMBER_OF,
    ROLE,
    RUNS_AS,
    SERVICE_ACCOUNT,
    SPAWNS,
    TRUSTS,
    USES,
)


class Action(StrEnum):
    """An action that one person can carry out in one place."""

    DEACTIVATE_CREDENTIAL = "deactivate_credential"
    REMOVE_GRANT = "remove_grant"
    NARROW_GRANT = "narrow_grant"
    REMOVE_MEMBER = "remove_member"
    REMOVE_TRUST = "remove_trust"
    END_DELEGATION = "end_delegation"
    UNREGISTER_TOOL = "unregister_tool"
    DISABLE_IDENTITY = "disable_identity"
    ASSIGN_OWNER = "assign_owner"
    SET_EXPIRY = "set_expiry"
    ROTATE_CREDENTIAL = "rotate_credential"
    REVIEW = "review"


# The action that takes away a relationship, or what a node gives. Whose credential it is, is a fact
# of identity (`LOGINS`) and is not taken away: the credential itself is.
REMOVING: Mapping[Element, Action] = {
    CAN_ACCESS: Action.REMOVE_GRANT,
    CONTROLS: Action.REMOVE_GRANT,
    MEMBER_OF: Action.REMOVE_MEMBER,
    ASSUMES: Action.REMOVE_TRUST,
    RUNS_AS: Action.REMOVE_TRUST,
    TRUSTS: Action.REMOVE_TRUST,
    SPAWNS: Action.END_DELEGATION,
    ACTS_FOR: Action.END_DELEGATION,
    CALLS: Action.UNREGISTER_TOOL,
    CREDENTIAL: Action.DEACTIVATE_CREDENTIAL,
    AGENT: Action.DISABLE_IDENTITY,
    SERVICE_ACCOUNT: Action.DISABLE_IDENTITY,
    ROLE: Action.DISABLE_IDENTITY,
}
LOGINS: Mapping[Element, int] = {USES: 1, AUTHENTICATES_AS: 0}  # and the end that is the credential
