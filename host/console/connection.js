// A connection that is being typed: its fields, what is sent of them, and what there is to say at each.

import { list, member, text } from "./json.js";
import { whole } from "./model.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./model.js").Field} Field */

export class Connection {
  /** @param {Json} type One of `GET /assets/data/types`. */
  constructor(type) {
    this.type = type;
    this.name = "";
    this.hasLeftName = false;
    this.config = whole(member(type, "config_schema") ?? null, false);
    /** By method, so that what was typed for another one is kept. @type {Map<string, Field>} */
    this.credentialsOf = new Map();
    this.examples = 0;
  }

  get connectionType() {
    return text(this.type, "connection_type");
  }

  /** The member of a request that holds the configuration. */
  get configMember() {
    return text(this.type, "config_member");
  }

  /** The method that the configuration chooses; the first where it chooses none. @returns {Json} */
  get method() {
    const methods = list(this.type, "auth_methods");
    const chosen = this.config.parts.find((field) => field.name === text(this.type, "auth_member"))?.value;
    return methods.find((method) => text(method, "name") === chosen) ?? methods[0] ?? null;
  }

  /** The fields of the method's credentials. */
  get credentials() {
    const name = text(this.method, "name");
    const known = this.credentialsOf.get(name);
    if (known) return known;
    const made = whole(member(this.method, "credential_schema") ?? null, true);
    this.credentialsOf.set(name, made);
    return made;
  }

  /** Whether anything has been typed. */
  get isDirty() {
    const isTyped = (/** @type {Field} */ field) => field.value instanceof Map && field.value.size > 0;
    return this.name !== "" || isTyped(this.config) || [...this.credentialsOf.values()].some(isTyped);
  }

  /** The body of `validate`: no value of any credential. @returns {Json} */
  get outline() {
    const set = this.credentials.value;
    const names = set instanceof Map ? [...set.keys()] : [];
    return new Map([...this.candidate(), ["credentials_set", names]]);
  }

  /** The body of `verify`. @returns {Json} */
  get attempt() {
    return new Map([...this.candidate(), ["credentials", this.credentials.value ?? new Map()]]);
  }

  /** The body of registering. @returns {Json} */
  get registration() {
    const attempt = this.attempt;
    return new Map([["name", this.name], ...(attempt instanceof Map ? attempt : [])]);
  }

  /** @returns {Map<string, Json>} */
  candidate() {
    return new Map(/** @type {[string, Json][]} */ ([
      ["connection_type", this.connectionType],
      [this.configMember, this.config.value ?? new Map()],
    ]));
  }

  /** Takes the next of the type's examples. */
  fillWithExample() {
    const examples = list(this.type, "examples");
    const example = examples[this.examples % examples.length] ?? null;
    this.examples += 1;
    this.config = whole(member(this.type, "config_schema") ?? null, false);
    this.config.fill(example);
  }

  /** The pointers of all fields that are drawn, each with its field; those of members start at the request's body.
   * @returns {Map<string, Field>} */
  get places() {
    return new Map([...this.config.walk(`/${this.configMember}`), ...this.credentials.walk("/credentials")]);
  }

  /** Members that say where the connection leads, which are never hidden. */
  get leading() {
    const patterns = list(this.type, "reaches").flatMap((reach) => [text(reach, "host"), text(reach, "port")]);
    return patterns.flatMap((pattern) => pattern.match(/^\{\/([^/{}]+)/)?.[1] ?? []);
  }

  /** The fields of the configuration: those that matter to everybody, and those that have a default. @returns {[Field[], Field[]]} */
  get sections() {
    const { leading } = this;
    const rank = (/** @type {Field} */ field) => {
      if (field.required || leading.includes(field.name)) return 0;
      return member(field.schema, "default") === undefined ? 1 : 2;
    };
    const ranked = (/** @type {number} */ wanted) => this.config.parts.filter((field) => rank(field) === wanted);
    return [[...ranked(0), ...ranked(1)], ranked(2)];
  }
}
