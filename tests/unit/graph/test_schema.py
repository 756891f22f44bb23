"""Elements of the schema are keys: wherever facts are sent, they have to be found by them."""

import copy
import pickle
import subprocess
import sys

import pytest

from graph.schema import AGENT, NODES, RELATIONSHIPS, TABLES
from tests.support.estates.small_estates import Estate


@pytest.mark.parametrize("element", [*NODES, *RELATIONSHIPS, *TABLES], ids=str)
def test_an_element_stays_itself(element):
    assert pickle.loads(pickle.dumps(element)) is element
    assert copy.deepcopy(element) is element


def test_another_process_finds_the_frames_of_facts():
    facts = Estate().agent("bot").facts()
    code = (
        "import pickle, sys; from graph.schema import AGENT; "
        "print(*pickle.load(sys.stdin.buffer).frames[AGENT]['id'])"
    )
    sent = pickle.dumps(facts)
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    assert done.stdout == b"bot\n"
    assert list(pickle.loads(sent).frames[AGENT]["id"]) == ["bot"]
