"""Examples for the source csv: small exports, ids in them, and files that are damaged."""

from tests.support.exports.example import Export, Native, Several

COLUMNS = b"""scope = "iga"
taken_at = 2026-08-01
[[table]]
file = "owners.csv"
holds = "owners"
columns = { thing = "Account", owner = "Mail", owner_name = "Owner", role = "Kind" }
always = { thing_label = "ServiceAccount" }
"""
OWNERS = b"""Account,Owner,Mail,Kind
svc-pay,Ann Lee,ann@acme.test,business
svc-pay,Bo Chen,bo@acme.test,technical
svc-old,,,
"""
ACCESS = b"""User,System,Right
svc-run,ledger,read
"""
ACCESS_MAP = b"""[[table]]
file = "access.csv"
holds = "access"
columns = { holder = "User", target = "System", levels = "Right" }
always = { holder_label = "ServiceAccount" }
"""
EXPORTS: list[Export] = [{"columns.toml": COLUMNS, "owners.csv": OWNERS}]

NATIVE: Native = (EXPORTS[0], {"svc-pay": "csv:acme/serviceaccount/svc-pay"})
SEVERAL = [
    Several(
        {"columns.toml": COLUMNS + ACCESS_MAP, "owners.csv": OWNERS, "access.csv": ACCESS},
        "owners.csv",
        "csv:acme/serviceaccount/svc-pay",
        "csv:acme/serviceaccount/svc-run",
        missed=True,  # the map names it
    ),
]
