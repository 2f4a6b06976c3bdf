// The sections of the form of a connection: what is wrong, what helps to fill it in, its fields, its test, what can be done.

import { html, nothing } from "./vendor/lit-html.js";
import { title } from "./controls.js";
import { drawField, drawMembers, focusOn, others } from "./fields.js";
import { findingLine, placeOf } from "./findings.js";
import { member, text } from "./json.js";
import { drawDestination, drawSetUp } from "./setup.js";
import { STAGE_COUNT, drawOutcome, drawStages } from "./stages.js";
import { counted, icon, stranger } from "./words.js";

/** @typedef {import("./form.js").ConnectionForm} ConnectionForm */
/** @typedef {import("./api.js").Finding} Finding */
/** @typedef {import("./model.js").Field} Field */

/** @param {ConnectionForm} form */
export function drawForm(form) {
  const { connection, validation } = form;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    form.register();
  };
  return html`<div class="columns">
    <form class="main-column" novalidate autocomplete="off" @submit=${submit}>
      ${drawSummary(form)}
      ${drawHelpers(form)}
      ${drawFields(form)}
      ${drawActions(form)}
    </form>
    <div class="side-column">${drawDestination(validation.isPending ? null : validation.verdict)}${drawSetUp(connection.type)}</div>
  </div>`;
}

/** @param {ConnectionForm} form */
function drawSummary(form) {
  const errors = form.isSubmitted ? form.errors(true) : [];
  const { failure } = form;
  if (errors.length === 0 && !failure) return nothing;
  const places = form.connection.places;
  const link = (/** @type {Finding} */ finding) => {
    const field = places.get(placeOf(finding.pointer, places));
    const id = finding.pointer === "/name" ? "name" : field?.id ?? "summary";
    const follow = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (form.connection.sections[1].some((advanced) => [...advanced.walk("")].some(([, one]) => one === field))) form.isAdvanced = true;
      form.draw();
      focusOn(id);
    };
    const name = finding.pointer === "/name" ? "Name" : field ? title(field) : "Connection";
    return html`<li><a href="#${id}" @click=${follow}><bdi>${name}</bdi>: ${stranger(finding.message)}</a></li>`;
  };
  return html`<section class="summary" id="summary" tabindex="-1" aria-labelledby="summary-title">
    ${failure
      ? html`<h3 id="summary-title">${icon("error")} ${stranger(failure.message)}</h3>
          ${failure.requestId ? html`<p class="quiet-text">Request <code>${failure.requestId}</code></p>` : nothing}`
      : html`<h3 id="summary-title">${icon("error")} ${counted(errors.length, "thing")} to put right</h3><ul>${errors.map(link)}</ul>`}
  </section>`;
}

/** @param {ConnectionForm} form */
function drawHelpers(form) {
  const { connection } = form;
  const example = () => {
    if (connection.config.value instanceof Map && connection.config.value.size > 0 && !confirm("Replace what is typed by an example?")) return;
    connection.fillWithExample();
    form.changed();
  };
  const take = (/** @type {HTMLTextAreaElement | null} */ area, /** @type {string} */ dsn) => {
    // It may hold a password, which stays in its field alone.
    if (area) area.value = "";
    form.takeDsn(dsn);
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    event.preventDefault();
    take(null, event.clipboardData?.getData("text") ?? "");
  };
  const area = () => /** @type {HTMLTextAreaElement | null} */ (form.querySelector("#dsn"));
  const hasHost = connection.config.parts.some((field) => ["host", "hostname", "server"].includes(field.name));
  return html`<div class="helpers">
    <button type="button" class="small" @click=${example}>Fill with an example</button>
    ${hasHost ? html`<details class="dsn"><summary class="button small">Paste a DSN</summary>
      <div class="field"><label for="dsn">Connection string</label>
      <textarea id="dsn" rows="2" spellcheck="false" autocomplete="off" autocapitalize="off" placeholder="postgres://user:password@host:5432/database?sslmode=verify-full" aria-describedby="dsn-below" @paste=${paste}></textarea>
      <div id="dsn-below"><p class="help">${form.dsnMessage || "A URL, a JDBC URL or libpq's keywords. It is taken apart here and forgotten; the password goes to its field alone."}</p></div></div>
      <button type="button" class="small" @click=${() => take(area(), area()?.value ?? "")}>Fill the form</button></details>` : nothing}
  </div>`;
}

