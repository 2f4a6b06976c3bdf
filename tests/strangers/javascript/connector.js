// The Amazon Redshift connector: checks configurations and describes connections; it never sees a credential.

const DEFAULT_PORT = 5439;
const TLS_MODES = ["disable", "require", "verify-ca", "verify-full"];

const DNS_NAME = /^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$/;
const IPV6_ADDRESS = /^[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*$/;
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

const configSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  additionalProperties: false,
  required: ["host", "database"],
  properties: {
    host: {
      type: "string",
      title: "Host",
      description: "DNS name or IP address of the cluster or workgroup: its endpoint without port and database.",
      minLength: 1,
      maxLength: 253,
      examples: ["reports.c1a2b3c4d5e6.eu-west-1.redshift.amazonaws.com"],
    },
    port: {
      type: "integer",
      title: "Port",
      description: "TCP port of the endpoint.",
      minimum: 1,
      maximum: 65535,
      default: DEFAULT_PORT,
    },
    database: {
      type: "string",
      title: "Database",
      description: "Name of the database in the cluster.",
      minLength: 1,
      maxLength: 64,
      examples: ["dev"],
    },
    db_schema: {
      type: "string",
      title: "Schema",
      description: "Schema that is looked at first.",
      minLength: 1,
      maxLength: 127,
      default: "public",
    },
    ssl_mode: {
      type: "string",
      title: "TLS",
      description: "How strictly the server is verified.",
      enum: TLS_MODES,
      default: "verify-full",
    },
    ssl_root_cert: {
      type: "string",
      title: "Root certificate",
      description: "PEM text of the certificate authority to trust. Without it public ones are, Amazon's among them.",
      maxLength: 262144,
      "x-widget": "textarea",
    },
  },
};

const credentialSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  additionalProperties: false,
  required: ["username", "password"],
  properties: {
    username: {
      type: "string",
      title: "User",
      description: "Name of a database user, best one that may only read.",
      minLength: 1,
      maxLength: 128,
      "x-secret": false,
    },
    password: {
      type: "string",
      title: "Password",
      description: "Password of that user.",
      minLength: 1,
      maxLength: 1024,
      writeOnly: true,
      "x-secret": true,
    },
  },
};

const readOnlyUser = `\
-- Run as a superuser in the database that shall be seen; choose the password yourself.
create user patchpanel_reader password 'CHANGE-ME-1';
grant usage on schema public to patchpanel_reader;
grant select on all tables in schema public to patchpanel_reader;
alter default privileges in schema public grant select on tables to patchpanel_reader;
`;

const securityGroup = `\
In the security group of the cluster or workgroup, allow its TCP port from:
{egress_addresses}
`;

/**
 * Everything that is wrong with a configuration, and its normalised form. Members that the schema does not know are
 * left to it: the host checks it too.
 */
function check(config) {
  const findings = [];
  const say = (severity, code, member, message, hint = null) =>
    findings.push({ severity: { tag: severity }, code, pointer: `/${member}`, message, hint, extras: [] });
  const error = (...words) => say("error", ...words);

  // Characters are counted as JSON Schema does, by code points.
  const text = (member, most, fallback) => {
    const { [member]: value = fallback } = config;
    if (value === undefined) error("required", member, `${member} is missing.`);
    else if (typeof value !== "string") error("wrong_type", member, `${member} must be a string.`);
    else if (value.trim() === "") error("empty", member, `${member} is empty.`);
    else if (value.length > 2 * most || [...value].length > most)
      error("too_long", member, `${member} has more than ${most} characters.`);
    else if (CONTROL_CHARACTER.test(value) || !value.isWellFormed())
      error("malformed", member, `${member} has a character that cannot be shown.`);
    else return value;
  };

  const { port = DEFAULT_PORT, ssl_mode = "verify-full", ssl_root_cert } = config;
  const host = text("host", 253);
  if (host !== undefined && !DNS_NAME.test(host) && !IPV6_ADDRESS.test(host)) {
    const hint = "Send the name or address alone: no scheme, port, path or brackets.";
    error("malformed", "host", "host is neither a DNS name nor an IP address.", hint);
  }
  if (!Number.isInteger(port)) error("wrong_type", "port", "port must be a whole number.");
  else if (port < 1 || port > 65535) error("out_of_range", "port", "port must be from 1 to 65535.");
  const database = text("database", 64);
  const db_schema = text("db_schema", 127, "public");
  if (!TLS_MODES.includes(ssl_mode)) {
    error("unknown_value", "ssl_mode", `ssl_mode must be one of: ${TLS_MODES.join(", ")}.`);
  } else if (ssl_mode === "disable") {
    const hint = "Use verify-full; every cluster offers it.";
    say("warning", "unencrypted", "ssl_mode", "Everything but the password's proof travels unencrypted.", hint);
  }
  checkRoot(ssl_root_cert, error);

  const failed = findings.some((finding) => finding.severity.tag === "error");
  return { findings, config: failed ? undefined : { host, port, database, db_schema, ssl_mode, ssl_root_cert } };
}

