"""Examples for the source hr: small exports, ids in them, and files that are damaged."""

from tests.support.exports.example import Export, Native, Several, as_json


def _worker(number: int) -> bytes:
    return f"Employee ID,Work Email,Name\n{number},p{number}@acme.test,P {number}\n".encode()


PEOPLE = {
    "users.json": as_json(
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 1,
            "Resources": [
                {
                    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                    "id": "u-2",
                    "userName": "alee",
                    "externalId": "x-77",
                    "displayName": "Ann Lee",
                }
            ],
        }
    )
}
EXPORTS: list[Export] = [
    {
        "workers.csv": b"""Employee ID,Work Email,Name,Manager ID,Department,Status,Hire Date
1,boss@acme.test,Eva Boss,,Finance,Active,2015-01-01
2,ann@acme.test,Ann Lee,1,Finance,Active,2020-01-01
"""
    },
    {
        "users.json": as_json(
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": 1,
                "Resources": [
                    {
                        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                        "id": "u-2",
                        "userName": "ann",
                        "name": {"givenName": "Ann", "familyName": "Lee"},
                        "emails": [{"value": "ann@acme.test", "type": "work", "primary": True}],
                        "active": True,
                        "meta": {"resourceType": "User"},
                    }
                ],
            }
        )
    },
]

NATIVE: Native = (
    PEOPLE,
    {"u-2": "hr:acme/person/u-2", "alee": "hr:acme/person/u-2", "x-77": "hr:acme/person/u-2"},
)
SEVERAL = [
    Several(
        {"a.csv": _worker(7), "b.csv": _worker(8)}, "a.csv", "hr:acme/person/7", "hr:acme/person/8"
    ),
]
