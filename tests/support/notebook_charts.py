"""The charts of every notebook in docs/notebooks, as a run draws them: a part of `make pictures`.

Each notebook is run from top to bottom on the estate that it invents. A chart is kept as the SVG
that the notebook shows, on paper of its own, as an image does not know the colours around it.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
FOLDER = ROOT / "docs" / "notebooks"
SECONDS = 900.0  # in which the estates of a breach, of some hundred thousand things, are judged
# The breaches at a tenth of their size, and nothing of what only some machines have.
SETTINGS = {"TRUSTDEBT_NOTEBOOK_SCALE": "0.1", "TRUSTDEBT_REAL_DATA": os.devnull}
SIZE = re.compile(r'viewBox="0 0 (\d+) (\d+)" width="\d+"')
STYLE = 'style="max-width:100%;height:auto'
PAPER = f"{STYLE};background:#fff;color:#1f2328"
MARGIN = 12  # pixels of paper on each side
HEAD = """# Charts of the notebooks

Drawn by `make pictures`, which runs every notebook from top to bottom; the two breaches at a tenth
of their size. What each one asks, and how to run it, is told in [notebooks.md](../notebooks.md).
"""


def executed(path: Path) -> list[Any]:
    """Run a notebook, and return the outputs of its cells."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": path.parent}}
    NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=place).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def charts(outputs: Iterable[Any]) -> list[str]:
    """Return the charts among outputs, each of which is one SVG that runs nothing."""
    shown = [output.data for output in outputs if "data" in output]
    return [d["text/html"] for d in shown if d.get("text/plain", "").startswith("<Chart: ")]


def on_paper(svg: str) -> str:
    """Return a chart as a file of its own, which is read on any page."""
    return SIZE.sub(_with_margin, svg.replace(STYLE, PAPER, 1), count=1) + "\n"


def _with_margin(size: re.Match[str]) -> str:
    width, height = (int(side) + 2 * MARGIN for side in size.groups())
    return f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" width="{width}"'


def page_text(files: Mapping[str, Mapping[str, str]]) -> str:
    """Return the page that shows the charts: the title of each by its file, for each notebook."""
    parts = [HEAD]
    for notebook, titles in files.items():
        images = [f"![{title}]({file})" for file, title in titles.items()]
        heading = f"## [{notebook}](../../notebooks/{notebook}.ipynb)"
        parts.append("\n\n".join([heading, *images]) + "\n")
    return "\n".join(parts)


def title(svg: str) -> str:
    """Return what a chart says that it shows."""
    return ElementTree.fromstring(svg)[0].text or ""


def main() -> None:
    """Run every notebook, keep its charts, and write the page that shows them."""
    os.environ.update(SETTINGS)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    files: dict[str, dict[str, str]] = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        drawn = {f"{path.stem}-{n}.svg": svg for n, svg in enumerate(charts(executed(path)), 1)}
        files[path.stem] = {file: title(svg) for file, svg in drawn.items()}
        for file, svg in drawn.items():
            (FOLDER / file).write_text(on_paper(svg), encoding="utf-8")
    (FOLDER / "README.md").write_text(page_text(files), encoding="utf-8")


if __name__ == "__main__":
    main()