/** @param {ConnectionForm} form */
function drawFields(form) {
  const { connection, around } = form;
  const [plainly, advanced] = connection.sections;
  const pointer = `/${connection.configMember}`;
  const found = (/** @type {Field} */ field) => [...field.walk(`${pointer}/${field.name}`)].some(([at]) => form.visible(at).length > 0);
  const isOpen = form.isAdvanced || advanced.some(found);
  const named = form.visible("/name");
  const name = (/** @type {Event} */ event) => {
    connection.name = /** @type {HTMLInputElement} */ (event.target).value;
    form.refused = [];
    form.draw();
  };
  const left = () => {
    connection.hasLeftName = true;
    form.draw();
  };
  const toggled = (/** @type {Event} */ event) => (form.isAdvanced = /** @type {HTMLDetailsElement} */ (event.target).open);
  return html`<section class="card">
      <div class="field"><label for="name">Name</label>
        <input id="name" type="text" maxlength="255" autocomplete="off" .value=${connection.name} aria-describedby="name-below" aria-required="true"
          aria-invalid=${named.some((one) => one.severity === "error")} @input=${name} @blur=${left}>
        <div class="below" id="name-below"><p class="help">For people, and for the name that applications use.</p>${named.map(findingLine)}</div></div>
    </section>
    <section class="card" aria-labelledby="configuration">
      <h3 id="configuration">Configuration</h3>
      ${[...form.visible(""), ...form.visible("/connection_type"), ...form.visible(pointer)].map(findingLine)}
      <div class="members">${connection.config.kind === "object" ? drawMembers(plainly, pointer, around) : drawField(connection.config, pointer, around)}</div>
      ${others(connection.config, around)}
      ${advanced.length === 0 ? nothing : html`<details class="advanced" .open=${isOpen} @toggle=${toggled}>
        <summary>Advanced <span class="quiet-text">${counted(advanced.length, "setting")} with a default</span></summary>
        <div class="members">${drawMembers(advanced, pointer, around)}</div></details>`}
    </section>
    <section class="card" aria-labelledby="credentials">
      <h3 id="credentials">Credentials <span class="quiet-text">${stranger(text(connection.method, "title"))}</span></h3>
      ${form.visible("/credentials").map(findingLine)}
      <div class="members">${drawMembers(connection.credentials.parts, "/credentials", around)}</div>
      ${others(connection.credentials, around)}
      <p class="note">${icon("shield")}<span>Sealed when you register, and never shown again. Nothing of them is sent while you type.</span></p>
    </section>`;
}

/** @param {ConnectionForm} form */
function drawActions(form) {
  const { test, validation } = form;
  const isDone = test !== null && !test.isRunning && test.shown === STAGE_COUNT;
  const isKnown = validation.verdict !== null || validation.isPending || validation.failure !== null;
  const isValid = validation.verdict?.isValid === true && !validation.isPending && form.errors(true).length === 0;
  const isGood = isDone && !form.isStale && member(test.answer, "success") === true;
  const state = isGood ? "Tested." : isDone && form.isStale ? "Changed since the test." : isDone ? "The test failed." : "Not tested yet.";
  return html`${test ? html`<section class="card test" id="test" tabindex="-1" aria-labelledby="test-title">
      <h3 id="test-title">Test ${form.isStale ? html`<span class="quiet-text">of what was typed before</span>` : nothing}</h3>
      ${drawStages(test)}${isDone ? drawOutcome(test.answer) : nothing}
    </section>` : nothing}
    <div class="actions">
      <p class="quiet-text">${validation.failure ? html`${icon("warned")} ${stranger(validation.failure.message)}` : isValid ? html`${icon("passed")} Valid. ${state}` : validation.isPending ? "Looking …" : state}</p>
      ${form.dialling
        ? html`<button type="button" @click=${() => form.cancel()}>Cancel <kbd>Esc</kbd></button>`
        : html`<button type="button" class="button" @click=${() => form.dial()}>Test</button>`}
      <button type="submit" class="primary" aria-disabled=${(isKnown && !isValid) || form.isRegistering}>${form.isRegistering ? "Registering …" : isGood ? "Register" : isDone && !form.isStale ? "Register all the same" : "Register untested"}</button>
    </div>`;
}
