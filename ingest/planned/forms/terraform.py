"""Terraform plans: the roles and users of AWS that a plan makes or gives more to."""

from graph.rows.planned import OWNER_ROLES, Planned, PlannedCredential
from graph.schema import FACT_NODES, OWNS, ROLE, SERVICE_ACCOUNT
from ingest.planned.form import Document, Form
from ingest.planned.terraform.details import GROUP as GROUP_TYPE
from ingest.planned.terraform.details import HARMLESS, Details, Identity, accounts_of
from ingest.planned.terraform.evaluation import Evaluated, Rows, evaluate
from ingest.planned.terraform.plan import Plan, is_plan, is_state
from ingest.planned.terraform.snapshot import accounts_in
from ingest.rows import listed
from ingest.source import InputRefused

STATED = frozenset({"access", "credentials"})
NO_ACCOUNT = "000000000000"
FIX = "apply what it depends on first, or state it literally, and plan again"


def _read(document: Document) -> list[Planned]:
    """Return every role and user that the plan makes, or gives a policy, a group or a key to.

    Raises
    ------
    InputRefused
        If the plan changes no identity.
    """
    if is_state(document.value):
        reason = "is a state of Terraform, which is there already: show a plan"
        raise InputRefused(document.path, "/values", reason)
    plan = Plan(document.value)
    accounts = _accounts(document, plan)
    account = next(iter(accounts)) if len(accounts) == 1 else NO_ACCOUNT
    details = Details(plan, account)
    changed = [i for i in details.all() if i.changes and i.resource.type != GROUP_TYPE]
    if not changed:
        reason = "makes or changes no role and no user of AWS (aws_iam_role, aws_iam_user)"
        raise InputRefused(document.path, "/planned_values", reason)
    evaluated = evaluate(document, details, account)
    groups = [i for i in details.all() if i.resource.type == GROUP_TYPE]
    open_ = [*evaluated.unread, *_not_evaluated(plan), *(t for g in groups for t in g.unknown)]
    if account == NO_ACCOUNT:
        open_.append("the plan does not tell its account: have it read aws_caller_identity")
    return [_planned(document, identity, evaluated, open_) for identity in changed]


def _accounts(document: Document, plan: Plan) -> set[str]:
    """Return the accounts that the plan may be for: by its own words, else by the snapshot."""
    known = accounts_in(document.graph)
    named = _callers(document.value.get("prior_state")) or accounts_of(plan)
    return (named & known if len(named) > 1 else named) or known


def _callers(prior: object) -> set[str]:
    """Return the accounts that the data source aws_caller_identity told the plan."""
    values = prior.get("values") if isinstance(prior, dict) else None
    root = values.get("root_module") if isinstance(values, dict) else None
    records = listed(root.get("resources") if isinstance(root, dict) else None)
    callers = [
        record.get("values")
        for record in records
        if isinstance(record, dict) and record.get("type") == "aws_caller_identity"
    ]
    return {
        caller["account_id"]
        for caller in callers
        if isinstance(caller, dict) and isinstance(caller.get("account_id"), str)
    }


def _not_evaluated(plan: Plan) -> list[str]:
    """Name what else may give access: policies of resources, and types that are not read."""
    read = Details.types()
    left = [
        resource.address
        for resource in plan.resources
        if resource.changes
        and (
            (resource.type.startswith("aws_iam_") and resource.type not in read | HARMLESS)
            or (resource.type not in read and "policy" in resource.attributes)
        )
    ]
    return [f"what {address} gives is not evaluated" for address in left]


def _planned(
    document: Document, identity: Identity, evaluated: Evaluated, open_: list[str]
) -> Planned:
    id_, rows = evaluated.id_of(identity), evaluated.rows
    if not evaluated.has(id_) and document.graph.number(id_) < 0:
        reason = "has a name that no role and no user of AWS can have"
        raise InputRefused(document.path, identity.resource.address, reason)
    owners, facts = _owners(rows, id_), _facts(rows, id_)
    reasons = dict.fromkeys([*identity.unknown, *open_])
    stated = {"owners": bool(owners), "purpose": facts["purpose"] is not None}
    return Planned(
        form="Terraform plan",
        stated=STATED.union(part for part, present in stated.items() if present),
        name=identity.arn.rpartition("/")[2],
        purpose=facts["purpose"],
        environment=facts["env"],
        owners=owners,
        credentials=tuple(PlannedCredential(type="access_key") for _ in identity.keys),
        id=id_,
        rows=rows,
        unknown=tuple(("access", reason, FIX) for reason in reasons),
    )


def _facts(rows: Rows, id_: str) -> dict[str, str | None]:
    """Return purpose and environment of a planned identity, from its tags."""
    facts: dict[str, str | None] = {"purpose": None, "env": None}
    for label in (ROLE, SERVICE_ACCOUNT):
        if label not in rows:
            continue
        own = rows[label][rows[label]["id"] == id_]
        for name in facts:
            values = own[name].dropna().tolist()
            facts[name] = str(values[0]) if values else facts[name]
    return facts


def _owners(rows: Rows, id_: str) -> dict[str, tuple[str, ...]]:
    """Return the owners that the tags of a planned identity name, by role."""
    if OWNS not in rows:
        return {}
    owns = rows[OWNS][rows[OWNS]["target_id"] == id_]
    names = {
        str(i): str(name)
        for label in FACT_NODES
        if label in rows
        for i, name in zip(rows[label]["id"], rows[label]["name"], strict=True)
    }
    owners: dict[str, tuple[str, ...]] = {}
    for source, role in zip(owns["source_id"], owns["role"].fillna(OWNER_ROLES[0]), strict=True):
        owners[role] = (*owners.get(role, ()), names.get(source, source))
    return owners


def _recognises(document: Document) -> bool:
    return is_plan(document.value) or is_state(document.value)


FORM = Form("terraform", "Terraform plan (JSON)", 10, _recognises, _read)
