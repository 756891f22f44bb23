"""Pictures of every page of the app in docs/pages: `make pictures`.

The estate is that of `trustdebt demo`, so a picture changes only when the page does, or the age of
the data that it tells. Every page is found, in light and dark, on a desk and on a phone; after them
come pages on which something is chosen: a card, a node and a step of a picture, and so on.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from analytics.answers.reach import reach_tree
from analytics.answers.table import as_json
from analytics.answers.worst import worst
from analytics.history import open_posture
from analytics.posture import Posture
from app.web.removals import edge_item
from app.web.views import all_views
from graph.schema import CAN_ACCESS
from tests.support.chromium import chromium, served, settle

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pages"
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
QUALITY = 60  # of WebP, at which text is still sharp
HEAD = """# Every page

Taken by `make pictures` on the estate of `trustdebt demo`, in light and dark, 1440 and 390 pixels
wide. What each page is for is told in [app.md](../app.md).
"""


@dataclass(frozen=True)
class Scene:
    """A page with what is chosen on it, the `file` of its pictures, and the heading to show."""

    file: str
    title: str
    page: str
    chosen: dict[str, str] = field(default_factory=dict)
    heading: str = ""

    @property
    def path(self) -> str:
        """The address below that of the app."""
        return (
            f"{self.page}?{urlencode(self.chosen, quote_via=quote)}" if self.chosen else self.page
        )


def pages() -> list[Scene]:
    """Return every page as it is opened from the menu, in its order."""
    views = sorted(all_views().values(), key=lambda view: view.order)
    return [Scene(view.name, view.title, view.name) for view in views]


def chosen(posture: Posture) -> list[Scene]:
    """Return pages on which something is chosen: the worst identity, and a grant of the widest."""
    worst_id = as_json(worst(posture, limit=1))["identities"][0]["id"]
    widest = int(posture.accountable[int(np.argmax(posture.totals().weighted))])
    grant = last_grant(posture, widest)
    thing, item = posture.graph.thing(widest)["id"], edge_item(grant)
    radius = "Blast radius"
    return [
        Scene("card", "The card of an identity", "identity", {"id": worst_id}),
        Scene("node", f"{radius}, a node is chosen", "blast_radius",
              {"thing": thing, "focus": grant["to"]["id"]}),
        Scene("edge", f"{radius}, a step is chosen", "blast_radius",
              {"thing": thing, "edge": item}),
        Scene("what_if", f"{radius}, what if the step were removed", "blast_radius",
              {"thing": thing, "remove": item}, "What if"),
        Scene("answer", "Console, an answer as a picture", "console",
              {"question": "who_made_whom"}, "Query"),
    ]  # fmt: skip


def last_grant(posture: Posture, start: int) -> dict[str, Any]:
    """Return the stated grant on the farthest resource that a node reaches, as a step."""
    tree = reach_tree(posture, start)
    hops = {node["id"]: node["hops"] for node in tree["nodes"]}
    stated = [e for e in tree["edges"] if e["relationship"] == CAN_ACCESS.name and not e["derived"]]
    farthest: dict[str, Any] = max(
        stated, key=lambda edge: (hops[edge["to"]["id"]], edge["to"]["id"])
    )
    return farthest


def name(scene: Scene, size: str, scheme: str) -> str:
    """Return the name of the file with a picture."""
    return f"{scene.file}-{size}-{scheme}.webp"


def page_text(scenes: Sequence[Scene]) -> str:
    """Return the page that shows the pictures, in the order of the scenes."""
    parts = [HEAD]
    for scene in scenes:
        cells = [
            f'<img src="{quote(name(scene, size, scheme))}" height="300" '
            f'alt="{scene.title}, {scheme}, {width} pixels wide">'
            for size, (width, _) in WIDTHS.items()
            for scheme in SCHEMES
        ]
        parts.append(f"## {scene.title}\n\n" + "\n".join(cells) + "\n")
    return "\n".join(parts)


def take(browser: Browser, address: str, scenes: Sequence[Scene], folder: Path) -> None:
    """Take the pictures of all scenes."""
    for size, (width, height) in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
            )
            page = context.new_page()
            for scene in scenes:
                shot = _shot(page, f"{address}/{scene.path}", scene.heading)
                Image.open(io.BytesIO(shot)).convert("RGB").save(
                    folder / name(scene, size, scheme), "WEBP", quality=QUALITY, method=6
                )
            context.close()


def _shot(page: Page, address: str, heading: str) -> bytes:
    page.goto(address)
    settle(page)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(500)  # charts and tables paint themselves once more
    settle(page)
    if heading:
        page.get_by_text(heading, exact=True).first.evaluate("part => part.scrollIntoView()")
        page.wait_for_timeout(500)
        settle(page)
    return page.screenshot()


def main() -> None:
    """Build the estate, take the pictures of its pages, and write the page that shows them."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="trustdebt-pictures-") as folder:
        store = Path(folder) / "demo"
        demo = [sys.executable, str(ROOT / "trustdebt.py"), "demo", "--store", str(store)]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        scenes = [*pages(), *chosen(open_posture(str(store)))]
        with served(ROOT, store, Path(folder) / "log") as (address, _), chromium() as browser:
            take(browser, address, scenes, FOLDER)
    (FOLDER / "README.md").write_text(page_text(scenes), encoding="utf-8")


if __name__ == "__main__":
    main()
