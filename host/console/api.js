// Requests to the API of this host. The token is in this module's memory, and nowhere else.

import { Numeral, list, member, parse, text, write } from "./json.js";

/** @typedef {import("./json.js").Json} Json */
/** @typedef {import("./json.js").Members} Members */

/**
 * Who is signed in, as the token says it. The host checks it; here it is only shown.
 * @typedef {{ organization: string, project: string, principal: string, roles: string[], expires: number }} Session
 */

/**
 * One thing to say about an input.
 * @typedef {{ severity: string, pointer: string, code: string, message: string, hint: string }} Finding
 */

let token = "";

/** @type {Session | null} */
let session = null;

/** Why a request had no good answer, in words for people. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: string, requestId?: string, retryAfter?: number, details?: Json, sender?: Session | null }} [facts]
   */
  constructor(message, facts = {}) {
    super(message);
    this.status = facts.status ?? 0;
    this.code = facts.code ?? "";
    this.requestId = facts.requestId ?? "";
    this.retryAfter = facts.retryAfter ?? 0;
    /** Who was signed in when the request was sent, which may be somebody else than now. */
    this.sender = facts.sender ?? null;
    this.findings = list(facts.details, "findings").map(finding);
  }

  /** Whether to sign in again would help. */
  get isExpired() {
    return this.status === 401;
  }
}

/** Who is signed in; null where nobody is. */
export function signedIn() {
  return session;
}

/**
 * Signs in with a token, in a project; without one it is the token's. Throws a `Failure` for a text that is no token.
 * @param {string} newToken
 * @param {string} [project]
 */
export function signIn(newToken, project = "") {
  session = sessionOf(newToken, project);
  token = newToken.trim();
}

/**
 * Who a token signs in. Throws a `Failure` for a text that is no token.
 * @param {string} someToken
 * @param {string} [project]
 * @returns {Session}
 */
export function sessionOf(someToken, project = "") {
  const read = claims(someToken.trim());
  const projects = list(read, "roles").map((role) => text(role, "project"));
  const named = projects.find((name) => name !== "") ?? "";
  return {
    organization: text(read, "org_id"),
    project: project.trim() || named,
    principal: text(read, "sub"),
    roles: list(read, "roles").map((role) => text(role, "role")),
    expires: Number(member(read, "exp") ?? 0),
  };
}

/**
 * Whether what is sent for the one goes where it goes for the other.
 * @param {Session | null} one
 * @param {Session | null} other
 */
export function isSame(one, other) {
  return one?.organization === other?.organization && one?.project === other?.project && one?.principal === other?.principal;
}

/** Forgets the token. */
export function signOut() {
  token = "";
  session = null;
}

/** @param {string} token @returns {Json} */
function claims(token) {
  const parts = token.split(".");
  try {
    if (parts.length !== 3) throw new SyntaxError("not three parts");
    const bytes = atob((parts[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    return parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))));
  } catch {
    throw new Failure("This is not a token: it has three parts with dots between them, such as eyJ….eyJ….abc.");
  }
}

/**
 * Exchanges the one-time code of a link for its token, which signs nobody in yet.
 * @param {string} code
 */
export async function redeem(code) {
  signOut();
  try {
    return text(await send("POST", "/console/token", undefined, { headers: { Authorization: `Code ${code}` } }), "token");
  } catch (error) {
    if (!(error instanceof Failure) || !error.isExpired) throw error;
    throw new Failure("This link was used already, or is older than a minute. Sign in with a token.");
  }
}

/**
 * Sends a request and reads the answer's body; throws a `Failure` where it is no success.
 * @param {string} method
 * @param {string} path
 * @param {Json} [body]
 * @param {{ signal?: AbortSignal, headers?: Record<string, string> }} [options]
 * @returns {Promise<Json>}
 */
export async function send(method, path, body, { signal, headers } = {}) {
  /** @type {Record<string, string>} */
  const all = { Accept: "application/json", ...headers };
  const sender = session;
  if (token !== "") all["Authorization"] = `Bearer ${token}`;
  if (session?.project) all["X-Project-ID"] = encodeHeader(session.project);
  if (body !== undefined) all["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers: all,
    signal: signal ?? null,
    body: body === undefined ? null : write(body),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
  }).catch((error) => {
    if (signal?.aborted) throw error;
    throw new Failure("The host cannot be reached. Check your network, and that Patchpanel runs.");
  });
  const answer = await readBody(response, signal);
  if (response.ok) return answer;
  const error = member(answer, "error");
  throw new Failure(text(error, "message") || `The host answered ${response.status}.`, {
    status: response.status,
    code: text(error, "code"),
    requestId: text(error, "request_id"),
    retryAfter: Number(response.headers.get("Retry-After") ?? 0),
    details: member(error, "details") ?? null,
    sender,
  });
}

/** @param {Response} response @param {AbortSignal | undefined} signal */
async function readBody(response, signal) {
  let body = "";
  try {
    body = await response.text();
    return body === "" ? null : parse(body);
  } catch (error) {
    if (signal?.aborted) throw error;
    if (error instanceof SyntaxError) return null;
    throw new Failure("The answer broke off. Try again.");
  }
}

/** A header's bytes are UTF-8 here, and `fetch` takes each character for one byte. @param {string} value */
function encodeHeader(value) {
  return String.fromCharCode(...new TextEncoder().encode(value));
}

/** @param {Json} value @returns {Finding} */
export function finding(value) {
  const [severity, pointer, code] = [text(value, "severity"), text(value, "pointer"), text(value, "code")];
  return { severity, pointer, code, message: text(value, "message"), hint: text(value, "hint") };
}

/** A random name for an attempt, so that a repetition of it is known for one. */
export function attempt() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Json | undefined} value */
export function milliseconds(value) {
  const number = value instanceof Numeral ? Number(value.text) : value;
  return typeof number === "number" ? `${number < 10 ? number.toFixed(1) : Math.round(number)} ms` : "";
}
