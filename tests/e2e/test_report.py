"""The report, printed by a browser: exactly one page of A4, whole, and nothing asked for."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.report.html import html_page
from app.report.sheet import Sheet
from tests.support.sheets import HOSTILE, empty, ordinary, with_names

SHEETS = {
    "ordinary": ordinary(),
    "empty": empty(),
    "hostile": with_names(HOSTILE),
    "long": with_names(("name-" * 400, "W" * 300, "ж" * 900)),
}
WHOLE = (
    "() => { const s = document.querySelector('.sheet'); return s.scrollHeight - s.clientHeight; }"
)


@pytest.fixture
def page(chromium: Browser) -> Page:
    return chromium.new_page(viewport={"width": 1000, "height": 1300})


def pages(data: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", data))


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_it_prints_to_one_whole_page(page: Page, tmp_path: Path, sheet: Sheet) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    file = tmp_path / "report.html"
    file.write_text(html_page(sheet), encoding="utf-8")
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(WHOLE) <= 0, "something is cut off at the foot"
    for margin in ({}, {"top": "10mm", "bottom": "10mm", "left": "10mm", "right": "10mm"}):
        printed = page.pdf(prefer_css_page_size=not margin, format="A4", margin=margin)
        assert pages(printed) == 1, margin
    assert asked == [file.as_uri()]
    page.close()


def test_it_can_be_read_on_a_phone(chromium: Browser, tmp_path: Path) -> None:
    narrow = chromium.new_page(viewport={"width": 390, "height": 844})
    file = tmp_path / "report.html"
    file.write_text(html_page(ordinary()), encoding="utf-8")
    narrow.goto(file.as_uri())
    assert narrow.evaluate("() => document.documentElement.scrollWidth") <= 390
    narrow.close()
