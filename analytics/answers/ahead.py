"""What is worked out once a snapshot is published, before anybody asks: the first things asked.

Each answer is kept beside the snapshot (`analytics.kept`), so whoever asks later only reads it.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics import answers
from analytics.kept.ahead import Ahead
from analytics.kept.answers import keeping_everything
from analytics.posture import Posture
from analytics.runtime.faults import collecting, described

UNDONE = "what is asked first was not worked out"


@cache
def all_steps() -> tuple[Ahead, ...]:
    """List the steps that the answers declare, in the order in which they are done."""
    modules = [
        import_module(f"{answers.__name__}.{m.name}") for m in iter_modules(answers.__path__)
    ]
    steps = [step for module in modules for step in getattr(module, "AHEAD", ())]
    return tuple(sorted(steps, key=lambda step: step.order))


def judge_ahead(opened: Callable[[], Posture], tell: Callable[[str], None]) -> str | None:
    """Work out the first things that will be asked; `tell` hears of each step.

    Returns
    -------
    str or None
        Why not all of it was worked out. Nothing is raised: the snapshot is published, and whoever
        asks works out what is missing, or is told what fails.
    """
    with collecting(), keeping_everything():
        try:
            posture, steps = opened(), all_steps()
            for number, step in enumerate(steps, 1):
                tell(f"judging {number} of {len(steps)}: {step.words}")
                step.work(posture)
        except KeyboardInterrupt:
            return f"{UNDONE}: it was stopped"
        except Exception as error:
            return f"{UNDONE}: {error if hasattr(error, 'exit_code') else described(error)}"
    return None
