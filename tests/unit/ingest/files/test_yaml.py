"""YAML and commented JSON that others wrote: bounded, strict, and refused with the place."""

import time
from pathlib import Path

import pytest

from ingest.files.yaml import parse_yaml
from ingest.source import InputRefused
from ingest.sources.mcp_config.commented_json import parse_commented_json

HERE = Path("a.yaml")
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGES = "m0: &m0 {a: 1}\n" + "".join(
    f"m{n}: &m{n} {{x: [*m{n - 1}, *m{n - 1}], y: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 30)
)
BAD = {
    "no YAML": ("a: [1\nb: 2", "line 2", "is not YAML"),
    "key twice": ("a: 1\nb:\n  c: 1\n  c: 2", "line 4", "a key is repeated"),
    "an object": ("a: !!python/object/apply:os.system [x]", "line 1", "is not YAML"),
    "a loop": ("b: 1\na: &a\n  b: *a", "line 2", "holds an alias that leads back to itself"),
    "deep": ("[" * 101, "line 1", "is nested more than 100 deep"),
    "deep blocks": ("\n".join(" " * n + "a:" for n in range(200)), "", "deep"),
    "a key that is a list": ("? [1]\n: 2", "line 1", "a key is not text"),
    "not finite": ("a: 1e999", "line 1", "a number is not finite"),
    "expanding": (LAUGHS, "line 7", "holds more than 2000000 values, aliases written out"),
    "expanding maps": (MERGES, "", "aliases written out"),
    "control character": ("a: \x07", "", "is not YAML"),
    "merge of text": ("a:\n  <<: b", "line 2", "merges something that is no mapping"),
}


@pytest.mark.parametrize("kind", BAD)
def test_hostile_yaml_is_refused_with_its_place_and_at_once(kind):
    said, place, reason = BAD[kind]
    began = time.monotonic()
    with pytest.raises(InputRefused) as refused:
        parse_yaml(said, HERE)
    assert place in refused.value.place
    assert reason in refused.value.reason
    assert time.monotonic() - began < 5


def test_text_stays_the_text_it_is_written_as():
    """The Norway problem: no country, date or version turns into something else."""
    (document,) = parse_yaml("a: no\nb: 2026-08-01\nc: 1.10.0\nd: on\ne: '1'\nf: 1_000", HERE)
    assert document.value == {
        "a": "no", "b": "2026-08-01", "c": "1.10.0", "d": "on", "e": "1", "f": "1_000",
    }  # fmt: skip


def test_numbers_flags_and_nothing_are_what_they_look_like():
    (document,) = parse_yaml("a: true\nb: -7\nc: 1.5\nd: null\ne:\nf: ~\ng: 0x10", HERE)
    assert document.value == {
        "a": True,
        "b": -7,
        "c": 1.5,
        "d": None,
        "e": None,
        "f": None,
        "g": 16,
    }


def test_documents_have_the_line_they_begin_on_and_empty_ones_are_left_out():
    found = parse_yaml("---\na: 1\n---\n# nothing\n---\n\nb: 2\n", HERE)
    assert [(d.value, d.line) for d in found] == [({"a": 1}, 2), ({"b": 2}, 7)]


def test_aliases_and_merges_mean_what_they_name():
    (document,) = parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {<<: [*a]}", HERE)
    assert document.value["b"] == {"x": 1, "y": 3}
    assert document.value["c"] == document.value["d"] == {"x": 1, "y": 2}


def test_comments_go_and_what_looks_like_one_in_text_stays():
    said = '{\n// "a": 1,\n"b": "http://x /* y */, ]", /* } */ "c": [1, 2 , ], }'
    assert parse_commented_json(said, "s.json") == {"b": "http://x /* y */, ]", "c": [1, 2]}


@pytest.mark.parametrize(
    ("said", "place", "reason"),
    [
        ('{"a": 1,\n"a": 2, // x\n}', "/a", "a key is repeated"),
        ('{"a": [1,,]}', "line 1", "is not JSON"),
        ('{"a":\n\n /* open', "line 3", "the JSON text ends too early"),
        ('{"a": "open', "line 1", "is not JSON"),
    ],
)
def test_in_all_else_commented_json_is_strict(said, place, reason):
    with pytest.raises(InputRefused) as refused:
        parse_commented_json(said, "s.json")
    assert (refused.value.place, refused.value.reason) == (place, reason)


@pytest.mark.parametrize("tail", ['"' + "x" * 10**6, '"' + '\\"' * 10**6 + "\\", "/*" * 10**6])
def test_what_is_never_closed_costs_no_time(tail):
    began = time.monotonic()
    with pytest.raises(InputRefused):
        parse_commented_json('{"a": ' + "[" * 60 + "]" * 60 + tail, "s.json", max_depth=50)
    assert time.monotonic() - began < 5
