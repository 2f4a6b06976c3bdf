// The pages about codes: which there are, since a connector's own codes have none.

import { html, nothing } from "./vendor/lit-html.js";
import { plain } from "./words.js";

/** @type {Set<string>} */
const codes = new Set();

/** Reads which codes have a page. Without the list, nothing leads to them. */
export async function learnCodes() {
  const answer = await fetch("/docs/codes/", { credentials: "omit" }).catch(() => null);
  if (!answer?.ok) return;
  for (const [, code = ""] of (await answer.text()).matchAll(/href="\/docs\/codes\/(\w+)"/g)) codes.add(code);
}

/** A code, which leads to its page if there is one. @param {string} code */
export function drawCode(code) {
  if (code === "") return nothing;
  if (!codes.has(code)) return html`<code>${plain(code, 64)}</code>`;
  return html`<a href="/docs/codes/${encodeURIComponent(code)}" target="_blank" rel="noopener"><code>${code}</code><span class="offscreen"> explained, in another tab</span></a>`;
}

/** Where to read more about a finding of the host's own. @param {string} code */
export function drawMore(code) {
  return codes.has(code) ? html` ${drawCode(code)}` : nothing;
}
