"""In a discovered folder one file adds one thing, which carries the file's name."""

import importlib
import sys
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [
    ("ingest.sources", "all_sources", "SOURCE"),
    ("analytics.findings.rules", "all_rules", "RULE"),
    ("analytics.figures.measures", "all_measures", "MEASURE"),
    ("analytics.remediation.gate.checks", "all_checks", "CHECK"),
    ("ingest.planned.forms", "all_forms", "FORM"),
    ("graph.receipts.formats", "all_formats", "FORMAT"),
    ("app.web.views", "all_views", "VIEW"),
]
PRESENT = [f for f in FOLDERS if (ROOT / f[0].replace(".", "/") / "__init__.py").exists()]


def modules(package: ModuleType) -> list[str]:
    return [m.name for m in iter_modules(package.__path__)]


@pytest.mark.parametrize(("folder", "finder", "constant"), PRESENT)
def test_names_are_file_names(folder: str, finder: str, constant: str) -> None:
    package = importlib.import_module(folder)
    assert sorted(getattr(package, finder)()) == sorted(modules(package))
    for name in modules(package):
        declared = getattr(importlib.import_module(f"{folder}.{name}"), constant)
        assert declared.name == name


@pytest.mark.parametrize(("folder", "finder", "constant"), PRESENT)
def test_one_file_adds_one(
    folder: str, finder: str, constant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.import_module(folder)
    find = getattr(package, finder)
    forget = getattr(find, "cache_clear", lambda: None)
    before = set(find())
    text = (
        f"from types import SimpleNamespace\n\n{constant} = SimpleNamespace(name='added', order=0)"
    )
    (tmp_path / "added.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    forget()
    try:
        assert set(find()) == before | {"added"}
    finally:
        sys.modules.pop(f"{folder}.added", None)
        vars(package).pop("added", None)
        monkeypatch.undo()
        forget()
