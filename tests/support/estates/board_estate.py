"""The estate that boards are asked about: three agents that reach a restricted database."""

import pandas as pd

from tests.support.estates.small_estates import AS_OF, Estate, ago


def estate(leaked: bool = False, third: bool = True, at: pd.Timestamp = AS_OF) -> Estate:
    """Three agents reach a restricted database: one by a key, two by one role."""
    made = Estate(at).person("ann", status="active").thing("Team", "ops", "web")
    made.link("ann", "MEMBER_OF", "ops").resource("db", "restricted").resource("wiki", "internal")
    made.thing("Role", "admins", status="active")
    for name in ("a", "b", *(["c"] if third else [])):
        made.agent(name, status="active").account(f"svc-{name}", status="active")
        made.owned(name, business="ann", technical="ann", since=ago(500))
    made.thing("Credential", "key", status="leaked" if leaked else "active")
    made.link("a", "USES", "key").link("key", "AUTHENTICATES_AS", "svc-a")
    made.can("svc-a", "read", "db", granted_at=ago(400))
    for name in ("b", *(["c"] if third else [])):
        made.link(name, "RUNS_AS", f"svc-{name}").link(f"svc-{name}", "ASSUMES", "admins")
    return made.can("admins", "admin", "db", granted_at=ago(400))
