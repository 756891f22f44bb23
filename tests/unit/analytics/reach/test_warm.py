"""What is compiled ahead of use is what is called: no width of a number is compiled by itself."""

import numpy as np
import pytest

from analytics.reach import removal
from analytics.reach.kernels import removal as kernels
from analytics.reach.network import Network
from analytics.reach.running.warm import warm


def test_numbers_of_either_width_meet_the_same_compiled_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    networks: list[Network] = []
    reached = removal.reached
    monkeypatch.setattr(
        "analytics.reach.running.warm.reached", lambda network, *rest: networks.append(network)
    )
    warm()
    (network,) = networks
    before = set(kernels.holds.signatures)  # type: ignore[attr-defined]
    answers = [
        reached(network, np.array([0], width), np.array([0], other), np.array([1], level)).tolist()
        for width in (np.int32, np.int64)
        for other in (np.int32, np.int64)
        for level in (np.int8, np.int64)
    ]
    assert answers == [[True]] * 8  # it may act as itself, under the highest ceiling
    assert len(set(kernels.holds.signatures) - before) <= 1  # type: ignore[attr-defined]
