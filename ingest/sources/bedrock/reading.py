"""Rows of the documents of the AWS command line, which are recognized by their keys."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from graph.schema import AGENT, OWNS
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    export_files,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.files.property_case import camel
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.bedrock.agentcore import AgentCore
from ingest.sources.bedrock.agents import AGENT_ID, Agents
from ingest.tags.tag_map import Tagger

Take = Callable[[dict[str, Any], str, Place], None]
DECLARES = ("grants", "credentials", "trust", "inventory")
PAGE = re.compile(r"[-_.]?(?:page)?[-_.]?(?<!\d)\d+$")
SUFFIXES = (".json", ".json.gz")
# Maps whose keys users choose.
FREE = ("environmentVariables", "tags", "customParameters", "additionalParams")
# Answers of the command line that do not concern the access of agents.
PASSED = {
    "agentAlias", "agentAliasSummaries", "agentVersionSummaries", "flowSummaries",
    "flowAliasSummaries", "flowVersionSummaries", "promptSummaries", "dataSource",
    "dataSourceSummaries", "ingestionJob", "ingestionJobSummaries", "knowledgeBaseSummaries",
    "runtimeEndpoints", "memories", "browserSummaries", "codeInterpreterSummaries",
    "policyEngines", "policies", "evaluators", "registries", "tokenVaultId", "endpoints",
    "guardrails", "modelSummaries", "agentRuntimeEndpointArn", "onlineEvaluationConfigs",
}  # fmt: skip


class Reader(Agents, AgentCore):
    """A reader of all documents."""

    def __init__(self, rows: Rows, tagger: Tagger) -> None:
        super().__init__(rows)
        self.tagger = tagger
        self.pages: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)

    def take(self, document: Any, file: ExportFile, place: Place) -> bool:
        """Add a document; return whether any part of it is known."""
        if isinstance(document, list):
            taken = [self.take(part, file, place.at(n)) for n, part in enumerate(document)]
            return any(taken)
        if not isinstance(document, dict):
            return False
        lists = sorted(key for key, value in document.items() if isinstance(value, list))
        if lists:
            name = PAGE.sub("", file.path.name.partition(".json")[0])
            page = str(file.path.parent), name, *lists
            self.pages[page].append(text(document.get("nextToken")))
        known = False
        for key, take in self._wrapped().items():
            value = document.get(key)
            if isinstance(value, dict | list):
                items = value if isinstance(value, list) else [value]
                for number, part in enumerate(items):
                    at = place.at(key, number) if isinstance(value, list) else place.at(key)
                    self._take_part(take, part, file, at)
                known = True
        for key, take in self._bare().items():
            if not known and text(document.get(key)):
                self._take_part(take, document, file, place)
                return True
        for key in PASSED & document.keys():
            value = document[key]
            self.passed[key] += len(value) if isinstance(value, list) else 1
            known = True
        return known

    def check_pages(self) -> None:
        """Warn of lists with missing pages: only the last page has no token."""
        for (folder, _, *keys), tokens in self.pages.items():
            if all(tokens):
                self.rows.all_read = False
                listing = redact_text(" ".join(keys))[:64]
                self.rows.warn(f"{folder}: {listing}: the list continues in a page that is missing")

    def _take_part(
        self,
        take: Take,
        part: Any,
        file: ExportFile,
        at: Place,
    ) -> None:
        if isinstance(part, dict):
            take(part, _agent_of(part, file), at)
        else:
            self.rows.reject(at, "must be an object")

    def _wrapped(self) -> dict[str, Take]:
        return {
            "agent": self._agent,
            "agentSummaries": self._summary,
            "agentActionGroup": self._action_group,
            "actionGroupSummaries": self._action_group,
            "agentKnowledgeBase": self._knowledge,
            "agentKnowledgeBaseSummaries": self._knowledge,
            "knowledgeBase": self._base,
            "agentCollaborator": self._collaborator,
            "agentCollaboratorSummaries": self._collaborator,
            "agentVersion": self._version,
            "agentRuntimes": self._runtime_summary,
            "items": self._item,
            "memory": self._memory,
            "harness": self._harness,
            "harnesses": self._harness_summary,
            "workloadIdentities": self._workload,
            "credentialProviders": self._provider,
            "resourceTagMappingList": self._tagged,
        }

    def _tagged(self, body: dict[str, Any], _: str, at: Place) -> None:
        """Add the tags of an agent, as `resourcegroupstaggingapi get-resources` lists them."""
        pairs = body.get("tags")
        tags = {
            text(pair.get("key") or pair.get("Key")): text(pair.get("value") or pair.get("Value"))
            for pair in (pairs if isinstance(pairs, list) else ())
            if isinstance(pair, dict)
        }
        arn = text(body.get("resourceARN"))
        self.last.append(lambda: self._add_tags(arn, tags, at))

    def _add_tags(self, arn: str, tags: dict[str, str], at: Place) -> None:
        label = self.rows.labels.get(arn)
        if label is not AGENT:
            return
        tagged = self.tagger.read(label, tags)
        self.rows.complete(arn, **tagged.facts)
        for owner in tagged.owners:
            if owner.label is not None:
                self.rows.node(owner.label, owner.id, at, **owner.facts)
            facts = {"role": owner.role, "evidence": owner.evidence}
            self.rows.link(OWNS, owner.id, arn, at, **facts)

    def _bare(self) -> dict[str, Take]:
        return {
            "agentArn": self._agent,
            "agentRuntimeArn": self._runtime,
            "credentialProviderArn": self._provider,
            "targetId": self._target,  # before the gateway, whose name it carries
            "gatewayArn": self._gateway,
            "workloadIdentityArn": self._workload,
            "codeInterpreterArn": self._interpreter,
            "browserArn": self._browser,
            "knowledgeBaseArn": self._base,
        }


def _agent_of(body: Mapping[str, Any], file: ExportFile) -> str:
    """Return the id of the agent that a part belongs to; the file's name has it if it has none."""
    stated = text(body.get("agentId"))
    if stated:
        return stated
    for step in (file.path.name.partition(".json")[0], file.path.parent.name):
        match = AGENT_ID.search(step)
        if match:
            return match.group()
    return ""


def read(request: Request) -> Reading:
    """Read the documents at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing describes agents of Bedrock.
    """
    rows, budget = Rows(), Budget()
    reader, used = Reader(rows, Tagger(request.tags)), list[ExportFile]()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        texts = documents_of(file, budget, rows)
        if texts is None:
            continue
        known = [reader.take(camel(document, FREE), file, place) for document, place in texts]
        if any(known):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "describes no agents of Bedrock")
        else:
            rows.warn(f"{file.path}: describes no agents of Bedrock; passed over")
    if not used:
        refuse_all(request, rows, "nothing in it describes agents of Bedrock")
    reader.finish()
    reader.check_pages()
    for warning in reader.tagger.warnings():
        rows.warn(warning)
    accounts = list(reader.accounts)
    scope = request.scope or (accounts[0] if len(accounts) == 1 else scope_of(request))
    declares = (*DECLARES, "owners") if request.tags.complete else DECLARES
    return rows.reading(scope, taken_at(request, used, rows), declares)
