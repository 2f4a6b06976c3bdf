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
        "type": "string", "title": "User", "description": "Name of a YSQL user, best one that may only read.",
        "minLength": 1, "maxLength": 63, "x-secret": false
      },
      "password": {
        "type": "string", "title": "Password", "description": "Password of that user.",
        "minLength": 1, "maxLength": 1024, "writeOnly": true, "x-secret": true
      }
    }
  }),
}};

static string_t roots[] = {TEXT("{/ssl_root_cert}")};
static patchpanel_connector_types_reach_t reaches[] = {{
  .endpoint_role = TEXT("data"),
  .host = TEXT("{/host}"),
  .port = TEXT("{/port}"),
  .tls_mode = TEXT("{/ssl_mode}"),
  .roots = LIST(roots),
}};

static string_t drivers[] = {TEXT("postgres")};

static string_t examples[] = {
  JSON({"host": "yb-tserver-0.example.com", "database": "yugabyte"}),
  JSON({"host": "203.0.113.7", "port": 5434, "database": "sales", "db_schema": "finance", "ssl_mode": "verify-ca"}),
};

static patchpanel_connector_types_instruction_t setup[] = {
  {
    .title = TEXT("Create a user that may only read"),
    .language = TEXT("sql"),
    .text = TEXT(
      "-- Run in the database that shall be seen; choose the password yourself.\n"
      "create role patchpanel_reader login password 'CHANGE-ME';\n"
      "alter role patchpanel_reader set default_transaction_read_only = on;\n"
      "grant usage on schema public to patchpanel_reader;\n"
      "grant select on all tables in schema public to patchpanel_reader;\n"
      "alter default privileges in schema public grant select on tables to patchpanel_reader;\n"),
  },
  {
    .title = TEXT("Let the user in from the platform's addresses (flag ysql_hba_conf_csv)"),
    .language = TEXT("conf"),
    .text = TEXT("hostssl all patchpanel_reader {egress_addresses} scram-sha-256\n"),
  },
};

const manifest_t MANIFEST = {
  .type_name = TEXT("yugabytedb"),
  .version = TEXT("1.0.0"),
  .title = TEXT("YugabyteDB"),
  .description = TEXT("The YSQL interface of YugabyteDB clusters, self-managed and managed."),
  .config_member = TEXT("database_config"),
  .config_schema = JSON({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": false,
    "required": ["host", "database"],
    "properties": {
      "host": {
        "type": "string", "title": "Host", "description": "DNS name or IP address of a node or of the load balancer.",
        "minLength": 1, "maxLength": 253, "examples": ["yb-tserver-0.example.com"]
      },
      "port": {
        "type": "integer", "title": "Port", "description": "TCP port of YSQL.",
        "minimum": 1, "maximum": 65535, "default": 5433
      },
      "database": {
        "type": "string", "title": "Database", "description": "Name of the database in the cluster.",
        "minLength": 1, "maxLength": 63, "examples": ["yugabyte"]
      },
      "db_schema": {
        "type": "string", "title": "Schema", "description": "Schema that is looked at first.",
        "minLength": 1, "maxLength": 63, "default": "public"
      },
      "ssl_mode": {
        "type": "string", "title": "TLS", "description": "How strictly the server is verified.",
        "enum": ["disable", "require", "verify-ca", "verify-full"], "default": "verify-full"
      },
      "ssl_root_cert": {
        "type": "string", "title": "Root certificate",
        "description": "PEM text of the cluster's certificate authority (ca.crt). Without it public ones are trusted.",
        "maxLength": 262144, "x-widget": "textarea"
      }
    }
  }),
  .auth_methods = LIST(auth_methods),
  .reaches = LIST(reaches),
  .drivers = LIST(drivers),
  .examples = LIST(examples),
  .setup = LIST(setup),
};
