"""Permissions that agent identities have from their blueprint, without a grant of their own.

An agent inherits what its blueprint declares inheritable of an API, as far as an administrator
granted it to the principal of the blueprint; no list of the agent's own grants shows it:
https://learn.microsoft.com/en-us/entra/agent-id/configure-inheritable-permissions-blueprints.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

from ingest.sources.entra.identities import blueprint_named
from ingest.sources.entra.tenant import Inheritable, Permission, Tenant


def inherited(
    tenant: Tenant, blueprint: Callable[[str], str], app: Callable[[Permission], str]
) -> Iterator[Permission]:
    """Yield the inherited permissions of all agent identities.

    Parameters
    ----------
    blueprint
        Returns the object that acts as a blueprint, by its object id or app id.
    app
        Returns the app id of the API that a permission is on.
    """
    agents: dict[str, list[str]] = defaultdict(list)
    for agent in tenant.of("agentIdentity"):
        if named := blueprint_named(agent.body):
            agents[blueprint(named)].append(agent.id)
    rules: dict[tuple[str, str], list[Inheritable]] = defaultdict(list)
    for rule in tenant.inheritable:
        rules[blueprint(rule.blueprint), rule.app].append(rule)
    for permission in tenant.permissions if rules else ():
        holder = tenant.acting(permission.holder)
        if permission.user or holder not in agents:
            continue  # a user's own consent to the blueprint is none of an administrator
        for rule in rules.get((holder, app(permission)), ()):
            chosen = rule.scopes if permission.delegated else rule.roles
            names = tuple(n for n in permission.names if chosen is None or n in chosen)
            for agent_id in agents[holder] if names else ():
                yield replace(permission, holder=agent_id, names=names)
