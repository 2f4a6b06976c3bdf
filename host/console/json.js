// JSON that loses nothing: objects are maps in the order of their text, so that no member's name means anything to this
// language, and numbers keep their digits beyond 2^53.

/** A number by its digits, where a 64-bit float would have others. */
export class Numeral {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @typedef {import("./value.d.ts").Json} Json */
/** @typedef {Map<string, Json>} Members */

/** The API takes 64 levels, and such a schema stands in an answer; it is also the recursion's bound. */
const MAX_DEPTH = 128;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;

class Parser {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /** @param {string} what @returns {never} */
  fail(what) {
    throw new SyntaxError(`${what}, at character ${this.at + 1}`);
  }

  /** @param {RegExp} pattern */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  /** @param {string} word */
  skip(word) {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** @param {number} depth @returns {Json} */
  value(depth) {
    if (depth > MAX_DEPTH) this.fail(`More than ${MAX_DEPTH} levels`);
    this.take(SPACE);
    const value = this.bare(depth);
    this.take(SPACE);
    return value;
  }

  /** @param {number} depth @returns {Json} */
  bare(depth) {
    if (this.skip("{")) return this.object(depth);
    if (this.skip("[")) return this.array(depth);
    if (this.skip('"')) return this.string();
    if (this.skip("true")) return true;
    if (this.skip("false")) return false;
    if (this.skip("null")) return null;
    const digits = this.take(NUMBER);
    return digits === "" ? this.fail("A value is missing, or it is not JSON") : numeral(digits);
  }

  /** @param {number} depth */
  object(depth) {
    /** @type {Members} */
    const members = new Map();
    this.take(SPACE);
    if (this.skip("}")) return members;
    do {
      this.take(SPACE);
      if (!this.skip('"')) this.fail("A member's name in quotation marks is missing");
      const name = this.string();
      if (members.has(name)) this.fail("A member is there twice");
      this.take(SPACE);
      if (!this.skip(":")) this.fail("A colon is missing");
      members.set(name, this.value(depth + 1));
    } while (this.skip(","));
    if (!this.skip("}")) this.fail("A comma or } is missing");
    return members;
  }

  /** @param {number} depth */
  array(depth) {
    /** @type {Json[]} */
    const elements = [];
    this.take(SPACE);
    if (this.skip("]")) return elements;
    do elements.push(this.value(depth + 1));
    while (this.skip(","));
    if (!this.skip("]")) this.fail("A comma or ] is missing");
    return elements;
  }

  string() {
    let text = "";
    for (;;) {
      text += this.take(PLAIN);
      if (this.skip('"')) return text;
      if (!this.skip("\\")) this.fail("A text does not end, or has a control character");
      const escape = this.text.slice(this.at - 1, this.at + (this.text[this.at] === "u" ? 5 : 1));
      try {
        text += JSON.parse(`"${escape}"`);
      } catch {
        this.fail("A text has an unknown escape");
      }
      this.at += escape.length - 1;
    }
  }
}

/**
 * A number, which keeps its digits where a float would not.
 * @param {string} digits
 */
export function numeral(digits) {
  const number = Number(digits);
  return String(number) === digits ? number : new Numeral(digits);
}

/**
 * Whether a text is a number in JSON.
 * @param {string} text
 */
export function isNumber(text) {
  NUMBER.lastIndex = 0;
  return NUMBER.exec(text)?.[0] === text && text !== "";
}

/**
 * Reads a text; throws a `SyntaxError` that says what is wrong, and where.
 * @param {string} text
 * @returns {Json}
 */
export function parse(text) {
  const parser = new Parser(text);
  const value = parser.value(0);
  if (parser.at < text.length) parser.fail("There is more behind the value");
  return value;
}

/**
 * Writes a value, with an indent per level if one is given.
 * @param {Json} value
 * @param {string} [indent]
 * @returns {string}
 */
export function write(value, indent = "") {
  return writeAt(value, indent, "");
}

/** @param {Json} value @param {string} indent @param {string} margin @returns {string} */
function writeAt(value, indent, margin) {
  if (value instanceof Numeral) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = margin + indent;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((element) => writeAt(element, indent, inner))
    : [...value].map(([name, member]) => `${JSON.stringify(name)}: ${writeAt(member, indent, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  if (indent === "") return open + parts.join(", ") + close;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${margin}${close}`;
}

/**
 * The pointer of a member or an element (RFC 6901).
 * @param {string} pointer
 * @param {string | number} name
 */
export function below(pointer, name) {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/**
 * A member of what may be an object.
 * @param {Json | undefined} value
 * @param {string} name
 * @returns {Json | undefined}
 */
export function member(value, name) {
  return value instanceof Map ? value.get(name) : undefined;
}

/**
 * A text member of what may be an object; "" where it is none.
 * @param {Json | undefined} value
 * @param {string} name
 */
export function text(value, name) {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}

/**
 * A list member of what may be an object; empty where it is none.
 * @param {Json | undefined} value
 * @param {string} name
 * @returns {Json[]}
 */
export function list(value, name) {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

/**
 * Whether two values are the same.
 * @param {Json | undefined} one
 * @param {Json | undefined} other
 */
export function same(one, other) {
  return one !== undefined && other !== undefined && write(one) === write(other);
}
