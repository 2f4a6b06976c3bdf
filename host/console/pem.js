// What is worth showing of certificates in PEM: for whom, and until when. Of keys nothing is looked at.

/** @typedef {{ subject: string, expires: Date | null }} Certificate */

/** More than these are not listed. */
const MAX_CERTIFICATES = 20;

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END/g;

/** The object identifiers of names, in DER (X.520). */
const COMMON_NAME = "85,4,3";
const ORGANIZATION = "85,4,10";

/** Tags of DER (X.690). */
const [SEQUENCE, SET, UTC_TIME, VERSION] = [0x30, 0x31, 0x17, 0xa0];

/**
 * Reads every certificate of a text that can be read.
 * @param {string} text
 * @returns {Certificate[]}
 */
export function certificates(text) {
  const found = [];
  for (const [, base64 = ""] of text.matchAll(PEM)) {
    if (found.length >= MAX_CERTIFICATES) break;
    try {
      found.push(certificate(Uint8Array.from(atob(base64.replaceAll(/\s/g, "")), (byte) => byte.charCodeAt(0))));
    } catch {
      found.push({ subject: "a certificate that cannot be read", expires: null });
    }
  }
  return found;
}

/** @param {Uint8Array} der @returns {Certificate} */
function certificate(der) {
  const [outer] = elements(der);
  const [signed] = elements(content(outer, SEQUENCE));
  const parts = elements(content(signed, SEQUENCE));
  // Version 1 says no version (RFC 5280, section 4.1).
  const first = parts[0]?.tag === VERSION ? 1 : 0;
  const [, notAfter] = elements(content(parts[first + 3], SEQUENCE));
  return { subject: name(content(parts[first + 4], SEQUENCE)), expires: notAfter ? time(notAfter) : null };
}

/** @typedef {{ tag: number, bytes: Uint8Array }} Element */

/** The elements in a row. @param {Uint8Array} der @returns {Element[]} */
function elements(der) {
  const found = [];
  let at = 0;
  while (at < der.length) {
    const tag = der[at] ?? 0;
    let length = der[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const digits = length & 0x7f;
      if (digits === 0 || digits > 3) throw new RangeError("no length");
      length = der.slice(at, at + digits).reduce((sum, digit) => sum * 256 + digit, 0);
      at += digits;
    }
    if (at + length > der.length) throw new RangeError("cut off");
    found.push({ tag, bytes: der.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** @param {Element | undefined} element @param {number} tag */
function content(element, tag) {
  if (element?.tag !== tag) throw new RangeError("another tag");
  return element.bytes;
}

/** The common name, else the organization. @param {Uint8Array} der */
function name(der) {
  const found = new Map();
  for (const set of elements(der)) {
    for (const pair of elements(content(set, SET))) {
      const [type, value] = elements(content(pair, SEQUENCE));
      if (type && value) found.set(type.bytes.join(), new TextDecoder().decode(value.bytes));
    }
  }
  return found.get(COMMON_NAME) ?? found.get(ORGANIZATION) ?? "a certificate without a common name";
}

/** @param {Element} element */
function time({ tag, bytes }) {
  const digits = new TextDecoder().decode(bytes);
  // Two digits of a year are those from 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
  const full = tag === UTC_TIME ? (digits < "50" ? "20" : "19") + digits : digits;
  const found = full.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/);
  if (!found) return null;
  const date = new Date(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  // Digits may name no day, such as the 99th of a month.
  return Number.isNaN(date.getTime()) ? null : date;
}
