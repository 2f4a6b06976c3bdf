// What is typed into: a line, a text, a secret, a choice.

import { html, nothing } from "./vendor/lit-html.js";
import { text } from "./json.js";
import * as schemas from "./schema.js";
import { plain } from "./words.js";

/** @typedef {import("./model.js").Field} Field */
/** @typedef {import("./api.js").Finding} Finding */

/**
 * What drawing needs of the form around it.
 * @typedef {object} Around
 * @property {(pointer: string) => Finding[]} findings What to say at a field now.
 * @property {() => void} changed Something was typed.
 * @property {(field: Field) => void} left A field was left.
 */

/** What a field is called. @param {Field} field */
export function title(field) {
  return plain(text(field.schema, "title") || field.name || (field.ordinal ? `Element ${field.ordinal}` : "Value"), 100);
}

/** The largest file that a field takes, in bytes: that of a request. */
const MAX_FILE_BYTES = 1024 * 1024;

/** More choices than these are narrowed by typing. */
const MAX_CHOICES = 50;

/** @param {Field} field @param {Finding[]} findings @param {Around} around */
export function drawControl(field, findings, around) {
  const isWrong = findings.some((one) => one.severity === "error") || (field.left && field.mistake !== "");
  switch (field.kind) {
    case "choice":
      return drawChoice(field, isWrong, around);
    case "long":
    case "json":
      return drawLong(field, isWrong, around);
    case "secret":
      return drawSecret(field, isWrong, around);
    default:
      return html`<input id=${field.id} type="text" .value=${field.typed} placeholder=${plain(schemas.placeholder(field.schema), 100)}
        inputmode=${field.kind === "number" ? "decimal" : "text"} autocomplete="off" autocapitalize="off" spellcheck="false"
        aria-describedby="${field.id}-below" aria-invalid=${isWrong} aria-required=${field.required}
        @input=${typed(field, around)} @blur=${() => around.left(field)}>`;
  }
}

/** @param {Field} field @param {Around} around */
function typed(field, around) {
  return (/** @type {Event} */ event) => {
    field.type(/** @type {HTMLInputElement} */ (event.target).value);
    around.changed();
  };
}

/** @param {Field} field @param {boolean} isWrong @param {Around} around */
function drawSecret(field, isWrong, around) {
  const show = () => {
    field.shown = !field.shown;
    around.changed();
  };
  const button = html`<button type="button" class="inside" aria-pressed=${field.shown} aria-controls=${field.id} @click=${show}>${
    field.shown ? "Hide" : "Show"}<span class="offscreen"> ${title(field)}</span></button>`;
  if (field.schema instanceof Map && field.schema.get("x-widget") === "textarea") {
    return html`<div class="with-inside">${drawLong(field, isWrong, around)}${button}</div>`;
  }
  return html`<div class="with-inside">
    <input id=${field.id} type=${field.shown ? "text" : "password"} .value=${field.typed} autocomplete="new-password"
      autocapitalize="off" spellcheck="false" aria-describedby="${field.id}-below" aria-invalid=${isWrong}
      aria-required=${field.required} @input=${typed(field, around)} @blur=${() => around.left(field)}>${button}</div>`;
}

/** @param {Field} field @param {boolean} isWrong @param {Around} around */
function drawLong(field, isWrong, around) {
  const isHidden = field.kind === "secret" && !field.shown;
  const take = async (/** @type {File | undefined} */ file) => {
    if (!file || file.size > MAX_FILE_BYTES) return;
    field.type(await file.text());
    around.left(field);
    around.changed();
  };
  const drop = (/** @type {DragEvent} */ event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  };
  const chosen = (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    take(input.files?.[0]).then(() => (input.value = ""));
  };
  return html`<textarea id=${field.id} rows=${field.kind === "json" || field.typed !== "" ? 6 : 2} class=${isHidden ? "is-hidden" : ""} .value=${field.typed}
      placeholder=${plain(schemas.placeholder(field.schema), 100)} autocomplete="off" autocapitalize="off" spellcheck="false"
      aria-describedby="${field.id}-below" aria-invalid=${isWrong} aria-required=${field.required} @drop=${drop}
      @input=${typed(field, around)} @blur=${() => around.left(field)}></textarea>
    <p class="file"><label class="button small quiet" for="${field.id}-file">Choose file<span class="offscreen"> for ${title(field)}</span></label>
      <input id="${field.id}-file" type="file" class="offscreen" @change=${chosen}> <span class="quiet-text">or drop one on the field</span></p>`;
}

/** @param {Field} field @param {boolean} isWrong @param {Around} around */
function drawChoice(field, isWrong, around) {
  const choose = (/** @type {Event} */ event) => {
    field.chosen = Number(/** @type {HTMLSelectElement} */ (event.target).value);
    field.bare = "absent";
    around.changed();
  };
  const sought = field.filter.toLowerCase();
  const all = field.choices.map((choice, index) => ({ ...choice, index }));
  const fitting = sought ? all.filter((choice) => choice.title.toLowerCase().includes(sought)) : all;
  const shown = fitting.slice(0, MAX_CHOICES);
  const chosen = all[field.chosen];
  if (chosen && !shown.includes(chosen)) shown.unshift(chosen);
  const search = (/** @type {Event} */ event) => {
    field.filter = /** @type {HTMLInputElement} */ (event.target).value;
    around.changed();
  };
  const unset = schemas.placeholder(field.schema).replace(/^such as .*$/s, "");
  return html`${all.length > MAX_CHOICES ? html`<input type="search" class="narrow" .value=${field.filter} autocomplete="off"
      aria-label="Find a choice for ${title(field)}" placeholder="Find among ${all.length}" @input=${search}>` : nothing}
    <select id=${field.id} aria-describedby="${field.id}-below" aria-invalid=${isWrong} aria-required=${field.required}
      @change=${choose} @blur=${() => around.left(field)}>
      <option value="-1" ?selected=${field.chosen < 0}>${unset ? `Default: ${plain(unset, 60)}` : field.required ? "Choose one" : "Not set"}</option>
      ${shown.map(({ index, title }) => html`<option value=${index} ?selected=${index === field.chosen}>${plain(title, 100)}</option>`)}
    </select>
    ${fitting.length > shown.length ? html`<p class="help">${fitting.length - shown.length} more; type above to find one.</p>` : nothing}`;
}
