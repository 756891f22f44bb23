"""What a reader or a packager of the project would trip over."""

import ast
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("ingest", "graph", "analytics", "app")
LIMIT = 420  # lines
LONG = {"graph/schema.py"}  # one declaration after another
# With scripts and styles written for this project.
OWN = {"app/report", *(f"app/web/drawing/{folder}" for folder in ("canvas", "charts", "treemap"))}
MOST_ARGUMENTS = 8  # of a kernel; more of them are one NamedTuple
FOREIGN = {".js", ".mjs", ".cjs", ".ts", ".css", ".map", ".wasm", ".woff", ".woff2", ".ttf"}
MACHINE = re.compile(
    r"/(?:work|farm|root)/|repo1?\.maven[.]|pypi[.]org|files[.]pythonhosted|registry[.]npmjs"
    r"|deb[.]debian|--(?:extra-)?index-url|--find-links"
)
VAGUE = {"utils", "util", "helpers", "common", "types", "constants", "misc"}
STARRED = re.compile(r"[(,]\s*\*\s*[(\[]")  # a text without it scatters nothing
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def project_files() -> list[Path]:
    """List what git keeps or would keep."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: which files belong to the project is not known")
    command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    """Return the text of a file, or nothing where it is not text."""
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


def test_no_code_of_others_is_kept() -> None:
    foreign = [
        named(f)
        for f in project_files()
        if (f.suffix in FOREIGN and named(f.parent) not in OWN)
        or {"vendor", "node_modules", "third_party"} & set(f.parts)
    ]
    assert not foreign


def test_no_machine_path_and_no_registry_address() -> None:
    found = [
        f"{named(f)}: {hit.group()}"
        for f in project_files()
        if f != Path(__file__)
        for hit in MACHINE.finditer(text_of(f))
    ]
    assert not found


def test_the_pattern_for_machine_paths_finds_them() -> None:
    for text in ("/wor" + "k/main", "https://pyp" + "i.org/simple", "--index" + "-url x"):
        assert MACHINE.search(text)


def test_files_are_short_enough_to_read() -> None:
    long = {
        named(f): lines
        for f in project_files()
        if f.suffix == ".py" and (lines := text_of(f).count("\n")) > LIMIT
    }
    assert long.keys() <= LONG, long


def _scattered(tree: ast.AST) -> list[int]:
    """Return the lines of calls that are handed a tuple or list, spelled out, with a star."""
    return [
        call.lineno
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and any(
            isinstance(a, ast.Starred) and isinstance(a.value, ast.Tuple | ast.List)
            for a in call.args
        )
    ]


def _python_files() -> list[Path]:
    return [f for f in project_files() if f.suffix == ".py"]


def test_no_call_scatters_a_tuple_for_the_sake_of_its_layout() -> None:
    assert not [
        f"{named(f)}:{line}"
        for f in _python_files()
        if STARRED.search(text := text_of(f))
        for line in _scattered(ast.parse(text))
    ]


def test_a_scattered_tuple_is_seen() -> None:
    text = "f(a, b)\nf(*given, *(a, b))\nf(*[a])\nf(\n    * (a, b),\n)"
    assert _scattered(ast.parse(text)) == [2, 3, 4]
    assert all(STARRED.search(part) for part in ("f(*(a, b))", "f(*[a])", "f(\n * (a, b))"))


def test_kernels_take_few_arguments() -> None:
    assert not [
        f"{named(f)}: {function.name}"
        for f in _python_files()
        if named(f).startswith("analytics/")
        if "compiled" in (text := text_of(f))
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "compiled" for d in function.decorator_list)
        and len(function.args.args) > MOST_ARGUMENTS
    ]


def test_readme_is_short() -> None:
    assert text_of(ROOT / "README.md").count("\n") < 150


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{named(page)}: {target}"
        for page in project_files()
        if page.suffix == ".md"
        for target in LINK.findall(text_of(page))
        if not re.match(r"[a-z]+:|#", target)
        and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert not dead


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    index = text_of(folder / "README.md")
    assert not [f.name for f in folder.glob("[0-9]*.md") if f"]({f.name})" not in index]


def test_names_of_modules_say_something() -> None:
    assert not [
        named(f)
        for f in project_files()
        if f.suffix == ".py" and VAGUE & set(Path(named(f)).with_suffix("").parts)
    ]


def test_no_module_of_the_app_hides_a_package() -> None:
    # Streamlit puts the folder of its main script first on the path.
    taken = {*sys.stdlib_module_names, *packages_distributions(), *FOLDERS, "pages"} - {"main"}
    assert not {f.stem for f in (ROOT / "app" / "web").iterdir() if f.stem != "__init__"} & taken


def test_lock_holds_hashes_only() -> None:
    requirements = re.split(r"\n(?=\S)", text_of(ROOT / "requirements.lock").strip())
    assert len(requirements) > 20
    assert not [r for r in requirements if "--hash=sha256:" not in r or "==" not in r]