function checkRoot(root, error) {
  const member = "ssl_root_cert";
  if (root === undefined) return;
  if (typeof root !== "string") error("wrong_type", member, `${member} must be a string.`);
  else if (root.includes("PRIVATE KEY-----")) {
    const hint = "Remove the key, and consider it known to others.";
    error("private_key", member, `${member} contains a private key.`, hint);
  } else if (!root.includes("-----BEGIN CERTIFICATE-----") || !root.isWellFormed()) {
    const hint = "Paste the whole text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.";
    error("not_pem", member, `${member} is not a certificate in PEM form.`, hint);
  } else if (root.length > 262144) error("too_long", member, `${member} has more than 262144 characters.`);
}

const parameter = (name, text) => ({ name, value: { tag: "text", val: text } });
const credential = (name) => ({ name, value: { tag: "credential", val: name } });

export const connector = {
  getManifest: () => ({
    typeName: "redshift",
    version: "1.0.0",
    title: "Amazon Redshift",
    description: "Amazon Redshift clusters and serverless workgroups.",
    configMember: "database_config",
    configSchema: JSON.stringify(configSchema),
    authMember: null,
    authMethods: [
      { name: "basic", title: "User and password", credentialSchema: JSON.stringify(credentialSchema), extras: [] },
    ],
    reaches: [
      {
        endpointRole: "data",
        host: "{/host}",
        port: "{/port}",
        tlsMode: "{/ssl_mode}",
        serverName: null,
        roots: ["{/ssl_root_cert}"],
        extras: [],
      },
    ],
    drivers: ["postgres"],
    examples: [
      JSON.stringify({ host: "reports.c1a2b3c4d5e6.eu-west-1.redshift.amazonaws.com", database: "dev" }),
      JSON.stringify({ host: "203.0.113.7", port: 5440, database: "sales", db_schema: "finance" }),
    ],
    setup: [
      { title: "Create a user that may only read", language: "sql", text: readOnlyUser, extras: [] },
      { title: "Let the platform in", language: "text", text: securityGroup, extras: [] },
    ],
    extras: [],
  }),

  validate(_context, configuration) {
    const { findings, config } = check(JSON.parse(configuration.config));
    return { findings, normalised: config ? JSON.stringify(config) : null, extras: [] };
  },

  describe(_context, configuration) {
    const { findings, config } = check(JSON.parse(configuration.config));
    if (!config) throw findings;
    const roots = config.ssl_root_cert === undefined ? [] : [config.ssl_root_cert];
    const tls = { mode: { tag: config.ssl_mode }, serverName: null, roots, identity: null, extras: [] };
    return {
      driver: "postgres",
      endpoints: [{ role: "data", host: config.host, port: config.port, tls, extras: [] }],
      authentications: [
        {
          endpointRole: "data",
          scheme: "password",
          parameters: [credential("username"), credential("password")],
          extras: [],
        },
      ],
      parameters: [parameter("database", config.database), parameter("schema", config.db_schema)],
      extras: [],
    };
  },
};
