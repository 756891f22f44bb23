"""What a chart of the pages draws, read from its HTML."""

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote


class Part(NamedTuple):
    """An element of a chart: its kind, its class, its style by property, its title and its text."""

    kind: str
    name: str
    style: dict[str, str]
    title: str
    text: str

    def percent(self, side: str) -> float:
        """Return a length in percent."""
        return float(self.style[side].removesuffix("%"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Part] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        look = [each.partition(":") for each in values.get("style", "").split(";") if each]
        style = {key: value for key, _, value in look}
        self.parts.append(Part(tag, values.get("class", ""), style, values.get("title", ""), ""))
        if tag == "img":
            self.pictures.append(unquote(values["src"].partition(",")[2]))

    def handle_data(self, data: str) -> None:
        if self.parts:
            last = self.parts[-1]
            self.parts[-1] = last._replace(text=last.text + data)


def parts(chart: str, kind: str = "", name: str = "") -> list[Part]:
    """Return the elements of a chart, of one kind and class if they are named."""
    reader = _Reader()
    reader.feed(chart)
    return [part for part in reader.parts if kind in ("", part.kind) and name in ("", part.name)]


def lines(chart: str) -> list[tuple[str, list[tuple[float, float]]]]:
    """Return the lines of a chart: the colour and the points of each, in percent."""
    reader = _Reader()
    reader.feed(chart)
    found = re.findall(
        r'<polyline points="([^"]*)" style="[^"]*stroke:([^;]*)', "".join(reader.pictures)
    )
    return [
        (colour, [(float(x), float(y)) for x, y in (p.split(",") for p in points.split())])
        for points, colour in found
    ]
