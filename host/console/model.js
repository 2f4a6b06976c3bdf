// What is typed into a form, and what of it is sent: absent is not "", and neither is null. A field that nobody has
// touched is not sent, since a default of the schema is the connector's word and not the tenant's.

import { below, isNumber, numeral, parse, same, write } from "./json.js";
import * as schemas from "./schema.js";

/** @typedef {import("./json.js").Json} Json */

/**
 * What all fields of one form have in common.
 * @typedef {{ root: Json, secretByDefault: boolean, fields: number }} Form
 */

/** More fields than these are one JSON text. */
const MAX_FIELDS = 300;

/** More members than these of an object within another are one JSON text. */
const MAX_MEMBERS = 100;

let ids = 0;

/** One member, element or whole that is typed. */
export class Field {
  /**
   * @param {Form} form
   * @param {Json} schema
   * @param {{ name?: string, required?: boolean, isConditional?: boolean, level?: number }} [place]
   */
  constructor(form, schema, { name = "", required = false, isConditional = false, level = 0 } = {}) {
    this.form = form;
    this.schema = schemas.resolve(form.root, schema);
    this.name = name;
    this.required = required;
    /** Whether other members decide if it is required, which the host is asked about. */
    this.isConditional = isConditional;
    this.level = level;
    this.id = `field-${(ids += 1)}`;
    form.fields += 1;
    this.kind = form.fields > MAX_FIELDS && level > 0 ? "json" : schemas.kindOf(form.root, this.schema, level);
    // One object must not take the room of all that come after it.
    if (this.kind === "object" && level > 0 && schemas.properties(this.schema).length > MAX_MEMBERS) this.kind = "json";
    if (form.secretByDefault && ["text", "long"].includes(this.kind) && schemas.isCredential(this.schema)) {
      this.kind = "secret";
    }
    /** What is set where nothing is typed: nothing, the empty value, or null. @type {"absent" | "empty" | "null"} */
    this.bare = "absent";
    /** What is typed into the field, be it a text, digits or JSON. */
    this.typed = "";
    /** Which choice or alternative; -1 where none is. */
    this.chosen = this.kind === "branches" ? 0 : -1;
    /** Whether it has been left once: before, errors would come too early. */
    this.left = false;
    /** The place of an element of a list, from 1; 0 for all else. */
    this.ordinal = 0;
    /** Whether a secret is shown. */
    this.shown = false;
    /** Elements of a list, members of an object, entries of a map, or alternatives. @type {Field[]} */
    this.parts = [];
    /** Members that its schema does not know. @type {Map<string, Json>} */
    this.rest = new Map();
    this.choices = this.kind === "choice" && this.schema instanceof Map ? schemas.choices(form.root, this.schema) : [];
    /** What narrows a long list of choices. */
    this.filter = "";
    if (this.kind === "object") this.parts = this.members();
  }

  members() {
    return schemas.properties(this.schema).map(([name, schema]) => {
      const required = schemas.requires(this.schema, name);
      const isConditional = schemas.mayRequire(this.form.root, this.schema, name);
      const field = new Field(this.form, schema, { name, required, isConditional, level: this.level + 1 });
      // A constant is no choice.
      if (required && field.choices.length === 1 && isConstant(field.schema)) field.chosen = 0;
      return field;
    });
  }

  /** The alternatives of the schema. */
  get branches() {
    return this.schema instanceof Map ? schemas.branches(this.form.root, this.schema) : [];
  }

  /** The field of the alternative that is chosen; what was typed into the others is kept. */
  get branch() {
    const index = this.chosen;
    this.parts[index] ??= new Field(this.form, this.branches[index]?.schema ?? null, {
      required: this.required,
      level: this.level + 1,
    });
    return this.parts[index];
  }

  /** A new element of a list, or entry of a map. */
  add(name = "") {
    const keyword = this.kind === "map" ? "additionalProperties" : "items";
    const schema = (this.schema instanceof Map && this.schema.get(keyword)) || null;
    const field = new Field(this.form, schema, { name, required: true, level: this.level + 1 });
    this.parts.push(field);
    return field;
  }

  /** @param {Field} part */
  remove(part) {
    this.parts = this.parts.filter((other) => other !== part);
  }

  /** Moves an element up or down. @param {Field} part @param {number} by */
  move(part, by) {
    const from = this.parts.indexOf(part);
    const [moved] = this.parts.splice(from, 1);
    if (moved) this.parts.splice(from + by, 0, moved);
  }

