"""The CockroachDB connector: checks configurations and describes connections; it never sees a credential."""

import ipaddress
import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import (
    Authentication,
    AuthMethod,
    Configuration,
    Context,
    Descriptor,
    Endpoint,
    Finding,
    Instruction,
    Manifest,
    Parameter,
    Reach,
    Severity_Error,
    Severity_Warning,
    Tls,
    TlsMode_Disable,
    TlsMode_Require,
    TlsMode_VerifyCa,
    TlsMode_VerifyFull,
    Value_Credential,
    Value_Text,
    Verdict,
)

DEFAULT_PORT = 26257
TLS_MODES = {
    "disable": TlsMode_Disable,
    "require": TlsMode_Require,
    "verify-ca": TlsMode_VerifyCa,
    "verify-full": TlsMode_VerifyFull,
}

DNS_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
# Halves of surrogate pairs can be written in JSON, but are not text.
NOT_TEXT = re.compile(r"[\ud800-\udfff]")

CONFIG_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["host", "database"],
    "properties": {
        "host": {
            "type": "string",
            "title": "Host",
            "description": "DNS name or IP address of a node or of the load balancer.",
            "minLength": 1,
            "maxLength": 253,
            "examples": ["cluster-1234.g8z.cockroachlabs.cloud"],
        },
        "port": {
            "type": "integer",
            "title": "Port",
            "description": "TCP port for SQL clients.",
            "minimum": 1,
            "maximum": 65535,
            "default": DEFAULT_PORT,
        },
        "database": {
            "type": "string",
            "title": "Database",
            "description": "Name of the database in the cluster.",
            "minLength": 1,
            "maxLength": 63,
            "examples": ["defaultdb"],
        },
        "db_schema": {
            "type": "string",
            "title": "Schema",
            "description": "Schema that is looked at first.",
            "minLength": 1,
            "maxLength": 63,
            "default": "public",
        },
        "ssl_mode": {
            "type": "string",
            "title": "TLS",
            "description": "How strictly the server is verified.",
            "enum": list(TLS_MODES),
            "default": "verify-full",
        },
        "ssl_root_cert": {
            "type": "string",
            "title": "Root certificate",
            "description": "PEM text of the cluster's certificate authority (ca.crt); without it public ones count.",
            "maxLength": 262144,
            "x-widget": "textarea",
        },
    },
}

CREDENTIAL_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["username", "password"],
    "properties": {
        "username": {
            "type": "string",
            "title": "User",
            "description": "Name of an SQL user, best one that may only read.",
            "minLength": 1,
            "maxLength": 63,
            "x-secret": False,
        },
        "password": {
            "type": "string",
            "title": "Password",
            "description": "Password of that user.",
            "minLength": 1,
            "maxLength": 1024,
            "writeOnly": True,
            "x-secret": True,
        },
    },
}

READ_ONLY_USER = """\
-- Run in the database that shall be seen; choose the password yourself.
CREATE USER patchpanel_reader WITH PASSWORD 'CHANGE-ME';
ALTER ROLE patchpanel_reader SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA public TO patchpanel_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO patchpanel_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO patchpanel_reader;
"""

ALLOWLIST = """\
CockroachDB Cloud: add these addresses to the cluster's IP allowlist (Networking).
{egress_addresses}
"""


