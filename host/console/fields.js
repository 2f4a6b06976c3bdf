// Draws fields: the label above, help below, findings under it.

import { html, nothing } from "./vendor/lit-html.js";
import { drawControl, title } from "./controls.js";
import { findingLine } from "./findings.js";
import { below, member, text } from "./json.js";
import { certificates } from "./pem.js";
import * as schemas from "./schema.js";
import { icon, plain, stranger } from "./words.js";

/** @typedef {import("./model.js").Field} Field */
/** @typedef {import("./api.js").Finding} Finding */

/** @typedef {import("./controls.js").Around} Around */

/** More elements than these are no form any more. */
const MAX_ELEMENTS = 100;

/**
 * One field.
 * @param {Field} field
 * @param {string} pointer
 * @param {Around} around
 * @returns {unknown}
 */
export function drawField(field, pointer, around) {
  if (["object", "map", "list", "branches", "yesno"].includes(field.kind)) return drawGroup(field, pointer, around);
  const findings = around.findings(pointer);
  return html`<div class="field kind-${field.kind}">
    <label for=${field.id}><bdi>${title(field)}</bdi>${optional(field)}</label>
    ${drawControl(field, findings, around)}
    <div class="below" id="${field.id}-below">${help(field)}${notes(field)}${said(field, findings)}${bare(field, around)}</div>
  </div>`;
}

/** @param {Field} field */
function optional(field) {
  return field.required || field.isConditional ? nothing : html` <span class="optional">optional</span>`;
}

/** @param {Field} field */
function help(field) {
  const words = text(field.schema, "description");
  return words ? html`<p class="help">${stranger(words)}</p>` : nothing;
}

/** @param {Field} field @param {Finding[]} findings */
function said(field, findings) {
  const { mistake } = field;
  const own = { severity: "error", pointer: "", code: "", message: mistake, hint: "" };
  // The words that stand there as a help already are not said again.
  const description = text(field.schema, "description");
  const shown = findings.map((finding) => (finding.hint === description ? { ...finding, hint: "" } : finding));
  return (mistake && field.left ? [own, ...shown] : shown).map(findingLine);
}

/** What is told of a value, and is no finding. @param {Field} field */
function notes(field) {
  if (field.typed === "" || !["text", "long", "secret"].includes(field.kind)) return nothing;
  const isPem = field.typed.includes("-----BEGIN");
  const ends = field.kind === "secret" && !isPem && field.typed !== field.typed.trim();
  const isKey = isPem && field.typed.includes("PRIVATE KEY-----");
  return html`${ends ? html`<p class="note">${icon("info")}<span>There is white space at an end. It is kept, and part of the secret.</span></p>` : nothing}
    ${isPem && !isKey ? certificates(field.typed).map(certificate) : nothing}
    ${isKey ? html`<p class="note">${icon("info")}<span>A private key. Nothing of it is shown.</span></p>` : nothing}`;
}

/** @param {import("./pem.js").Certificate} certificate */
function certificate({ subject, expires }) {
  const until = expires ? `, valid until ${expires.toISOString().slice(0, 10)}` : "";
  const isOver = expires !== null && expires.getTime() < Date.now();
  return html`<p class="note">${icon(isOver ? "warned" : "shield")}<span>${stranger(subject)}${until}${isOver ? ": it has expired" : ""}</span></p>`;
}

/** How to send nothing at all, an empty text, or null. @param {Field} field @param {Around} around */
function bare(field, around) {
  const isText = ["text", "long"].includes(field.kind);
  const canBeEmpty = (isText && !Number(member(field.schema, "minLength") ?? 0)) ||
    (field.kind === "list" && !Number(member(field.schema, "minItems") ?? 0));
  const canBeNull = schemas.takesNull(field.schema);
  const isNothing = field.bare !== "absent" || field.value === undefined;
  if (!isNothing || (!canBeEmpty && !canBeNull)) return nothing;
  const option = (/** @type {"absent" | "empty" | "null"} */ value, /** @type {string} */ words) =>
    html`<button type="button" class="chip" aria-pressed=${field.bare === value} @click=${() => {
      field.bare = value;
      around.changed();
    }}>${words}</button>`;
  return html`<p class="bare ${field.bare === "absent" ? "" : "is-set"}"><span class="offscreen">Where nothing is typed:</span>
    ${option("absent", "Not sent")}
    ${canBeEmpty ? option("empty", field.kind === "list" ? "Empty list" : "Empty text") : nothing}
    ${canBeNull ? option("null", "null") : nothing}</p>`;
}

/** @param {Field} field @param {string} pointer @param {Around} around */
function drawGroup(field, pointer, around) {
  const findings = around.findings(pointer);
  return html`<fieldset class="field group kind-${field.kind}" id=${field.id} tabindex="-1" aria-describedby="${field.id}-below">
    <legend><bdi>${title(field)}</bdi>${optional(field)}</legend>
    <div id="${field.id}-below">${help(field)}${said(field, findings)}</div>
    ${drawParts(field, pointer, around)}${bare(field, around)}${others(field, around)}
  </fieldset>`;
}

/** @param {Field} field @param {string} pointer @param {Around} around @returns {unknown} */
function drawParts(field, pointer, around) {
  switch (field.kind) {
    case "yesno":
      return drawYesNo(field, around);
    case "branches":
      return drawBranches(field, pointer, around);
    case "list":
    case "map":
      return drawElements(field, pointer, around);
    default:
      return drawMembers(field.parts, pointer, around);
  }
}

