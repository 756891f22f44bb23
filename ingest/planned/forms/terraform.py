"""Terraform plans: the roles and users of AWS that a plan makes or gives more to."""

from collections.abc import Mapping

import pandas as pd

from graph.access import AccessGraph
from graph.element import Element, Node, Relationship
from graph.planned import OWNER_ROLES, Planned, PlannedCredential
from graph.schema import FACT_NODES, OWNS, RESOURCE, ROLE, SERVICE_ACCOUNT
from ingest.planned.form import Document, Form
from ingest.planned.rows_of_source import typed
from ingest.planned.terraform.details import GROUP as GROUP_TYPE
from ingest.planned.terraform.details import HARMLESS, Details, Identity, accounts_of
from ingest.planned.terraform.plan import Plan, is_plan, is_state
from ingest.planned.terraform.snapshot import KINDS, accounts_in, add_known, resource_names
from ingest.rows import Place, listed
from ingest.source import InputRefused
from ingest.sources import aws
from ingest.sources.aws.authorization import read_details
from ingest.sources.aws.export import Export
from ingest.sources.aws.reading import add_rows
from ingest.tags.tag_map import Tagger, TagMap

STATED = frozenset({"access", "credentials"})
DECLARES = ("grants", "trust", "credentials", "inventory")
NO_ACCOUNT = "000000000000"
FIX = "apply what it depends on first, or state it literally, and plan again"
Rows = Mapping[Element, pd.DataFrame]


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
    names = _known_ids(document.graph)
    rows, remarks = _evaluated(document, details, account, names)
    groups = [i for i in details.all() if i.resource.type == GROUP_TYPE]
    open_ = [*remarks, *_not_evaluated(plan), *(text for g in groups for text in g.unknown)]
    if account == NO_ACCOUNT:
        open_.append("the plan does not tell its account: have it read aws_caller_identity")
    return [
        _planned(names.get(identity.arn, identity.arn), identity, rows, [*identity.unknown, *open_])
        for identity in changed
    ]


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


def _evaluated(
    document: Document, details: Details, account: str, names: Mapping[str, str]
) -> tuple[Rows, list[str]]:
    """Return the rows about the identities of the plan, and what could not be evaluated."""
    export = Export()
    read_details(export, details.document(), Place(str(document.path)))
    unread = [f"a policy cannot be read: {rejected.reason}" for rejected in export.rows.rejected]
    add_known(export, document.graph)
    add_rows(export, account, Tagger(TagMap()))
    reading = export.rows.reading(account, document.graph.as_of, DECLARES)
    rows = typed(aws.SOURCE, reading, document)
    planned = {names.get(identity.arn, identity.arn) for identity in details.all()}
    return _about(_renamed(rows, names), planned, document.graph), unread


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


def _planned(id_: str, identity: Identity, rows: Rows, open_: list[str]) -> Planned:
    owners, facts = _owners(rows, id_), _facts(rows, id_)
    stated = (
        STATED | ({"owners"} if owners else set()) | ({"purpose"} if facts["purpose"] else set())
    )
    return Planned(
        form="Terraform plan",
        stated=stated,
        name=identity.arn.rpartition("/")[2],
        purpose=facts["purpose"],
        environment=facts["env"],
        owners=owners,
        credentials=tuple(PlannedCredential(type="access_key") for _ in identity.keys),
        id=id_,
        rows=rows,
        unknown=tuple(("access", reason, FIX) for reason in dict.fromkeys(open_)),
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
