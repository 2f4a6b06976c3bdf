// The parts of the console that need no page: JSON, schemas, what is sent, connection strings, certificates.

import assert from "node:assert/strict";
import * as dsn from "./checked/dsn.js";
import { Numeral, below, parse, write } from "./checked/json.js";
import { whole } from "./checked/model.js";
import { certificates } from "./checked/pem.js";
import { kindOf, resolve } from "./checked/schema.js";

const given = JSON.parse(process.env.CONSOLE_TEST ?? "{}");

// JSON
for (const text of ['{"__proto__": {"a": 1}, "2": [], "1": {}}', "12345678901234567890", "-0.10", "1e400", '"\\u202e\\ud83d\\ude00\\n"', "[null, true, false]", "  [ 1 ,2 ] "]) {
  assert.deepEqual(JSON.parse(write(parse(text))), JSON.parse(text), text);
}
assert.equal(write(parse('{"2": 1, "1": 12345678901234567890}')), '{"2": 1, "1": 12345678901234567890}');
assert.ok(parse("12345678901234567890") instanceof Numeral && parse("9007199254740991") === 9007199254740991);
for (const text of ["", "{", "[1,]", '{"a" 1}', '{"a": 1, "a": 2}', "01", "+1", ".5", "1.", "nul", '"\\x"', '"\n"', "1 2", "'a'", "[".repeat(200)]) {
  assert.throws(() => parse(text), SyntaxError, text);
}
assert.equal(below("/a", "b/c~d"), "/a/b~1c~0d");

// Kinds of fields
const kind = (schema) => kindOf(null, resolve(null, parse(JSON.stringify(schema))), 0);
for (const [schema, expected] of [
  [{ type: "string" }, "text"],
  [{ type: "string", maxLength: 5000 }, "long"],
  [{ type: "string", writeOnly: true }, "secret"],
  [{ type: ["integer", "null"] }, "number"],
  [{ type: "boolean" }, "yesno"],
  [{ enum: ["a", 1, null] }, "choice"],
  [{ oneOf: [{ const: "a", title: "A" }, { const: "b" }] }, "choice"],
  [{ type: "array", items: { type: "string" } }, "list"],
  [{ type: "array" }, "json"],
  [{ type: "object", properties: {} }, "object"],
  [{ type: "object", additionalProperties: { type: "integer" } }, "map"],
  [{ oneOf: [{ type: "string" }, { type: "object", properties: {} }] }, "branches"],
  [{ type: "object", properties: { a: {} }, anyOf: [{ required: ["a"] }, { required: ["b"] }] }, "object"],
  [{ allOf: [{ type: "string" }, { maxLength: 3 }] }, "text"],
  [{ type: ["string", "integer"] }, "json"],
  [{}, "json"],
  [true, "json"],
  [{ $ref: "#/nowhere" }, "json"],
]) {
  assert.equal(kind(schema), expected, JSON.stringify(schema));
}
const referring = parse('{"type": "object", "$defs": {"p/q": {"type": "integer"}}, "properties": {"a": {"$ref": "#/$defs/p~1q", "title": "A"}}}');
assert.equal(whole(referring, false).parts[0].kind, "number");

// What is sent: absent is not "", and neither is null.
const form = whole(parse(`{"type": "object", "required": ["name"], "properties": {
  "name": {"type": "string"}, "port": {"type": "integer", "default": 1}, "note": {"type": ["string", "null"]},
  "inner": {"type": "object", "properties": {"a": {"type": "string"}}},
  "servers": {"type": "array", "items": {"type": "object", "properties": {"host": {"type": "string"}}}},
  "kind": {"oneOf": [
    {"type": "object", "required": ["is"], "properties": {"is": {"const": "one"}, "x": {"type": "string"}}},
    {"type": "object", "required": ["is"], "properties": {"is": {"const": "two"}, "y": {"type": "integer"}}}]}}}`), false);
