import type { Numeral } from "./json.js";

/** A JSON value; an object is a map of its members. Comments of JavaScript cannot say a type that contains itself. */
export type Json = null | boolean | number | string | Numeral | Json[] | Map<string, Json>;