class Check:
    """Reads a configuration member by member, so that everything that is wrong is found at once.

    Members that the schema does not know are left to it: the host checks it too.
    """

    def __init__(self, config: dict):
        self.config = config
        self.findings: list[Finding] = []
        self.normalised = {
            "host": self.host(),
            "port": self.port(),
            "database": self.text("database", 63),
            "db_schema": self.text("db_schema", 63, "public"),
            "ssl_mode": self.ssl_mode(),
        }
        if "ssl_root_cert" in config:
            self.normalised["ssl_root_cert"] = self.root()
        if self.normalised["ssl_mode"] == "disable":
            message = "Everything but the password's proof travels unencrypted."
            self.warn("unencrypted", "ssl_mode", message, "Use verify-full where the cluster offers TLS.")

    @property
    def failed(self) -> bool:
        return any(isinstance(finding.severity, Severity_Error) for finding in self.findings)

    def error(self, code: str, member: str, message: str, hint: str | None = None):
        self.findings.append(Finding(Severity_Error(), code, f"/{member}", message, hint, []))

    def warn(self, code: str, member: str, message: str, hint: str | None = None):
        self.findings.append(Finding(Severity_Warning(), code, f"/{member}", message, hint, []))

    def text(self, member: str, most: int, default: str | None = None) -> str | None:
        """One line of text, which has to be there if it has no default; none if it is not."""
        value = self.config.get(member, default)
        if member not in self.config and default is None:
            self.error("required", member, f"{member} is missing.")
        elif not isinstance(value, str):
            self.error("wrong_type", member, f"{member} must be a string.")
        elif not value.strip():
            self.error("empty", member, f"{member} is empty.")
        elif len(value) > most:
            self.error("too_long", member, f"{member} has more than {most} characters.")
        elif not value.isprintable():
            self.error("malformed", member, f"{member} has a character that cannot be shown.")
        else:
            return value
        return None

    def host(self) -> str | None:
        host = self.text("host", 253)
        if host is not None and not is_host(host):
            hint = "Send the name or address alone: no scheme, port, path or brackets."
            self.error("malformed", "host", "host is neither a DNS name nor an IP address.", hint)
        return host

    def port(self) -> int:
        port = self.config.get("port", DEFAULT_PORT)
        # 26257.0 is an integer to JSON Schema too; True is one to Python only.
        if isinstance(port, bool) or not isinstance(port, (int, float)) or port != port // 1:
            self.error("wrong_type", "port", "port must be a whole number.")
        elif not 1 <= port <= 65535:
            self.error("out_of_range", "port", "port must be from 1 to 65535.")
        else:
            return int(port)
        return DEFAULT_PORT

    def ssl_mode(self) -> str:
        mode = self.config.get("ssl_mode", "verify-full")
        if isinstance(mode, str) and mode in TLS_MODES:
            return mode
        self.error("unknown_value", "ssl_mode", f"ssl_mode must be one of: {', '.join(TLS_MODES)}.")
        return "verify-full"

    def root(self) -> str | None:
        root = self.config["ssl_root_cert"]
        if not isinstance(root, str):
            self.error("wrong_type", "ssl_root_cert", "ssl_root_cert must be a string.")
        elif "PRIVATE KEY-----" in root:
            hint = "Remove the key, and consider it known to others."
            self.error("private_key", "ssl_root_cert", "ssl_root_cert contains a private key.", hint)
        elif "-----BEGIN CERTIFICATE-----" not in root or NOT_TEXT.search(root):
            hint = "Paste the whole of ca.crt, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."
            self.error("not_pem", "ssl_root_cert", "ssl_root_cert is not a certificate in PEM form.", hint)
        elif len(root) > 262144:
            self.error("too_long", "ssl_root_cert", "ssl_root_cert has more than 262144 characters.")
        return root


def is_host(text: str) -> bool:
    try:
        return "%" not in text and ipaddress.IPv6Address(text) is not None
    except ValueError:
        return DNS_NAME.fullmatch(text) is not None


class Connector(exports.Connector):
    """The exported functions."""

    def get_manifest(self) -> Manifest:
        return Manifest(
            type_name="cockroachdb",
            version="1.0.0",
            title="CockroachDB",
            description="CockroachDB clusters, self-hosted and in CockroachDB Cloud.",
            config_member="database_config",
            config_schema=json.dumps(CONFIG_SCHEMA),
            auth_member=None,
            auth_methods=[AuthMethod("basic", "User and password", json.dumps(CREDENTIAL_SCHEMA), [])],
            reaches=[Reach("data", "{/host}", "{/port}", "{/ssl_mode}", None, ["{/ssl_root_cert}"], [])],
            drivers=["postgres"],
            examples=[
                '{"host": "cluster-1234.g8z.cockroachlabs.cloud", "database": "defaultdb"}',
                '{"host": "203.0.113.7", "port": 26258, "database": "bank", "db_schema": "ledger"}',
            ],
            setup=[
                Instruction("Create a user that may only read", "sql", READ_ONLY_USER, []),
                Instruction("Let the platform in", "text", ALLOWLIST, []),
            ],
            extras=[],
        )

    def validate(self, context: Context, configuration: Configuration) -> Verdict:
        check = Check(json.loads(configuration.config))
        return Verdict(check.findings, None if check.failed else json.dumps(check.normalised), [])

    def describe(self, context: Context, configuration: Configuration) -> Descriptor:
        check = Check(json.loads(configuration.config))
        if check.failed:
            raise Err(check.findings)
        config = check.normalised
        roots = [config["ssl_root_cert"]] if "ssl_root_cert" in config else []
        tls = Tls(TLS_MODES[config["ssl_mode"]](), None, roots, None, [])
        login = [
            Parameter("username", Value_Credential("username")),
            Parameter("password", Value_Credential("password")),
        ]
        return Descriptor(
            driver="postgres",
            endpoints=[Endpoint("data", config["host"], config["port"], tls, [])],
            authentications=[Authentication("data", "password", login, [])],
            parameters=[
                Parameter("database", Value_Text(config["database"])),
                Parameter("schema", Value_Text(config["db_schema"])),
            ],
            extras=[],
        )
