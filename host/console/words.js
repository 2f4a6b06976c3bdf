// Words of strangers: connectors, servers, records. They are text nodes, isolated from the direction of what is around
// them; never HTML, Markdown or links.

import { html, svg } from "./vendor/lit-html.js";

/** Control characters, what turns the direction of writing, and what nobody sees. */
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Longer texts are cut. */
const MAX_CHARACTERS = 1000;

/** A stranger's text without what deceives. @param {string} text @param {number} [most] */
export function plain(text, most = MAX_CHARACTERS) {
  const cut = text.length > most ? `${text.slice(0, most)} …` : text;
  return cut.replaceAll(HIDDEN, "\ufffd");
}

/** A stranger's text, to be shown. @param {string} text */
export function stranger(text) {
  return html`<bdi>${plain(text)}</bdi>`;
}

/** What of a stranger's lines is shown, and so what is copied of them. @param {string} text */
export function shown(text) {
  return plain(text.replaceAll("\t", "    "), 20_000);
}

/** A stranger's lines, to be shown as they are. @param {string} text */
export function lines(text) {
  return html`<pre tabindex="0"><code dir="ltr">${shown(text)}</code></pre>`;
}

/** What a count is called. @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

const SHAPES = {
  passed: svg`<path d="M5 10.5l3.5 3.5L15 7"/>`,
  warned: svg`<path d="M10 3.5l7.5 13h-15z M10 8.5v3.5 M10 14.4v.1"/>`,
  failed: svg`<path d="M6 6l8 8 M14 6l-8 8"/>`,
  skipped: svg`<path d="M6 10h8"/>`,
  waiting: svg`<circle cx="10" cy="10" r="2"/>`,
  running: svg`<path d="M10 3a7 7 0 1 1-7 7"/>`,
  error: svg`<circle cx="10" cy="10" r="7.5"/><path d="M10 6v5 M10 13.9v.1"/>`,
  info: svg`<circle cx="10" cy="10" r="7.5"/><path d="M10 9.5v4.5 M10 6.1v.1"/>`,
  up: svg`<path d="M5 12l5-5 5 5"/>`,
  down: svg`<path d="M5 8l5 5 5-5"/>`,
  remove: svg`<path d="M6 6l8 8 M14 6l-8 8"/>`,
  add: svg`<path d="M10 4.5v11 M4.5 10h11"/>`,
  back: svg`<path d="M12 5l-5 5 5 5"/>`,
  plug: svg`<path d="M7 3v4 M13 3v4 M5 7h10v3a5 5 0 0 1-10 0z M10 15v3"/>`,
  shield: svg`<path d="M10 2.5l6 2.2v4.6c0 3.8-2.5 6.5-6 8.2-3.5-1.7-6-4.4-6-8.2V4.7z"/>`,
};

/** A drawing that says what the words beside it say. @param {keyof typeof SHAPES} name */
export function icon(name) {
  return html`<svg class="icon icon-${name}" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`;
}

/**
 * A button that copies a text, and says so.
 * @param {() => string} text
 * @param {string} [label]
 */
export function copyButton(text, label = "Copy") {
  const copy = async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    const done = await copied(text());
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (button.textContent = label), 2000);
  };
  return html`<button type="button" class="small quiet" @click=${copy}>${label}</button>`;
}

/** @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is no clipboard: the text is selected, to be copied by hand.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
