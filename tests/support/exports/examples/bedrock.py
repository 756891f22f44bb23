"""Examples for the source bedrock: small exports, ids in them, and files that are damaged."""

from typing import Any

from tests.support.exports.example import Export, Native, Several, as_json, documents

OWN = "arn:aws:bedrock:eu-west-1:123456789012:"
_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/agent-role"
_BEDROCK = f"arn:aws:bedrock:eu-west-1:{_ACCOUNT}:agent/AB12CD34EF"
_RUNTIME = f"arn:aws:bedrock-agentcore:eu-west-1:{_ACCOUNT}:runtime/helper-a1b2c3d4e5"
AGENTS = {
    "agent.json": as_json(
        {
            "agent": {
                "agentId": "AB12CD34EF",
                "agentArn": _BEDROCK,
                "agentName": "refunds",
                "agentStatus": "PREPARED",
                "agentResourceRoleArn": _ROLE,
                "instruction": "Refund.",
                "createdAt": "2026-01-02T03:04:05+00:00",
                "description": "gives money back",
            }
        }
    ),
    "runtime.json": as_json(
        {
            "agentRuntimeArn": _RUNTIME,
            "agentRuntimeName": "helper",
            "status": "READY",
            "roleArn": _ROLE,
            "createdAt": 1767323045.5,
            "environmentVariables": {"GITHUB_TOKEN": "abcdefgh12345678", "LOG_LEVEL": "info"},
            "authorizerConfiguration": {
                "customJWTAuthorizer": {
                    "discoveryUrl": "https://login.acme.test/x/.well-known/openid-configuration",
                    "allowedAudience": ["helper"],
                }
            },
        }
    ),
}
BOTS = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/helper-a1b2c3d4e5"
DOCUMENTS: dict[str, Any] = {
    "bedrock": [
        {
            "agent": {
                "agentId": "AB12CD34EF",
                "agentArn": OWN + "agent/AB12CD34EF",
                "agentName": "n",
                "agentResourceRoleArn": "arn:aws:iam::1:role/r",
                "createdAt": "2026-01-01T00:00:00Z",
            }
        },
        {
            "agentActionGroup": {
                "agentId": "AB12CD34EF",
                "actionGroupId": "GRP1234567",
                "actionGroupExecutor": {"lambda": "arn:aws:lambda:x:1:function:f"},
            }
        },
        {"agentKnowledgeBase": {"agentId": "AB12CD34EF", "knowledgeBaseId": "KB12345678"}},
        {
            "agentCollaborator": {
                "agentId": "AB12CD34EF",
                "agentDescriptor": {"aliasArn": OWN + "agent-alias/ZZ12CD34EF/TSTALIASID"},
            }
        },
        {
            "agentRuntimeArn": OWN + "runtime/r",
            "agentRuntimeName": "n",
            "createdAt": 1.5,
            "roleArn": "arn:aws:iam::1:role/r",
            "environmentVariables": {"A_TOKEN": "x"},
            "workloadIdentityDetails": {"workloadIdentityArn": OWN + "workload-identity/w"},
            "authorizerConfiguration": {
                "customJWTAuthorizer": {
                    "discoveryUrl": "https://i/.well-known/openid-configuration",
                    "allowedAudience": ["a"],
                    "allowedClients": ["c"],
                }
            },
        },
        {
            "gatewayArn": OWN + "gateway/g",
            "targetId": "T",
            "targetConfiguration": {
                "mcp": {"lambda": {"lambdaArn": "arn:aws:lambda:x:1:function:f"}}
            },
            "credentialProviderConfigurations": [
                {
                    "credentialProvider": {
                        "apiKeyCredentialProvider": {
                            "providerArn": OWN + "token-vault/default/apikeycredentialprovider/k"
                        }
                    }
                }
            ],
        },
        {"credentialProviders": [{"credentialProviderArn": OWN + "x/k", "name": "n"}]},
    ],
}
EXPORTS: list[Export] = [AGENTS, *documents(DOCUMENTS)]

NATIVE: Native = (
    EXPORTS[0],
    {
        "AB12CD34EF": "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF",
        "helper-a1b2c3d4e5": BOTS,
    },
)
SEVERAL = [
    Several(
        AGENTS,
        "runtime.json",
        "arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/helper-a1b2c3d4e5",
        "arn:aws:bedrock:eu-west-1:123456789012:agent/AB12CD34EF",
    ),
]
