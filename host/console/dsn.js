// A connection string taken apart: URLs, JDBC URLs, libpq's keywords (PostgreSQL manual, "Connection Strings"), and pairs with
// semicolons as ODBC and .NET have them.

/**
 * A part of a connection string, by the name that libpq has for it.
 * @typedef {Map<string, string>} Parts
 */

/** What is no connection string; never repeats it, since it may hold a password. */
export class NoDsn extends Error {}

const EXAMPLE = "postgres://user@host:5432/database, jdbc:postgresql://host/database or host=… dbname=… user=…";

/** Names that say the same, and libpq's for it. */
const SAME = new Map([
  ["server", "host"],
  ["hostname", "host"],
  ["database", "dbname"],
  ["db", "dbname"],
  ["databasename", "dbname"],
  ["username", "user"],
  ["user id", "user"],
  ["uid", "user"],
  ["pwd", "password"],
  ["ssl_mode", "sslmode"],
  ["applicationname", "application_name"],
  ["currentschema", "schema"],
  ["connecttimeout", "connect_timeout"],
  ["logintimeout", "connect_timeout"],
]);

/**
 * Takes a connection string apart.
 * @param {string} text
 * @returns {Parts}
 */
export function parse(text) {
  const dsn = text.trim().replace(/^jdbc:/i, "");
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(dsn)) return ofUrl(dsn);
  const pairs = dsn.split(";").filter((pair) => pair.trim() !== "");
  if (pairs.length > 1 && pairs.every((pair) => /^\s*[a-z][a-z _]*=/i.test(pair))) return ofPairs(pairs);
  if (/^[a-z_]+\s*=/i.test(dsn)) return ofKeywords(dsn);
  throw new NoDsn(`This is no connection string; write one such as ${EXAMPLE}.`);
}

/** @param {string} dsn @returns {Parts} */
function ofUrl(dsn) {
  /** @type {Parts} */
  const parts = new Map();
  const [, rest = ""] = dsn.match(/^[^:]+:\/\/(.*)$/s) ?? [];
  // The server ends at the first of these. With an @ behind it, it may stand in a password, the rest of which would be shown.
  const end = rest.search(/[/?#]/);
  if (end >= 0 && rest.includes("@", end)) {
    throw new NoDsn("There is an @ behind the first / or ? or #. In a password write / ? # @ as %2F %3F %23 %40; elsewhere write @ as %40.");
  }
  const [before, query = ""] = split(rest.split("#")[0] ?? "", "?");
  const [authority, path = ""] = split(before, "/");
  const at = authority.lastIndexOf("@");
  const [user, password = ""] = split(at < 0 ? "" : authority.slice(0, at), ":");
  const server = authority.slice(at + 1);
  if (server.includes(",")) throw new NoDsn("It names several hosts; write the one to connect to.");
  const [, host = "", port = ""] = server.match(/^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/) ?? [];
  set(parts, "host", decode(host.replace(/^\[(.*)\]$/, "$1")));
  set(parts, "port", port);
  set(parts, "dbname", decode(path));
  set(parts, "user", decode(user));
  set(parts, "password", decode(password));
  for (const pair of query.split(/[&;]/)) {
    const [name, value = ""] = split(pair, "=");
    set(parts, decode(name), decode(value.replaceAll("+", " ")));
  }
  if (parts.get("ssl") === "true" && !parts.has("sslmode")) parts.set("sslmode", "require");
  parts.delete("ssl");
  return parts;
}

/** As ODBC and .NET write it. @param {string[]} pairs @returns {Parts} */
function ofPairs(pairs) {
  /** @type {Parts} */
  const parts = new Map();
  for (const pair of pairs) {
    const [name, value = ""] = split(pair.trim(), "=");
    set(parts, name.trim(), value.trim().replace(/^(["'])(.*)\1$/s, "$2"));
  }
  return parts;
}

/** @param {string} dsn @returns {Parts} */
function ofKeywords(dsn) {
  /** @type {Parts} */
  const parts = new Map();
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/giy;
  while (pair.lastIndex < dsn.length) {
    const found = pair.exec(dsn);
    if (!found) throw new NoDsn("A part of it is not NAME=VALUE; write texts with spaces in single quotation marks.");
    const value = found[2] ?? found[3] ?? "";
    set(parts, found[1] ?? "", value.replaceAll(/\\(.)/gs, "$1"));
  }
  return parts;
}

/** @param {Parts} parts @param {string} name @param {string} value */
function set(parts, name, value) {
  const known = SAME.get(name.toLowerCase()) ?? name.toLowerCase();
  if (known !== "" && value !== "") parts.set(known, value);
}

/** @param {string} text @param {string} separator @returns {[string, string?]} */
function split(text, separator) {
  const place = text.indexOf(separator);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + separator.length)];
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new NoDsn("A part of it with % is not UTF-8; write a % itself as %25.");
  }
}

/** The names that members of a schema have for a part, the likeliest first. */
const MEMBERS = new Map([
  ["host", ["host", "hostname", "server"]],
  ["port", ["port"]],
  ["dbname", ["database", "dbname", "db", "catalog"]],
  ["user", ["username", "user"]],
  ["password", ["password"]],
  ["sslmode", ["ssl_mode", "sslmode", "tls_mode", "tls"]],
  ["application_name", ["application_name"]],
  ["schema", ["db_schema", "schema"]],
  ["connect_timeout", ["connect_timeout_s", "connect_timeout"]],
  ["connect_timeout_ms", ["connect_timeout_ms"]],
]);

/**
 * Fills fields with what a connection string says. Returns the names of what went nowhere.
 * @param {Parts} parts
 * @param {import("./model.js").Field[]} fields
 */
export function fill(parts, fields) {
  const seconds = parts.get("connect_timeout") ?? "";
  const all = new Map(parts);
  if (/^\d{1,6}$/.test(seconds)) all.set("connect_timeout_ms", `${seconds}000`);
  const taken = new Set();
  for (const [name, value] of all) {
    const names = MEMBERS.get(name) ?? [name];
    const field = names.map((one) => fields.find((field) => field.name === one)).find((found) => found);
    if (!field || (field.kind === "choice" && !field.choices.some((choice) => choice.value === value))) continue;
    field.fill(value);
    field.left = true;
    taken.add(name.replace(/_ms$/, ""));
  }
  return [...parts.keys()].filter((name) => !taken.has(name));
}
