"""What is worked out once is shared by all who ask with equal arguments, and by nobody else."""

from dataclasses import dataclass

import pytest

from graph.once import once


@dataclass(frozen=True)
class Estate:
    """Something that things are worked out of."""

    size: int


def test_each_owner_and_each_argument_has_its_own() -> None:
    asked: list[tuple[int, str]] = []

    @once
    def judged(estate: Estate, level: str) -> list[str]:
        asked.append((estate.size, level))
        return [level] * estate.size

    one, two = Estate(1), Estate(1)  # equal, and still two
    assert judged(one, "read") is judged(one, "read")
    assert judged(one, level="read") == ["read"]
    assert judged(two, "read") is not judged(one, "read")
    judged(one, "write")
    assert asked == [(1, "read"), (1, "read"), (1, "read"), (1, "write")]


def test_functions_of_one_name_do_not_meet() -> None:
    def made(value: int):  # type: ignore[no-untyped-def]
        @once
        def judged(estate: Estate) -> int:
            return value

        return judged

    class First:
        judged = once(lambda self: 1)

    class Second:
        judged = once(lambda self: 2)

    assert (First().judged(), Second().judged()) == (1, 2)
    estate = Estate(3)
    assert (made(1)(estate), made(2)(estate)) == (1, 2)


def test_what_failed_is_tried_again() -> None:
    tries = []

    @once
    def judged(estate: Estate) -> int:
        tries.append(estate)
        return 1 // (len(tries) - 1)

    estate = Estate(1)
    with pytest.raises(ZeroDivisionError):
        judged(estate)
    assert judged(estate) == 1
