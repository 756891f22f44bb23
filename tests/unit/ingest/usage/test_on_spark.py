"""The Spark engine where Spark fails: one error that names its kind, and nothing of the data."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from graph.machine.engines import EngineUnavailable
from ingest.usage import on_spark


class GatewayGone(Exception):
    """What py4j raises where the process of Spark is gone; stands for its `Py4JError`."""


class QueryFailed(Exception):
    """What PySpark raises; stands for its `PySparkException`."""

    def getCondition(self) -> str:  # noqa: N802 - as there
        """Return the name of the condition."""
        return "OUT_OF_MEMORY"


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in for the two packages, which need not be installed, and for a session of them."""
    errors = {"py4j.protocol": {"Py4JError": GatewayGone}}
    errors["pyspark.errors"] = {"PySparkException": QueryFailed}
    for name in ("py4j", "pyspark"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, members in errors.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return SimpleNamespace()


@pytest.mark.parametrize("step", ["_plain", "_fold"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [(GatewayGone("canary"), "GatewayGone"), (QueryFailed("canary"), "OUT_OF_MEMORY")],
)
def test_an_error_of_spark_ends_as_an_engine_that_is_not_available(
    spark: Any, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, kind: str
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(on_spark, "_plain", lambda session, paths: paths)
    monkeypatch.setattr(on_spark, step, fails)
    with pytest.raises(EngineUnavailable) as refused:
        on_spark._folded(spark, [Path("log.jsonl")])
    assert str(refused.value) == f"Spark could not fold the logs: {kind}"


def test_another_error_is_a_fault(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: what is not Spark's is not taken for a failure of Spark."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(on_spark, "_plain", fails)
    with pytest.raises(ZeroDivisionError):
        on_spark._folded(spark, [Path("log.jsonl")])
