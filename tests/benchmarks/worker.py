"""Run one case in this process and print its figures as JSON, for `run.py`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.measure import Size, Skipped, Topic, all_topics


def prepare(size: Size) -> dict[str, object]:
    """Generate the estate, write it down and publish it; say how large it is."""
    from analytics.reach.running.warm import warm
    from graph.stores import open_store
    from ingest.generator import generate, reading
    from ingest.job.run import ingest_reading
    from ingest.sources import all_sources
    from ingest.sources.estate.writing import write_estate

    warm()
    last = generate(size.agents, seed=7).history[-1]
    write_estate(last.frames, size.estate, last.manifest)
    store = open_store(str(size.store))
    info = ingest_reading(store, all_sources()["estate"], reading(last)).snapshot
    return {
        "nodes": sum(info.nodes.values()),
        "relationships": sum(info.relationships.values()),
    }


def listed(topics: dict[str, Topic]) -> list[dict[str, object]]:
    """Describe the topics."""
    return [
        {
            "name": name,
            "cases": [case.__name__ for case in t.cases],
            **{of: getattr(t, of) for of in ("title", "about", "sizes", "generated")},
        }
        for name, t in topics.items()
    ]


def measured(topic: Topic, case: str, size: Size) -> dict[str, object]:
    """Run a case."""
    work = next(c for c in topic.cases if c.__name__ == case)
    try:
        return {"figures": [asdict(figure) for figure in work(size)]}
    except Skipped as reason:
        return {"skipped": str(reason)}


def main() -> None:
    """Do what `run.py` asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("do", choices=("list", "prepare", "measure"))
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--topic")
    parser.add_argument("--case")
    asked = parser.parse_args()
    size = Size(asked.agents, asked.folder)
    if asked.do == "prepare":
        answer: object = prepare(size)
    elif asked.do == "list":
        answer = listed(all_topics())
    else:
        answer = measured(all_topics()[asked.topic], asked.case, size)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
