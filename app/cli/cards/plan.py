"""The card of a plan: each step with what it takes away, how safe it is, and how it is done."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import ABSENT, item_words, words
from app.wording import brief, counted, each_words, share, thing_name

VERDICTS = {
    "safe": "safe now: watched, and not used",
    "needs_owner": "ask its owner first",
    "needs_longer_window": "watch it longer",
}

REMOVING = ("remove_", "deactivate_", "disable_", "end_", "unregister_")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the steps, the best first."""
    steps = result["steps"]
    card.sentence(_sentence(result, card.left_out))
    for number, step in enumerate(steps, 1):
        card.entry(
            f"{number}. {words(step['action']).capitalize()}", each_words(step["on"]), *_lines(step)
        )
    removed = [_item(step) for step in steps if step["action"].startswith(REMOVING)]
    commands = [("what-if", "--remove", item) for item in removed[:1]]
    if steps:
        card.following(*commands, ("plan", "--format", "tickets-csv"), ("campaign", "--help"))


def _lines(step: dict[str, Any]) -> list[str]:
    """Say how safe a step is, what it gains, who decides, and how it is done and undone."""
    breaks = step["breaks"]
    state = f"breaks {counted(len(breaks), 'use')}" if breaks else VERDICTS[step["verdict"]]
    decides = thing_name(step["owner"], "nobody that is known")
    made = [f"{state}; {_gains(step)}", f"decides: {decides}"]
    for name, text in (("how", step["command"] or step["place"]), ("undo", step["undo"])):
        made += [f"{name}: {line}" for line in str(text or "").splitlines()]
    return made


def _sentence(result: dict[str, Any], left_out: int) -> str:
    before, after, steps = result["before"], result["after"], result["steps"]
    if not steps:
        return "No change is known that takes anything away and breaks nothing."
    gone = share(before["reach"] - after["reach"], before["reach"])
    debt = f"debt from {brief(before['debt'])} to {brief(after['debt'])} tp"
    count = len(steps) + left_out  # the figures are those of all steps
    verb = "takes" if count == 1 else "take"
    return f"{counted(count, 'change')} {verb} {debt}, and {gone} of all reach away."


def _gains(step: dict[str, Any]) -> str:
    parts = [
        f"{name} -{brief(step[f'{name}_removed'])}"
        for name in ("debt", "reach")
        if step[f"{name}_removed"]
    ]
    if step["findings"]:
        parts.append(counted(len(step["findings"]), "finding"))
    return ", ".join(parts) or ABSENT


def _item(step: dict[str, Any]) -> str:
    target = step["target"]
    if "from" not in target:
        return str(target["id"])
    return item_words(target)
