// Registers a connection, tests, lists, changes and deletes it, with what openapi-typescript makes of the document, and
// prints what it has seen.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type TestResult = components["schemas"]["TestResult"];
type ErrorBody = components["schemas"]["ErrorBody"];

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const api = createClient<paths>({
  baseUrl: setting("PATCHPANEL"),
  headers: { Authorization: `Bearer ${setting("TOKEN")}`, "X-Project-ID": "sales" },
});

const database_config = {
  host: "127.0.0.1",
  port: Number(setting("DATABASE_PORT")),
  database: setting("DATABASE"),
  db_schema: "sales",
};
const username = setting("DATABASE_USER");
const password = setting("DATABASE_PASSWORD");

/** The body of a success. */
function good<T>(answer: { data?: T; error?: ErrorBody }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

/** The error of a refusal. */
function refused(answer: { error?: ErrorBody }): ErrorBody["error"] {
  if (answer.error === undefined) throw new Error("it was not refused");
  return answer.error.error;
}

/** Where a test failed, and how. */
function failure(result: TestResult): (string | null | undefined)[] {
  const stage = result.details.stages.find((stage) => stage.outcome === "failed");
  return [stage?.stage, stage?.outcome, stage?.code, stage?.blame];
}

/** Everything that is wrong with a request. */
function findings(error: ErrorBody["error"]): components["schemas"]["Finding"][] {
  return error.details && "findings" in error.details ? error.details.findings : [];
}

const invalid = refused(
  await api.POST("/assets/data/verify", {
    body: { connection_type: "postgres", database_config: { ...database_config, port: 0 }, credentials: { username, password } },
  }),
);
const finding = findings(invalid)[0];

const wrong = good(
  await api.POST("/assets/data/verify", {
    body: { connection_type: "postgres", database_config, credentials: { username, password: "wrong" } },
  }),
);

const registered = good(
  await api.POST("/assets/data", {
    body: { name: "Orders", connection_type: "postgres", database_config, credentials: { username, password } },
    params: { header: { "Idempotency-Key": "orders-1" } },
  }),
);
const path = { resource_uri: registered.resource_uri };

const tested = good(await api.POST("/assets/data/{resource_uri}/test", { params: { path } }));
const found = await api.GET("/assets/data/{resource_uri}", { params: { path } });
const etag = found.response.headers.get("ETag") ?? "";
const listed = good(await api.GET("/assets/data", { params: { query: { limit: 10, sort: "name:asc" } } }));

const changed = good(
  await api.PUT("/assets/data/{resource_uri}", {
    params: { path, header: { "If-Match": etag } },
    body: { description: "Orders and customers" },
  }),
);
const stale = refused(
  await api.PUT("/assets/data/{resource_uri}", {
    params: { path, header: { "If-Match": etag } },
    body: { description: "Something else" },
  }),
);

const deleted = await api.DELETE("/assets/data/{resource_uri}", { params: { path } });
if (deleted.response.status !== 204) throw new Error(JSON.stringify(deleted.error));
const gone = refused(await api.GET("/assets/data/{resource_uri}", { params: { path } }));

console.log(
  JSON.stringify({
    refused: [invalid.code, finding?.pointer, finding?.code],
    wrong_password: failure(wrong),
    registered: registered.resource_uri,
    status: registered.status,
    credentials_set: registered.credentials_set,
    tested: tested.success,
    status_after_test: good(found).status,
    listed: listed.data.map((record) => record.name),
    changed: [changed.description, changed.status],
    stale: stale.code,
    gone: gone.code,
  }),
);
