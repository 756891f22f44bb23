"""Google Cloud: lines of its command line, `gcloud`.

Disable first, wait, delete later:
https://cloud.google.com/iam/docs/service-accounts-disable-enable
"""

import re
from collections.abc import Mapping

from analytics.remediation.handover.facts import Link, Thing, one_line
from analytics.remediation.handover.provider import Provider
from analytics.remediation.handover.shell import checked, line
from analytics.remediation.handover.step import Instruction
from graph.element import Element
from graph.schema import CAN_ACCESS, GROUP, HUMAN, MEMBER_OF, SERVICE_ACCOUNT

ACCOUNT = r"[a-z0-9.:-]+@[a-z0-9.:-]+\.gserviceaccount\.com"
MAIL = re.compile(ACCOUNT)
BEFORE = ("serviceAccounts/", "gcp:")  # the address in an id
KEY = re.compile(rf"\A.*serviceAccounts/(?P<mail>{ACCOUNT})/keys/(?P<id>[0-9a-f]{{40}})", re.DOTALL)
OF_PROJECT = re.compile(r"\A.+@(?P<project>[a-z][a-z0-9.:-]*)\.iam\.gserviceaccount\.com")
IN_POOL = re.compile(r"gcp:([a-z0-9.:-]+\.svc\.id\.goog\[[\w-]+/[\w.-]+\])", re.ASCII)
PEOPLE = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
ROLE = re.compile(r"(?:(?:projects|organizations)/[A-Za-z0-9.:-]+/)?roles/[A-Za-z0-9._]+")
ORGANIZATIONS, FOLDERS = ("organizations",), ("resource-manager", "folders")
SCOPES = (  # of the ids of resources, the words of gcloud and the form of its id there
    (re.compile(r"\A.*/GCPProject/(?:projects/)?([a-z][a-z0-9.:-]+)"), ("projects",), "{}"),
    (re.compile(r"\A.*/GCPFolder/(?:folders/)?([0-9]+)"), FOLDERS, "{}"),
    (re.compile(r"\A.*/GCPOrganization/(?:organizations/)?([0-9]+)"), ORGANIZATIONS, "{}"),
    (re.compile(r"gcp:projects/([a-z][a-z0-9.:-]+)\Z"), ("projects",), "{}"),
    (re.compile(r"gcp:folders/([0-9]+)\Z"), FOLDERS, "{}"),
    (re.compile(r"gcp:organizations/([0-9]+)\Z"), ORGANIZATIONS, "{}"),
    (
        re.compile(r"gcp:storage\.googleapis\.com/([a-z0-9._-]+)\Z"),
        ("storage", "buckets"),
        "gs://{}",
    ),
    (
        re.compile(
            r"gcp:secretmanager\.googleapis\.com/(projects/[a-z0-9.:-]+/secrets/[\w-]+)\Z", re.ASCII
        ),
        ("secrets",),
        "{}",
    ),
)
BINDING = re.compile(r"(?P<scope>[^\s]+) (?P<role>[^\s]+)(?P<terms> if C-[0-9a-f]{16})?")
OURS = re.compile(rf"\A(?:gcp:.*|.*/GCP[A-Za-z]+/.*|.*serviceAccounts/.*|{ACCOUNT})", re.DOTALL)
KINDS: Mapping[Element, str] = {HUMAN: "user", GROUP: "group"}
AGAIN = "cannot be undone: gcloud iam service-accounts keys create makes a new key"


def mail_of(thing: Thing) -> str:
    """Return the address of a service account; "" if no source says it."""
    ids = (thing.known_as("gcp"), thing.text("email"), *thing.names)
    return next((mail for id_ in ids if MAIL.fullmatch(mail := _address(id_))), "")


def _address(id_: str) -> str:
    """Return an id without what stands before an address in it."""
    name, sign, domain = id_.rpartition("@")
    for before in BEFORE:
        name = name.rpartition(before)[2]
    return f"{name}{sign}{domain}"


def _in_project(mail: str) -> tuple[str, ...]:
    """Return the option for the project of an account, if its address says it."""
    match = OF_PROJECT.fullmatch(mail)
    return ("--project", match["project"]) if match else ()


def _account(thing: Thing, verb: str, undo: str, after: str) -> Instruction | None:
    mail = mail_of(thing)
    if thing.element is not SERVICE_ACCOUNT or not mail:
        return None
    project = _in_project(mail)
    return Instruction(
        line("gcloud", "iam", "service-accounts", verb, mail, *project),
        f"Google Cloud console, IAM & Admin > Service Accounts > {mail}.{after}",
        line("gcloud", "iam", "service-accounts", undo, mail, *project) if undo else None,
    )


def disable(thing: Thing) -> Instruction | None:
    """Disable an account, whose tokens are then refused too."""
    return _account(thing, "disable", "enable", " Tokens that it has are refused at once.")


def delete(thing: Thing) -> Instruction | None:
    """Delete an account; for thirty days it can be restored by its number."""
    made = _account(thing, "delete", "", " Disable it for a day first, and watch.")
    undo = "within 30 days: gcloud iam service-accounts undelete with its unique number"
    return Instruction(made.command, made.place, undo) if made else None


def _key(thing: Thing) -> tuple[str, str] | None:
    match = next((m for id_ in thing.names if (m := KEY.fullmatch(id_))), None)
    return (match["mail"], match["id"]) if match else None


