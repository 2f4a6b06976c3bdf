// Reads a JSON object where it stands, member by member, without a tree. The host has checked the text; on one that is
// no JSON the reader stops early, and never leaves it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"

typedef enum { JSON_ABSENT, JSON_STRING, JSON_NUMBER, JSON_OTHER } json_type_t;

typedef struct {
  json_type_t type;
  // What a string says, in UTF-8; of a number its digits as they stand.
  string_t text;
  // Whether a string has half of a surrogate pair, which is no text.
  bool broken;
} json_value_t;

typedef struct {
  const uint8_t *at;
  const uint8_t *end;
} json_reader_t;

// A reader of an object's members.
json_reader_t json_object(string_t text);

// Reads the next member; false when there is none.
bool json_next(json_reader_t *reader, json_value_t *name, json_value_t *value);

// Whether a number is whole, as JSON Schema understands it: 5433.0 and 5.433e3 are. The value is exact up to 10^15; one
// that is larger stays beyond that.
bool json_whole(string_t digits, int64_t *whole);

// Appends to a text that has room for it: six times the length of what is quoted, and two for the quotes.
void json_quote(string_t *out, string_t text);
