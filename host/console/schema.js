// What a form needs to know of a JSON Schema (draft 2020-12) that admission has taken. No pattern of it runs here: the
// host matches them in linear time, a browser may not.

import { list, member, same, text, write } from "./json.js";

/** @typedef {import("./json.js").Json} Json */

/**
 * How a value is typed.
 * @typedef {"text" | "long" | "secret" | "number" | "yesno" | "choice" | "list" | "object" | "map" | "branches" | "json"} Kind
 */

/** References in a row, and schemas within schemas; what is deeper is typed as JSON. */
const MAX_REFERENCES = 32;
export const MAX_LEVELS = 6;

/** Longer texts get more than a line. */
const LONG_CHARACTERS = 1024;

/**
 * A schema with what its references say; what stands beside a reference counts more.
 * @param {Json} root
 * @param {Json | undefined} schema
 * @returns {Json}
 */
export function resolve(root, schema) {
  let found = schema ?? null;
  for (let steps = 0; steps < MAX_REFERENCES && found instanceof Map && found.has("$ref"); steps += 1) {
    const target = at(root, text(found, "$ref"));
    const beside = new Map([...found].filter(([name]) => name !== "$ref"));
    found = target instanceof Map ? new Map([...target, ...beside]) : beside;
  }
  return found instanceof Map && found.has("allOf") ? merged(root, found) : found;
}

/** @param {Json} root @param {string} reference @returns {Json | undefined} */
function at(root, reference) {
  if (!reference.startsWith("#")) return undefined;
  let pointer = reference.slice(1);
  try {
    pointer = decodeURIComponent(pointer);
  } catch {
    // It is as it is written.
  }
  /** @type {Json | undefined} */
  let found = root;
  for (const segment of pointer.split("/").slice(1)) {
    const name = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    found = Array.isArray(found) ? found[Number(name)] : member(found, name);
  }
  return found;
}

/**
 * A schema with the members of its `allOf`, as far as they can stand beside each other.
 * @param {Json} root
 * @param {Map<string, Json>} schema
 */
function merged(root, schema) {
  const whole = new Map(schema);
  whole.delete("allOf");
  for (const part of list(schema, "allOf").map((one) => resolve(root, one))) {
    if (!(part instanceof Map)) continue;
    for (const [keyword, value] of part) {
      const own = whole.get(keyword);
      if (own === undefined) whole.set(keyword, value);
      else if (keyword === "properties" && own instanceof Map && value instanceof Map) {
        whole.set(keyword, new Map([...value, ...own]));
      } else if (keyword === "required" && Array.isArray(own) && Array.isArray(value)) {
        whole.set(keyword, [...own, ...value]);
      }
    }
  }
  return whole;
}

/**
 * How a value of this schema, which is resolved, is typed.
 * @param {Json} root
 * @param {Json} schema
 * @param {number} level
 * @returns {Kind}
 */
export function kindOf(root, schema, level) {
  if (!(schema instanceof Map)) return "json";
  if (choices(root, schema).length > 0) return "choice";
  if ([...list(schema, "oneOf"), ...list(schema, "anyOf")].some((one) => shapes(resolve(root, one)))) {
    return level < MAX_LEVELS && branches(root, schema).length > 0 ? "branches" : "json";
  }
  switch (typeOf(schema)) {
    case "string":
      if (isSecret(schema)) return "secret";
      return isLong(schema) ? "long" : "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "yesno";
    case "array":
      return level < MAX_LEVELS && member(schema, "items") instanceof Map ? "list" : "json";
    case "object":
      if (level >= MAX_LEVELS) return "json";
      if (schema.has("properties")) return "object";
      return member(schema, "additionalProperties") instanceof Map ? "map" : "json";
    default:
      return "json";
  }
}

/** Whether an alternative says how a value is typed, and not only what of it must be there. @param {Json} schema */
function shapes(schema) {
  return schema instanceof Map && ["type", "properties", "enum", "const", "items"].some((keyword) => schema.has(keyword));
}

/** The one type beside null; "" where there are several. @param {Map<string, Json>} schema */
export function typeOf(schema) {
  const type = schema.get("type");
  if (typeof type === "string") return type;
  const others = list(schema, "type").filter((one) => one !== "null");
  if (others.length === 1 && typeof others[0] === "string") return others[0];
  return type === undefined && schema.has("properties") ? "object" : "";
}

/** Whether null is a value of its own. @param {Json} schema */
export function takesNull(schema) {
  return list(schema, "type").includes("null");
}

/** @param {Map<string, Json>} schema */
export function isSecret(schema) {
  if (schema.get("x-secret") === false) return false;
  return schema.get("x-secret") === true || schema.get("writeOnly") === true || schema.get("format") === "password";
}

/** @param {Map<string, Json>} schema */
export function isLong(schema) {
  return schema.get("x-widget") === "textarea" || Number(schema.get("maxLength") ?? 0) > LONG_CHARACTERS;
}

