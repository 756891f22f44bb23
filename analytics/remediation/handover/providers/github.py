"""GitHub: requests of its REST interface by `gh api`, and pages of an organisation's settings.

https://docs.github.com/en/rest/teams/members, /en/rest/collaborators/collaborators,
/en/rest/deploy-keys/deploy-keys, /en/rest/orgs/members
"""

import re
from urllib.parse import quote

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.provider import Provider
from analytics.remediation.handover.shell import checked, line
from analytics.remediation.handover.step import Instruction, together
from graph.schema import ASSUMES, CAN_ACCESS, MEMBER_OF, RUNS_AS

SITE = "https://github.com"
LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})"
PART = r"(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}"
ID = re.compile(r"github:(?P<org>[^/]+)/(?P<kind>[a-z-]+)/(?P<name>.+)", re.DOTALL)
USER = re.compile(r"github:user/(?P<login>.+)", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,19}")
ORG, SLUG = re.compile(LOGIN), re.compile(PART)
APP = re.compile(r"github:app/.+", re.DOTALL)
SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
PERMISSION = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,99}")
OLD_NAMES = {"read": "pull", "write": "push"}  # what the interface calls these roles


def _api(method: str, path: str, *fields: str) -> str:
    """Return the line of one request; fields are `name=value`, sent as text."""
    more = [word for field in fields for word in ("-f", field)]
    return line("gh", "api", "--method", method, path, *more)


def _parts(thing: Thing, kind: str) -> tuple[str, str] | None:
    """Return the organisation and the name of a thing of one kind; None for any other."""
    matches = (ID.fullmatch(id_) for id_ in thing.ids)
    match = next((match for match in matches if match and match["kind"] == kind), None)
    return (checked(match["org"], ORG), match["name"]) if match else None


def _login(thing: Thing) -> str:
    match = thing.match(USER)
    return checked(match["login"], ORG) if match else ""


def _repository(thing: Thing) -> str:
    known = _parts(thing, "repository")
    return f"{known[0]}/{checked(known[1], SLUG)}" if known else ""


def remove_member(link: Link) -> Instruction | None:
    """Take a person out of a team, or out of the organisation."""
    login, team = _login(link.source), _parts(link.target, "team")
    everybody = _parts(link.target, "group")
    if link.element is not MEMBER_OF or not login:
        return None
    if team is not None:
        org, slug = team[0], checked(team[1], SLUG)
        path = f"orgs/{org}/teams/{slug}/memberships/{login}"
        page = f"{SITE}/orgs/{org}/teams/{slug}/members"
        return Instruction(_api("DELETE", path), page, _api("PUT", path))
    if everybody is not None:
        path = f"orgs/{everybody[0]}/memberships/{login}"
        return Instruction(
            _api("DELETE", path),
            f"{SITE}/orgs/{everybody[0]}/people. This takes {login} out of the whole organisation.",
            _api("PUT", path, "role=member"),
        )
    return None


def remove_grant(link: Link) -> Instruction | None:
    """Take a repository away from a team or a person."""
    repository = _repository(link.target)
    if link.element is not CAN_ACCESS:
        return None
    if (software := _of_software(link)) is not None:
        return software
    role = link.text("role_name")
    if not repository or not role or role == "base permission":
        return None
    put = f"permission={checked(OLD_NAMES.get(role, role), PERMISSION)}"
    team, login = _parts(link.source, "team"), _login(link.source)
    if team is not None:
        path = f"orgs/{team[0]}/teams/{checked(team[1], SLUG)}/repos/{repository}"
    elif login:
        path = f"repos/{repository}/collaborators/{login}"
    else:
        return None
    page = f"{SITE}/{repository}/settings/access"
    return Instruction(_api("DELETE", path), page, _api("PUT", path, put))


def _of_software(link: Link) -> Instruction | None:
    """Return what takes a repository away from a deploy key, an app or a token."""
    if _parts(link.source, "deploy-key"):
        return delete_identity(link.source)
    for kind, page in (("installation", "installations"), ("pat", "personal-access-tokens/active")):
        if (known := _parts(link.source, kind)) is not None:
            end = f"/{checked(known[1], NUMBER)}" if kind == "installation" else ""
            return Instruction(
                place=f"{SITE}/organizations/{known[0]}/settings/{page}{end}: take this repository"
                " or permission away there; an owner of the organisation can."
            )
    return None


