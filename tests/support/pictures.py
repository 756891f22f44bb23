"""Pictures of every page of the app in docs/pages: `make pictures`.

The estate is that of `trustdebt demo`, so a picture changes only when the page does, or the age of
the data that it tells. Every page is found, in light and dark, on a desk and on a phone.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page

from app.web.view import View
from app.web.views import all_views
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


def name(view: View, size: str, scheme: str) -> str:
    """Return the name of the file with a picture."""
    return f"{view.name}-{size}-{scheme}.webp"


def page_text(views: list[View]) -> str:
    """Return the page that shows the pictures, page by page in the order of the menu."""
    parts = [HEAD]
    for view in views:
        cells = [
            f'<img src="{quote(name(view, size, scheme))}" height="300" '
            f'alt="{view.title}, {scheme}, {width} pixels wide">'
            for size, (width, _) in WIDTHS.items()
            for scheme in SCHEMES
        ]
        parts.append(f"## {view.title}\n\n" + "\n".join(cells) + "\n")
    return "\n".join(parts)


def take(browser: Browser, address: str, views: list[View], folder: Path) -> None:
    """Take the pictures of all pages."""
    for size, (width, height) in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
            )
            page = context.new_page()
            for view in views:
                shot = _shot(page, f"{address}/{view.name}")
                Image.open(io.BytesIO(shot)).convert("RGB").save(
                    folder / name(view, size, scheme), "WEBP", quality=QUALITY, method=6
                )
            context.close()


def _shot(page: Page, address: str) -> bytes:
    page.goto(address)
    settle(page)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(500)  # charts and tables paint themselves once more
    settle(page)
    return page.screenshot()


def main() -> None:
    """Build the estate, take the pictures of its pages, and write the page that shows them."""
    views = sorted(all_views().values(), key=lambda view: view.order)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="trustdebt-pictures-") as folder:
        store = Path(folder) / "demo"
        demo = [sys.executable, str(ROOT / "trustdebt.py"), "demo", "--store", str(store)]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        with served(ROOT, store, Path(folder) / "log") as (address, _), chromium() as browser:
            take(browser, address, views, FOLDER)
    (FOLDER / "README.md").write_text(page_text(views), encoding="utf-8")


if __name__ == "__main__":
    main()
