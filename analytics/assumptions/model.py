"""The trust-debt model as data: weights, cycles, windows and grade bands, read from TOML."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from graph.files.regular import InputRefused
from graph.files.toml import read_toml
from graph.schema import LEVELS, SENSITIVITIES
from graph.values import canonical

TD_1 = Path(__file__).with_name("td-1.toml")
ASSUMPTIONS = (
    *("owner", "scope", "necessity", "standing", "outlived", "review", "evidence"),
    *("cred_storage", "cred_age", "cred_auth", "cred_shared", "cred_human"),
    *("env", "third_party", "sod"),
)
NUMBER = {name: place for place, name in enumerate(ASSUMPTIONS)}
BANDS = ("A", "B", "C", "D")
WORST, NOT_RATED = "F", "NR"
TOP = ("id", "cap", "days", "sensitivity", "level", "grade", "assumption")
WINDOWS = ("unused", "review", "credential")
FACTS = ("weight", "cycle", "hours")


@dataclass(frozen=True)
class Model:
    """The parameters of trust debt.

    `weight`, `cycle` (days) and `hours` have a place for each of `ASSUMPTIONS`, `sensitivity` and
    `level` one for each class and level of the schema, lowest first. `cap` is the number of missed
    cycles that cost. `bands` are the highest ratios for the grades A to D.
    """

    id: str
    cap: float
    unused: float
    review: float
    credential: float
    sensitivity: tuple[float, ...]
    level: tuple[float, ...]
    bands: tuple[float, ...]
    orphan_exposure: float
    least_coverage: float
    weight: tuple[float, ...]
    cycle: tuple[float, ...]
    hours: tuple[float, ...]

    @cached_property
    def hash(self) -> str:
        """A hash that identifies the model, the hours aside: sixteen hexadecimal digits."""
        facts = {n: getattr(self, n) for n in self.__dataclass_fields__ if n != "hours"}
        return hashlib.sha256(canonical(facts).encode()).hexdigest()[:16]

    @cached_property
    def weights(self) -> np.ndarray:
        """The weight of each assumption (float64)."""
        return np.array(self.weight)

    @cached_property
    def cycles(self) -> np.ndarray:
        """The cycle of each assumption in days (float64)."""
        return np.array(self.cycle)

    def grade(self, ratio: float) -> str:
        """Return the grade of a ratio of debt to the most that could be owed."""
        pairs = zip(BANDS, self.bands, strict=True)
        return next((name for name, most in pairs if ratio <= most), WORST)


def model(path: Path | None = None) -> Model:
    """Read a model; without a path, TD-1, which is read once.

    Raises
    ------
    InputRefused
        When the file cannot be read, or a value, which is named, is not valid in a model.
    """
    return _usual() if path is None else _read(path)


@cache
def _usual() -> Model:
    return _read(TD_1)


def _read(path: Path) -> Model:
    return _Reading(path).model(read_toml(path))


class _Reading:
    """Reader of one model file, which refuses an invalid value by its name."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def model(self, document: Mapping[str, Any]) -> Model:
        self.keys(document, TOP, "")
        if not isinstance(document["id"], str) or not document["id"].strip():
            raise InputRefused(self.file, "id", "must be text")
        days = self.numbers(document, "days", WINDOWS)
        grade = self.table(document, "grade", ("bands", "orphan_exposure", "least_coverage"))
        assumptions = self.table(document, "assumption", ASSUMPTIONS)
        facts = [self.numbers(assumptions, k, FACTS, "assumption.") for k in ASSUMPTIONS]
        weight, cycle, hours = (tuple(f[name] for f in facts) for name in FACTS)
        return Model(
            id=document["id"],
            cap=self.number(document, "cap", "", least=0.0),
            **days,
            sensitivity=tuple(self.numbers(document, "sensitivity", SENSITIVITIES).values()),
            level=tuple(self.numbers(document, "level", LEVELS).values()),
            bands=self.bands(grade),
            orphan_exposure=self.number(grade, "orphan_exposure", "grade."),
            least_coverage=self.number(grade, "least_coverage", "grade.", least=0.0, most=1.0),
            weight=weight,
            cycle=cycle,
            hours=hours,
        )

    def bands(self, grade: Mapping[str, Any]) -> tuple[float, ...]:
        bands = tuple(self.numbers(grade, "bands", BANDS, "grade.").values())
        for name, low, high in zip(BANDS[1:], bands, bands[1:], strict=False):
            if high <= low:
                raise InputRefused(self.file, f"grade.bands.{name}", "must be above the one before")
        return bands

    def keys(self, table: Mapping[str, Any], wanted: tuple[str, ...], under: str) -> None:
        for name in table:
            if name not in wanted:
                raise InputRefused(self.file, f"{under}{name}", "is no value of the model")
        for name in wanted:
            if name not in table:
                raise InputRefused(self.file, f"{under}{name}", "is missing")

    def table(
        self, outer: Mapping[str, Any], name: str, wanted: tuple[str, ...], under: str = ""
    ) -> Mapping[str, Any]:
        table = outer[name]
        if not isinstance(table, dict):
            raise InputRefused(self.file, f"{under}{name}", "must be a table")
        self.keys(table, wanted, f"{under}{name}.")
        return table

    def numbers(
        self, outer: Mapping[str, Any], name: str, wanted: tuple[str, ...], under: str = ""
    ) -> dict[str, float]:
        table = self.table(outer, name, wanted, under)
        return {k: self.number(table, k, f"{under}{name}.") for k in wanted}

    def number(
        self,
        table: Mapping[str, Any],
        name: str,
        under: str,
        least: float | None = None,
        most: float = math.inf,
    ) -> float:
        """Return a number above 0, or from `least` up to `most`."""
        value = table[name]
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and math.isfinite(value) and value <= most
        if not fits or (value <= 0 if least is None else value < least):
            limits = "above 0" if least is None else f"of {least:g} or more"
            limits += f", up to {most:g}" if most < math.inf else ""
            raise InputRefused(self.file, f"{under}{name}", f"must be a number {limits}")
        return float(value)
