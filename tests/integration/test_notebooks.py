"""Every notebook runs from top to bottom, without a warning and without the network."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.support.search import searching

FOLDER = Path(__file__).parents[2] / "notebooks"
DRAWN = FOLDER.parent / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SECONDS = 60
SCALE = "0.002"  # of an estate with millions of things
EARLIER = '(estate / "history").iterdir())'
FEWER = {  # of the exports and estates that a notebook takes in one by one; all in a search
    "first_look": (EARLIER, f"{EARLIER}[-1:]"),
    "trust_debt_sensitivity": ("for seed in (7, 8)", "for seed in (7,)"),
}
# The kernel's own sockets are no Python sockets, and go on working.
NO_NETWORK = """
import socket

def refused(*arguments, **options):
    raise AssertionError(f"asked the network for {arguments}")

for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refused)
socket.getaddrinfo = refused
"""


def opened(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def shorter(path: Path) -> Any:
    """Open a notebook that takes in as few exports of the same sort as show the same."""
    notebook = opened(path)
    if searching() or path.stem not in FEWER:
        return notebook
    stated, instead = FEWER[path.stem]
    (cell,) = [cell for cell in notebook.cells if stated in cell.source]
    cell.source = cell.source.replace(stated, instead)
    return notebook


def run(notebook: Any) -> list[Any]:
    """Run a notebook whose network is cut off; return the outputs of its cells."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(NO_NETWORK))
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": FOLDER}}
    )
    client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_there_is_one() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_warns_of_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDEBT_NOTEBOOK_SCALE", SCALE)
    outputs = run(shorter(path))
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    shown = [o.data for o in outputs if "data" in o]
    SHOWN[path.stem](shown)
    kept = list(DRAWN.glob(f"{path.stem}-*.svg"))
    assert len(charts(shown)) == len(kept), "make pictures draws docs/notebooks anew"


def charts(shown: list[Any]) -> list[str]:
    """Return the titles of the charts, each of which is one SVG that runs nothing."""
    drawn = [d["text/html"] for d in shown if d.get("text/plain", "").startswith("<Chart: ")]
    assert all(svg.startswith("<svg") and "<script" not in svg for svg in drawn)
    return [ET.fromstring(svg)[0].text or "" for svg in drawn]


def _keys_and_what_they_open(shown: list[Any]) -> None:
    uneven, worst, steps = charts(shown)
    assert uneven.startswith("How uneven ")
    assert worst.startswith("The ten worst keys")
    assert steps.startswith("The four worst keys")
    assert any("weight" in d.get("text/plain", "") and "<svg" in d["text/html"] for d in shown)


def _owners_and_departures(shown: list[Any]) -> None:
    assert [title.partition(",")[2].strip() for title in charts(shown)] == [
        "weighted reach of what they own",
        "percent of the owned weight",
    ]
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    assert any("departures" in t and "bound" in t for t in tables)


def _a_picture_and_a_comparison(shown: list[Any]) -> None:
    assert any(data.get("text/html", "").startswith("<svg") for data in shown)
    assert charts(shown) == ["Reach, step by step, weighted"]
    assert any("less for none" in data.get("text/plain", "") for data in shown)


def _a_leak_and_its_cost(shown: list[Any]) -> None:
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    assert any("drill, s" in t and "peak, GB" in t for t in tables)
    assert any("deactivate" in t for t in tables) or any("all servers" in t for t in tables)
    assert len(charts(shown)) == 1


def _every_model_beside_the_usual_one(shown: list[Any]) -> None:
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    assert any("cap at 8 missed cycles" in t and "30 of 30" in t for t in tables)
    (stays,) = charts(shown)
    assert stays.startswith("Who stays among those that owe most")


def _proofs_of_two_uses(shown: list[Any]) -> None:
    tables = [
        data["text/html"] for data in shown if "<td>verdict</td>" in data.get("text/html", "")
    ]
    assert len(tables) == 2
    assert "<td>entitlement</td><td>yes</td>" in tables[0]
    assert "no decision allowed it" in tables[1]
    (least,) = charts(shown)
    assert least.startswith("Those with least proven")


def _debt_over_time_and_who_moved(shown: list[Any]) -> None:
    owed, changed, moved = charts(shown)
    assert owed.startswith("Trust debt by what it is owed for")
    assert changed.startswith("What changed until each snapshot")
    assert moved.startswith("Who joined and who left")
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    assert any(">left<" in t and "dara.adler" in t for t in tables)


def _planted_found_and_lost(shown: list[Any]) -> None:
    told, withheld = charts(shown)
    assert told.startswith("Planted and found")
    assert withheld.startswith("What is lost when a system is not connected")
    tables = [data["text/html"] for data in shown if "<table" in data.get("text/html", "")]
    assert any("without owners" in t and "EVD" in t for t in tables)


SHOWN = {
    "labelled_benchmark": _planted_found_and_lost,
    "trust_debt_history": _debt_over_time_and_who_moved,
    "blast_radius_of_a_key": _keys_and_what_they_open,
    "bus_factor": _owners_and_departures,
    "breach_agent_keys": _a_leak_and_its_cost,
    "breach_secret_stores": _a_leak_and_its_cost,
    "first_look": _a_picture_and_a_comparison,
    "was_it_justified": _proofs_of_two_uses,
    "trust_debt_sensitivity": _every_model_beside_the_usual_one,
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_without_outputs(path: Path) -> None:
    """Outputs name machines, and change without a reason."""
    code = [cell for cell in opened(path).cells if cell.cell_type == "code"]
    assert not [c for c in code if c.outputs or c.execution_count is not None]


@pytest.mark.parametrize(
    "asks",
    ["import urllib.request as r; r.urlopen('http://127.0.0.1:9')", "1 / 0"],
    ids=["network", "error"],
)
def test_the_twin_with_a_fault_fails(asks: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(asks)])
    with pytest.raises(CellExecutionError):
        run(notebook)


def test_the_twin_that_warns_is_seen() -> None:
    asks = "import warnings; warnings.warn('old')"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(asks)])
    assert [o for o in run(notebook) if o.get("name") == "stderr"]
