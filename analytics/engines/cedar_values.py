"""Plain JSON values in Cedar's form, which has neither null nor fractions.

https://docs.cedarpolicy.com/auth/entities-syntax.html
"""

from typing import Any


def cedar_value(value: Any) -> Any:
    """Return a value without what is null, and with fractions as decimals of four places.

    >>> cedar_value({"score": 0.25, "why": None, "by": ["ann"]})
    {'score': {'__extn': {'fn': 'decimal', 'arg': '0.2500'}}, 'by': ['ann']}
    """
    if isinstance(value, dict):
        return {name: cedar_value(v) for name, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [cedar_value(v) for v in value if v is not None]
    if isinstance(value, float):
        return {"__extn": {"fn": "decimal", "arg": f"{value:.4f}"}}
    return value
