// The first step: which type of data source to connect.

import { html, nothing } from "./vendor/lit-html.js";
import { text } from "./json.js";
import { counted, icon, plain, stranger } from "./words.js";

/** @typedef {import("./json.js").Json} Json */

/**
 * @param {{ types: Json[], sought: string, seek: (sought: string) => void }} state
 */
export function drawTypes({ types, sought, seek }) {
  if (types.length === 0) {
    return html`<div class="empty card">
      ${icon("plug")}
      <h3>No connector is loaded</h3>
      <p>A connector knows one type of data source. Whoever runs this installation puts one into the directory of connectors, or uploads it
        with the platform role; then it shows here without a restart.</p>
      <p><code>patchpanel --help</code> names the directory (<code>--connectors-dir</code>).</p>
    </div>`;
  }
  const words = sought.toLowerCase().split(/\s+/);
  const fits = (/** @type {Json} */ type) => {
    const all = ["title", "connection_type", "description"].map((name) => text(type, name)).join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const fitting = types.filter(fits);
  const search = (/** @type {Event} */ event) => seek(/** @type {HTMLInputElement} */ (event.target).value);
  return html`<div class="field search"><label for="search">Find a type</label>
      <input id="search" type="search" autocomplete="off" spellcheck="false" .value=${sought} @input=${search} aria-controls="types"></div>
    <p class="offscreen" role="status">${counted(fitting.length, "type")}</p>
    ${fitting.length === 0 ? html`<p class="empty">No type is called that. ${counted(types.length, "type is", "types are")} loaded.</p>` : nothing}
    <ul class="types" id="types">${fitting.map(drawType)}</ul>`;
}

/** @param {Json} type */
function drawType(type) {
  const name = text(type, "connection_type");
  return html`<li><a class="card type" href="#/types/${encodeURIComponent(name)}">
    <span class="badge" aria-hidden="true">${plain(text(type, "title") || name, 1).slice(0, 1).toUpperCase()}</span>
    <span class="type-words"><strong>${stranger(text(type, "title"))}</strong>
      <span>${stranger(text(type, "description"))}</span>
      <span class="quiet-text"><code>${plain(name, 64)}</code> ${plain(text(type, "version"), 64)}</span></span>
  </a></li>`;
}

/** What stands there while the types are on their way. */
export function drawSkeleton() {
  return html`<div role="status"><span class="offscreen">Loading</span></div>
    <ul class="types" aria-hidden="true">${[1, 2, 3].map(() => html`<li><div class="card type skeleton"><span class="badge"></span>
      <span class="type-words"><span class="bar"></span><span class="bar is-long"></span></span></div></li>`)}</ul>`;
}
