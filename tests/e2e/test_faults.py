"""A fault of ours on a page: it is named, the rest is drawn, and nothing of the data is told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analytics.findings.rules import all_rules
from app.web.views import findings
from tests.e2e.conftest import Open


def fall(*_: object) -> Any:
    raise ValueError("canary-in-a-cell")


def test_a_page_names_the_rule_that_failed(
    open_page: Open, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")  # a test before this one may have asked
    rule = all_rules()["owner_departed"]
    monkeypatch.setitem(all_rules(), rule.name, replace(rule, find=fall))
    test = open_page(store, "findings")
    assert not test.exception
    (told,) = test.error
    assert r"OWN\-02" in told.value
    assert "ValueError at " in told.value
    assert "report it" in told.value
    assert "canary" not in told.value
    assert len(test.dataframe)


def test_the_twin_nothing_failed(open_page: Open, store: Path) -> None:
    assert not open_page(store, "findings").error


def test_a_page_that_fails_says_how_to_report_it(
    open_page: Open, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "VIEW", replace(findings.VIEW, draw=fall))
    test = open_page(store, "findings")
    assert test.exception
    (told,) = test.error
    assert "Findings" in told.value
    assert "report it" in told.value
