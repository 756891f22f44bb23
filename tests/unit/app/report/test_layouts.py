"""The layouts of a report: one file that loads nothing, whatever the names are."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from app.report.chart import alternative, trend_svg
from app.report.html import html_page
from app.report.pdf import DRAWN, TEMPLATE, _fonts, drawable, inputs_of, pdf_page
from app.report.sheet import Point, Sheet, Trend
from tests.support.pdf import A4, inside, page_count, sizes
from tests.support.sheets import HOSTILE, empty, ordinary, with_names

LONG = ("name-" * 400, "ж" * 1500, "W" * 300)
SHEETS = {
    "ordinary": ordinary(),
    "empty": empty(),
    "hostile": with_names(HOSTILE),
    "long": with_names(LONG),
}


class Tags(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data)


# -- HTML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_page_loads_and_runs_nothing(sheet: Sheet) -> None:
    text = html_page(sheet)
    page = Tags(text)
    used = {tag for tag, _ in page.tags}
    assert used.isdisjoint({"script", "img", "link", "iframe", "object", "base", "form", "a"})
    for tag, attributes in page.tags:
        names = set(attributes)
        assert names.isdisjoint({"src", "href", "action", "data", "xlink:href"}), tag
        assert [name for name in names if name.startswith("on")] == []
    assert len([tag for tag, _ in page.tags if tag == "style"]) == 1
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_text_is_on_the_page() -> None:
    texts = " ".join(Tags(html_page(ordinary())).texts)
    for word in ("Fix first:", "51 of 200", "Top five moves", "payments-5", "target 5%", "Aug"):
        assert word in texts


def test_a_hostile_name_is_text_and_every_character_is_seen() -> None:
    texts = "".join(Tags(html_page(with_names(HOSTILE))).texts)
    assert HOSTILE[0] in texts
    assert HOSTILE[1] in texts
    assert "⟨U+202E⟩" in texts
    assert "⟨U+001B⟩" in texts
    assert "日本 😀" in texts
    assert not set(texts) & set("\u202e\u2066\u2069\u2028\x1b")


# -- the chart ------------------------------------------------------------------------------------


def svg(*points: Point) -> ElementTree.Element:
    return ElementTree.fromstring(trend_svg(Trend("T", points, 5.0), "serif"))


SPACE = "{http://www.w3.org/2000/svg}"


def test_the_chart_has_a_mark_and_a_label_for_each_month() -> None:
    root = ElementTree.fromstring(trend_svg(ordinary().trend, "serif"))
    assert len(root.findall(f"{SPACE}circle")) == 12
    words = [each.text for each in root.findall(f"{SPACE}text")]
    labels = [point.label for point in ordinary().trend.points]
    assert [word for word in words if word in labels] == labels
    assert {"target 5%", "13.4%", "at worst 20%"} <= set(words)


def test_what_is_not_rated_is_a_gap_and_no_zero() -> None:
    known = Point("a", 0, 1.0, 2.0)
    root = svg(known, Point("b", 1, None, None), Point("c", 2, 1.0, 2.0), Point("d", 3, 1.0, 2.0))
    assert len(root.findall(f"{SPACE}polyline")) == 2
    assert len(root.findall(f"{SPACE}circle")) == 3
    assert "b not rated" in alternative(Trend("T", (known, Point("b", 1, None, None)), 5.0))


def test_the_time_that_is_not_rated_is_shaded_from_midway_to_its_neighbours() -> None:
    known = [Point("a", 0, 1.0, 2.0), Point("b", 10, 1.0, 2.0)]
    rest = [Point("c", 20, None, None), Point("d", 30, 1.0, 4.0, rated=False)]
    root = svg(*known, *rest, Point("e", 40, 1.0, 2.0))
    (stripe,) = root.findall(f"{SPACE}rect")
    left, width = float(stripe.get("x", "0")), float(stripe.get("width", "0"))
    ends = [float(c.get("cx", "0")) for c in root.findall(f"{SPACE}circle")]
    unit = (ends[1] - ends[0]) / 10
    assert left == pytest.approx(ends[1] + 5 * unit, abs=0.2)
    assert left + width == pytest.approx(ends[2] - 5 * unit, abs=0.2)
    assert "not rated" in [each.text for each in root.iter(f"{SPACE}text")]


def test_what_is_not_rated_has_its_range_and_no_line() -> None:
    points = (
        Point("a", 0, 1.0, 2.0),
        Point("b", 1, 1.0, 4.0, rated=False),
        Point("c", 2, 1.0, 2.0),
    )
    root = svg(*points)
    assert len(root.findall(f"{SPACE}circle")) == 2
    assert len(root.findall(f"{SPACE}polyline")) == 2
    (bar,) = (line for line in root.findall(f"{SPACE}line") if line.get("x1") == line.get("x2"))
    heights = [float(bar.get(name, "0")) for name in ("y1", "y2")]
    assert heights[0] < heights[1]  # from the higher end down to the lower
    assert "b not rated (1% to 4%)" in alternative(Trend("T", points, 5.0))


def test_a_chart_without_points_and_with_one() -> None:
    assert svg().findall(f"{SPACE}circle") == []
    (circle,) = svg(Point("a", 0, 1.0, 1.0)).findall(f"{SPACE}circle")
    assert float(circle.get("cx", "0")) > 100


def test_labels_thin_out_and_the_last_one_stays() -> None:
    root = svg(*(Point(f"p{n}", n, 1.0, 2.0) for n in range(40)))
    words = [w.text for w in root.findall(f"{SPACE}text") if str(w.text).startswith("p")]
    assert len(words) <= 13
    assert words[-1] == "p39"


# -- PDF ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_the_pdf_is_one_tagged_page_for_the_archive(sheet: Sheet) -> None:
    data = pdf_page(sheet)
    text = inside(data)
    assert data.startswith(b"%PDF-")
    assert page_count(text) == 1
    assert sizes(text) == [pytest.approx(A4, abs=1)]
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"pdfaid:part", b"pdfuaid:part", b"/Lang"):
        assert mark in text, mark
    assert not re.search(rb"/(JavaScript|JS|Launch|URI|EmbeddedFile)\b", text)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_nothing_of_the_pdf_is_cut_off(sheet: Sheet) -> None:
    import typst

    said = typst.query(
        TEMPLATE.read_bytes(),
        "<height>",
        field="value",
        one=True,
        sys_inputs=inputs_of(sheet),
        font_paths=_fonts(),
        ignore_system_fonts=True,
    )
    assert float(said) < 297 - 9 - 8 - 1


def test_the_same_contents_give_the_same_bytes() -> None:
    assert pdf_page(ordinary()) == pdf_page(ordinary())
    assert pdf_page(ordinary()) != pdf_page(empty())


def test_a_letter_that_no_font_draws_is_shown_by_its_code() -> None:
    assert drawable("日") == "[U+65E5]"
    every = "".join(chr(n) for n in range(0x20, 0x2600) if not DRAWN.match(chr(n)))
    assert len(every) > 300
    sheet = with_names((every,))
    assert pdf_page(sheet)  # PDF/A refuses what no font draws
