"""Reading of a file that states planned agents: TOML, YAML or JSON, of any known form."""

import re
from pathlib import Path
from typing import Any

from graph.access import AccessGraph
from graph.files.toml import parse_toml
from graph.rows.planned import Planned
from ingest.files.bounded import read_text
from ingest.files.yaml import parse_yaml
from ingest.planned.form import Document
from ingest.planned.forms import all_forms
from ingest.source import InputRefused
from ingest.sources.mcp_config.commented_json import parse_commented_json

SYNTAX = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".jsonc": "json"}
TOML_LINE = re.compile(
    r"^[ \t]*(?:\[{1,2}[^\[\]\n]+\]{1,2}[ \t]*(?:#.*)?|[\w.\"'-]+[ \t]*=.*)$", re.MULTILINE
)
YAML_LINE = re.compile(r"^[ \t]*(?:- |[\w\"'-]+:(?:\s|$))", re.MULTILINE)


def planned_agents(path: Path, graph: AccessGraph) -> list[Planned]:
    """Read the agents that a file states; the names in it refer to `graph`.

    The file is a manifest, a Terraform plan, an agent card or a configuration of MCP servers, told
    apart by its content.

    Raises
    ------
    InputRefused
        With the place at which the file cannot be read, or states no agent.
    """
    document = Document(path, _parsed(path), graph)
    form = next(form for form in all_forms().values() if form.recognises(document))
    return form.read(document)


def _parsed(path: Path) -> Any:
    """Parse a file by its suffix, or by its first lines where the suffix tells nothing."""
    text = read_text(path)
    syntax = SYNTAX.get(path.suffix.lower()) or _syntax(text)
    if syntax == "toml":
        return parse_toml(text, path)
    if syntax == "json":
        return parse_commented_json(text, path)
    documents = parse_yaml(text, path)
    if len(documents) > 1:
        place = f"line {documents[1].line}"
        raise InputRefused(path, place, "a second document: a file states one agent")
    return documents[0].value if documents else None


def _syntax(text: str) -> str:
    if text.lstrip().startswith(("{", "[{")):
        return "json"
    toml, yaml = TOML_LINE.search(text), YAML_LINE.search(text)
    return "toml" if toml and (yaml is None or toml.start() <= yaml.start()) else "yaml"