  /** Types into the field. @param {string} typed */
  type(typed) {
    this.typed = typed;
    this.bare = "absent";
  }

  /** What is sent; undefined where it is absent. @returns {Json | undefined} */
  get value() {
    if (this.bare === "null") return null;
    switch (this.kind) {
      case "text":
      case "long":
      case "secret":
        return this.typed === "" && this.bare !== "empty" ? undefined : this.typed;
      case "number":
        // What is no number is sent as it is, to be told what is wrong with it.
        if (this.typed.trim() === "") return undefined;
        return isNumber(this.typed.trim()) ? numeral(this.typed.trim()) : this.typed;
      case "yesno":
      case "choice":
        return this.chosenValue;
      case "list": {
        const elements = this.parts.map((part) => (part.value === undefined ? "" : part.value));
        return elements.length === 0 && this.bare !== "empty" ? undefined : elements;
      }
      case "object":
      case "map":
        return this.object;
      case "branches":
        return this.branch.value;
      default:
        return this.json;
    }
  }

  /** @returns {Json | undefined} */
  get chosenValue() {
    if (this.chosen < 0) return undefined;
    return this.kind === "yesno" ? this.chosen === 0 : this.choices[this.chosen]?.value;
  }

  /** @returns {Json | undefined} */
  get object() {
    const members = new Map(this.rest);
    for (const part of this.parts) {
      const value = part.value;
      if (value !== undefined) members.set(part.name, value);
      else if (this.kind === "map") members.set(part.name, "");
    }
    // A constant alone says nothing.
    const says = this.rest.size > 0 || this.parts.some((part) => part.value !== undefined && !isConstant(part.schema));
    return says || this.required || this.level === 0 || this.bare === "empty" ? members : undefined;
  }

  /** @returns {Json | undefined} */
  get json() {
    if (this.typed.trim() === "") return undefined;
    try {
      return parse(this.typed);
    } catch {
      return undefined;
    }
  }

  /** What this page itself finds wrong: what cannot be sent. */
  get mistake() {
    if (this.kind !== "json" || this.typed.trim() === "") return "";
    try {
      parse(this.typed);
      return "";
    } catch (error) {
      return `This is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}.`;
    }
  }

  /** Takes over a value; members that the schema does not know are kept. @param {Json} value */
  fill(value) {
    this.bare = value === null && schemas.takesNull(this.schema) ? "null" : "absent";
    if (this.bare === "null") return;
    switch (this.kind) {
      case "json":
        this.typed = write(value, "  ");
        return;
      case "yesno":
        this.chosen = value === true ? 0 : value === false ? 1 : -1;
        return;
      case "choice":
        this.chosen = this.choices.findIndex((choice) => same(choice.value, value));
        return;
      case "branches":
        if (this.schema instanceof Map) this.chosen = schemas.branchOf(this.form.root, this.schema, value);
        this.branch.fill(value);
        return;
      case "list":
        this.parts = [];
        for (const element of Array.isArray(value) ? value : [value]) this.add().fill(element);
        if (this.parts.length === 0) this.bare = "empty";
        return;
      case "object":
      case "map":
        this.fillMembers(value);
        return;
      default:
        this.typed = typeof value === "string" ? value : write(value);
        if (this.typed === "") this.bare = "empty";
    }
  }

  /** @param {Json} value */
  fillMembers(value) {
    if (!(value instanceof Map)) return;
    if (this.kind === "map") this.parts = [];
    for (const [name, member] of value) {
      const known = this.parts.find((part) => part.name === name);
      if (known) known.fill(member);
      else if (this.kind === "map") this.add(name).fill(member);
      else this.rest.set(name, member);
    }
  }

  /** Every field with its pointer, this one first: those of other alternatives are not sent. @param {string} pointer
   * @returns {Generator<[string, Field]>} */
  *walk(pointer) {
    yield [pointer, this];
    if (this.kind === "branches") {
      yield* this.branch.walk(pointer);
      return;
    }
    for (const [index, part] of this.parts.entries()) {
      yield* part.walk(below(pointer, this.kind === "list" ? index : part.name));
    }
  }
}

/** @param {Json} schema */
function isConstant(schema) {
  return schema instanceof Map && schema.has("const");
}

/**
 * The field of a whole configuration or of credentials.
 * @param {Json} schema
 * @param {boolean} secretByDefault
 */
export function whole(schema, secretByDefault) {
  return new Field({ root: schema, secretByDefault, fields: 0 }, schema);
}
