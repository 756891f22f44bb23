"""Accounts of resources whose own names hold none, and what one account has of another's.

Of an export of one account they are that account's. Of several, the authorization details beside a
listing say whose it is: those of its folder, else of the folders around it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graph.aws.arn import ACCOUNT, parse
from graph.aws.patterns import is_wild
from graph.aws.resources import containing_resource
from graph.values import canonical
from ingest.sources.aws.export import Export
from ingest.sources.aws.policies.documents import term
from ingest.sources.aws.policies.regions import meet
from ingest.sources.aws.policies.targets import Target

if TYPE_CHECKING:
    from ingest.sources.aws.policies.evaluation import Entry, Holder, Part

SOME_ACCOUNT = "?"  # of those in the export: which one is not known
HAS_LISTS = "s3"  # whose buckets may have access lists besides their policy
# Whose keys nobody may use whom their own policy does not let in, of their account either:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
CLOSED = "kms"
BY_ACCESS_LIST = canonical({"Unknown": "the bucket's policy does not permit it: by an access list"})
OTHER_ACCOUNT = canonical(
    {"Unknown": "the resource belongs to another account, whose own policy is not in the export"}
)


def owner_of_files(export: Export, main: str) -> Callable[[str], str]:
    """Return a function that returns the account of what a file lists."""
    accounts: dict[Path, set[str]] = defaultdict(set)
    every: set[str] = set()
    for person in export.people:
        if ACCOUNT.fullmatch(person.account) and person.place.file:
            every.add(person.account)
            for folder in Path(person.place.file).parents:
                accounts[folder].add(person.account)

    def owner(file: str) -> str:
        if len(every) < 2:
            return main
        around = (accounts[f] for f in Path(file).parents if f in accounts)
        nearest = next(around, set())
        return next(iter(nearest)) if len(nearest) == 1 else SOME_ACCOUNT

    return owner


def across(
    holder: "Holder", target: Target, entry: "Entry", admitted: Sequence["Entry"] | None
) -> list["Part"]:
    """Return the actions that may be used on a target, also one of another account.

    What its policy allows there counts (`admitted`), where it is known. Else a pattern means the
    resources of the holder's own account; a resource that is named also means one of another
    account, if that account agrees.
    """
    everything: list[Part] = [(entry.bits, ())]
    if target.kind == "account":
        return everything if target.account == holder.account else []
    if target.kind == "principal":
        own = target.account == holder.account or entry.service.prefix == "sts"
        return everything if own else []
    if not target.account:
        stranger = entry.broad and target.homes and holder.account not in target.homes
        return [] if stranger else everything
    if target.account == holder.account and admitted is None:
        return everything
    if target.account == SOME_ACCOUNT:
        return [(entry.bits, (OTHER_ACCOUNT,))]
    named = any(_names_account(r, target) for r in entry.statement.resources)
    if admitted is not None:
        by_list = named and target.service == HAS_LISTS and not entry.statement.except_resources
        return [
            (entry.bits & other.bits, term(other.statement.condition))
            for other in admitted
            if other.service is entry.service and meet(other.region, entry.region)
        ] + ([(entry.bits, (BY_ACCESS_LIST,))] if by_list else [])
    unknown = named and not entry.statement.except_resources
    return [(entry.bits, (OTHER_ACCOUNT,))] if unknown else []


def _names_account(pattern: str, target: Target) -> bool:
    arn = parse(pattern)
    if arn is None or arn.account:
        return arn is not None and arn.account == target.account
    return not is_wild(containing_resource(pattern))
