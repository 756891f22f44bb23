"""Reading of an AWS export, from files to rows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

import pandas as pd

from graph.aws.arn import ACCOUNT, account_id, parse, shown
from graph.schema import TRUSTS
from ingest.files.export import ExportFile, taken_at
from ingest.rows import Place
from ingest.source import InputRefused, Reading, Request
from ingest.sources.aws.access import add_assumptions, add_grants, all_access
from ingest.sources.aws.export import Export
from ingest.sources.aws.gather import gather
from ingest.sources.aws.last_accessed import last_calls, note_last_use
from ingest.sources.aws.nodes import (
    add_account,
    add_compute,
    add_named,
    add_people,
    add_resource,
)
from ingest.sources.aws.policies import of_resources, trust
from ingest.sources.aws.policies.accounts import owner_of_files
from ingest.sources.aws.policies.catalogue import Catalogue
from ingest.sources.aws.policies.documents import Statement
from ingest.sources.aws.policies.evaluation import Evaluator
from ingest.sources.aws.policies.holders import Holders, all_holders
from ingest.sources.aws.policies.last_use import Observed
from ingest.sources.aws.policies.targets import Target, Targets, known_targets
from ingest.sources.aws.policies.targets import add_named as add_named_targets
from ingest.sources.aws.role_policies import add_role_policies
from ingest.tags.tag_map import Tagger


def read(request: Request) -> Reading:
    """Read an AWS export from files and folders.

    Raises
    ------
    InputRefused
        If nothing in it is an AWS export, if a document is broken, or if its account is
        unknown.
    """
    export, files = gather(request)
    account = _main_account(export)
    scope = request.scope or account
    if not scope:
        raise InputRefused(request.paths[0], "", "its account is unknown; name it")
    moment = _taken_at(export, request, files)
    tagger = Tagger(request.tags)
    add_rows(export, account, tagger)
    for warning in tagger.warnings():
        export.rows.warn(warning)
    if request.tags.complete:
        export.declares.add("owners")
    if not export.detailed:
        export.rows.all_read = False
        export.rows.warn("there are no authorization details: who may do what is unknown")
    return export.rows.reading(scope, moment, export.declares)


def _main_account(export: Export) -> str:
    """Choose the account that most principals belong to, or else most resources."""
    for accounts in (
        [p.account for p in export.people],
        [arn.account for arn in map(parse, export.things) if arn],
    ):
        numeric = Counter(a for a in accounts if ACCOUNT.fullmatch(a))
        counted = numeric or Counter(a for a in accounts if a)
        if counted:
            return min(counted, key=lambda a: (-counted[a], a))
    return ""


def _taken_at(export: Export, request: Request, files: Sequence[ExportFile]) -> pd.Timestamp:
    """Return when the export was taken, from its documents if they have the date."""
    if request.taken_at is None and export.generated_at:
        return max(export.generated_at)
    return taken_at(request, files, export.rows)


def add_rows(export: Export, account: str, tagger: Tagger) -> None:
    """Evaluate the policies of an export, and add the rows of everything in it."""
    owner = owner_of_files(export, account)
    targets = known_targets(export, owner)
    attached = of_resources.attach(export, targets, owner)
    holders = all_holders(export)
    catalogue = Catalogue(_actions(export, holders))
    for pattern in catalogue.unknown:
        export.rows.warn(f"{shown(pattern)}: is no action that AWS documents, and matches none")
    unknown = add_named_targets(targets, holders.documents(), catalogue)
    strangers = _strangers(export, targets, unknown)
    evaluator = Evaluator(targets, catalogue)
    evaluator.denied_by_resource = attached.denials
    evaluator.admitted_by_resource = partial(attached.admitted, evaluator)
    calls = last_calls(export)
    note_last_use(export, calls)
    trusting = trust.trusts(export)

    add_people(export, (role for role, listed in trusting.items() if listed), tagger)
    accounts = _add_accounts(export)
    for target in targets.resources.values():
        add_resource(export, target, accounts, tagger)
    for named in strangers:
        add_named(export.rows, named, Place(""))
    add_compute(export)
    _add_trusts(export, trusting)
    _tell_of_other_accounts(export, trusting)
    access = all_access(export, evaluator, holders, attached)
    add_grants(export, access, Observed(calls, access.granted, access.groups_of))
    add_assumptions(
        export, trust.assumptions(export, evaluator, holders.by_id, trusting, access.ways)
    )
    add_role_policies(export, evaluator, holders, trusting, access)


def _actions(export: Export, holders: Holders) -> Iterable[str]:
    documents = [n.document for n in holders.documents()]
    documents += [p.document for p in export.resource_policies]
    documents += [
        h.boundary.document for h in holders.by_id.values() if h.boundary and h.boundary.document
    ]
    statements: list[Statement] = [s for d in documents for s in d.statements]
    return dict.fromkeys(a for s in statements for a in s.actions)


def _strangers(export: Export, targets: Targets, unknown: set[str]) -> list[trust.Named]:
    """Return identities of other accounts that policies name; those of the own are all known."""
    strangers = []
    detailed = export.people.detailed_accounts
    for id_ in sorted(unknown):
        arn = parse(id_)
        assert arn is not None
        if arn.account in detailed:
            export.rows.warn(f"a policy names {shown(id_)}, which is not in the export")
            continue
        targets.principals[id_] = Target(
            id_, "principal", (id_,), "iam", arn.account, arn.kind, arn.name
        )
        strangers.append(trust.Named(id_, "principal", arn.account))
    return strangers


def _add_accounts(export: Export) -> dict[str, str]:
    accounts = {}
    for person in export.people:
        add_account(export.rows, person.account, person.partition, person.place)
        accounts[person.account] = account_id(person.account, person.partition)
    return accounts


def _tell_of_other_accounts(export: Export, trusting: dict[str, list[trust.Trust]]) -> None:
    """Warn of trust in accounts whose permissions another reading has to state."""
    read = {person.account for person in export.people}
    outside = {
        (role, party.named.account)
        for role, listed in trusting.items()
        for party in listed
        if party.named.kind in ("account", "principal") and party.named.account not in (*read, "")
    }
    if outside:
        roles, accounts = ({pair[n] for pair in outside} for n in (0, 1))
        export.rows.warn(
            f"roles that trust accounts which are not in this reading: {len(roles)}, of such"
            f" accounts: {len(accounts)}; who may assume them from there is known once those"
            " accounts are read as well"
        )


def _add_trusts(export: Export, trusting: dict[str, list[trust.Trust]]) -> None:
    ids = trust.trust_ids(trusting)
    for listed in trusting.values():
        for trusted in listed:
            add_named(export.rows, trusted.named, trusted.place)
            export.rows.add(TRUSTS, {"id": ids[trusted], **trusted.row()}, trusted.place)
