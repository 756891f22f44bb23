"""What the first move of a board says of use that nobody would see."""

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from tests.support.estates.small_estates import Estate, ago


def test_a_use_that_nobody_would_see_is_not_said_to_be_none() -> None:
    """No source sees use: the plan gives each grant an end, which takes nothing away today."""
    made = Estate(declares=("owners", "scope", "credentials")).person("ann").agent("bot")
    made.owned("bot", business="ann", technical="ann", since=ago(10))
    made.resource("db", "internal").can("bot", "read admin", "db", granted_at=ago(200))
    posture = made.posture()
    scope = scope_of(posture)
    first = parts.move(posture, scope, parts.standing(posture, scope))
    assert first is not None
    assert first.why == "plan"
    assert (first.action, first.observed) == ("set_expiry", None)
    assert first.sentence.endswith("; nothing is taken away today.")
