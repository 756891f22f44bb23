"""Examples for the source cloudtrail: small exports, ids in them, and files that are damaged."""

import json
from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents

_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/agent-role"
EVENT = {
    "eventVersion": "1.11",
    "eventTime": "2026-07-01T10:00:00Z",
    "eventName": "GetObject",
    "eventSource": "s3.amazonaws.com",
    "awsRegion": "eu-west-1",
    "eventType": "AwsApiCall",
    "recipientAccountId": _ACCOUNT,
    "requestParameters": {"bucketName": "invoices", "key": "a"},
    "userIdentity": {
        "type": "AssumedRole",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": _ROLE}},
        "arn": f"arn:aws:sts::{_ACCOUNT}:assumed-role/agent-role/i-1",
    },
}
KEYED = EVENT | {
    "eventID": "2",
    "userIdentity": {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{_ACCOUNT}:user/ann",
        "userName": "ann",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    },
}
ROW = {  # as CloudTrail Lake and Athena name columns
    "eventtime": "2026-07-01 10:00:00.000",
    "eventname": "GetObject",
    "eventtype": "AwsApiCall",
    "eventsource": "s3.amazonaws.com",
    "requestparameters": '{"bucketName": "invoices"}',
    "useridentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{_ACCOUNT}:user/ann"},
}
MESSAGE = {"detail-type": "AWS API Call via CloudTrail", "detail": KEYED}
LOOKED_UP = {"Events": [{"EventId": "2", "CloudTrailEvent": json.dumps(KEYED)}]}
TRAIL = b"".join(as_json(one) + b"\n" for one in (EVENT, MESSAGE, ROW, LOOKED_UP))
AWS = "arn:aws:iam::123456789012:"
DOCUMENTS: dict[str, Any] = {
    "cloudtrail": {
        "Records": [
            {
                "eventTime": "2026-07-01T10:00:00Z",
                "eventSource": "s3.amazonaws.com",
                "eventName": "GetObject",
                "awsRegion": "x",
                "eventType": "AwsApiCall",
                "eventID": "1",
                "recipientAccountId": "123456789012",
                "userIdentity": {
                    "type": "AssumedRole",
                    "arn": "arn:aws:sts::123456789012:assumed-role/r/s",
                    "sessionContext": {
                        "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::123456789012:role/r"}
                    },
                },
                "requestParameters": {"bucketName": "b"},
                "resources": [{"ARN": "arn:aws:s3:::b/k"}],
            },
            {
                "eventTime": "2026-07-01T10:00:00Z",
                "eventSource": "sqs.amazonaws.com",
                "eventName": "SendMessage",
                "errorCode": None,
                "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/u"},
                "requestParameters": {"queueUrl": "https://sqs.x.amazonaws.com/123456789012/q"},
            },
        ]
    },
}
EXPORTS: list[Export] = [
    {"log.json": as_json({"Records": [EVENT, KEYED]})},
    {"log.jsonl": TRAIL},
    *documents(DOCUMENTS),
]

NATIVE: Native = (
    EXPORTS[0],
    {
        "AKIAIOSFODNN7EXAMPLE": "aws:access_key/AKIAIOSFODNN7EXAMPLE",
        f"{AWS}user/ann": f"{AWS}user/ann",
        "invoices": "arn:aws:s3:::invoices",
    },
)
SEVERAL = [
    Several(
        {"a.json": as_json({"Records": [KEYED]}), "b.json": as_json({"Records": [EVENT]})},
        "a.json",
        f"{AWS}user/ann",
        f"{AWS}role/agent-role",
    ),
]
