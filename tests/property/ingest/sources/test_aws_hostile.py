"""AWS exports in which anything may stand anywhere are read or refused, and never crash."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.source import InputRefused
from tests.support.exports.aws_account import (
    read,
)
from tests.support.exports.examples.aws import account

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TEXTS = st.sampled_from(
    ["", "*", "?", "${aws:username}", "${", "%7B", "arn:aws:s3:::", "arn:::::", "arn:aws:iam::*:*"]
)
ANYTHING = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths to everything in a document."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path, *(p for key, v in inner for p in places(v, (*path, key)))]


PLACES = places(account())[1:]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "details.json"


@settings(max_examples=80)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_whatever_stands_anywhere_nothing_crashes(changes, file):
    """Any value in any place is read, set aside or refused, and what is handed over is whole."""
    value = copy.deepcopy(account())
    for path, replacement in changes:
        here = value
        try:
            for step in path[:-1]:
                here = here[step]
            here[path[-1]] = replacement
        except (KeyError, IndexError, TypeError):
            continue
    file.write_text(json.dumps(value, ensure_ascii=True))
    with contextlib.suppress(InputRefused):
        read(file)
