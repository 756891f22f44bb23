"""Other models than TD-1: what they change, and what is refused by its name."""

import pytest

from analytics.assumptions.model import TD_1
from analytics.debt import model
from graph.files.regular import InputRefused
from tests.support.estates.small_estates import Estate
from tests.support.printed import debt


def changed(tmp_path, old: str, new: str):
    text = TD_1.read_text()
    assert old in text
    path = tmp_path / "model.toml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_another_model_has_another_hash_and_another_debt(tmp_path):
    other = model(changed(tmp_path, "restricted = 30.0", "restricted = 60.0"))
    posture = Estate().agent("a").resource("x", "restricted").can("a", "read", "x").posture()
    usual, dear = debt(posture), debt(posture, model=other)
    assert dear["debt"] == pytest.approx(2 * usual["debt"])
    assert dear["model"]["hash"] != usual["model"]["hash"]
    hours = model(changed(tmp_path, "hours = 0.5", "hours = 5"))
    assert hours.hash == model().hash  # the hours are no part of the debt


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("weight = 1.0", "weight = -1.0", "assumption.owner.weight"),
        ("weight = 1.0", 'weight = "much"', "assumption.owner.weight"),
        ("weight = 1.0", "weight = nan", "assumption.owner.weight"),
        ("cycle = 7", "cycle = 0", "assumption.owner.cycle"),
        ("cycle = 7", "cycles = 7", "assumption.owner.cycles"),
        ("cap = 4.0", "cap = -1", "cap"),
        ("cap = 4.0", "", "cap"),
        ("cap = 4.0", "cap = true", "cap"),
        ("unused = 90", "unused = inf", "days.unused"),
        ("list = 0.3", "list = 0", "level.list"),
        ("B = 0.10", "B = 0.05", "grade.bands.B"),
        ("least_coverage = 0.5", "least_coverage = 1.5", "grade.least_coverage"),
        ('id = "TD-1"', "id = 1", "id"),
        ("[assumption.env]", "[assumption.enw]", "assumption.enw"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(tmp_path, old, new, named):
    with pytest.raises(InputRefused) as refused:
        model(changed(tmp_path, old, new))
    assert refused.value.place == named
    assert refused.value.exit_code == 3


@pytest.mark.parametrize("text", ["x = [", "x = 1", ""])
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    path = tmp_path / "model.toml"
    path.write_text(text)
    with pytest.raises(InputRefused):
        model(path)
    with pytest.raises(InputRefused):
        model(tmp_path / "not there")
