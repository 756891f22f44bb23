"""Examples for the source signals: small exports, ids in them, and files that are damaged."""

import json

from tests.support.exports.events import CAEP, RISC, event
from tests.support.exports.example import Export, Native, Several, as_json
from tests.support.signing import compact, ed25519_key

EXPORTS: list[Export] = [
    {
        "events.jsonl": "\n".join(
            [
                json.dumps(
                    event(
                        RISC,
                        "account-disabled",
                        {"format": "opaque", "id": "bot"},
                        initiating_entity="admin",
                    )
                ),
                json.dumps(
                    event(
                        CAEP,
                        "credential-change",
                        {"format": "email", "email": "ann@acme.test"},
                        number=2,
                        change_type="revoke",
                        initiating_entity="policy",
                        credential_type="x509",
                        x509_serial="42",
                    )
                ),
                compact(
                    ed25519_key("idp"),
                    event(CAEP, "session-revoked", {"format": "opaque", "id": "bot"}, number=3),
                    kid="idp",
                ),
            ]
        ).encode()
    },
    {
        "poll.json": as_json(
            {
                "sets": {
                    "t-1": compact(
                        ed25519_key("idp"),
                        event(CAEP, "session-revoked", {"format": "opaque", "id": "bot"}),
                    )
                },
                "moreAvailable": False,
            }
        )
    },
]

NATIVE: Native = (
    EXPORTS[0],
    {"bot": "bot", "ann@acme.test": "signals:acme/ann@acme.test"},
)
SEVERAL = [
    Several(
        {
            name: as_json(event(RISC, "account-disabled", {"format": "opaque", "id": id_}))
            for name, id_ in (("a.json", "ann"), ("b.json", "bo"))
        },
        "a.json",
        "ann",
        "bo",
    ),
]
