"""Uploads of configuration files, which lack the hidden folder that shows their client."""

from collections.abc import Sequence
from pathlib import Path

from ingest.source import InputRefused, Sent, Upload
from ingest.sources.mcp_config.layouts import HIDDEN


def lay_out(sent: Sent) -> Sequence[Path]:
    """Move files into the hidden folder that they came from."""
    if not sent.answer:
        return sent.paths
    name = sent.answer.strip("/")
    folders = sorted(hidden for hidden in HIDDEN if "." not in hidden[1:])
    if name not in folders:
        reason = f"must be one of {', '.join(folders)}; else send a ZIP"
        raise InputRefused("the folder", "", reason)
    home = sent.folder / name
    home.mkdir()
    return [path if path.is_dir() else path.rename(home / path.name) for path in sent.paths]


UPLOAD = Upload(
    hint="Keep the names of the files: they tell the client. A ZIP keeps its hidden folders, too.",
    asks="Hidden folder that the files lay in, if they did",
    example=".cursor",
    lay_out=lay_out,
)
