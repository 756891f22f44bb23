"""TOML is bounded before it is parsed: whatever is sent, little memory and time is taken."""

import time
import tomllib
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.files import toml
from graph.files.regular import InputRefused
from graph.files.toml import parse_toml, read_toml

FILE = Path("x.toml")
MIB = 1 << 20
# Each makes a text of about so many bytes that costs more than that, if anything does.
SHAPES = {
    "one dotted key": lambda n: ".".join(["a"] * (n // 2)) + " = 1\n",
    "quoted dotted key": lambda n: ".".join(["'a'"] * (n // 4)) + " = 1\n",
    "a dotted header": lambda n: "[" + ".".join(["a"] * (n // 2)) + "]\n",
    "a dotted key in a table": lambda n: "x = {" + ".".join(["a"] * (n // 2)) + " = 1}\n",
    "dots with blanks": lambda n: " . ".join(["a"] * (n // 4)) + " = 1\n",
    "many dotted keys": lambda n: "".join(f"a{i}{'.b' * 30} = 1\n" for i in range(n // 72)),
    "keys below a long header": lambda n: (
        f"[{'.'.join(['a'] * 30)}]\n" + "".join(f"b{i}.c = 1\n" for i in range(n // 12))
    ),
    "tables": lambda n: "".join(f"[a{i}]\n" for i in range(n // 8)),
    "tables of a list": lambda n: "[[a]]\n" * (n // 6),
    "open brackets": lambda n: "a = " + "[" * n,
    "closed brackets": lambda n: "a = " + "[" * (n // 2) + "]" * (n // 2),
    "tables within tables": lambda n: "a = " + "{a=" * (n // 3),
    "mixed": lambda n: "a = " + "[{a=" * (n // 4),
    "brackets on lines": lambda n: "a = " + "[\n" * (n // 2),
    "digits": lambda n: "a = " + "9" * n,
    "hexadecimal digits": lambda n: "a = 0x" + "9" * n,
    "quotes": lambda n: "a = " + '"' * n,
    "apostrophes": lambda n: "a = " + "'" * n,
    "an open text": lambda n: 'a = """' + '"" ' * (n // 3),
    "backslashes": lambda n: 'a = "' + "\\" * (n | 1),
    "escapes": lambda n: 'a = "' + "\\n" * (n // 2) + '"',
    "comments": lambda n: "#" * n,
    "blanks": lambda n: "a" + " " * n,
    "line ends": lambda n: "\n" * n,
    "numbers": lambda n: "a = [" + "1," * (n // 2) + "]",
}


def parsed(text):
    try:
        return parse_toml(text, FILE)
    except InputRefused:
        return None


def cost(shape, size):
    """Return the most memory beyond what was held, and the seconds, that a text takes."""
    text = SHAPES[shape](size)
    tracemalloc.start()
    try:
        parsed(text)
        memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    start = time.process_time()
    parsed(text)
    return memory, time.process_time() - start


@pytest.mark.parametrize("shape", SHAPES)
def test_a_large_file_takes_little_memory_and_time(shape):
    memory, seconds = cost(shape, 128 * 1024)
    assert memory < 20 * MIB
    assert seconds < 2


def test_without_the_look_ahead_a_short_key_takes_much_memory(monkeypatch):
    """8 kB of one dotted key; the memory grows with the square of its length."""
    assert cost("one dotted key", 8000)[0] < MIB
    monkeypatch.setattr(toml, "_check_shape", lambda *_: None)
    assert cost("one dotted key", 8000)[0] > 50 * MIB


def test_without_the_look_ahead_brackets_end_in_the_parser(monkeypatch):
    """The refusal is then that of a stack that overflowed, and names no line."""
    monkeypatch.setattr(toml, "_check_shape", lambda *_: None)
    with pytest.raises(InputRefused, match=r"x\.toml: is nested too deeply"):
        parse_toml(SHAPES["open brackets"](100_000), FILE)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("# a\n\n" + ".".join("a" * 33) + " = 1", "line 3", "has a key of more than 32 parts"),
        ('a = """\n\n"""\nb = ' + "[" * 65, "line 4", "is nested more than 64 deep"),
        ("a = [\n" * 65, "line 65", "is nested more than 64 deep"),
        ("a = 9223372036854775808", "", "a number has too many digits"),
        ("a = [{b = -9223372036854775809}]", "", "a number has too many digits"),
        ("#" * (MIB + 1), "", "is larger than 1048576 bytes"),
        ("[a]\n[a]\n", "line 2, column 3", "is not TOML"),
    ],
)
def test_the_place_of_what_is_refused(text, place, reason):
    with pytest.raises(InputRefused) as refused:
        parse_toml(text, FILE)
    assert (refused.value.place, refused.value.reason) == (place, reason)


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 32) + " = 1",
        "a = " + "[" * 64 + "]" * 64,
        "a = 9223372036854775807\nb = -9223372036854775808",
        "a = '" + "." * 500 + "[" * 500 + "'",
        'a = """' + '""."\\"[' * 200 + '"""',
        "a = '''" + "'' [.{ " * 100 + "'''''",
        'a = """[""""' + "\nb = [1] # " + "[.{" * 300,
        "'" + "." * 300 + "' = 1",
        "\ufeffa = 1\r\nb = 2\r\n",
    ],
)
def test_what_is_within_the_bounds_is_read_as_the_parser_reads_it(text):
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    assert parse_toml(text, FILE) == tomllib.loads(plain)


PIECES = st.sampled_from(
    [*"a.1\n[]{},\"'\\#é", " = ", '"""', "'''", "\r\n", "= 0x1"],
)


@given(st.lists(PIECES, max_size=40))
def test_no_text_is_a_fault_and_what_is_refused_is_no_toml(pieces):
    """Texts of less than the bounds are refused only where the parser refuses them."""
    text = "".join(pieces)
    try:
        expected = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        expected = None
    assert parsed(text) == expected


def test_the_environment_raises_a_bound(tmp_path, monkeypatch):
    path = tmp_path / "x.toml"
    path.write_text(".".join("a" * 40) + " = 1")
    monkeypatch.setenv("TRUSTDEBT_MAX_TOML_STEPS", "40")
    assert read_toml(path)
