"""AWS-like estates in a few words, and what the escalation rules conclude about them."""

from analytics.escalation.rule import Derivation
from tests.support.estates.small_estates import Estate

ACCOUNT, OTHER = "123456789012", "999999999999"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def arn(name: str, account: str = ACCOUNT) -> str:
    """Write the name of something in an account's IAM."""
    return f"arn:aws:iam::{account}:{name}"


class Aws(Estate):
    """An account whose principals go by their short names."""

    def user(self, name: str, account: str = ACCOUNT, **facts: str) -> "Aws":
        """State a user."""
        self.account(arn(f"user/{name}", account), **facts)
        return self

    def role(self, name: str, account: str = ACCOUNT, **facts: str) -> "Aws":
        """State a role."""
        self.thing("Role", arn(f"role/{name}", account), **facts)
        return self

    def known(self, name: str) -> str:
        """Return the full name of what goes by a short one."""
        stated = {row["id"] for rows in self.rows.values() for row in rows if "id" in row}
        if name in stated:
            return name
        kinds = ("user", "role", "group")
        return next((arn(f"{k}/{name}") for k in kinds if arn(f"{k}/{name}") in stated), name)

    def may(self, holder: str, action: str, target: str, **facts: str | None) -> "Aws":
        """State that a holder may do one action on a principal, a resource or the account."""
        on = ROOT if target == ACCOUNT else self.known(target)
        if on not in {row["id"] for rows in self.rows.values() for row in rows if "id" in row}:
            self.resource(on)
        number = sum(len(rows) for rows in self.rows.values())
        self.can(self.known(holder), "", on, actions=[action], id=f"may{number}", **facts)
        return self

    def trust(self, role: str, service: str, **facts: str | None) -> "Aws":
        """State that a role trusts a service."""
        if service not in {r["id"] for rows in self.rows.values() for r in rows if "id" in r}:
            self.resource(service, type="service")
        target = role if role.startswith("arn:") else self.known(role)
        if role == "far":
            target = arn("role/far", OTHER)
        number = sum(len(rows) for rows in self.rows.values())
        self.link(target, "TRUSTS", service, id=f"trust{number}", **facts)
        return self

    def joins(self, user: str, group: str) -> "Aws":
        """State that a user is a member of a group."""
        self.link(self.known(user), "MEMBER_OF", self.known(group), id=f"joins-{user}-{group}")
        return self

    def takes(self, principal: str, role: str, **facts: str) -> "Aws":
        """State that a principal may take a role."""
        ends = self.known(principal), self.known(role)
        self.link(ends[0], "ASSUMES", ends[1], id=f"takes-{principal}-{role}", **facts)
        return self

    def compute(self, name: str, role: str) -> "Aws":
        """State compute of the account that runs as a role."""
        self.resource(f"arn:aws:{name}", parent_id=ROOT)
        self.link(f"arn:aws:{name}", "RUNS_AS", self.known(role), id=f"runs-{name}")
        return self


def aws(
    users: str = "",
    roles: str = "",
    groups: str = "",
    declares: tuple[str, ...] = ("grants", "trust"),
) -> Aws:
    """Begin an account; names are words."""
    e = Aws(declares=declares)
    e.resource(ROOT, "restricted", type="account")
    for name in users.split():
        e.user(name)
    for name in roles.split():
        e.role(name)
    for name in groups.split():
        e.thing("Group", arn(f"group/{name}"))
    return e


def proofs(estate: Estate) -> list[tuple[str, str, Derivation]]:
    """Return each derived edge with the names of its ends."""
    posture = estate.quick()
    thing = posture.graph.thing
    return [(thing(p.source)["id"], thing(p.target)["id"], p) for p in posture.escalated.proofs]


def _short(id_: str) -> str:
    return id_.rsplit(":", 1)[-1]


def derived(estate: Aws, source: str, target: str) -> list[Derivation]:
    """Return the derived edges between two things."""
    ends = estate.known(source), ROOT if target == "root" else estate.known(target)
    return [p for s, t, p in proofs(estate) if (s, t) == ends]


def rules(estate: Estate) -> set[tuple[str, str, str]]:
    """Return every derived edge as (from, to, rule), in short names."""
    return {(_short(s), _short(t), p.rule) for s, t, p in proofs(estate)}


def names(estate: Estate) -> set[str]:
    """Return what derived edges start from."""
    return {_short(s) for s, _, _ in proofs(estate)}
