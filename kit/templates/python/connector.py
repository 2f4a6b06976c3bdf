"""The Example Database connector: checks configurations and describes connections; it never sees a credential.

`wit_world` is made from wit/ when the component is built.
"""

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
    Tls,
    TlsMode_Disable,
    TlsMode_Require,
    TlsMode_VerifyCa,
    TlsMode_VerifyFull,
    Value_Credential,
    Value_Text,
    Verdict,
)

TLS_MODES = {
    "disable": TlsMode_Disable,
    "require": TlsMode_Require,
    "verify-ca": TlsMode_VerifyCa,
    "verify-full": TlsMode_VerifyFull,
}

DNS_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")

CONFIG_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["host", "database"],
    "properties": {
        "host": {
            "type": "string",
            "title": "Host",
            "description": "DNS name or IP address of the server.",
            "minLength": 1,
            "maxLength": 253,
            "examples": ["db.example.com"],
        },
        "port": {
            "type": "integer",
            "title": "Port",
            "description": "TCP port of the server.",
            "minimum": 1,
            "maximum": 65535,
            "default": 5432,
        },
        "database": {
            "type": "string",
            "title": "Database",
            "description": "Name of the database on the server.",
            "minLength": 1,
            "maxLength": 63,
            "examples": ["sales"],
        },
        "ssl_mode": {
            "type": "string",
            "title": "TLS",
            "description": "How strictly the server is verified.",
            "enum": list(TLS_MODES),
            "default": "verify-full",
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
            "description": "Name of a database user, best one that may only read.",
            "minLength": 1,
            "maxLength": 63,
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
            "x-secret": False,
        },
        "password": {
            "type": "string",
            "title": "Password",
            "description": "Password of that user.",
            "minLength": 1,
            "maxLength": 1024,
            "writeOnly": True,
        },
    },
}


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
            "ssl_mode": self.ssl_mode(),
        }

    @property
    def failed(self) -> bool:
        return any(isinstance(finding.severity, Severity_Error) for finding in self.findings)

    def error(self, code: str, member: str, message: str, hint: str | None = None):
        """Says what is wrong, without the value: it may be a password in the wrong place."""
        self.findings.append(Finding(Severity_Error(), code, f"/{member}", message, hint, []))

    def text(self, member: str, most: int) -> str | None:
        """One line of text, which has to be there; none if it is not."""
        value = self.config.get(member)
        if member not in self.config:
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

    def port(self) -> int | None:
        port = self.config.get("port", 5432)
        # 5432.0 is an integer to JSON Schema too; True is one to Python only.
        if isinstance(port, bool) or not isinstance(port, (int, float)) or port != port // 1:
            self.error("wrong_type", "port", "port must be a whole number.")
        elif not 1 <= port <= 65535:
            self.error("out_of_range", "port", "port must be from 1 to 65535.")
        else:
            return int(port)
        return None

    def ssl_mode(self) -> str | None:
        mode = self.config.get("ssl_mode", "verify-full")
        if not isinstance(mode, str) or mode not in TLS_MODES:
            self.error("unknown_value", "ssl_mode", f"ssl_mode must be one of: {', '.join(TLS_MODES)}.")
            return None
        return mode


def is_host(text: str) -> bool:
    try:
        return "%" not in text and ipaddress.IPv6Address(text) is not None
    except ValueError:
        return DNS_NAME.fullmatch(text) is not None


class Connector(exports.Connector):
    """The exported functions."""

    def get_manifest(self) -> Manifest:
        return Manifest(
            type_name="example-database",
            version="0.1.0",
            title="Example Database",
            description="Databases that speak the PostgreSQL protocol.",
            config_member="database_config",
            config_schema=json.dumps(CONFIG_SCHEMA),
            auth_member=None,
            auth_methods=[AuthMethod("basic", "User and password", json.dumps(CREDENTIAL_SCHEMA), [])],
            # Where connections may lead: exactly where the tenant says.
            reaches=[Reach("data", "{/host}", "{/port}", "{/ssl_mode}", None, [], [])],
            drivers=["postgres"],
            examples=[
                '{"host": "db.example.com", "database": "sales"}',
                '{"host": "203.0.113.7", "port": 5433, "database": "sales", "ssl_mode": "verify-ca"}',
            ],
            setup=[
                Instruction(
                    "Create a user that may only read",
                    "sql",
                    "create role patchpanel_reader login password 'CHANGE-ME';\n",
                    [],
                ),
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
        tls = Tls(TLS_MODES[config["ssl_mode"]](), None, [], None, [])
        # The host puts the credentials in, once this has returned.
        login = [
            Parameter("username", Value_Credential("username")),
            Parameter("password", Value_Credential("password")),
        ]
        return Descriptor(
            driver="postgres",
            endpoints=[Endpoint("data", config["host"], config["port"], tls, [])],
            authentications=[Authentication("data", "password", login, [])],
            parameters=[Parameter("database", Value_Text(config["database"]))],
            extras=[],
        )