/**
 * The members of an object; one that is deprecated only where it is set.
 * @param {Field[]} fields
 * @param {string} pointer
 * @param {Around} around
 */
export function drawMembers(fields, pointer, around) {
  const shown = fields.filter((field) => member(field.schema, "deprecated") !== true || field.value !== undefined || field.left);
  return shown.map((field, index) => {
    // What is short goes beside what is before it, such as a port beside its host.
    const isShort = field.kind === "number" && shown[index - 1]?.kind === "text";
    const isBeside = field.kind === "text" && shown[index + 1]?.kind === "number";
    return html`<div class="cell ${isShort ? "is-short" : isBeside ? "is-beside" : ""}">${drawField(field, below(pointer, field.name), around)}</div>`;
  });
}

/** @param {Field} field @param {Around} around */
function drawYesNo(field, around) {
  const option = (/** @type {number} */ index, /** @type {string} */ words) => html`<label class="segment"><input type="radio" name=${field.id}
    .checked=${field.chosen === index} @change=${() => {
      field.chosen = index;
      around.changed();
    }}><span>${words}</span></label>`;
  const unset = member(field.schema, "default");
  const words = unset === undefined ? "Not set" : `Default: ${unset === true ? "yes" : "no"}`;
  return html`<div class="segments">${field.required && unset === undefined ? nothing : option(-1, words)}${option(0, "Yes")}${option(1, "No")}</div>`;
}

/** @param {Field} field @param {string} pointer @param {Around} around */
function drawBranches(field, pointer, around) {
  const choose = (/** @type {Event} */ event) => {
    field.chosen = Number(/** @type {HTMLSelectElement} */ (event.target).value);
    around.changed();
  };
  const { branch } = field;
  const members = branch.kind === "object" ? branch.parts.filter((part) => !isConstant(part)) : null;
  return html`<select aria-label="Which ${title(field)}" @change=${choose}>
      ${field.branches.map(({ title }, index) => html`<option value=${index} ?selected=${index === field.chosen}>${plain(title, 100)}</option>`)}
    </select>
    <div class="members">${members ? drawMembers(members, pointer, around) : drawField(branch, pointer, around)}</div>`;
}

/** @param {Field} field */
function isConstant(field) {
  return field.schema instanceof Map && field.schema.has("const");
}

/** @param {Field} field @param {string} pointer @param {Around} around */
function drawElements(field, pointer, around) {
  const isMap = field.kind === "map";
  const add = () => {
    const added = field.add();
    field.bare = "absent";
    around.changed();
    queueMicrotask(() => focusOn(isMap ? `${added.id}-name` : added.id));
  };
  const shown = field.parts.slice(0, MAX_ELEMENTS);
  for (const [index, part] of shown.entries()) part.ordinal = index + 1;
  const over = field.parts.length - shown.length;
  return html`<ol class="elements">${shown.map((part, index) => html`<li>
      ${isMap ? drawName(part, index, around) : nothing}
      ${drawField(part, below(pointer, isMap ? part.name : index), around)}
      <span class="tools">${isMap ? nothing : html`${tool("up", index, -1)}${tool("down", index, 1)}`}${tool("remove", index, 0)}</span>
    </li>`)}</ol>
    ${over > 0 ? html`<p class="help">${over} more elements are kept and not shown.</p>` : nothing}
    <button type="button" class="small" id="${field.id}-add" ?disabled=${field.parts.length >= MAX_ELEMENTS} @click=${add}>${icon("add")} Add<span class="offscreen"> to ${title(field)}</span></button>`;

  /** @param {"up" | "down" | "remove"} name @param {number} index @param {number} by */
  function tool(name, index, by) {
    const part = field.parts[index];
    const isOff = by !== 0 && (index + by < 0 || index + by >= field.parts.length);
    const words = by === 0 ? `Remove element ${index + 1}` : `Move element ${index + 1} ${name}`;
    const act = () => {
      if (!part || isOff) return;
      if (by === 0) field.remove(part);
      else field.move(part, by);
      around.changed();
      const next = by === 0 ? `${field.id}-add` : `${part.id}-${name}`;
      queueMicrotask(() => focusOn(next));
    };
    return html`<button type="button" class="tool" id="${part?.id}-${name}" aria-label="${words} of ${title(field)}" aria-disabled=${isOff} @click=${act}>${icon(name)}</button>`;
  }
}

/** @param {Field} part @param {number} index @param {Around} around */
function drawName(part, index, around) {
  const rename = (/** @type {Event} */ event) => {
    part.name = /** @type {HTMLInputElement} */ (event.target).value;
    around.changed();
  };
  return html`<input type="text" id="${part.id}-name" class="narrow" aria-label="Name of entry ${index + 1}" .value=${part.name} autocomplete="off"
    spellcheck="false" placeholder="Name" @input=${rename}>`;
}

/** Members that the schema does not know: kept, and sent, until somebody removes them. @param {Field} field @param {Around} around */
export function others(field, around) {
  if (field.rest.size === 0) return nothing;
  const remove = (/** @type {string} */ name) => {
    field.rest.delete(name);
    around.changed();
  };
  return html`<p class="note">${icon("info")}<span>Sent as well, although the form has no field for it:
    ${[...field.rest.keys()].map((name) => html` <button type="button" class="chip" @click=${() => remove(name)}>${stranger(name)} ${icon("remove")}<span class="offscreen">: remove</span></button>`)}</span></p>`;
}

/** Gives the focus to an element, if it is there. @param {string} id */
export function focusOn(id) {
  const element = document.getElementById(id);
  element?.focus();
  element?.scrollIntoView({ block: "nearest" });
}
