// Findings: what is there to say of an input, in an icon and words.

import { html, nothing } from "./vendor/lit-html.js";
import { drawMore } from "./codes.js";
import { icon, stranger } from "./words.js";

/** @typedef {import("./api.js").Finding} Finding */

/** One of them. @param {Finding} finding */
export function findingLine({ severity, code, message, hint }) {
  const isError = severity === "error";
  return html`<p class="finding ${isError ? "is-error" : "is-warning"}">
    ${icon(isError ? "error" : "warned")}
    <span><span class="offscreen">${isError ? "Error:" : "Warning:"}</span> ${stranger(message)}
      ${hint ? html` <span class="hint">${stranger(hint)}</span>` : nothing}${drawMore(code)}</span>
  </p>`;
}

/**
 * Findings, each at the field that it is about, or at the nearest one around it.
 * @param {Finding[]} findings
 * @param {Map<string, unknown>} places
 * @returns {Map<string, Finding[]>}
 */
export function settle(findings, places) {
  /** @type {Map<string, Finding[]>} */
  const settled = new Map();
  for (const finding of findings) {
    const place = placeOf(finding.pointer, places);
    settled.set(place, [...(settled.get(place) ?? []), finding]);
  }
  return settled;
}

/** The nearest place that is drawn. @param {string} pointer @param {Map<string, unknown>} places */
export function placeOf(pointer, places) {
  let place = pointer;
  while (place !== "" && place !== "/name" && !places.has(place)) place = place.slice(0, place.lastIndexOf("/"));
  return place;
}
