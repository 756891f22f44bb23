"""Whoever may not have a file is told why at the button, and nothing of a fault of ours."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager

from analytics.runtime.budget import OverBudget
from app.web.server.refusals import with_reasons
from graph.journal.rights import NotAllowed


class Storage:
    """Keeps no file; Streamlit asks it for the address of one."""

    def load_and_get_id(self, data: bytes, mimetype: str, kind: object, filename: object) -> str:
        """Return the id of a file."""
        return "made"

    def get_url(self, file_id: str) -> str:
        """Return the address of a file."""
        return f"/media/{file_id}"


USUAL = DeferredFileHandler.handle
TELLING = with_reasons(USUAL)


def asked(make: Any, handle: Any = TELLING) -> Any:
    """Return Streamlit's answer to a click on a download that `make` makes."""
    files = MediaFileManager(Storage())  # type: ignore[arg-type]
    files._deferred_callables["f"] = {  # type: ignore[typeddict-item]
        "callable": make, "mimetype": "text/csv", "filename": "a.csv", "coordinates": "0",
    }  # fmt: skip
    request: Any = SimpleNamespace(request_id="r", deferred_file=SimpleNamespace(file_id="f"))
    handler = DeferredFileHandler(lambda: files)
    return asyncio.run(handle(handler, request, "session"))


def refused(error: Exception) -> Any:
    def make() -> bytes:
        raise error

    return make


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotAllowed("this is for the role analyst"), "Not made: this is for the role analyst."),
        (OverBudget("it takes 3 GiB."), "Not made: it takes 3 GiB."),
        (KeyError("a secret"), "The file could not be made. Load the page anew and try again."),
    ],
)
def test_a_refused_download_says_why(error: Exception, words: str) -> None:
    assert asked(refused(error)).error_msg == words
    assert words not in asked(refused(error), USUAL).error_msg


def test_a_file_that_is_made_is_handed_over() -> None:
    answer = asked(lambda: b"a,b\n")
    assert (answer.error_msg, answer.deferred_file.url) == ("", "/media/made")
