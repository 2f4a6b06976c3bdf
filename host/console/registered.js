// A connection that has been registered: its record, and how it is used.

import { html } from "./vendor/lit-html.js";
import { list, member, text, write } from "./json.js";
import { copyButton, icon, lines, plain, shown, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */

/**
 * @param {Json} record
 * @param {{ project: string }} session
 */
export function drawRegistered(record, { project }) {
  const uri = text(record, "resource_uri");
  const set = member(record, "credentials_set");
  const names = set instanceof Map ? [...set].filter(([, isSet]) => isSet === true).map(([name]) => name) : list(record, "credentials_set").map(String);
  const headers = `-H "Authorization: Bearer $TOKEN"${project ? ` -H ${quoted(`X-Project-ID: ${project}`)}` : ""}`;
  const test = `curl -sS ${headers} -X POST \\\n  ${quoted(`${location.origin}/assets/data/${encodeURIComponent(uri)}/test`)}`;
  return html`<section class="card registered" aria-labelledby="registered">
      <h3 id="registered">${icon("passed")} ${stranger(text(record, "name"))} is registered</h3>
      <dl>
        <dt>Resource URI</dt><dd class="uri"><code>${plain(uri)}</code>${copyButton(() => uri)}</dd>
        <dt>Status</dt><dd>${plain(text(record, "status"))}</dd>
        <dt>Type</dt><dd>${plain(text(record, "connection_type"))} ${plain(text(record, "connector_version"))}</dd>
        <dt>Credentials</dt><dd>${names.length === 0 ? "none" : plain(names.join(", "))}, sealed</dd>
        <dt>Registered by</dt><dd>${stranger(text(record, "created_by"))}</dd>
      </dl>
      <p><a class="button primary" href="#/types">Register another</a></p>
    </section>
    <section class="card" aria-labelledby="use">
      <h3 id="use">Use it</h3>
      <p>An application stores the resource URI: a name, worth nothing to a thief. It calls Patchpanel with its user's own token.</p>
      <div class="code">${lines(test)}${copyButton(() => shown(test))}</div>
      <details><summary>The record</summary><div class="code">${lines(write(record, "  "))}${copyButton(() => shown(write(record, "  ")))}</div></details>
    </section>`;
}

/** A stranger's text as one word for a shell, which runs nothing of it. @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
