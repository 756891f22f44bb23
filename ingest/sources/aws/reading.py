"""From files to rows: the whole reading of an AWS export."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from graph.frames import relationship_ids
from graph.schema import ASSUMES, CAN_ACCESS, DECLARABLE, MEMBER_OF, TRUSTS
from graph.values import canonical
from ingest.files.export import assumed_taken_at
from ingest.source import InputRefused, Reading, Request
from ingest.sources.aws.arn import ACCOUNT, account_id, parse, shown
from ingest.sources.aws.export import Export
from ingest.sources.aws.gather import gather
from ingest.sources.aws.last_accessed import last_calls, note_last_use
from ingest.sources.aws.nodes import (
    Row,
    Rows,
    add_account,
    add_compute,
    add_named,
    add_people,
    add_resource,
)
from ingest.sources.aws.policies import of_resources, trust
from ingest.sources.aws.policies.actions import Catalogue
from ingest.sources.aws.policies.documents import Statement, text_of
from ingest.sources.aws.policies.evaluation import Evaluator
from ingest.sources.aws.policies.grants import Grant, Granted, add_resource_grants, granted
from ingest.sources.aws.policies.holders import Holders, Member, all_holders
from ingest.sources.aws.policies.last_use import Observed
from ingest.sources.aws.policies.targets import Target, Targets, known_targets
from ingest.sources.aws.policies.targets import add_named as add_named_targets
from ingest.sources.aws.principals import Place
from ingest.tags.tag_map import Tagger


def read(request: Request) -> Reading:
    """Read an AWS export from files and folders.

    Raises
    ------
    InputRefused
        If nothing in it is an AWS export, if a document is broken, or if nothing says which
        account it is of.
    """
    export, newest = gather(request)
    account = _main_account(export)
    scope = request.scope or account
    if not scope:
        raise InputRefused(request.paths[0], "", "nothing says of which account it is; name it")
    taken_at = _taken_at(export, request, newest)
    tagger = Tagger(request.tags)
    rows = _rows(export, account, tagger)
    for said in tagger.warnings():
        export.log.warn(said)
    if request.tags.complete:
        export.declares.add("owners")
    if not export.detailed:
        export.log.whole = False
        export.log.warn("there are no authorization details: who may do what is unknown")
    return Reading(
        scope=scope,
        taken_at=taken_at,
        complete=export.log.whole,
        declares=tuple(d for d in DECLARABLE if d in export.declares),
        rows=rows.frames(),
        rejected=export.log.rejected,
        warnings=list(export.log.warnings),
        taken_at_assumed=export.log.taken_at_assumed,
    )


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


def _taken_at(export: Export, request: Request, newest: pd.Timestamp) -> pd.Timestamp:
    if request.taken_at is not None:
        return request.taken_at
    if export.generated_at:
        return max(export.generated_at)
    return assumed_taken_at(newest, export.log)


def _rows(export: Export, account: str, tagger: Tagger) -> Rows:
    targets = known_targets(export, account)
    attached = of_resources.attach(export, targets, account)
    holders = all_holders(export)
    catalogue = Catalogue(_actions(export, holders))
    for pattern in catalogue.unknown:
        export.log.warn(f"{shown(pattern)}: is no action that AWS documents, and matches none")
    unknown = add_named_targets(targets, holders.documents(), catalogue)
    strangers = _strangers(export, targets, unknown)
    evaluator = Evaluator(targets, catalogue)
    evaluator.denied_by_resource = attached.denials
    calls = last_calls(export)
    note_last_use(export, calls)
    trusting = trust.trusts(export)

    rows = Rows()
    add_people(rows, export, (role for role, listed in trusting.items() if listed), tagger)
    accounts = _add_accounts(rows, export)
    for target in targets.resources.values():
        add_resource(rows, export, target, accounts, tagger)
    for named in strangers:
        add_named(rows, named, Place(""))
    add_compute(rows, export)
    _add_trusts(rows, trusting)
    everything = _Everything(export, rows, evaluator, holders)
    everything.grant_all(attached)
    everything.add_grants(Observed(calls, everything.granted, everything.groups_of))
    everything.add_assumptions(trusting)
    return rows


def _actions(export: Export, holders: Holders) -> Iterable[str]:
    documents = [n.document for n in holders.documents()]
    documents += [p.document for p in export.resource_policies]
    documents += [
        h.boundary.document for h in holders.by_id.values() if h.boundary and h.boundary.document
    ]
    statements: list[Statement] = [s for d in documents for s in d.statements]
    return dict.fromkeys(a for s in statements for a in s.actions)


def _strangers(export: Export, targets: Targets, unknown: set[str]) -> list[trust.Named]:
    """Take in identities of other accounts that policies name; the own account has no others."""
    found = []
    detailed = export.people.detailed_accounts
    for id_ in sorted(unknown):
        arn = parse(id_)
        assert arn is not None
        if arn.account in detailed:
            export.log.warn(f"a policy names {shown(id_)}, which is not in the export")
            continue
        targets.principals[id_] = Target(
            id_, "principal", (id_,), "iam", arn.account, arn.kind, arn.name
        )
        found.append(trust.Named(id_, "principal", arn.account))
    return found


def _add_accounts(rows: Rows, export: Export) -> dict[str, str]:
    accounts = {}
    for person in export.people:
        add_account(rows, person.account, person.partition, person.place)
        accounts[person.account] = account_id(person.account, person.partition)
    return accounts


def _add_trusts(rows: Rows, trusting: dict[str, list[trust.Trust]]) -> None:
    ids = trust.trust_ids(trusting)
    for listed in trusting.values():
        for one in listed:
            add_named(rows, one.named, one.place)
            rows.add(TRUSTS, {"id": ids[one], **one.row()}, one.place)


class _Everything:
    """The grants of all holders, and the memberships, as they come together."""

    def __init__(self, export: Export, rows: Rows, evaluator: Evaluator, holders: Holders) -> None:
        self.export, self.rows = export, rows
        self.evaluator, self.holders = evaluator, holders
        self.granted: dict[str, Granted] = {}
        self.groups_of: dict[str, list[str]] = {}
        self.ways: dict[str, dict[str, list[trust.Way]]] = {}

    def grant_all(self, attached: of_resources.Attached) -> None:
        """Evaluate everybody's policies, memberships and the policies of resources."""
        for id_, holder in self.holders.by_id.items():
            self.granted[id_] = granted(self.evaluator, holder)
            self._permit(id_, self.granted[id_], ())
        for member in self.holders.members:
            self._join(member, choosy=attached.choosy)
        let_in = of_resources.let_in(attached, self.evaluator, self.holders.by_id)
        for holder, named, target, allowed in let_in:
            add_named(self.rows, named, holder.place)
            own = self.granted.setdefault(holder.id, Granted())
            add_resource_grants(allowed, holder, target, own)

    def _permit(self, user: str, given: Granted, support: tuple[str, ...]) -> None:
        of_user = self.ways.setdefault(user, {})
        for role, ways in given.assumes.items():
            of_user.setdefault(role, []).extend(
                trust.Way(terms, (by, *support)) for terms, by in ways
            )

    def _join(self, member: Member, *, choosy: bool) -> None:
        """Make a user a member, or grant directly what its limits leave of the group's grants."""
        user, group = member.user.arn, member.group.arn
        theirs = self.granted[group]
        if not member.same or choosy:
            left = granted(self.evaluator, member.limited)
            if {g.says for g in left.grants.values()} != {g.says for g in theirs.grants.values()}:
                self._give(user, left)
                self.export.log.warn(
                    f"{shown(user)} has less than group {shown(group)} gives: what is left is"
                    " granted to it directly, and the membership is not listed"
                )
                return
        row: Row = {"source_id": user, "target_id": group}
        row["id"] = relationship_ids(pd.DataFrame([row], dtype=object), MEMBER_OF).iloc[0]
        self.rows.add(MEMBER_OF, row, member.user.place)
        self.groups_of.setdefault(user, []).append(group)
        self._permit(user, theirs, (str(row["id"]),))

    def _give(self, user: str, left: Granted) -> None:
        own = self.granted[user]
        for key, grant in left.grants.items():
            if key in own.grants:
                own.grants[key].merge(grant)
            else:
                own.grants[key] = grant
        self._permit(user, left, ())

    def add_grants(self, observed: Observed) -> None:
        """Write the grants as rows, with what is known of their use."""
        for id_ in sorted(self.granted):
            for grant in self.granted[id_].grants.values():
                self.rows.add(CAN_ACCESS, _grant_row(grant, observed), grant.place)

    def add_assumptions(self, trusting: dict[str, list[trust.Trust]]) -> None:
        """Write who may take which role."""
        found = trust.assumptions(
            self.export, self.evaluator, self.holders.by_id, trusting, self.ways
        )
        for person, role, way in found:
            row: Row = {
                "source_id": person,
                "target_id": role,
                "condition": text_of(way.terms),
                "derived": True,
                "rule": "A1",
                "support": canonical(list(way.support)),
            }
            self.rows.add(ASSUMES, row, self.export.people.by_arn[person].place)


def _grant_row(grant: Grant, observed: Observed) -> Row:
    telemetry, used = observed.of(grant)
    return {
        "id": grant.id,
        "source_id": grant.holder,
        "target_id": grant.target.id,
        "grant_id": grant.id,
        "actions": canonical(list(grant.actions)),
        "levels": canonical(grant.sorted_levels()),
        "policy_id": grant.policy_id,
        "condition": grant.condition,
        "telemetry": telemetry,
        "last_used_at": canonical(used) if used else None,
    }
