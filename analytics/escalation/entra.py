"""Microsoft Entra ID: what an identity can make itself able to do in a tenant (E1 to E7).

E1 owns an application; E2 adds a secret to any; E3 and E4 give themselves a role or permission; E5
adds a member to a group; E6 makes agents from a blueprint; E7 is the subject of a trusted federated
credential. E8, a role that may be activated, is declared by the source as an eligible ASSUMES.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.entra_tenants import MANAGED, PREFIX, Tenants, tenants_of
from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.support import Support, facts_of
from graph.access import AccessGraph
from graph.instants import milliseconds
from graph.once import once
from graph.schema import AGENT, OWNS, SERVICE_ACCOUNT, TRUSTS

PROVIDER = "entra"
ISSUER = re.compile(
    r"https://(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn"
    r"|sts\.windows\.net)/([0-9a-f-]{36})(?:/v2\.0)?/?",
    re.IGNORECASE,
)


@once
def _tenants(known: Known) -> Tenants:
    return tenants_of(known.graph)


def owned(known: Known) -> Iterator[Derivation]:
    """E1: a technical owner adds a secret to what it owns, and signs in as it."""
    graph = known.graph
    owner, target = graph.ends(OWNS)
    frame = graph.frames[OWNS]
    technical = (frame["role"] == "technical").fillna(False).to_numpy(bool)
    rows = np.flatnonzero(
        technical & _secret_by_owner(graph)[target] & graph.in_force(OWNS) & graph.live[owner]
    )
    fact = facts_of(graph, OWNS)
    for row in rows.tolist():
        if owner[row] != target[row]:
            yield Derivation.of(int(owner[row]), int(target[row]), "E1", fact(row))


def _secret_by_owner(graph: AccessGraph) -> np.ndarray:
    """Return a mask of the nodes whose platform lets an owner give them a secret.

    That is everything in Entra but a managed identity, and a blueprint of any source; elsewhere
    ownership gives no access.
    """
    allowed: np.ndarray = pc.starts_with(graph.ids, PREFIX).to_numpy(zero_copy_only=False).copy()
    for label in (AGENT, SERVICE_ACCOUNT):
        frame = graph.frames[label]
        entra = (frame["provider"].str.lower() == PROVIDER).fillna(False)
        if label is AGENT:
            entra |= (frame["kind"] == "blueprint").fillna(False)
        allowed[graph.numbers(frame["id"][entra.to_numpy(bool)])] = True
        managed = frame["tags"].str.contains(f'"{MANAGED}"', regex=False).fillna(False)
        allowed[graph.numbers(frame["id"][managed.to_numpy(bool)])] = False
    return allowed


def _permitted(rule: str) -> Callable[[Known], Iterator[Derivation]]:
    def derive(known: Known) -> Iterator[Derivation]:
        for permission, targets in _tenants(known).all(rule):
            for target in targets:
                if target != permission.holder:
                    yield Derivation.of(permission.holder, target, rule, permission.by)

    return derive


def made(known: Known) -> Iterator[Derivation]:
    """E6: a blueprint gets tokens for every agent that is made from it, in any system.

    The link between the two is a property of the agent, so no relationship supports the edge: it
    lasts as long as the agent is made from the blueprint.
    """
    graph = known.graph
    frame = graph.frames[AGENT]
    frame = frame[frame["blueprint_id"].notna()]
    blueprint, agent = graph.numbers(frame["blueprint_id"]), graph.numbers(frame["id"])
    ends = zip(
        blueprint.tolist(), agent.tolist(), milliseconds(frame["created_at"]).tolist(), strict=True
    )
    for source, target, since in ends:
        if source >= 0 and source != target and graph.live[source]:
            yield Derivation.of(source, target, "E6", Support(since=since))


def federated(known: Known) -> Iterator[Derivation]:
    """E7: the subject of a federated credential, in Entra itself, signs in as its application.

    The subject is the object id of a managed identity or application of the issuing tenant.
    """
    graph = known.graph
    frame = graph.frames[TRUSTS]
    app, _ = graph.ends(TRUSTS)
    issuer = frame["issuer"].fillna("").to_numpy(object)
    named = (PREFIX + frame["subject"].fillna("").str.lower()).astype("string")
    subject = graph.numbers(named)
    fact = facts_of(graph, TRUSTS)
    for row in np.flatnonzero((subject >= 0) & graph.in_force(TRUSTS)).tolist():
        trusts = str(graph.ids[int(app[row])]).startswith(PREFIX)
        if trusts and ISSUER.fullmatch(str(issuer[row])) and subject[row] != app[row]:
            yield Derivation.of(int(subject[row]), int(app[row]), "E7", fact(row))


def _rule(
    id_: str,
    title: str,
    needs: tuple[str, ...],
    facts: tuple[str, ...],
    reference: str,
    derive: Callable[[Known], Iterable[Derivation]],
) -> EscalationRule:
    return EscalationRule(id_, title, needs, facts, (reference,), derive, again=False)


RULES = (
    _rule("E1", "Owns an application", ("owners",), ("OWNS",), "BloodHound AZOwns", owned),
    _rule(
        "E2",
        "Adds secrets to applications",
        ("grants",),
        ("CAN_ACCESS",),
        "BloodHound AZMGAddSecret",
        _permitted("E2"),
    ),
    _rule(
        "E3",
        "Gives itself directory roles",
        ("grants",),
        ("CAN_ACCESS",),
        "BloodHound AZMGGrantRole",
        _permitted("E3"),
    ),
    _rule(
        "E4",
        "Gives itself permissions of applications",
        ("grants",),
        ("CAN_ACCESS",),
        "BloodHound AZMGGrantAppRoles",
        _permitted("E4"),
    ),
    _rule(
        "E5",
        "Adds members to groups",
        ("grants",),
        ("CAN_ACCESS",),
        "BloodHound AZMGAddMember",
        _permitted("E5"),
    ),
    _rule(
        "E6",
        "Makes agents from a blueprint",
        ("inventory",),
        ("Agent.blueprint_id",),
        "Microsoft Entra Agent ID",
        made,
    ),
    _rule(
        "E7",
        "Is whom a federated credential trusts",
        ("trust",),
        ("TRUSTS",),
        "BloodHound AZAuthenticatesTo",
        federated,
    ),
)
