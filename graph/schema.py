"""Every node label, relationship type, table and property of the graph, declared once.

Frame validation, the native estate format, Neo4j constraints and load statements, the app's
legend and `docs/schema.md` are derived from `NODES`, `RELATIONSHIPS` and `TABLES`. Nothing
else spells a label.
"""

import copyreg

from graph.element import Dtype, Element, Node, Property, Relationship, Table, When

LEVELS = ("list", "read", "write", "admin")
SENSITIVITIES = ("public", "internal", "confidential", "restricted")
ANYONE = "anyone"  # the type of the resource that stands for everybody
TRUST_ANCHORS = ("service", "oidc_provider", "saml_provider", ANYONE)  # types nobody protects
DECLARABLE = (
    "grants",
    "owners",
    "scope",
    "usage",
    "reviews",
    "credentials",
    "decisions",
    "trust",
    "inventory",
)

TEXT, COUNT, NUMBER, FLAG, INSTANT = (
    Dtype.TEXT,
    Dtype.COUNT,
    Dtype.NUMBER,
    Dtype.FLAG,
    Dtype.INSTANT,
)
TEXTS, JSON = Dtype.TEXTS, Dtype.JSON

PROVIDER = Property("provider", TEXT, "The platform it lives on, such as aws.")
ENV = Property("env", TEXT, "Environment, such as prod; empty means unknown.")
CREATED_AT = Property("created_at", INSTANT, "When it was created.", when=When.MADE)
EXPIRES_AT = Property("expires_at", INSTANT, "When it is to end; empty means never.", when=When.DUE)
LAST_USED_AT = Property("last_used_at", INSTANT, "When it was last used.", when=When.HAPPENED)
LAST_ACTIVE_AT = Property("last_active_at", INSTANT, "When it last acted.", when=When.HAPPENED)
DELETED_AT = Property(
    "deleted_at",
    INSTANT,
    "When a log shows that it was deleted.",
    when=When.HAPPENED,
    dates="status",
    states=("deleted",),
)
STATUS_AT = Property(
    "status_at",
    INSTANT,
    "When a log shows that it came into its state.",
    when=When.HAPPENED,
    dates="status",
)
REVIVED_AT = Property(
    "revived_at",
    INSTANT,
    "When another was created under the id of one that was deleted.",
    when=When.HAPPENED,
)
THIRD_PARTY = Property("third_party", FLAG, "Whether another organisation runs it.")
PURPOSE = Property("purpose", TEXT, "The task its access was approved for.")
TAGS = Property("tags", TEXTS, "Marks such as seasonal or breakglass.")
DECLARED_SCOPE = Property(
    "declared_scope", JSON, "Approved access: a list of {resource or prefix*, level}."
)


CREDENTIAL_ENDED = ("disabled", "revoked", "expired", "deleted")  # states that open nothing


def status(*more: str) -> Property:
    """Declare the life-cycle state of a thing."""
    return Property("status", TEXT, "State in its life cycle.", choices=("active", *more))


