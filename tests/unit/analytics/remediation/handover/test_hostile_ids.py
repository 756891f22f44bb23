"""Ids that somebody chose so that a shell would run them: refused, quoted, never run."""

import shlex
import subprocess
from itertools import product
from pathlib import Path

import pytest

from analytics.remediation.handover import ACTIONS, Target, handover
from analytics.remediation.handover.shell import Refused, checked, line
from graph.schema import CAN_ACCESS, MEMBER_OF
from tests.support.estates.small_estates import Estate

BAD = [
    "bob; touch MARK",
    "bob$(touch MARK)",
    "bob`touch MARK`",
    "bob && touch MARK",
    "bob | touch MARK",
    "bob\ntouch MARK",
    "bob'; touch MARK; '",
    'bob"; touch MARK; "',
    "bob > MARK",
    "bob\\",
    "-bob",
    "--policy-arn=x",
    "#bob",
    "bob\u202egnp",
    "bob\u2028touch MARK",
    "bob\u200b",
    "bob\x1b[2J",
    "bob\x00",
    "b*b",
    "b?b",
    "{a,b}",
    "!!",
]


@pytest.mark.parametrize("value", [*BAD, "", "  ", "\t"])
def test_a_hostile_word_is_refused(value: str) -> None:
    with pytest.raises(Refused):
        checked(value)


@pytest.mark.parametrize(
    "value", ["bob", "bob smith", "bob@acme.example", "a=b,c+d", "Zürich", "~"]
)
def test_words_of_people_are_quoted(value: str) -> None:
    if value == "~":
        with pytest.raises(Refused):
            checked(value)
        return
    assert shlex.split(line("aws", checked(value))) == ["aws", value]


@pytest.mark.parametrize(
    "form",
    [
        "arn:aws:iam::123456789012:user/{}",
        "arn:aws:iam::123456789012:role/{}",
        "k8s:prod/pay/serviceaccount/{}",
        "github:user/{}",
        "github:acme/deploy-key/{}/7",
        "{}",
    ],
)
def test_no_command_holds_a_hostile_id(form: str) -> None:
    label, team = "Human" if "github:user" in form else "ServiceAccount", "github:acme/team/core"
    e = Estate().resource("r", provider="x").thing("Group", team)
    for n, name in enumerate(BAD):
        holder = form.format(name)
        facts = {"policy_id": f"{holder}/inline/{name}", "grant_id": name}
        e.thing(label, holder).can(holder, "read", "r", id=f"g{n}", **facts)
        e.link(holder, "MEMBER_OF", team, id=f"m{n}")
    posture = e.quick()
    for n, name in enumerate(BAD):
        holder = form.format(name)
        targets = [Target(node=posture.graph.number(holder))]
        targets += [Target(CAN_ACCESS, (f"g{n}",)), Target(MEMBER_OF, (f"m{n}",))]
        for action, target in product(ACTIONS, targets):
            made = handover(posture, action, target)
            if made.command and name.startswith(("-", "#")):  # harmless within an id as a whole
                assert action in ("keep_evidence", "verify")
                assert holder in shlex.split(made.command)
                continue
            assert made.command is None, made.command
            assert made.place
            assert made.undo
            assert "\n" not in made.place


def test_a_hostile_id_is_named_as_the_reason() -> None:
    holder = "arn:aws:iam::123456789012:user/bob; touch MARK"
    posture = Estate().account(holder).quick()
    made = handover(posture, "disable_identity", Target(node=posture.graph.number(holder)))
    assert made.refused == "'bob; touch MARK' holds ';', which a shell acts on"


def test_the_twin_without_the_defence_a_shell_runs_the_id(tmp_path: Path) -> None:
    name = "bob; touch MARK"
    unsafe = f"true --user-name {name}"
    subprocess.run(["sh", "-c", unsafe], cwd=tmp_path, check=True)
    assert (tmp_path / "MARK").exists()
    (tmp_path / "MARK").unlink()
    subprocess.run(["sh", "-c", line("true", "--user-name", name)], cwd=tmp_path, check=True)
    assert not (tmp_path / "MARK").exists()
