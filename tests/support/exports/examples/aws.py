"""Examples for the source aws: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.aws_account import (
    allow,
    deny,
    details,
    group,
    managed,
    role,
    trust,
    user,
)
from tests.support.exports.example import Export, Native, Several, as_json


def account() -> Any:
    """Return an account with one of everything."""
    limit = managed("limit", allow("s3:*"), allow("sqs:*", Condition={"Bool": {"x": "true"}}))
    bound = {"PermissionsBoundary": {"PermissionsBoundaryArn": limit["Arn"]}}
    statements = [allow(["s3:Get*"], ["arn:aws:s3:::b/*"]), deny("iam:*"), allow("*", "*")]
    return details(
        users=[user("ann", *statements, GroupList=["staff"], **bound)],
        groups=[group("staff", allow("sqs:*", "arn:aws:sqs:*:*:q*"))],
        roles=[role("r", [trust({"AWS": "*"}), trust({"Federated": "x"}, "sts:*")], allow("*"))],
        policies=[limit],
    )


AWS = "arn:aws:iam::123456789012:"
REPORT = f"""user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,\
access_key_1_last_rotated,access_key_1_last_used_date
ann,{AWS}user/ann,2026-01-01T00:00:00+00:00,false,false,true,2026-01-01T00:00:00+00:00,N/A
"""
EXPORTS: list[Export] = [{"details.json": as_json(account())}]

NATIVE: Native = (
    {
        "details.json": as_json(
            details(
                users=[user("ann", UserId="AIDAIOSFODNN7EXAMPLE")],
                roles=[role("r", [], RoleId="AROAIOSFODNN7EXAMPLE")],
            )
        )
    },
    {
        "AIDAIOSFODNN7EXAMPLE": f"{AWS}user/ann",
        "AROAIOSFODNN7EXAMPLE": f"{AWS}role/r",
        f"{AWS}role/r": f"{AWS}role/r",
    },
)
SEVERAL = [
    Several(
        {
            "a.json": as_json(details(users=[user("ann")])),
            "b.json": as_json(details(users=[user("bo")])),
        },
        "a.json",
        f"{AWS}user/ann",
        f"{AWS}user/bo",
    ),
    Several(
        {"a.json": as_json(details(users=[user("ann")])), "report.csv": REPORT.encode()},
        "report.csv",
        f"{AWS}user/ann/access_key/1",
        f"{AWS}user/ann",
        missed=True,  # it is of a kind of its own
    ),
]
