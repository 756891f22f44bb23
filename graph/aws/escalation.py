"""Actions by which one identity gains the access of another.

The names are those of the published escalation paths at https://pathfinding.cloud (Datadog,
Apache-2.0), and the ones that undo a limit: removing a policy, a boundary. They are written
down exactly, so that rules can look for them without reading wildcards.

`ON_PRINCIPAL` acts on a user, role or group; `ON_POLICY` on a managed policy, and so on
everything that it is attached to; `CREATES` makes something new that runs as a role; `TAKES`
takes over something that runs already.
"""

ON_PRINCIPAL = frozenset(
    {
        "iam:AddUserToGroup",
        "iam:AttachGroupPolicy",
        "iam:AttachRolePolicy",
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:CreateServiceSpecificCredential",
        "iam:DeleteAccessKey",
        "iam:DeleteGroupPolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DeleteUserPermissionsBoundary",
        "iam:DeleteUserPolicy",
        "iam:DetachGroupPolicy",
        "iam:DetachRolePolicy",
        "iam:DetachUserPolicy",
        "iam:PassRole",
        "iam:PutGroupPolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:PutUserPermissionsBoundary",
        "iam:PutUserPolicy",
        "iam:ResetServiceSpecificCredential",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateLoginProfile",
        "sts:AssumeRole",
    }
)
# Of these, on a role that a service, or IAM Identity Center, made for itself: nobody else changes
# its policies or its trust.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
ON_CHANGED_BY_AWS = frozenset({"iam:PassRole", "sts:AssumeRole"})
ON_POLICY = frozenset({"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"})
CREATES = frozenset(
    {
        "apprunner:CreateService",
        "bedrock-agentcore:CreateCodeInterpreter",
        "cloudformation:CreateChangeSet",
        "cloudformation:CreateStack",
        "cloudformation:CreateStackInstances",
        "cloudformation:CreateStackSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:UpdateStackSet",
        "codebuild:CreateProject",
        "datapipeline:ActivatePipeline",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "ec2:RequestSpotInstances",
        "ec2:RunInstances",
        "ecs:CreateCluster",
        "ecs:CreateService",
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:StartTask",
        "glue:CreateDevEndpoint",
        "glue:CreateJob",
        "glue:CreateTrigger",
        "glue:StartJobRun",
        "glue:UpdateJob",
        "lambda:CreateEventSourceMapping",
        "lambda:CreateFunction",
        "sagemaker:CreateNotebookInstance",
        "sagemaker:CreateProcessingJob",
        "sagemaker:CreateTrainingJob",
    }
)
TAKES = frozenset(
    {
        "apprunner:UpdateService",
        "bedrock-agentcore:InvokeCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "cloudformation:UpdateStack",
        "codebuild:StartBuild",
        "codebuild:StartBuildBatch",
        "ec2-instance-connect:SendSSHPublicKey",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:DescribeInstances",
        "ec2:ModifyInstanceAttribute",
        "ec2:ModifyLaunchTemplate",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "glue:UpdateDevEndpoint",
        "lambda:AddPermission",
        "lambda:InvokeFunction",
        "lambda:UpdateFunctionCode",
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
        "sagemaker:StartNotebookInstance",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "ssm:SendCommand",
        "ssm:StartSession",
    }
)
ALL = ON_PRINCIPAL | ON_POLICY | CREATES | TAKES

# They also run what was just made, which no inventory can list.
RUNS_NEW = frozenset(
    {
        "bedrock-agentcore:InvokeCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "codebuild:StartBuild",
        "codebuild:StartBuildBatch",
        "lambda:AddPermission",
        "lambda:InvokeFunction",
    }
)
ON_EXISTING = TAKES - RUNS_NEW

# They run, or show, code of others, and change neither it nor its access.
ONLY_RUNS = frozenset(
    {
        "codebuild:StartBuild",
        "codebuild:StartBuildBatch",
        "datapipeline:ActivatePipeline",
        "ec2:DescribeInstances",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "ecs:CreateCluster",
        "glue:StartJobRun",
        "lambda:InvokeFunction",
        "sagemaker:StartNotebookInstance",
        "sagemaker:StopNotebookInstance",
    }
)
HANDS_OVER = ALL - ONLY_RUNS
