"""Nodes of one thing: tokens that Cartography keeps twice, and instances without their ARN.

A token of Snowflake is in the list of tokens and in that of credentials. Its name is unique for its
user: https://docs.snowflake.com/en/sql-reference/sql/alter-user-add-programmatic-access-token.
"""

import re
from collections import defaultdict
from dataclasses import replace
from typing import Any

from graph.aws.arn import partition_of
from ingest.rows import text
from ingest.sources.cartography.elements import Graph, GraphNode
from ingest.sources.cartography.kinds import types

TOKEN, CREDENTIAL, PAT = "SnowflakeProgrammaticAccessToken", "SnowflakeCredential", "PAT"
INSTANCES = {"EC2Instance", "AWSEC2Instance"}
INSTANCE = re.compile(r"i-[0-9a-f]+")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
ACCOUNT = re.compile(r"\d{12}")


def join_tokens(graph: Graph) -> None:
    """Make one node of the two of a token, which has what either of them knows."""
    owner = {link.start: link.end for link in graph.links if link.type in types("held_by")}
    tokens = {
        (owner[key], text(node.properties.get("name"))): key
        for key, node in graph.nodes.items()
        if TOKEN in node.labels and key in owner
    }
    same: dict[str, str] = {}
    for key, node in graph.nodes.items():
        name = text(node.properties.get("name"))
        if _is_listed_token(node) and name and (token := tokens.get((owner.get(key, ""), name))):
            same[key] = token
    for key, token in same.items():
        listed, kept = graph.nodes.pop(key), graph.nodes[token]
        own = {name: value for name, value in kept.properties.items() if value is not None}
        graph.nodes[token] = replace(kept, properties={**listed.properties, **own})
    if same:
        graph.links = [k for k in graph.links if k.start not in same and k.end not in same]


def _is_listed_token(node: GraphNode) -> bool:
    return CREDENTIAL in node.labels and text(node.properties.get("credential_type")).upper() == PAT


def name_instances(graph: Graph) -> None:
    """Give instances of EC2 their ARN where an older version kept none, by region and account."""
    accounts: defaultdict[str, set[str]] = defaultdict(set)
    for link in graph.links:
        start = graph.nodes.get(link.start)
        if link.type in types("contains") and start is not None and "AWSAccount" in start.labels:
            accounts[link.end].add(text(start.properties.get("id")))
    for key, node in graph.nodes.items():
        if not INSTANCES.isdisjoint(node.labels) and not text(node.properties.get("arn")):
            arn = _arn(node.properties, accounts[key])
            if arn:
                graph.nodes[key] = replace(node, properties={**node.properties, "arn": arn})


def _arn(properties: dict[str, Any], accounts: set[str]) -> str:
    """Return the ARN of an instance; "" if its region or its one account is not known."""
    own, region = (text(properties.get(name)) for name in ("id", "region"))
    if len(accounts) != 1 or not INSTANCE.fullmatch(own) or not REGION.fullmatch(region):
        return ""
    (account,) = accounts
    known = ACCOUNT.fullmatch(account)
    return f"arn:{partition_of(region)}:ec2:{region}:{account}:instance/{own}" if known else ""
