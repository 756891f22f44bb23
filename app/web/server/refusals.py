"""The reason of a refused download, shown below its button: Streamlit words all of them alike."""

from collections.abc import Callable, Coroutine
from typing import Any, cast

from streamlit.proto.BackMsg_pb2 import BackendOperationRequest
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_manager import MediaFileManager

from analytics.runtime.budget import OverBudget
from graph.journal.rights import NotAllowed
from graph.stores import StoreError

REASONS = (NotAllowed, OverBudget, StoreError)  # their messages are meant for readers
OTHER = "The file could not be made. Load the page anew and try again."

Handle = Callable[
    [DeferredFileHandler, BackendOperationRequest, str],
    Coroutine[Any, Any, BackendOperationResponse],
]


def reason(error: BaseException) -> str:
    """Return what a reader is shown of an error: its message, if that is meant for readers.

    >>> reason(NotAllowed("this is for the role analyst"))
    'Not made: this is for the role analyst.'
    >>> reason(KeyError("grants")) == OTHER
    True
    """
    cause = error if isinstance(error, REASONS) else error.__cause__
    return f"Not made: {str(cause).rstrip('.')}." if isinstance(cause, REASONS) else OTHER


def with_reasons(handle: Handle) -> Handle:
    """Return a handler of downloads like `handle`, whose refusals have their reason."""

    async def handled(
        self: DeferredFileHandler, request: BackendOperationRequest, session_id: str
    ) -> BackendOperationResponse:
        files = _Files(self._get_media_file_mgr())
        noting = DeferredFileHandler(lambda: cast(MediaFileManager, files))
        answer = await handle(noting, request, session_id)
        if files.error is not None:
            answer.error_msg = reason(files.error)
        return answer

    return handled


class _Files:
    """Makes the files of `manager`, and notes the error if one could not be made."""

    def __init__(self, manager: MediaFileManager) -> None:
        self._manager = manager
        self.error: Exception | None = None

    def execute_deferred(self, file_id: str) -> str:
        """Make a file and return its address."""
        try:
            return self._manager.execute_deferred(file_id)
        except Exception as error:
            self.error = error
            raise