def remove_trust(link: Link) -> Instruction | None:
    """Take a role of the organisation away from a person or a team."""
    role, login = _parts(link.target, "role"), _login(link.source)
    if link.element is not ASSUMES or role is None:
        return None
    org, name = role
    if name == "owner" and login:
        path = f"orgs/{org}/memberships/{login}"
        return Instruction(
            _api("PUT", path, "role=member"),
            f"{SITE}/orgs/{org}/people.",
            _api("PUT", path, "role=admin"),
        )
    return Instruction(
        place=f"{SITE}/organizations/{org}/settings/org_role_assignments: the number of the role,"
        " which a request needs, is in no source."
    )


def delete_credential(thing: Thing) -> Instruction | None:
    """Delete a deploy key, an authorised token or a secret of workflows."""
    if _parts(thing, "deploy-key"):
        return _deploy_key(thing)
    if (known := _parts(thing, "credential")) is not None:
        org, number = known[0], checked(known[1], NUMBER)
        return Instruction(
            _api("DELETE", f"orgs/{org}/credential-authorizations/{number}"),
            f"{SITE}/orgs/{org}/people. The token or key itself stays with its person, and opens"
            " nothing of the organisation.",
            "the person authorises it again for single sign-on",
        )
    if (known := _parts(thing, "secrets")) is not None:
        return _secret(*known)
    if (known := _parts(thing, "pat")) is not None:
        return Instruction(
            place=f"{SITE}/organizations/{known[0]}/settings/personal-access-tokens/active: revoke"
            " it there; the number of the grant, which a request needs, is in no source."
        )
    return None


def _secret(org: str, name: str) -> Instruction | None:
    repository, _, secret = name.partition("/")
    secret = checked(secret, SECRET)
    lost = "cannot be undone: nobody can read a secret back; set it again with gh secret set"
    issuer = "What the secret opens is elsewhere: end it there too."
    if repository.startswith("-"):
        path, page = f"orgs/{org}/actions/secrets/{secret}", f"organizations/{org}"
    else:
        repository = checked(repository, SLUG)
        path, page = f"repos/{org}/{repository}/actions/secrets/{secret}", f"{org}/{repository}"
    return Instruction(
        _api("DELETE", path), f"{SITE}/{page}/settings/secrets/actions. {issuer}", lost
    )


def _deploy_key(thing: Thing) -> Instruction | None:
    known = _parts(thing, "deploy-key")
    if known is None:
        return None
    repository, _, number = known[1].removesuffix("#key").rpartition("/")
    path = f"repos/{known[0]}/{checked(repository, SLUG)}/keys/{checked(number, NUMBER)}"
    return Instruction(
        _api("DELETE", path),
        f"{SITE}/{known[0]}/{quote(repository)}/settings/keys. A deploy key cannot be paused.",
        "cannot be undone: add the public key again, with gh repo deploy-key add",
    )


def rotate(thing: Thing) -> Instruction | None:
    """Set a secret of workflows anew; gh asks for the value, so that no history keeps it."""
    known = _parts(thing, "secrets")
    if known is None:
        return None
    home, _, secret = known[1].partition("/")
    of_org = home.startswith("-")
    where = ("--org", known[0]) if of_org else ("--repo", f"{known[0]}/{checked(home, SLUG)}")
    return Instruction(
        line("gh", "secret", "set", checked(secret, SECRET), *where),
        "Make a new value at its issuer first, and end the one of before once the workflows run.",
        "set the value of before again; it works until it is ended at its issuer",
    )


def delete_identity(thing: Thing) -> Instruction | None:
    """Delete a deploy key, or say where an app is suspended or removed."""
    if thing.match(APP):
        installed = [delete_identity(link.target) for link in thing.links(RUNS_AS)]
        return together([part for part in installed if part]) if any(installed) else None
    if (known := _parts(thing, "installation")) is not None:
        number = checked(known[1], NUMBER)
        return Instruction(
            place=f"{SITE}/organizations/{known[0]}/settings/installations/{number}: suspend or"
            " uninstall it; only the app itself could by a request."
        )
    return _deploy_key(thing)


PROVIDER = Provider(
    title="GitHub",
    recognises=lambda id_: id_.startswith("github:"),
    things={
        "deactivate_credential": delete_credential,
        "delete_credential": delete_credential,
        "rotate_credential": rotate,
        "disable_identity": delete_identity,
        "delete_identity": delete_identity,
        "stop": delete_identity,
    },
    links={
        "remove_grant": remove_grant,
        "remove_member": remove_member,
        "remove_trust": remove_trust,
    },
)
