"""An agent with one grant, and what is owed for it."""

from analytics.posture import Posture
from tests.support.estates.judged_once import judged
from tests.support.estates.small_estates import EVERYTHING, Estate, ago
from tests.support.printed import debt


def one(declares=EVERYTHING, sensitivity="restricted", level="read", grant=None, **agent) -> Estate:
    """Build an agent with one grant of its own and nothing else."""
    e = Estate(declares=declares).person("ann").agent("bot", aars=0, env="prod", **agent)
    e.resource("x", sensitivity, env="prod")
    return e.can("bot", level, "x", **{"granted_at": ago(9)} | (grant or {}))


def owed(estate: Estate | Posture, **asked) -> dict:
    return debt(judged(estate) if isinstance(estate, Estate) else estate, **asked)


def items(estate: Estate | Posture, assumption: str, about: str | None = None) -> list[dict]:
    rows = owed(estate, items=True)["items"]
    return [i for i in rows if i["assumption"] == assumption and about in (None, i["object"])]
