// The Example Database connector: checks configurations and describes connections; it never sees a credential.

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
      description: "DNS name or IP address of the server.",
      minLength: 1,
      maxLength: 253,
      examples: ["db.example.com"],
    },
    port: {
      type: "integer",
      title: "Port",
      description: "TCP port of the server.",
      minimum: 1,
      maximum: 65535,
      default: 5432,
    },
    database: {
      type: "string",
      title: "Database",
      description: "Name of the database on the server.",
      minLength: 1,
      maxLength: 63,
      examples: ["sales"],
    },
    ssl_mode: {
      type: "string",
      title: "TLS",
      description: "How strictly the server is verified.",
      enum: TLS_MODES,
      default: "verify-full",
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
      maxLength: 63,
      pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
      "x-secret": false,
    },
    password: {
      type: "string",
      title: "Password",
      description: "Password of that user.",
      minLength: 1,
      maxLength: 1024,
      writeOnly: true,
    },
  },
};

/**
 * Everything there is to say about a configuration, and what to store if none of it is an error. Members that the schema
 * does not know are left to it: the host checks it too.
 */
function check(config) {
  const findings = [];
  // Messages do not repeat the value: it may be a password in the wrong place.
  const say = (severity, code, member, message, hint = null) =>
    findings.push({ severity: { tag: severity }, code, pointer: `/${member}`, message, hint, extras: [] });
  const error = (...words) => say("error", ...words);

  const text = (member, most) => {
    const value = config[member];
    if (value === undefined) error("required", member, `${member} is missing.`);
    else if (typeof value !== "string") error("wrong_type", member, `${member} must be a string.`);
    else if (value.trim() === "") error("empty", member, `${member} is empty.`);
    // Characters are counted as JSON Schema does, by code points.
    else if (value.length > 2 * most || [...value].length > most)
      error("too_long", member, `${member} has more than ${most} characters.`);
    else if (CONTROL_CHARACTER.test(value) || !value.isWellFormed())
      error("malformed", member, `${member} has a character that cannot be shown.`);
    else return value;
  };

  const { port = 5432, ssl_mode = "verify-full" } = config;
  const host = text("host", 253);
  if (host !== undefined && !DNS_NAME.test(host) && !IPV6_ADDRESS.test(host)) {
    const hint = "Send the name or address alone: no scheme, port, path or brackets.";
    error("malformed", "host", "host is neither a DNS name nor an IP address.", hint);
  }
  if (!Number.isInteger(port)) error("wrong_type", "port", "port must be a whole number.");
  else if (port < 1 || port > 65535) error("out_of_range", "port", "port must be from 1 to 65535.");
  const database = text("database", 63);
  if (!TLS_MODES.includes(ssl_mode)) {
    error("unknown_value", "ssl_mode", `ssl_mode must be one of: ${TLS_MODES.join(", ")}.`);
  }

  const failed = findings.some((finding) => finding.severity.tag === "error");
  return { findings, config: failed ? undefined : { host, port, database, ssl_mode } };
}

const credential = (name) => ({ name, value: { tag: "credential", val: name } });

export const connector = {
  getManifest: () => ({
    typeName: "example-database",
    version: "0.1.0",
    title: "Example Database",
    description: "Databases that speak the PostgreSQL protocol.",
    configMember: "database_config",
    configSchema: JSON.stringify(configSchema),
    authMember: null,
    authMethods: [
      { name: "basic", title: "User and password", credentialSchema: JSON.stringify(credentialSchema), extras: [] },
    ],
    // Where connections may lead: exactly where the tenant says.
    reaches: [
      {
        endpointRole: "data",
        host: "{/host}",
        port: "{/port}",
        tlsMode: "{/ssl_mode}",
        serverName: null,
        roots: [],
        extras: [],
      },
    ],
    drivers: ["postgres"],
    examples: [
      JSON.stringify({ host: "db.example.com", database: "sales" }),
      JSON.stringify({ host: "203.0.113.7", port: 5433, database: "sales", ssl_mode: "verify-ca" }),
    ],
    setup: [
      {
        title: "Create a user that may only read",
        language: "sql",
        text: "create role patchpanel_reader login password 'CHANGE-ME';\n",
        extras: [],
      },
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
    const tls = { mode: { tag: config.ssl_mode }, serverName: null, roots: [], identity: null, extras: [] };
    return {
      driver: "postgres",
      endpoints: [{ role: "data", host: config.host, port: config.port, tls, extras: [] }],
      // The host puts the credentials in, once this has returned.
      authentications: [
        {
          endpointRole: "data",
          scheme: "password",
          parameters: [credential("username"), credential("password")],
          extras: [],
        },
      ],
      parameters: [{ name: "database", value: { tag: "text", val: config.database } }],
      extras: [],
    };
  },
};
