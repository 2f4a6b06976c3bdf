// Beside the form: where the connection would lead, and what the owner of the data source does first.

import { html, nothing } from "./vendor/lit-html.js";
import { list, member, text } from "./json.js";
import { copyButton, icon, lines, plain, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./validation.js").Verdict} Verdict */

/** What each TLS mode comes to. */
const TLS = new Map([
  ["disable", "not encrypted"],
  ["require", "encrypted, the server is not verified"],
  ["verify-ca", "encrypted, the certificate is verified, its name is not"],
  ["verify-full", "encrypted, the server is verified"],
]);

/** Where the connection would lead, as far as it is known. @param {Verdict | null} verdict */
export function drawDestination(verdict) {
  const endpoints = verdict?.endpoints ?? [];
  return html`<section class="card destination" aria-labelledby="destination">
    <h3 id="destination">Where it leads</h3>
    ${endpoints.length === 0
      ? html`<p class="quiet-text">Shown as soon as the form is complete. Nothing is dialled before you test.</p>`
      : html`<ul>${endpoints.map(drawEndpoint)}</ul>`}
  </section>`;
}

/** @param {Json} endpoint */
function drawEndpoint(endpoint) {
  const mode = text(endpoint, "tls_mode");
  const host = text(endpoint, "host");
  const where = `${host.includes(":") ? `[${host}]` : host}:${member(endpoint, "port")}`;
  return html`<li class=${mode === "verify-full" ? "is-verified" : "is-unverified"}>${icon(mode === "verify-full" ? "shield" : "warned")}
    <span><code>${plain(where, 300)}</code><br><span class="quiet-text">${TLS.get(mode) ?? plain(mode, 20)}</span></span></li>`;
}

/** What the owner of the data source does first. @param {Json} type */
export function drawSetUp(type) {
  const steps = list(type, "setup");
  if (steps.length === 0) return nothing;
  return html`<section class="card" aria-labelledby="set-up">
    <h3 id="set-up">First, at the data source</h3>
    ${steps.map((step, index) => html`<details ?open=${index === 0}>
      <summary>${stranger(text(step, "title"))}</summary>
      <div class="code">${lines(text(step, "text"))}${copyButton(() => plain(text(step, "text"), 20_000))}</div>
    </details>`)}
  </section>`;
}
