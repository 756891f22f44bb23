"""What the page says of durability."""

from app.web.views.blast_radius.foothold import durable

HELD = {"routes": 3, "routes_after_kill": 2, "exact": True, "unlogged": 1, "hops": 4}


def test_what_outlives_the_kill_is_said() -> None:
    said = durable({**HELD, "unlogged_share": 0.25})
    assert "3 separate routes" in said
    assert "**2** are left" in said
    assert "25% of the steps leave no log" in said


def test_of_one_that_is_left_the_verb_is_singular() -> None:
    assert "**1** is left" in durable({**HELD, "routes_after_kill": 1, "unlogged_share": None})
    least = durable({**HELD, "routes_after_kill": 1, "exact": False, "unlogged_share": None})
    assert "**at least 1** is left" in least


def test_nothing_left_is_said_and_an_unknown_share_is_not() -> None:
    said = durable({**HELD, "routes_after_kill": 0, "unlogged_share": None})
    assert "None is left once it is disabled and its keys are revoked" in said
    assert "log" not in said


def test_a_bound_is_called_one_and_no_way_says_nothing() -> None:
    assert "At least 3" in durable({**HELD, "exact": False, "unlogged_share": None})
    assert durable({**HELD, "routes": 0, "unlogged_share": None}) == durable(None) == ""
