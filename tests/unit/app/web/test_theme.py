"""Texts are legible on their ground in both themes, and on the bars of charts."""

import re
import tomllib
from pathlib import Path

import pytest

from app.web import drawing
from app.web.drawing import treemap
from app.web.drawing.charts import bars
from app.web.page.style import STYLE

CONFIG = Path(str(drawing.__file__)).parents[1] / ".streamlit" / "config.toml"
AA = 4.5  # WCAG 2.2, 1.4.3: the least contrast of a text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_and_code_are_legible(theme: str) -> None:
    colours = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][theme]
    assert contrast(colours["codeTextColor"], colours["codeBackgroundColor"]) >= AA
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colours["textColor"], colours[ground]) >= AA
        assert contrast(colours["primaryColor"], colours[ground]) >= AA


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_main_button_is_legible(theme: str) -> None:
    colours = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    texts = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", STYLE)[0]
    text = texts[theme == "dark"]
    assert contrast(text, colours[theme]["primaryColor"]) >= AA


def test_the_twin_white_on_the_main_button_of_the_dark_theme_is_not() -> None:
    colours = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    assert contrast("#ffffff", colours["dark"]["primaryColor"]) < AA


@pytest.mark.parametrize("colour", [bars.BLUE, bars.GREY, bars.CRIMSON])
def test_white_is_legible_on_bars(colour: str) -> None:
    assert contrast("#ffffff", colour) >= AA


@pytest.mark.parametrize("colour", [treemap.GREY, *treemap.GRADES.values()])
def test_white_is_legible_on_tiles(colour: str) -> None:
    assert contrast("#ffffff", colour) >= AA


def test_the_menu_has_nothing_of_the_framework() -> None:
    client = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["client"]
    assert client["toolbarMode"] == "minimal"