AGENT = Node(
    "Agent",
    "Software that chooses its own actions and acts under an identity of its own.",
    properties=(
        Property(
            "kind",
            TEXT,
            "What sort of agent.",
            choices=("ai_agent", "workload", "bot", "blueprint"),
        ),
        PROVIDER,
        status("disabled", "retired", "deleted"),
        ENV,
        PURPOSE,
        DECLARED_SCOPE,
        Property("aars", NUMBER, "Agentic risk score of AIVSS: the sum of `aarf`.", unit="0 to 10"),
        Property("aarf", JSON, "The ten amplification factors of AIVSS, each 0, 0.5 or 1."),
        CREATED_AT,
        EXPIRES_AT,
        LAST_ACTIVE_AT,
        LAST_USED_AT,
        THIRD_PARTY,
        Property("platform", TEXT, "The runtime or framework it runs on."),
        Property("host_id", TEXT, "The id of the compute it runs on."),
        Property("charter_id", TEXT, "The id of the resource that holds its instructions."),
        Property("blueprint_id", TEXT, "The id of the blueprint it was made from."),
        STATUS_AT,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#D55E00",
    symbol="star",
    acts=True,
)
SERVICE_ACCOUNT = Node(
    "ServiceAccount",
    "An identity made for software.",
    properties=(
        PROVIDER,
        ENV,
        status("disabled", "retired", "deleted"),
        PURPOSE,
        DECLARED_SCOPE,
        CREATED_AT,
        LAST_USED_AT,
        LAST_ACTIVE_AT,
        Property("privileged", FLAG, "Whether its platform marks it as privileged."),
        Property("email", TEXT, "Its address, where the platform gives it one."),
        Property("boundary", TEXT, "The permission boundary that limits it."),
        THIRD_PARTY,
        STATUS_AT,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#E69F00",
    symbol="ellipse",
    acts=True,
)
CREDENTIAL = Node(
    "Credential",
    "A key, secret, certificate or token; its name and fingerprint, never its value.",
    properties=(
        Property(
            "type",
            TEXT,
            "What sort of credential.",
            choices=(
                "access_key",
                "client_secret",
                "certificate",
                "pat",
                "oauth_refresh",
                "sa_key",
                "ssh_key",
                "api_key",
                "federated",
                "workload",
                "password",
                "token",
            ),
        ),
        status("disabled", "expired", "revoked", "leaked", "deleted"),
        CREATED_AT,
        Property("rotated_at", INSTANT, "When its value was last changed.", when=When.HAPPENED),
        Property(
            "expires_at",
            INSTANT,
            "When it ends by itself; empty means never.",
            when=When.ENDS,
            dates="status",
            states=("expired",),
        ),
        LAST_USED_AT,
        Property(
            "human_used_at",
            INSTANT,
            "When a person was first seen using it.",
            when=When.HAPPENED,
        ),
        Property(
            "storage",
            TEXT,
            "Where its value is kept.",
            choices=("vault", "code", "config", "ci", "chat", "env", "unknown"),
        ),
        Property("sender_constrained", FLAG, "Whether it is bound to the client's own key."),
        Property("strength", TEXT, "How well it authenticates.", choices=("weak", "strong")),
        Property("fingerprint", TEXT, "Keyed hash that tells values apart without holding them."),
        Property("issuer", TEXT, "Who issues it, for a federated credential."),
        Property("subject", TEXT, "Whom the issuer must name, for a federated credential."),
        Property("audience", TEXT, "For whom it is meant, for a federated credential."),
        STATUS_AT,
        DELETED_AT,
        REVIVED_AT,
    ),
    colour="#CC79A7",
    symbol="diamond",
    acts=True,
)
ROLE = Node(
    "Role",
    "A named set of entitlements that other identities may take.",
    properties=(
        PROVIDER,
        ENV,
        Property("assumable", FLAG, "Whether anything may take it."),
        status("disabled", "deleted"),
        CREATED_AT,
        LAST_USED_AT,
        Property("boundary", TEXT, "The permission boundary that limits it."),
        PURPOSE,
        STATUS_AT,
        DELETED_AT,
        REVIVED_AT,
        TAGS,
    ),
    colour="#0072B2",
    symbol="hexagon",
    acts=True,
)
GROUP = Node(
    "Group",
    "A set of identities that share entitlements.",
    properties=(
        PROVIDER,
        CREATED_AT,
        Property("role_assignable", FLAG, "Whether only privileged administrators may change it."),
    ),
    colour="#56B4E9",
    symbol="round-hexagon",
)
HUMAN = Node(
    "Human",
    "A person.",
    properties=(
        Property("email", TEXT, "The person's address."),
        status("left", "disabled", "deleted"),
        Property(
            "left_at",
            INSTANT,
            "When the person left, or is to leave.",
            when=When.DUE,
            dates="status",
            states=("left",),
        ),
        Property("manager_id", TEXT, "The id of the person's manager."),
        PROVIDER,
        CREATED_AT,
        LAST_USED_AT,
        Property("last_active_at", INSTANT, "When the person last signed in.", when=When.HAPPENED),
        Property("mfa", FLAG, "Whether a second factor protects the sign-in."),
        Property("boundary", TEXT, "The permission boundary that limits the account."),
        STATUS_AT,
        DELETED_AT,
        REVIVED_AT,
    ),
    colour="#555555",
    symbol="round-triangle",
    acts=True,
)
TEAM = Node(
    "Team",
    "People who answer for things together.",
    properties=(
        Property("email", TEXT, "The team's address."),
        Property("parent_id", TEXT, "The id of the unit it belongs to."),
    ),
    colour="#999999",
    symbol="pentagon",
)
RESOURCE = Node(
    "Resource",
    "Something worth protecting that entitlements are granted on.",
    properties=(
        Property("type", TEXT, "What sort of resource, such as bucket or account."),
        PROVIDER,
        ENV,
        Property(
            "sensitivity", TEXT, "Class of what it holds; empty is unknown.", choices=SENSITIVITIES
        ),
        Property("parent_id", TEXT, "The id of the resource that contains it."),
        Property("control_plane", FLAG, "Whether its administrator rules the others."),
        CREATED_AT,
    ),
    colour="#009E73",
    symbol="round-rectangle",
)
TOOL = Node(
    "Tool",
    "Something an agent may call.",
    properties=(
        Property(
            "kind",
            TEXT,
            "What sort of tool.",
            choices=("mcp_server", "mcp_tool", "api", "a2a_skill"),
        ),
        Property(
            "capabilities",
            TEXTS,
            "What it lets an agent do.",
            choices=(
                "untrusted_input",
                "private_data",
                "external_comm",
                "code_exec",
                "destructive",
            ),
        ),
        THIRD_PARTY,
        Property("approved", FLAG, "Whether it was approved for use."),
        status("disabled", "deleted"),
        PROVIDER,
    ),
    colour="#F0E442",
    symbol="rectangle",
)
REVIEW = Node(
    "Review",
    "A decision about access: an approval or an access review.",
    properties=(
        Property("kind", TEXT, "What sort of review.", choices=("approval", "access_review")),
        Property("decision", TEXT, "What was decided.", choices=("approve", "revoke", "modify")),
        Property("decided_at", INSTANT, "When it was decided.", when=When.MADE),
        Property("decided_by", TEXT, "The id of the person who decided."),
        EXPIRES_AT,
        Property("baseline", JSON, "The entitlements that were approved."),
    ),
    colour="#7F3C8D",
    symbol="tag",
)
DECISION = Node(
    "Decision",
    "What policy decision points decided for an identity and a resource, added up.",
    properties=(
        Property("engine", TEXT, "The engine that decided."),
        Property("allowed", COUNT, "How often it allowed.", unit="records"),
        Property("denied", COUNT, "How often it denied.", unit="records"),
        Property("escalated", COUNT, "How often it asked a person.", unit="records"),
        Property("first_at", INSTANT, "The first decision.", when=When.MADE),
        Property("last_at", INSTANT, "The last decision.", when=When.HAPPENED),
    ),
    colour="#A6761D",
    symbol="tag",
    managed=True,
)
SNAPSHOT = Node(
    "Snapshot",
    "One published state of the graph.",
    properties=(
        Property(
            "taken_at", INSTANT, "The instant its facts speak of.", required=True, when=When.READ
        ),
        Property("recorded_at", INSTANT, "When it was published.", when=When.READ),
        Property("hash", TEXT, "Hash of all its facts."),
        Property("sequence", COUNT, "Its place in the order of publication."),
        Property("replaces", TEXT, "The snapshot of that instant that it stands for."),
        Property("coverage", JSON, "What each source and scope could say, and when."),
    ),
    colour="#BBBBBB",
    symbol="tag",
    managed=True,
)

PRINCIPALS = (AGENT, SERVICE_ACCOUNT, ROLE, GROUP, HUMAN, CREDENTIAL)
CONTROL_PROPERTIES = (
    LAST_USED_AT,
    Property("telemetry", FLAG, "Whether its use would be seen if it happened."),
    Property("eligible", FLAG, "Whether it must be activated first (just-in-time)."),
    Property("ceiling", TEXT, "Highest level that it passes on.", choices=LEVELS),
    Property("condition", TEXT, "A condition nobody evaluated; empty means unconditional."),
    Property("derived", FLAG, "Whether a rule concluded it from other facts."),
    Property("assumed", FLAG, "Whether a fact it rests on was assumed, not seen."),
    Property("rule", TEXT, "The rule that concluded it."),
    Property("support", TEXTS, "The ids of the facts that the rule rests on."),
)


def control(
    name: str,
    meaning: str,
    sources: tuple[Node, ...],
    targets: tuple[Node, ...],
    *,
    identity: bool = False,
    uncontrolled: tuple[Node, ...] = (),
    distinct: tuple[str, ...] = (),
) -> Relationship:
    """Declare a relationship that hands the source what the target can do."""
    return Relationship(
        name,
        meaning,
        CONTROL_PROPERTIES,
        sources=sources,
        targets=targets,
        control=True,
        identity=identity,
        uncontrolled=uncontrolled,
        distinct=distinct,
    )


USES = control("USES", "The agent holds the credential.", (AGENT,), (CREDENTIAL,), identity=True)
AUTHENTICATES_AS = control(
    "AUTHENTICATES_AS",
    "Whoever holds the credential is taken for the identity.",
    (CREDENTIAL,),
    (SERVICE_ACCOUNT, AGENT, HUMAN, ROLE),
    identity=True,
)
RUNS_AS = control(
    "RUNS_AS",
    "It acts as the identity without holding a key.",
    (AGENT, TOOL, RESOURCE),
    (SERVICE_ACCOUNT, ROLE),
    identity=True,
)
MEMBER_OF = control(
    "MEMBER_OF",
    "It has what the group has; membership of a team conveys nothing.",
    (SERVICE_ACCOUNT, HUMAN, GROUP, AGENT, ROLE),
    (GROUP, TEAM),
    identity=True,
    uncontrolled=(TEAM,),
)
ASSUMES = control(
    "ASSUMES",
    "It may take the identity: trust and permission both allow it.",
    PRINCIPALS,
    (ROLE, SERVICE_ACCOUNT),
    identity=True,
    distinct=("condition", "rule"),
)
CONTROLS = control(
    "CONTROLS",
    "It can make itself able to act as the other.",
    (*PRINCIPALS, RESOURCE, TOOL),
    (*PRINCIPALS, RESOURCE),
    distinct=("condition", "rule"),
)
SPAWNS = control("SPAWNS", "The parent decides the child's life.", (AGENT,), (AGENT,))
CALLS = control("CALLS", "The agent may call it.", (AGENT,), (TOOL, AGENT))
ACTS_FOR = control("ACTS_FOR", "It acts with what was delegated to it.", (AGENT,), (HUMAN, AGENT))
CAN_ACCESS = Relationship(
    "CAN_ACCESS",
    "A grant: the holder may use the target at these levels.",
    (
        Property("grant_id", TEXT, "The grant's id in its source."),
        Property("actions", TEXTS, "The actions granted, as the source names them."),
        Property("levels", TEXTS, "The access levels granted.", choices=LEVELS),
        Property("granted_at", INSTANT, "When it was granted.", when=When.MADE),
        EXPIRES_AT,
        Property("task_id", TEXT, "The task it was granted for."),
        Property("task_ended_at", INSTANT, "When that task ended.", when=When.DUE),
        Property(
            "reviewed_at",
            INSTANT,
            "When it was last approved.",
            when=When.HAPPENED,
            dates="approved_by",
        ),
        Property("approved_by", TEXT, "Who approved it last."),
        Property(
            "last_used_at",
            Dtype.INSTANTS,
            "Last use of each level: {level: instant}.",
            when=When.HAPPENED,
        ),
        Property("telemetry", FLAG, "Whether its use would be seen if it happened."),
        Property("role_name", TEXT, "The role or permission set that grants it."),
        Property("policy_id", TEXT, "The policy that grants it."),
        Property("condition", TEXT, "A condition nobody evaluated; empty means unconditional."),
        Property("eligible", FLAG, "Whether it must be activated first (just-in-time)."),
        Property("derived", FLAG, "Whether a rule concluded it from other facts."),
        Property("assumed", FLAG, "Whether a fact it rests on was assumed, not seen."),
        TAGS,
    ),
    sources=(*PRINCIPALS, TOOL, RESOURCE),
    targets=(RESOURCE, *PRINCIPALS, TOOL),
    access=True,
    distinct=("grant_id",),
)
OWNS = Relationship(
    "OWNS",
    "The owner answers for it.",
    (
        Property(
            "role",
            TEXT,
            "What the owner answers for.",
            choices=("business", "technical", "sponsor"),
        ),
        Property("since", INSTANT, "Since when.", when=When.BEGINS),
        Property("acknowledged_at", INSTANT, "When the owner accepted.", when=When.HAPPENED),
        Property("inherited", FLAG, "Whether it comes from the parent."),
        Property(
            "evidence",
            TEXT,
            "How it is known.",
            choices=("declared", "declared_later", "inferred"),
        ),
    ),
    sources=(HUMAN, TEAM, AGENT, SERVICE_ACCOUNT, ROLE, GROUP),
    targets=(AGENT, SERVICE_ACCOUNT, ROLE, RESOURCE, TOOL, CREDENTIAL),
    distinct=("role",),
)
STORED_IN = Relationship(
    "STORED_IN", "The credential's value is kept there.", sources=(CREDENTIAL,), targets=(RESOURCE,)
)
COVERS = Relationship(
    "COVERS",
    "The review speaks of the thing, or of one grant it holds.",
    (Property("grant_id", TEXT, "The grant it speaks of, if only one."),),
    sources=(REVIEW,),
    targets=(AGENT, SERVICE_ACCOUNT, ROLE, GROUP, HUMAN, CREDENTIAL, RESOURCE, TOOL),
    distinct=("grant_id",),
)
USED = Relationship(
    "USED",
    "It was seen using the resource.",
    (
        Property("level", TEXT, "At which level.", choices=LEVELS),
        Property("first_at", INSTANT, "First use seen.", when=When.MADE),
        Property("last_at", INSTANT, "Last use seen.", when=When.HAPPENED),
        Property("count", COUNT, "How often.", unit="events"),
        Property("by_day", JSON, "How often on each day (UTC): {first day of a run: [counts]}."),
        Property("explained_count", COUNT, "How often a decision explains it.", unit="events"),
    ),
    sources=PRINCIPALS,
    targets=(RESOURCE, TOOL),
    distinct=("level",),
)
TRUSTS = Relationship(
    "TRUSTS",
    "It lets the other take it, if the other is permitted to: the raw half of ASSUMES.",
    (
        Property("action", TEXT, "The action that the trust allows, such as sts:AssumeRole."),
        Property("condition", TEXT, "A condition nobody evaluated; empty means unconditional."),
        Property("issuer", TEXT, "The identity provider, for federation."),
        Property("subject", TEXT, "Whom the provider must name, for federation."),
        Property("workload", FLAG, "Whether it lets software in, not people."),
    ),
    sources=(ROLE, SERVICE_ACCOUNT, AGENT, RESOURCE),
    targets=(*PRINCIPALS, RESOURCE),
    distinct=("action", "condition", "issuer", "subject"),
)

USE_EVENT = Table(
    "UseEvent",
    "One observed use of a resource.",
    (
        Property("at", INSTANT, "When.", required=True, when=When.MADE),
        Property("principal", TEXT, "The id of what acted.", required=True),
        Property("credential", TEXT, "The id of the credential it used."),
        Property("resource", TEXT, "The id of what it used.", required=True),
        Property("action", TEXT, "The action, as the source names it."),
        Property("level", TEXT, "At which level.", choices=LEVELS),
        Property("outcome", TEXT, "How it ended, such as success."),
        Property("correlation_id", TEXT, "Joins it to a decision."),
    ),
)
DECISION_RECORD = Table(
    "DecisionRecord",
    "One record of a policy decision; only the fields listed here are kept.",
    (
        Property("at", INSTANT, "When it was decided.", required=True, when=When.MADE),
        Property("subject", TEXT, "The id of the agent or identity.", required=True),
        Property("subject_type", TEXT, "What the subject is."),
        Property("instance", TEXT, "The running instance of the agent."),
        Property("identity", TEXT, "The identity it acted with."),
        Property("on_behalf_of", TEXT, "The id of whom it acted for."),
        Property("action", TEXT, "The action asked for.", required=True),
        Property("resource", TEXT, "The id of the resource.", required=True),
        Property("resource_type", TEXT, "What the resource is."),
        Property("purpose", TEXT, "The purpose given."),
        Property("task_id", TEXT, "The task given."),
        Property("env", TEXT, "The environment given."),
        Property("tool", TEXT, "The tool called."),
        Property("delegation_chain", TEXTS, "The agents it was delegated through."),
        Property("correlation_id", TEXT, "Joins it to a use."),
        Property("risk_score", NUMBER, "Risk at the time.", unit="0 to 1"),
        Property("risk_signals", TEXTS, "What raised the risk."),
        Property("posture", JSON, "The posture that influenced it."),
        Property(
            "decision",
            TEXT,
            "What was decided.",
            required=True,
            choices=("allow", "deny", "escalate"),
        ),
        Property("policy_id", TEXT, "The policy that decided."),
        Property("policy_version", TEXT, "The version of that policy."),
        Property("engine", TEXT, "The engine that evaluated it."),
        Property("justification", TEXT, "Why, in the words given."),
        Property("approver", TEXT, "Who approved."),
        Property(
            "justification_expires_at",
            INSTANT,
            "Until when the justification holds.",
            when=When.DUE,
        ),
        Property("single_use", FLAG, "Whether it explains one use only."),
        Property("executed", FLAG, "Whether the action was carried out."),
        Property("result", TEXT, "How the action ended."),
        Property("prev_hash", TEXT, "The hash of the record before it."),
        Property("hash", TEXT, "The hash of this record."),
    ),
)
SOD_RULE = Table(
    "SodRule",
    "Two sides that no one identity should hold together (separation of duties).",
    (
        Property("rule", TEXT, "The rule's name.", required=True),
        Property("left_resource", TEXT, "The id of one resource.", required=True),
        Property("left_level", TEXT, "The level on it.", choices=LEVELS),
        Property("right_resource", TEXT, "The id of the other resource.", required=True),
        Property("right_level", TEXT, "The level on it.", choices=LEVELS),
    ),
)
WAITING = Table(
    "WaitingFact",
    "A relationship that a source states while something does not fit: it counts once it does.",
    (
        Property("relationship", TEXT, "Its type.", required=True),
        Property("fact", JSON, "The row, as it was stated.", required=True),
        Property("reason", TEXT, "What it waits for."),
    ),
)

NODES: tuple[Node, ...] = (
    AGENT,
    SERVICE_ACCOUNT,
    CREDENTIAL,
    ROLE,
    GROUP,
    HUMAN,
    TEAM,
    RESOURCE,
    TOOL,
    REVIEW,
    DECISION,
    SNAPSHOT,
)
RELATIONSHIPS: tuple[Relationship, ...] = (
    USES,
    AUTHENTICATES_AS,
    RUNS_AS,
    MEMBER_OF,
    ASSUMES,
    CONTROLS,
    SPAWNS,
    CALLS,
    ACTS_FOR,
    CAN_ACCESS,
    OWNS,
    STORED_IN,
    COVERS,
    USED,
    TRUSTS,
)
TABLES: tuple[Table, ...] = (USE_EVENT, DECISION_RECORD, SOD_RULE, WAITING)
FACT_NODES: tuple[Node, ...] = tuple(n for n in NODES if not n.managed)
ELEMENTS: tuple[Element, ...] = (*FACT_NODES, *RELATIONSHIPS, *TABLES)
CONTROL: tuple[Relationship, ...] = tuple(r for r in RELATIONSHIPS if r.control)

_ALL: tuple[Element, ...] = (*NODES, *RELATIONSHIPS, *TABLES)
_BY_NAME = {element.name: element for element in _ALL}


def declared(name: str) -> Element:
    """Return the element of a name."""
    return _BY_NAME[name]


# Another process, to which facts are sent, has the same elements: it looks them up by name.
for _kind in (Node, Relationship, Table):
    copyreg.pickle(_kind, lambda element: (declared, (element.name,)))
