// What the connector says of itself.

#include "contract.h"

// JSON, written as it is.
#define JSON(...) TEXT(#__VA_ARGS__)

static patchpanel_connector_types_auth_method_t auth_methods[] = {{
  .name = TEXT("basic"),
  .title = TEXT("User and password"),
  .credential_schema = JSON({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": false,
    "required": ["username", "password"],
    "properties": {
      "username": {
        "type": "string", "title": "User", "description": "Name of a database user, best one that may only read.",
        "minLength": 1, "maxLength": 63, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", "x-secret": false
      },
      "password": {
        "type": "string", "title": "Password", "description": "Password of that user.",
        "minLength": 1, "maxLength": 1024, "writeOnly": true
      }
    }
  }),
}};

// Where connections may lead: exactly where the tenant says.
static patchpanel_connector_types_reach_t reaches[] = {{
  .endpoint_role = TEXT("data"),
  .host = TEXT("{/host}"),
  .port = TEXT("{/port}"),
  .tls_mode = TEXT("{/ssl_mode}"),
}};

static string_t drivers[] = {TEXT("postgres")};

static string_t examples[] = {
  JSON({"host": "db.example.com", "database": "sales"}),
  JSON({"host": "203.0.113.7", "port": 5433, "database": "sales", "ssl_mode": "verify-ca"}),
};

static patchpanel_connector_types_instruction_t setup[] = {{
  .title = TEXT("Create a user that may only read"),
  .language = TEXT("sql"),
  .text = TEXT("create role patchpanel_reader login password 'CHANGE-ME';\n"),
}};

const manifest_t MANIFEST = {
  .type_name = TEXT("example-database"),
  .version = TEXT("0.1.0"),
  .title = TEXT("Example Database"),
  .description = TEXT("Databases that speak the PostgreSQL protocol."),
  .config_member = TEXT("database_config"),
  .config_schema = JSON({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": false,
    "required": ["host", "database"],
    "properties": {
      "host": {
        "type": "string", "title": "Host", "description": "DNS name or IP address of the server.",
        "minLength": 1, "maxLength": 253, "examples": ["db.example.com"]
      },
      "port": {
        "type": "integer", "title": "Port", "description": "TCP port of the server.",
        "minimum": 1, "maximum": 65535, "default": 5432
      },
      "database": {
        "type": "string", "title": "Database", "description": "Name of the database on the server.",
        "minLength": 1, "maxLength": 63, "examples": ["sales"]
      },
      "ssl_mode": {
        "type": "string", "title": "TLS", "description": "How strictly the server is verified.",
        "enum": ["disable", "require", "verify-ca", "verify-full"], "default": "verify-full"
      }
    }
  }),
  .auth_methods = LIST(auth_methods),
  .reaches = LIST(reaches),
  .drivers = LIST(drivers),
  .examples = LIST(examples),
  .setup = LIST(setup),
};
