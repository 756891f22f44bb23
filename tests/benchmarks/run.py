"""Take the figures of docs/benchmarks.md: `make bench`, or `make bench` with `--quick`.

Each case runs in a process of its own, so that its peak memory is its own. This process keeps
to the standard library: a child's peak starts at what its parent held.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures, by make bench -->", "<!-- end of figures -->"
SIZES = {"10k": 1_500, "100k": 15_000, "1M": 150_000}  # agents that make about so many nodes
PACKAGES = (
    *("numpy", "pandas", "pyarrow", "numba", "scipy"),
    *("networkx", "igraph", "rustworkx", "pyroaring"),
    *("streamlit", "neo4j", "neo4j-rust-ext"),
)

Row = dict[str, Any]


def child(*arguments: str) -> Any:
    """Run the worker and return its answer."""
    command = [sys.executable, "-m", "tests.benchmarks.worker", *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return json.loads(done.stdout.splitlines()[-1])


def take(sizes: list[str], only: str | None) -> tuple[dict[str, Row], list[Row]]:
    """Return the size of each estate, and the topics with their figures by size."""
    topics = [t for t in child("list") if only is None or only in t["name"]]
    estates: dict[str, Row] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="trustdebt-bench-") as folder:
            where = ("--agents", str(SIZES[size]), "--folder", folder)
            due = [topic for topic in topics if size in topic["sizes"]]
            if any(topic["generated"] for topic in due):
                say(f"{size}: making the estate")
                estates[size] = child("prepare", *where)
            for topic in due:
                for case in topic["cases"]:
                    begun = time.monotonic()
                    answer = child("measure", *where, "--topic", topic["name"], "--case", case)
                    say(f"{size}: {topic['title']}: {case}, {time.monotonic() - begun:.0f} s")
                    note(topic, size, answer)
    return estates, topics


def note(topic: Row, size: str, answer: Row) -> None:
    """Keep the figures of a case, or say aloud why there are none."""
    if "skipped" in answer:
        say(f"NOT MEASURED: {answer['skipped']}")
        topic.setdefault("skipped", {})[answer["skipped"]] = None  # once each, in order
    rows = topic.setdefault("rows", {})
    for figure in answer.get("figures", []):
        rows.setdefault(figure["what"], {})[size] = figure


def head(estates: dict[str, Row]) -> str:
    """Write what was measured with, and how large the generated estates are."""
    sizes = [
        f"* {name}: {e['nodes']:,} nodes, {e['relationships']:,} relationships"
        for name, e in estates.items()
    ]
    return "\n".join([f"`make bench`; {versions()}.", "", *sizes])


def section(topic: Row) -> str:
    """Write the figures of a topic as Markdown, below its title."""
    parts = [topic["about"], ""]
    if "skipped" in topic:
        parts += [f"Not measured: {'; '.join(topic['skipped'])}.", ""]
    rows = topic.get("rows", {})
    parts += table([size for size in SIZES if any(size in row for row in rows.values())], rows)
    return "\n".join(parts)


def table(sizes: list[str], rows: dict[str, dict[str, Row]]) -> list[str]:
    """Write the figures of a topic: a row for each, a column for each size."""
    lines = [
        f"| | {' | '.join(sizes)} | runs | limit |",
        "| --- |" + " ---: |" * (len(sizes) + 2),
    ]
    for what, by_size in rows.items():
        values = [shown(by_size[s]) if s in by_size else "" for s in sizes]
        last = list(by_size.values())[-1]
        lines.append(f"| {what} | {' | '.join(values)} | {last['runs']} | {limit(by_size)} |")
    return lines


def shown(figure: Row) -> str:
    """Write a value with its unit, to three figures."""
    value, unit = figure["value"], figure["unit"]
    if unit == "s" and value < 1:
        value, unit = value * 1000, "ms"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{0 if unit == '' else digits}f} {unit}".strip()


def limit(by_size: dict[str, Row]) -> str:
    """Write what a figure may be at most, or has to be at least, and whether it is."""
    said: dict[str, str] = {}
    kept = True
    for size, figure in by_size.items():
        for words, bound, sign in (("at most", "at_most", 1), ("at least", "at_least", -1)):
            if figure[bound] is not None:
                said[f"{words} {shown(figure | {'value': figure[bound]})}"] = size
                kept &= sign * figure["value"] <= sign * figure[bound]
    several = len(said) > 1 or len(by_size) > sum(
        f["at_most"] is not None or f["at_least"] is not None for f in by_size.values()
    )
    texts = [f"{text} at {size}" if several else text for text, size in said.items()]
    return "; ".join(texts) + ("" if kept else " **missed**")


def versions() -> str:
    """Name what was measured with."""
    found = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    return ", ".join(found)


def rewrite(estates: dict[str, Row], topics: list[Row], all_of_them: bool) -> None:
    """Put the figures between the markers of the page; keep topics that were not asked for."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    figures, after = rest.split(END)
    top, *old = figures.strip().split("\n## ")
    sections = dict(part.strip().split("\n\n", 1) for part in old)
    sections |= {topic["title"]: section(topic) for topic in topics}
    titles = [topic["title"] for topic in child("list")]
    parts = [head(estates) if all_of_them else top.strip()]
    parts += [f"## {title}\n\n{sections[title]}" for title in titles if title in sections]
    figures = "\n\n".join(parts)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", encoding="utf-8")


def say(message: str) -> None:
    """Tell how far it is."""
    print(message, file=sys.stderr, flush=True)


def main() -> int:
    """Take the figures, print them, and write them to the page unless they are the quick ones."""
    parser = argparse.ArgumentParser(description="Take the figures of docs/benchmarks.md.")
    parser.add_argument("--quick", action="store_true", help="10k nodes only; writes no page")
    parser.add_argument("--only", help="topics whose name contains this; the page keeps the rest")
    asked = parser.parse_args()
    estates, topics = take(["10k"] if asked.quick else list(SIZES), asked.only)
    print(head(estates))
    for topic in topics:
        print(f"\n## {topic['title']}\n\n{section(topic)}")
    if not asked.quick:
        rewrite(estates, topics, asked.only is None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
