"""Payloads of security event tokens."""

from typing import Any

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
AT = 1_782_900_000  # 2026-07-01T10:00:00Z


def event(
    family: str,
    name: str,
    subject: dict[str, Any],
    number: int = 1,
    at: int = AT,
    audience: Any = "https://receiver.test",
    **details: Any,
) -> dict[str, Any]:
    return {
        "iss": "https://idp.test",
        "jti": f"t-{number}-{subject.get('id', '')}",
        "iat": at + 60,
        "aud": audience,
        "sub_id": subject,
        "events": {f"{family}{name}": {"event_timestamp": at, **details}},
    }
