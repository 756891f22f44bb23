"""Agents of Amazon Bedrock and Bedrock AgentCore, and the roles that they run as.

An agent is joined to the roles, functions and secrets of an account by their resource names.
Shapes: https://docs.aws.amazon.com/bedrock/latest/APIReference/welcome.html and
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/Welcome.html
"""

from ingest.source import Source
from ingest.sources.bedrock.reading import DECLARES, read

SOURCE = Source(
    name="bedrock",
    title="Amazon Bedrock agents",
    reads="get-agent, get-agent-runtime and what belongs to them (JSON of the AWS command line)",
    declares=DECLARES,
    read=read,
)
