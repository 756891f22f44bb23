"""Estates that are small to state and large to judge."""

from tests.support.estates.small_estates import Estate


def shared_role(n: int) -> Estate:
    """State one role that `n` agents share and that opens `n` resources."""
    e = Estate().thing("Role", "shared")
    for i in range(n):
        e.agent(f"agent-{i}").resource(f"r{i}", "restricted")
        e.link(f"agent-{i}", "ASSUMES", "shared").can("shared", "read", f"r{i}")
    return e
