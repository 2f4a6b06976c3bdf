#include "json.h"

#include <stdlib.h>
#include <string.h>

static const int64_t LARGE = 1000000000000000;

static bool take(json_reader_t *reader, uint8_t character) {
  while (reader->at < reader->end &&
         (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n' || *reader->at == '\r'))
    reader->at++;
  if (reader->at == reader->end || *reader->at != character) return false;
  reader->at++;
  return true;
}

// The four digits behind \u, or -1.
static int32_t code_unit(const uint8_t *at, const uint8_t *end) {
  int32_t unit = 0;
  if (end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    uint8_t digit = at[i];
    if (digit >= '0' && digit <= '9') unit = unit * 16 + digit - '0';
    else if ((digit | 32) >= 'a' && (digit | 32) <= 'f') unit = unit * 16 + (digit | 32) - 'a' + 10;
    else return -1;
  }
  return unit;
}

static uint8_t *put_utf8(uint8_t *out, int32_t character) {
  if (character < 0x80) {
    *out++ = (uint8_t)character;
    return out;
  }
  int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  *out++ = (uint8_t)((0xff00 >> (more + 1)) | (character >> (6 * more)));
  while (more-- > 0) *out++ = (uint8_t)(0x80 | ((character >> (6 * more)) & 0x3f));
  return out;
}

// The character of an escape; the reader stands behind the backslash.
static int32_t escape(json_reader_t *reader, bool *broken) {
  uint8_t letter = *reader->at++;
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return letter;
  }
  int32_t first = code_unit(reader->at, reader->end), second = -1;
  if (first >= 0) reader->at += 4;
  if (first >= 0 && (first < 0xd800 || first > 0xdfff)) return first;
  if (reader->end - reader->at >= 6 && reader->at[0] == '\\' && reader->at[1] == 'u')
    second = code_unit(reader->at + 2, reader->end);
  if (first < 0xd800 || first > 0xdbff || second < 0xdc00 || second > 0xdfff) {
    *broken = true;
    return '?';
  }
  reader->at += 6;
  return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
}

// Moves behind the quote that ends a string, and returns where it stands.
static const uint8_t *end_of_string(json_reader_t *reader) {
  while (reader->at < reader->end) {
    uint8_t character = *reader->at++;
    if (character == '"') return reader->at - 1;
    if (character == '\\' && reader->at < reader->end) reader->at++;
  }
  return reader->end;
}

// The reader stands behind the first quote.
static json_value_t read_string(json_reader_t *reader) {
  json_reader_t inside = {.at = reader->at};
  inside.end = end_of_string(reader);
  json_value_t value = {.type = JSON_STRING};
  // No escape is shorter than what it stands for.
  uint8_t *out = value.text.ptr = malloc((size_t)(inside.end - inside.at));
  while (inside.at < inside.end) {
    uint8_t character = *inside.at++;
    if (character == '\\' && inside.at < inside.end) out = put_utf8(out, escape(&inside, &value.broken));
    else *out++ = character;
  }
  value.text.len = (size_t)(out - value.text.ptr);
  return value;
}

static json_value_t read_value(json_reader_t *reader) {
  if (take(reader, '"')) return read_string(reader);
  const uint8_t *start = reader->at;
  size_t depth = 0;
  while (reader->at < reader->end) {
    uint8_t character = *reader->at;
    bool closes = character == '}' || character == ']';
    if (depth == 0 && (closes || character == ',')) break;
    reader->at++;
    if (character == '"') end_of_string(reader);
    else if (closes) depth--;
    else if (character == '{' || character == '[') depth++;
  }
  bool number = start < reader->at && (*start == '-' || (*start >= '0' && *start <= '9'));
  string_t text = {(uint8_t *)start, (size_t)(reader->at - start)};
  return (json_value_t){.type = number ? JSON_NUMBER : JSON_OTHER, .text = text};
}

json_reader_t json_object(string_t text) {
  json_reader_t reader = {text.ptr, text.ptr + text.len};
  if (!take(&reader, '{')) reader.at = reader.end;
  return reader;
}

bool json_next(json_reader_t *reader, json_value_t *name, json_value_t *value) {
  take(reader, ',');
  if (!take(reader, '"')) return false;
  *name = read_string(reader);
  if (!take(reader, ':')) return false;
  *value = read_value(reader);
  return true;
}

bool json_whole(string_t digits, int64_t *whole) {
  const uint8_t *at = digits.ptr, *end = digits.ptr + digits.len;
  bool negative = at < end && *at == '-', fraction = false, lost = false;
  int64_t number = 0;
  int32_t exponent = 0;
  for (at += negative; at < end && (*at == '.' || (*at >= '0' && *at <= '9')); at++) {
    if (*at == '.') fraction = true;
    else if (number < LARGE) number = number * 10 + *at - '0', exponent -= fraction;
    else if (!fraction) exponent++;
    else lost |= *at != '0';
  }
  if (at < end && (*at | 32) == 'e') {
    bool minus = ++at < end && *at == '-';
    int32_t power = 0;
    for (at += at < end && (*at == '-' || *at == '+'); at < end && *at >= '0' && *at <= '9'; at++)
      if (power < 10000) power = power * 10 + *at - '0';
    exponent += minus ? -power : power;
  }
  if (lost && exponent <= 0) return false;
  for (; exponent < 0 && number != 0; exponent++, number /= 10)
    if (number % 10 != 0) return false;
  for (; exponent > 0 && number != 0 && number < LARGE; exponent--) number *= 10;
  *whole = negative ? -number : number;
  return true;
}

void json_quote(string_t *out, string_t text) {
  static const char HEX[] = "0123456789abcdef";
  uint8_t *to = out->ptr + out->len;
  *to++ = '"';
  for (size_t i = 0; i < text.len; i++) {
    uint8_t byte = text.ptr[i];
    if (byte < 0x20) {
      memcpy(to, "\\u00", 4);
      to[4] = (uint8_t)HEX[byte >> 4];
      to[5] = (uint8_t)HEX[byte & 15];
      to += 6;
      continue;
    }
    if (byte == '"' || byte == '\\') *to++ = '\\';
    *to++ = byte;
  }
  *to++ = '"';
  out->len = (size_t)(to - out->ptr);
}