const [name, port, note, inner, servers, alternatives] = form.parts;
const sent = () => write(form.value);
assert.equal(sent(), "{}");
name.type("n");
port.type("12345678901234567890");
note.bare = "empty";
assert.equal(sent(), '{"name": "n", "port": 12345678901234567890, "note": ""}');
port.type("many");
note.bare = "null";
inner.parts[0].type("a");
assert.equal(sent(), '{"name": "n", "port": "many", "note": null, "inner": {"a": "a"}}');
port.type("");
note.bare = "absent";
inner.parts[0].type("");
for (const host of ["a", "b", "c"]) servers.add().parts[0].type(host);
servers.move(servers.parts[2], -1);
servers.remove(servers.parts[0]);
assert.equal(sent(), '{"name": "n", "servers": [{"host": "c"}, {"host": "b"}]}');
servers.parts.splice(0);
alternatives.branch.parts[1].type("x");
alternatives.chosen = 1;
alternatives.branch.parts[1].type("7");
assert.equal(sent(), '{"name": "n", "kind": {"is": "two", "y": 7}}');
alternatives.chosen = 0;
assert.equal(sent(), '{"name": "n", "kind": {"is": "one", "x": "x"}}');
const filled = '{"name": "m", "unknown": {"__proto__": 1}, "servers": [{"host": "z", "more": 1}], "kind": {"is": "two", "y": 1}}';
form.fill(parse(filled));
assert.deepEqual(JSON.parse(sent()), JSON.parse(filled), "what the schema does not know is kept");

// Connection strings
const parts = (text) => Object.fromEntries(dsn.parse(text));
for (const [text, expected] of [
  ["postgres://an%40n:p%2Fw@db.example.com:6432/my%20db?sslmode=require", { host: "db.example.com", port: "6432", dbname: "my db", user: "an@n", password: "p/w", sslmode: "require" }],
  ["postgresql://ann@[2001:db8::1]/db", { host: "2001:db8::1", dbname: "db", user: "ann" }],
  ["postgres://a:b@c@db/x", { host: "db", dbname: "x", user: "a", password: "b@c" }],
  ["jdbc:postgresql://db:5433/shop?user=ann&password=p%26w&ssl=true", { host: "db", port: "5433", dbname: "shop", user: "ann", password: "p&w", sslmode: "require" }],
  ["jdbc:mysql://db/shop", { host: "db", dbname: "shop" }],
  [" host=db port=5432 dbname='my shop' user=ann password='it\\'s' sslmode=verify-full ", { host: "db", port: "5432", dbname: "my shop", user: "ann", password: "it's", sslmode: "verify-full" }],
  ["Server=db;Database=shop;Uid=ann;Pwd=x", { host: "db", dbname: "shop", user: "ann", password: "x" }],
]) {
  assert.deepEqual(parts(text), expected, text);
}
for (const text of ["", "db.example.com", "postgres://a,b/x", "host='db", "host=db secret word", "postgres://%ff@db/x",
  "postgres://u:pa/secret@h/db", "postgres://u:pa?secret@h/db", "postgres://u:pa#secret@h/db", "jdbc:postgresql://u:5/secret@h/db"]) {
  assert.throws(() => dsn.parse(text), (error) => error instanceof dsn.NoDsn && !error.message.includes("secret"), text);
}

// Certificates
const [certificate] = certificates(`text before\n${given.certificate}`);
assert.equal(certificate.subject, "Patchpanel console");
assert.ok(certificate.expires > new Date(), String(certificate.expires));
assert.deepEqual(certificates("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"), []);
assert.equal(certificates("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")[0].subject, "a certificate that cannot be read");
const der = (tag, ...parts) => Buffer.concat([Buffer.from([tag, parts.reduce((sum, part) => sum + part.length, 0)]), ...parts.map((part) => Buffer.from(part))]);
const until = (end) => {
  const signed = der(0x30, der(2, [1]), der(0x30), der(0x30), der(0x30, der(0x17, "260101000000Z"), der(0x17, end)), der(0x30));
  return certificates(`-----BEGIN CERTIFICATE-----\n${der(0x30, signed).toString("base64")}\n-----END CERTIFICATE-----`)[0].expires;
};
assert.equal(until("271231235959Z").toISOString(), "2027-12-31T23:59:59.000Z");
assert.equal(until("261399999999Z"), null, "there is no such day");
