// A connection test: its stages, greyed until they are there, and then what was found out.

import { html, nothing } from "./vendor/lit-html.js";
import { milliseconds } from "./api.js";
import { drawCode } from "./codes.js";
import { list, member, text } from "./json.js";
import { copyButton, counted, icon, plain, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */

/** The stages in their order, each with what it does. */
const STAGES = new Map([
  ["config", "The connector takes the configuration"],
  ["policy", "This installation allows the address"],
  ["resolve", "The name resolves"],
  ["connect", "The server can be reached"],
  ["tls", "The connection is encrypted, the server verified"],
  ["authenticate", "The server takes the credentials"],
  ["session", "A session on the database opens"],
  ["privileges", "What the user may do"],
  ["discover", "Schemas and tables are listed"],
]);

/** Whose fault a fault is, for a sentence. */
const BLAME = new Map([
  ["config", "the configuration"],
  ["credential", "a credential"],
  ["network", "the network on the way there"],
  ["server", "the server or its set-up"],
  ["connector", "the connector"],
  ["host", "Patchpanel or its set-up"],
]);

/** Codes of what is not verified. */
const UNVERIFIED = ["unencrypted", "server_unverified", "name_unverified", "tls_of_connector"];

/** Schemas that are named. */
const MAX_SCHEMAS = 5;

/**
 * A test: `running` until its answer is there, of which so many stages are shown.
 * @typedef {{ isRunning: boolean, answer: Json, shown: number }} Test
 */

/** How many stages an answer has. */
export const STAGE_COUNT = STAGES.size;

/** The state of the stages. @param {Test} test */
export function drawStages({ isRunning, answer, shown }) {
  const stages = list(member(answer, "details"), "stages");
  const all = [...STAGES].map(([name, words], index) => {
    const stage = stages.find((one) => text(one, "stage") === name);
    const isShown = stage !== undefined && index < shown;
    const isNext = isRunning ? index === 0 : index === shown;
    const outcome = isShown ? text(stage, "outcome") : isNext && (isRunning || stages.length > 0) ? "running" : "waiting";
    return drawStage({ name, words, outcome, stage: isShown ? stage : null, answer });
  });
  return html`<ol class="stages" aria-label="Stages of the test">${all}</ol>`;
}

/** @param {{ name: string, words: string, outcome: string, stage: Json, answer: Json }} one */
function drawStage({ name, words, outcome, stage, answer }) {
  const known = ["passed", "warned", "failed", "skipped", "running"];
  const shape = /** @type {"passed"} */ (known.includes(outcome) ? outcome : "waiting");
  const said = stage === null ? "" : facts(name, answer);
  const isQuiet = outcome === "waiting" || outcome === "skipped";
  return html`<li class="stage is-${shape}">
    ${icon(shape)}
    <span class="stage-name">${name === "tls" ? "TLS" : name}<span class="offscreen">: ${outcome}</span></span>
    <span class="stage-words">${outcome === "skipped" ? skippedWords(name, answer) : said && !isQuiet ? stranger(said) : words}</span>
    <span class="stage-time">${milliseconds(member(stage, "latency_ms"))}</span>
    ${list(stage, "warnings").map((warning) => drawFault(warning, false))}
    ${outcome === "failed" ? drawFault(stage, true) : nothing}
  </li>`;
}

/** @param {Json} fault @param {boolean} isFailure */
function drawFault(fault, isFailure) {
  const [blame, sqlstate, code] = [text(fault, "blame"), text(fault, "sqlstate"), text(fault, "code")];
  return html`<div class="fault ${isFailure ? "is-failure" : "is-warning"}">
    <p><strong>${stranger(text(fault, "message"))}</strong></p>
    ${text(fault, "remedy") ? html`<p>${stranger(text(fault, "remedy"))}</p>` : nothing}
    <p class="facts"><span>Code ${drawCode(code)}</span>
      ${BLAME.has(blame) ? html`<span>At fault: ${BLAME.get(blame)}</span>` : nothing}
      ${sqlstate ? html`<span>SQLSTATE <code>${plain(sqlstate, 16)}</code></span>` : nothing}
      ${member(fault, "retryable") === true ? html`<span>Trying again can help</span>` : nothing}</p>
  </div>`;
}

/** What a stage found out, in a few words. @param {string} name @param {Json} answer */
function facts(name, answer) {
  const details = member(answer, "details");
  const server = member(details, "server");
  switch (name) {
    case "connect":
      return text(server, "address");
    case "tls":
      return tlsWords(server);
    case "authenticate":
      return text(server, "authentication");
    case "session":
      return text(server, "version") && `Server version ${text(server, "version")}`;
    case "privileges":
      return readOnlyWords(member(details, "privileges"));
    case "discover":
      return schemaWords(details);
    default:
      return "";
  }
}

/** Why there was nothing to do. @param {string} name @param {Json} answer */
function skippedWords(name, answer) {
  const stages = list(member(answer, "details"), "stages");
  const later = stages.slice(stages.findIndex((stage) => text(stage, "stage") === name) + 1);
  if (later.every((stage) => text(stage, "outcome") === "skipped")) return "Not reached";
  return name === "tls" ? "Not encrypted" : "Nothing to do";
}

/** @param {Json | undefined} server */
function tlsWords(server) {
  if (!(server instanceof Map)) return "";
  const tls = member(server, "tls");
  return tls instanceof Map ? `${text(tls, "version")} ${text(tls, "cipher")}` : "Not encrypted";
}

/** The promise in true words. @param {Json | undefined} privileges */
function readOnlyWords(privileges) {
  switch (text(privileges, "read_only")) {
    case "role":
      return "Read-only: the user has no right to change anything in the database";
    case "database":
      return "Read-only: the server is a standby, which nobody can write to";
    case "none":
      return member(privileges, "superuser") === true ? "The user is a superuser" : "The user can write";
    default:
      return "";
  }
}

/** @param {Json | undefined} details */
function schemaWords(details) {
  const schemas = list(details, "schemas");
  const named = schemas.slice(0, MAX_SCHEMAS).map((schema) => `${text(schema, "name")} (${counted(list(schema, "tables").length, "table")})`);
  const more = schemas.length > MAX_SCHEMAS || member(details, "truncated") === true ? ", and more" : "";
  return schemas.length === 0 ? "No tables can be seen" : named.join(", ") + more;
}

/** What came of a test, once all of it is shown. @param {Json} answer */
export function drawOutcome(answer) {
  if (!(answer instanceof Map)) return nothing;
  const isGood = answer.get("success") === true;
  const warnings = list(member(answer, "details"), "stages").flatMap((stage) => list(stage, "warnings"));
  const unverified = warnings.filter((warning) => UNVERIFIED.includes(text(warning, "code")));
  return html`<div class="outcome ${isGood ? "is-good" : "is-bad"}">
      ${icon(isGood ? "passed" : "failed")}
      <p><strong>${isGood ? "The connection works." : "The connection does not work."}</strong> ${isGood
        ? html`<span>${milliseconds(answer.get("latency_ms"))} in all.</span>`
        : html`<span>The stage that failed says why, and what to do.</span>`}</p>
      ${copyButton(() => report(answer), "Copy report")}
    </div>
    ${isGood && unverified.length > 0 ? html`<p class="band">${icon("warned")}<span><strong>Not verified.</strong>
      ${unverified.map((warning) => html` ${stranger(text(warning, "message"))}`)}</span></p>` : nothing}`;
}

/** The report of a test as text; there is no credential in any of it. @param {Json} answer */
export function report(answer) {
  const lines = [text(answer, "message"), ""];
  for (const stage of list(member(answer, "details"), "stages")) {
    lines.push([text(stage, "stage").padEnd(13), text(stage, "outcome").padEnd(8), milliseconds(member(stage, "latency_ms"))].join(" ").trimEnd());
    const faults = text(stage, "code") ? [stage, ...list(stage, "warnings")] : list(stage, "warnings");
    for (const fault of faults) {
      const sqlstate = text(fault, "sqlstate") && `, SQLSTATE ${text(fault, "sqlstate")}`;
      lines.push(`  ${text(fault, "code")}${sqlstate}: ${text(fault, "message")}`, `  ${text(fault, "remedy")}`);
    }
  }
  return plain(lines.join("\n"), 20_000);
}
