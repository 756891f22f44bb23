"""Examples for the source estate: small exports, ids in them, and files that are damaged."""

from tests.support.exports.example import Export, Native, Several

ESTATE = {
    "estate.toml": b"""taken_at = 2026-08-01T00:00:00Z
scope = "demo"
complete = true
declares = ["inventory", "owners", "grants"]
""",
    "nodes/Agent.csv": b'id,name,purpose,tags\nbot,Bot,pays bills,"[""x""]"\nb2,B,,\n',
    "nodes/Human.csv": b"id,name,email\nann,Ann,ann@acme.test\n",
    "nodes/Resource.jsonl": b'{"id": "db", "name": "Ledger", "sensitivity": "restricted"}\n',
    "relationships/OWNS.csv": b"source_id,target_id,role\nann,bot,business\n",
    "relationships/CAN_ACCESS.jsonl": b'{"source_id": "bot", "target_id": "db", '
    b'"levels": ["read"], "condition": "in office"}\n',
    "decisions.jsonl": b'{"id": "d1", "at": "2026-07-01T10:00:00Z", "subject": {"id": "bot"}, '
    b'"action": {"name": "read"}, "resource": {"id": "db"}, "decision": "allow"}\n',
}
USES = (
    '{"id": "u1", "at": "2026-07-01T10:00:00Z", "principal": "bot", "resource": "db", '
    '"action": "read", "level": "read", "outcome": "success"}\n'
)
EXPORTS: list[Export] = [ESTATE]

NATIVE: Native = (ESTATE, {"bot": "bot", "db": "db"})
SEVERAL = [
    Several(ESTATE, "nodes/Agent.csv", "bot", "ann", missed=True),  # ends are not there
    Several(ESTATE, "nodes/Resource.jsonl", "db", "bot", missed=True),
    Several(
        ESTATE | {"usage/a.jsonl": USES.encode()},
        "usage/a.jsonl",
        "bot USED db",
        "bot",
        missed=True,
    ),
]
