"""Words with a colour: legible as the browser writes on it, and never without the word."""

import pandas as pd
import pytest

from app.web.labels import COLOURS, GREEN, NOT_RATED, coloured
from app.web.tables import HEIGHTS, height_of
from app.wording import MARKS, STATES
from tests.unit.app.web.test_theme import AA, contrast, luminance

LIGHT = 0.5  # luminance from which the browser writes black


@pytest.mark.parametrize("colour", sorted({c for of in COLOURS.values() for c in of.values()}))
def test_a_word_is_legible_on_its_colour(colour: str) -> None:
    text = "#000000" if luminance(colour) > LIGHT else "#ffffff"
    assert contrast(text, colour) >= AA


def test_what_is_not_rated_is_not_green() -> None:
    green = {word for of in COLOURS.values() for word, colour in of.items() if colour == GREEN}
    assert green == {"A", "B", "resolved", "closed"}
    assert NOT_RATED not in green


def test_the_word_stays_and_its_colour_goes_with_it() -> None:
    words = list(MARKS.values())
    frame = pd.DataFrame({"Severity": words, "About": ["a", "b", "c", "d"]})
    drawn, settings = coloured(frame, {"Severity": {"width": 88, "help": "how bad"}})
    assert drawn["Severity"].tolist() == [[word] for word in words]
    assert drawn["About"].tolist() == ["a", "b", "c", "d"]
    of = settings["Severity"]
    assert (of["width"], of["help"]) == (88, "how bad")
    labels = {each["value"]: each["color"] for each in of["type_config"]["options"]}
    assert labels == {word: COLOURS["Severity"][word] for word in words}


def test_a_column_with_other_words_stays_as_it_is() -> None:
    frame = pd.DataFrame({"State": ["privilege escalation", "open"]})
    drawn, settings = coloured(frame, None)
    assert drawn is frame
    assert settings == {}


def test_an_empty_cell_has_no_label() -> None:
    drawn, _ = coloured(pd.DataFrame({"State": [STATES["open"], None, ""]}), None)
    assert drawn["State"].tolist() == [["open"], [], []]


def test_rows_are_as_high_as_their_texts_need() -> None:
    config = {"Why": {"width": 180}}
    texts = ["a word", "some words that take two lines"]
    texts += ["word " * times for times in (14, 19, 200)]
    heights = [height_of(pd.DataFrame({"Why": ["x", text]}), config) for text in texts]
    assert heights == list(HEIGHTS)
    assert height_of(pd.DataFrame({"Why": texts}), {}) == HEIGHTS[0]
    assert height_of(pd.DataFrame({"Why": [1.5]}), config) == HEIGHTS[0]