/**
 * The values to choose from, each with its title; empty where it is no choice.
 * @param {Json} root
 * @param {Map<string, Json>} schema
 * @returns {{ value: Json, title: string, description: string }[]}
 */
export function choices(root, schema) {
  const shown = (/** @type {Json} */ value) => (typeof value === "string" ? value : write(value));
  if (schema.has("const")) {
    const value = schema.get("const") ?? null;
    return [{ value, title: shown(value), description: "" }];
  }
  if (schema.has("enum")) {
    return list(schema, "enum").map((value) => ({ value, title: shown(value), description: "" }));
  }
  const alternatives = [...list(schema, "oneOf"), ...list(schema, "anyOf")].map((one) => resolve(root, one));
  if (alternatives.length === 0 || !alternatives.every((one) => one instanceof Map && one.has("const"))) return [];
  return alternatives.map((one) => {
    const value = member(one, "const") ?? null;
    return { value, title: text(one, "title") || shown(value), description: text(one, "description") };
  });
}

/**
 * The alternatives of a schema, each with the schema's own members too; empty where one cannot be typed.
 * @param {Json} root
 * @param {Map<string, Json>} schema
 * @returns {{ title: string, schema: Map<string, Json>, tag: [string, Json] | null }[]}
 */
export function branches(root, schema) {
  const keyword = schema.has("oneOf") ? "oneOf" : "anyOf";
  const around = new Map([...schema].filter(([name]) => name !== keyword && !["title", "description"].includes(name)));
  const found = list(schema, keyword).map((one, index) => {
    const alternative = resolve(root, one);
    if (!(alternative instanceof Map)) return null;
    const whole = merged(root, new Map([...around, ["allOf", [alternative]], ["title", text(alternative, "title")]]));
    const tag = tagOf(root, whole);
    const title = text(alternative, "title") || (tag ? String(tag[1]) : `Alternative ${index + 1}`);
    return typeOf(whole) === "" && !whole.has("enum") ? null : { title, schema: whole, tag };
  });
  const whole = found.filter((one) => one !== null);
  return whole.length === found.length ? whole : [];
}

/** The member that says by a constant which alternative it is. @param {Json} root @param {Map<string, Json>} schema */
function tagOf(root, schema) {
  for (const [name, property] of properties(schema)) {
    const resolved = resolve(root, property);
    if (resolved instanceof Map && resolved.has("const")) {
      return /** @type {[string, Json]} */ ([name, resolved.get("const") ?? null]);
    }
  }
  return null;
}

/** @param {Json} schema @returns {[string, Json][]} */
export function properties(schema) {
  const found = member(schema, "properties");
  return found instanceof Map ? [...found] : [];
}

/** @param {Json} schema @param {string} name */
export function requires(schema, name) {
  return list(schema, "required").includes(name);
}

/** Whether it depends on other members if this one is required. @param {Json} root @param {Json} schema @param {string} name */
export function mayRequire(root, schema, name) {
  const conditional = ["then", "else"].map((keyword) => resolve(root, member(schema, keyword)));
  const dependent = member(schema, "dependentRequired");
  return [...conditional, ...list(schema, "anyOf"), ...list(schema, "oneOf")].some((one) => requires(one, name)) ||
    (dependent instanceof Map && [...dependent.values()].some((names) => Array.isArray(names) && names.includes(name)));
}

/** What is shown in an empty field: its default, or an example. @param {Json} schema */
export function placeholder(schema) {
  const shown = (/** @type {Json} */ value) => (typeof value === "string" ? value : write(value));
  const byDefault = member(schema, "default");
  if (byDefault !== undefined && byDefault !== "") return shown(byDefault);
  const [example] = list(schema, "examples");
  return example === undefined ? "" : `such as ${shown(example)}`;
}

/** Which of several alternatives a value is of. @param {Json} root @param {Map<string, Json>} schema @param {Json} value */
export function branchOf(root, schema, value) {
  const all = branches(root, schema);
  const tagged = all.findIndex(({ tag }) => tag !== null && same(member(value, tag[0]), tag[1]));
  if (tagged >= 0) return tagged;
  const names = value instanceof Map ? [...value.keys()] : [];
  const fits = (/** @type {Map<string, Json>} */ one) => {
    const type = typeOf(one);
    if (value instanceof Map) return type === "object" && names.every((name) => properties(one).some(([own]) => own === name));
    if (Array.isArray(value)) return type === "array";
    return type === (typeof value === "object" ? "number" : typeof value) || (type === "integer" && typeof value === "number");
  };
  return Math.max(0, all.findIndex((one) => fits(one.schema)));
}


/** Whether a credential is a secret: it is, unless it says otherwise. @param {Json} schema */
export function isCredential(schema) {
  return member(schema, "x-secret") !== false;
}
