"""Comparing the parts of an embedded store with its anchor."""

import json
from collections.abc import Iterable
from pathlib import Path

from graph.stores import StoreDamaged
from graph.stores.anchor import Anchor, Listed
from graph.stores.manifest import Manifest, Manifests
from graph.stores.parquet.files import why


class Parts:
    """The folders of snapshots of the store `uri`, in `folder`."""

    def __init__(self, folder: Path, uri: str) -> None:
        self._folder, self._uri = folder, uri
        self._manifests = Manifests()

    def manifest(self, listed: Listed, store: str, packed: bool) -> Manifest:
        """Return the manifest of a snapshot, whose other files are gone once it is `packed`.

        Raises
        ------
        StoreDamaged
            Any part is missing or different.
        """
        folder = self._folder / listed.id
        file = folder / "manifest.json"
        if not folder.is_dir():
            raise StoreDamaged(f"{self._uri}: snapshot {listed.id} is not there")
        try:
            info, files = self._manifests.read(file, listed, store)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(f"{self._uri}: {file} is damaged ({why(error)})") from error
        for name, file_record in files.items() if not packed else ():
            part = folder / f"{name}.parquet"
            try:
                size = part.stat().st_size
            except OSError as error:
                raise StoreDamaged(f"{self._uri}: {part} cannot be read ({why(error)})") from error
            if size != file_record["bytes"]:
                raise StoreDamaged(f"{self._uri}: {part} is damaged (its size is wrong)")
        return info, files

    def refuse_strangers(self, folders: Iterable[str], anchor: Anchor) -> None:
        """Raise if a folder was not written by this store; leftovers of its own are accepted."""
        for name in set(folders) - {listed.id for listed in anchor.snapshots}:
            try:
                body = json.loads((self._folder / name / "manifest.json").read_bytes())
                ours = (body["id"], body["store"]) == (name, anchor.store)
            except FileNotFoundError:
                ours = not (self._folder / name).exists()  # deleted meanwhile
            except (OSError, ValueError, KeyError, TypeError):
                ours = False
            if not ours:
                raise StoreDamaged(
                    f"{self._uri}: {self._folder / name} is no snapshot of this store"
                )
