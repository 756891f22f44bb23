"""From the documents of the AWS command line to rows, each document known by its keys."""

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
FREE = ("environmentVariables", "tags", "customParameters", "additionalParams")  # names of people
# Answers of the command line that say nothing of what an agent may do.
PASSED = {
    "agentAlias", "agentAliasSummaries", "agentVersionSummaries", "flowSummaries",
    "flowAliasSummaries", "flowVersionSummaries", "promptSummaries", "dataSource",
    "dataSourceSummaries", "ingestionJob", "ingestionJobSummaries", "knowledgeBaseSummaries",
    "runtimeEndpoints", "memories", "browserSummaries", "codeInterpreterSummaries",
    "policyEngines", "policies", "evaluators", "registries", "tokenVaultId", "endpoints",
    "guardrails", "modelSummaries", "agentRuntimeEndpointArn", "onlineEvaluationConfigs",
}  # fmt: skip


class Reader(Agents, AgentCore):
    """Takes documents in."""

    def __init__(self, rows: Rows, tagger: Tagger) -> None:
        super().__init__(rows)
        self.tagger = tagger
        self.pages: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)

    def take(self, said: Any, file: ExportFile, place: Place) -> bool:
        """Take in a document; return whether anything in it was known."""
        if isinstance(said, list):
            taken = [self.take(one, file, place.at(n)) for n, one in enumerate(said)]
            return any(taken)
        if not isinstance(said, dict):
            return False
        lists = sorted(key for key, value in said.items() if isinstance(value, list))
        if lists:
            name = PAGE.sub("", file.path.name.partition(".json")[0])
            page = str(file.path.parent), name, *lists
            self.pages[page].append(text(said.get("nextToken")))
        known = False
        for key, take in self._wrapped().items():
            value = said.get(key)
            if isinstance(value, dict | list):
                items = value if isinstance(value, list) else [value]
                for number, one in enumerate(items):
                    at = place.at(key, number) if isinstance(value, list) else place.at(key)
                    self._one(take, one, file, at)
                known = True
        for key, take in self._bare().items():
            if not known and text(said.get(key)):
                self._one(take, said, file, place)
                return True
        for key in PASSED & said.keys():
            value = said[key]
            self.passed[key] += len(value) if isinstance(value, list) else 1
            known = True
        return known

    def check_pages(self) -> None:
        """Say which lists go on in pages that are not there: the last one has no token."""
        for (folder, _, *keys), tokens in self.pages.items():
            if all(tokens):
                self.rows.whole = False
                said = redact_text(" ".join(keys))[:64]
                self.rows.warn(f"{folder}: {said}: the list goes on in a page that is not there")

    def _one(
        self,
        take: Take,
        one: Any,
        file: ExportFile,
        at: Place,
    ) -> None:
        if isinstance(one, dict):
            take(one, _agent_of(one, file), at)
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

    def _tagged(self, said: dict[str, Any], _: str, at: Place) -> None:
        """Note the tags of an agent, as `resourcegroupstaggingapi get-resources` lists them."""
        pairs = said.get("tags")
        found = {
            text(one.get("key") or one.get("Key")): text(one.get("value") or one.get("Value"))
            for one in (pairs if isinstance(pairs, list) else ())
            if isinstance(one, dict)
        }
        arn = text(said.get("resourceARN"))
        self.last.append(lambda: self._add_tags(arn, found, at))

    def _add_tags(self, arn: str, tags: dict[str, str], at: Place) -> None:
        label = self.rows.labels.get(arn)
        if label is not AGENT:
            return
        tagged = self.tagger.read(label, tags)
        self.rows.complete(arn, **tagged.facts)
        for owner in tagged.owners:
            if owner.label is not None:
                self.rows.node(owner.label, owner.id, at, **owner.facts)
            said = {"role": owner.role, "evidence": owner.evidence}
            self.rows.link(OWNS, owner.id, arn, at, **said)

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


def _agent_of(said: Mapping[str, Any], file: ExportFile) -> str:
    """Return the id of the agent that a part belongs to; the file's name has it if it has none."""
    stated = text(said.get("agentId"))
    if stated:
        return stated
    for step in (file.path.name.partition(".json")[0], file.path.parent.name):
        found = AGENT_ID.search(step)
        if found:
            return found.group()
    return ""


def read(request: Request) -> Reading:
    """Read the documents at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing speaks of agents of Bedrock.
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
            raise InputRefused(file.path, "", "says nothing of agents of Bedrock")
        else:
            rows.warn(f"{file.path}: says nothing of agents of Bedrock; passed over")
    if not used:
        refuse_all(request, rows, "nothing in it speaks of agents of Bedrock")
    reader.finish()
    reader.check_pages()
    for said in reader.tagger.warnings():
        rows.warn(said)
    accounts = list(reader.accounts)
    scope = request.scope or (accounts[0] if len(accounts) == 1 else scope_of(request))
    declares = (*DECLARES, "owners") if request.tags.complete else DECLARES
    return rows.reading(scope, taken_at(request, used, rows), declares)