def _of_key(thing: Thing, verb: str, undo: str) -> Instruction | None:
    known = _key(thing)
    if known is None:
        return None
    mail, id_ = known
    words = ("gcloud", "iam", "service-accounts", "keys")
    more = (id_, "--iam-account", mail, *_in_project(mail))
    where = f"Google Cloud console, IAM & Admin > Service Accounts > {mail} > Keys."
    back = line(*words, undo, *more) if undo else AGAIN
    return Instruction(line(*words, verb, *more), where, back)


def deactivate_key(thing: Thing) -> Instruction | None:
    """Disable a key."""
    return _of_key(thing, "disable", "enable")


def delete_key(thing: Thing) -> Instruction | None:
    """Delete a key."""
    return _of_key(thing, "delete", "")


def rotate_key(thing: Thing) -> Instruction | None:
    """Make a second key, hand it over, and only then disable the first."""
    known, old = _key(thing), deactivate_key(thing)
    if known is None or old is None:
        return None
    mail, project = known[0], _in_project(known[0])
    words = ("gcloud", "iam", "service-accounts", "keys", "create", "key.json", "--iam-account")
    return Instruction(
        line(*words, mail, *project),
        f"{old.place} Hand key.json to what uses this key, delete the file, and when it works:"
        f" {old.command}",
        "delete the new key; the old one works until it is disabled",
    )


def member_of(thing: Thing) -> str:
    """Return a principal as policies of Google Cloud write it; "" where that is not known."""
    if thing.element is SERVICE_ACCOUNT:
        pool = next((m[1] for id_ in thing.names if (m := IN_POOL.fullmatch(id_))), "")
        name = mail_of(thing) or pool
        return f"serviceAccount:{name}" if name else ""
    kind = KINDS.get(thing.element)
    address = thing.text("email") or thing.text("name")
    return f"{kind}:{checked(address)}" if kind and PEOPLE.fullmatch(address) else ""


def _bound(link: Link) -> tuple[tuple[str, ...], str] | None:
    """Return the words of gcloud for what has the policy of a grant, and its id there.

    The policy may be that of a folder or project around the target, which then says so.
    """
    stated = BINDING.fullmatch(link.text("policy_id"))
    ids = (f"gcp:{stated['scope']}",) if stated else link.target.names
    if stated and MAIL.fullmatch(stated["scope"]):
        return ("iam", "service-accounts"), stated["scope"]
    for pattern, kind, form in SCOPES:
        match = next((m for id_ in ids if (m := pattern.match(id_))), None)
        if match is not None:
            return kind, form.format(match[1])
    return None


def remove_grant(link: Link) -> Instruction | None:
    """Remove one binding of a role; a conditional one needs its condition, which is not kept."""
    stated = BINDING.fullmatch(link.text("policy_id"))
    role = link.text("role_name") or (stated["role"] if stated else "")
    member, scope = member_of(link.source), _bound(link)
    if link.element is not CAN_ACCESS or scope is None or not member or not ROLE.fullmatch(role):
        return None
    kind, id_ = scope
    where = f"Google Cloud console, IAM & Admin > IAM, in {one_line(id_)}."
    if stated and f"gcp:{stated['scope']}" not in link.target.names and "@" not in id_:
        where += " The binding is there, and so is what it gives on everything in it."
    if link.text("condition") or (stated and stated["terms"]):
        return Instruction(
            place=f"{where} The binding of {role} has a condition that is not kept here: remove the"
            f" one of {member} with that condition."
        )
    more = (id_, "--member", member, "--role", role, "--condition", "None")
    return Instruction(
        line("gcloud", *kind, "remove-iam-policy-binding", *more),
        where,
        line("gcloud", *kind, "add-iam-policy-binding", *more),
    )


def set_expiry(link: Link) -> Instruction | None:
    """Say how a binding gets an end: it is bound anew with a condition, whose day is a decision.

    https://cloud.google.com/iam/docs/configuring-temporary-access
    """
    made = remove_grant(link)
    if made is None or made.command is None:
        return None
    return Instruction(
        place=f"{made.place} Bind the role again with a condition on request.time, and then remove"
        f" the one without: {made.command}"
    )


def remove_member(link: Link) -> Instruction | None:
    """Take a member out of a group of Cloud Identity."""
    member, group = mail_of(link.source) or link.source.text("email"), link.target.text("email")
    if link.element is not MEMBER_OF or not (PEOPLE.fullmatch(member) and PEOPLE.fullmatch(group)):
        return None
    named = ("--group-email", checked(group), "--member-email", checked(member))
    words = ("gcloud", "identity", "groups", "memberships")
    return Instruction(
        line(*words, "delete", *named),
        f"Google Workspace admin console, Directory > Groups > {group}.",
        line(*words, "add", *named),
    )


PROVIDER = Provider(
    title="Google Cloud",
    recognises=lambda id_: OURS.fullmatch(id_) is not None,
    things={
        "deactivate_credential": deactivate_key,
        "delete_credential": delete_key,
        "rotate_credential": rotate_key,
        "disable_identity": disable,
        "stop": disable,
        "revoke_sessions": disable,
        "delete_identity": delete,
    },
    links={
        "remove_grant": remove_grant,
        "remove_member": remove_member,
        "set_expiry": set_expiry,
    },
)
