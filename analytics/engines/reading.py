"""Reading of policy sets: one file, or a folder of files of one language."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from analytics.engines import languages
from analytics.engines.policy_set import PolicyRefused, PolicySet
from graph.files.bounds import bound
from graph.files.regular import InputRefused, sized_file


@cache
def all_languages() -> dict[str, ModuleType]:
    """List the languages by the suffix of their files; adding a module adds the language."""
    modules = (
        import_module(f"{languages.__name__}.{m.name}") for m in iter_modules(languages.__path__)
    )
    return {module.SUFFIX: module for module in modules}


def policy_set(path: Path) -> PolicySet:
    """Read the policies at a path: a file, or all files of one language in and below a folder.

    Raises
    ------
    PolicyRefused
        It cannot be read, holds no policy, mixes languages, or does not parse; with the place.
    """
    return policies_in({name: _content(file) for name, file in _files(path)}, path)


def policies_in(files: Mapping[str, bytes], origin: Path | str) -> PolicySet:
    """Read the policies of files of one language, by name; a message names their `origin`.

    Raises
    ------
    PolicyRefused
    """
    suffixes = {Path(name).suffix for name in files}
    if len(suffixes) > 1:
        mixed = ", ".join(sorted(suffixes))
        raise PolicyRefused(origin, "", f"mixes policies of several languages: {mixed}")
    texts = {name: _text(name, content) for name, content in files.items()}
    parsed: PolicySet = all_languages()[suffixes.pop()].parsed(texts)
    if not parsed.policies:
        raise PolicyRefused(origin, "", "holds no policy")
    return parsed


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files with their names below the folder; of a file alone, its name."""
    known = ", ".join(sorted(all_languages()))
    if not path.is_dir():
        if path.suffix not in all_languages():
            reason = f"is no policy file: the name of one ends in {known}"
            raise PolicyRefused(path, "", reason if path.exists() else "there is no such file")
        yield path.name, path
        return
    files = sorted(p for p in path.rglob("*") if p.suffix in all_languages() and not p.is_dir())
    if not files:
        raise PolicyRefused(path, "", f"holds no policy file: the name of one ends in {known}")
    if len(files) > bound("FILES"):
        raise PolicyRefused(path, "", f"holds more than {bound('FILES')} policy files")
    yield from ((file.relative_to(path).as_posix(), file) for file in files)


def _content(path: Path) -> bytes:
    try:
        with sized_file(path, bound("FILE_BYTES")) as file:
            return file.read()
    except InputRefused as refused:
        raise PolicyRefused(path, refused.place, refused.reason) from None


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PolicyRefused(name, "", "is not UTF-8 text") from None
