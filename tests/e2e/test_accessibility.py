"""In a real browser: axe finds nothing on any page but faults of Streamlit itself, named here."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.browsing import PATHS, Open, Serve
from tests.support.search import some

WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")
# Each fault with the test ids of the elements that it is in, the element's own first.
RUN = """async () => {
    const at = (target) => {
        let root = document, element = null;
        for (const part of target.flat()) {
            element = root.querySelector(part);
            root = element?.shadowRoot ?? root;
        }
        return element;
    };
    const chain = (element) => {
        const ids = [];
        for (; element; element = element.parentElement ?? element.getRootNode().host) {
            if (element.dataset?.testid) ids.push(element.dataset.testid);
        }
        return ids;
    };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, html, any, all, none }) => ({
        rule: id, html: html.slice(0, 300), within: chain(at(target)),
        why: [...any, ...all, ...none].map(({ message }) => message).join("; "),
    })));
}"""


@dataclass(frozen=True)
class Excused:
    """A fault of Streamlit itself: the rule of axe, the element it is in, and why it is theirs."""

    rule: str
    within: str
    why: str


EXCUSED = (
    Excused(
        "presentation-role-conflict",
        "stFileUploaderDropzone",
        "Streamlit gives the area to drop files in the role of no element, and a name as well; "
        "the button in it has both a role and a name.",
    ),
)


def faults(page: Page) -> list[dict[str, Any]]:
    """Return what axe finds on a page."""
    page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return found


def ours(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the faults that are not excused."""
    known = {(each.rule, each.within) for each in EXCUSED}
    return [f for f in found if not any((f["rule"], id_) in known for id_ in f["within"])]


@pytest.mark.parametrize(("scheme", "width", "name"), some(product(SCHEMES, WIDTHS, PATHS), 3))
def test_axe_finds_no_fault_of_ours(
    serve: Serve, store: Path, open_window: Open, scheme: str, width: int, name: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    window.page.set_viewport_size({"width": width, "height": 900})
    page = window.go(home + PATHS[name])
    assert ours(faults(page)) == []
