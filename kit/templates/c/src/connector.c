// The Example Database connector: checks configurations and describes connections; it never sees a credential.

#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "json.h"

enum { MOST_FINDINGS = 8 };

// In the order of the contract's variant `tls-mode`.
static const string_t TLS_MODES[] = {TEXT("disable"), TEXT("require"), TEXT("verify-ca"), TEXT("verify-full")};

// A configuration, and what is wrong with it.
typedef struct {
  json_value_t host, port, database, ssl_mode;
  uint16_t port_number;
  uint8_t tls_mode;
  bool failed;
  findings_t findings;
} check_t;

static string_t text(const char *literal) {
  return (string_t){(uint8_t *)literal, strlen(literal)};
}

static bool equal(string_t a, string_t b) {
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++)
    if (a.ptr[i] != b.ptr[i]) return false;
  return true;
}

static void append(string_t *out, string_t more) {
  memcpy(out->ptr + out->len, more.ptr, more.len);
  out->len += more.len;
}

static string_t join(const char *first, const char *second) {
  string_t out = {malloc(strlen(first) + strlen(second)), 0};
  append(&out, text(first));
  append(&out, text(second));
  return out;
}

// As JSON Schema counts them: code points.
static size_t characters(string_t text) {
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) count += (text.ptr[i] & 0xc0) != 0x80;
  return count;
}

static bool has_control_character(string_t text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return true;
    if (text.ptr[i] == 0xc2 && i + 1 < text.len && text.ptr[i + 1] < 0xa0) return true;
  }
  return false;
}

// The message starts with the member's name; there may be a hint.
static void say(check_t *check, uint8_t severity, const char *code, const char *member, const char *message,
                const char *hint) {
  check->failed |= severity == PATCHPANEL_CONNECTOR_TYPES_SEVERITY_ERROR;
  if (check->findings.len == MOST_FINDINGS) return;
  check->findings.ptr[check->findings.len++] = (finding_t){
    .severity = {.tag = severity},
    .code = text(code),
    .pointer = join("/", member),
    .message = join(member, message),
    .hint = {.is_some = hint != NULL, .val = text(hint != NULL ? hint : "")},
  };
}

static void error(check_t *check, const char *code, const char *member, const char *message, const char *hint) {
  say(check, PATCHPANEL_CONNECTOR_TYPES_SEVERITY_ERROR, code, member, message, hint);
}

// One line of text that has to be there; whether it is.
static bool check_text(check_t *check, const char *member, json_value_t value, size_t most) {
  bool blank = true;
  for (size_t i = 0; i < value.text.len; i++) blank &= value.text.ptr[i] == ' ';
  if (value.type == JSON_ABSENT) error(check, "required", member, " is missing.", NULL);
  else if (value.type != JSON_STRING) error(check, "wrong_type", member, " must be a string.", NULL);
  else if (blank) error(check, "empty", member, " is empty.", NULL);
  else if (characters(value.text) > most) error(check, "too_long", member, " is too long.", NULL);
  else if (value.broken || has_control_character(value.text))
    error(check, "malformed", member, " has a character that cannot be shown.", NULL);
  else return true;
  return false;
}

// DNS names, and IPv6 addresses, which have two colons or more.
static bool is_host(string_t host) {
  size_t colons = 0, label = 0;
  bool name = true, address = true;
  for (size_t i = 0; i < host.len; i++) {
    uint8_t character = host.ptr[i], letter = character | 32;
    bool digit = character >= '0' && character <= '9';
    bool in_label = digit || (letter >= 'a' && letter <= 'z') || character == '-' || character == '_';
    name &= in_label ? label < 63 : character == '.' && label > 0;
    label = in_label ? label + 1 : 0;
    colons += character == ':';
    address &= digit || (letter >= 'a' && letter <= 'f') || character == ':' || character == '.';
  }
  return (name && label > 0) || (address && colons >= 2);
}

static void check_host(check_t *check) {
  if (check_text(check, "host", check->host, 253) && !is_host(check->host.text))
    error(check, "malformed", "host", " is neither a DNS name nor an IP address.",
          "Send the name or address alone: no scheme, port, path or brackets.");
}

static void check_port(check_t *check) {
  int64_t port = DEFAULT_PORT;
  bool absent = check->port.type == JSON_ABSENT;
  if (!absent && (check->port.type != JSON_NUMBER || !json_whole(check->port.text, &port)))
    error(check, "wrong_type", "port", " must be a whole number.", NULL);
  else if (port < 1 || port > 65535) error(check, "out_of_range", "port", " must be from 1 to 65535.", NULL);
  else check->port_number = (uint16_t)port;
}

static void check_tls_mode(check_t *check) {
  check->tls_mode = PATCHPANEL_CONNECTOR_TYPES_TLS_MODE_VERIFY_FULL;
  if (check->ssl_mode.type == JSON_ABSENT) return;
  uint8_t mode = 0;
  while (mode < 4 && !(check->ssl_mode.type == JSON_STRING && equal(check->ssl_mode.text, TLS_MODES[mode]))) mode++;
  if (mode == 4)
    error(check, "unknown_value", "ssl_mode", " must be one of: disable, require, verify-ca, verify-full.", NULL);
  else check->tls_mode = mode;
}

// Members that the schema does not know are left to it: the host checks it too.
static check_t check_config(string_t config) {
  check_t check = {.findings = {malloc(MOST_FINDINGS * sizeof(finding_t)), 0}};
  struct { string_t name; json_value_t *value; } members[] = {
    {text("host"), &check.host},
    {text("port"), &check.port},
    {text("database"), &check.database},
    {text("ssl_mode"), &check.ssl_mode},
  };
  json_reader_t reader = json_object(config);
  json_value_t name, value;
  while (json_next(&reader, &name, &value))
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
      if (equal(name.text, members[i].name)) *members[i].value = value;
  check_host(&check);
  check_port(&check);
  check_text(&check, "database", check.database, 63);
  check_tls_mode(&check);
  return check;
}

static string_t normalise(const check_t *check) {
  size_t quoted = check->host.text.len + check->database.text.len;
  // Room for what is quoted, and for the names and all the rest.
  string_t out = {malloc(6 * quoted + 128), 0};
  append(&out, text("{\"host\":"));
  json_quote(&out, check->host.text);
  append(&out, text(",\"port\":"));
  for (uint32_t divisor = 10000, shown = 0; divisor > 0; divisor /= 10) {
    shown |= check->port_number / divisor;
    if (shown > 0) out.ptr[out.len++] = (uint8_t)('0' + check->port_number / divisor % 10);
  }
  append(&out, text(",\"database\":"));
  json_quote(&out, check->database.text);
  append(&out, text(",\"ssl_mode\":"));
  json_quote(&out, TLS_MODES[check->tls_mode]);
  append(&out, text("}"));
  return out;
}

// The exported functions. What they answer may be static: nothing is ever freed.

void exports_patchpanel_connector_connector_get_manifest(manifest_t *manifest) {
  *manifest = MANIFEST;
}

void exports_patchpanel_connector_connector_validate(context_t *context, configuration_t *configuration,
                                                     verdict_t *verdict) {
  (void)context;
  check_t check = check_config(configuration->config);
  *verdict = (verdict_t){.findings = {check.findings.ptr, check.findings.len}};
  if (!check.failed) {
    verdict->normalised.is_some = true;
    verdict->normalised.val = normalise(&check);
  }
}

bool exports_patchpanel_connector_connector_describe(context_t *context, configuration_t *configuration,
                                                     descriptor_t *descriptor, findings_t *findings) {
  (void)context;
  static patchpanel_connector_types_endpoint_t endpoints[1];
  static patchpanel_connector_types_parameter_t login[] = {
    {TEXT("username"), {PATCHPANEL_CONNECTOR_TYPES_VALUE_CREDENTIAL, {.credential = TEXT("username")}}},
    {TEXT("password"), {PATCHPANEL_CONNECTOR_TYPES_VALUE_CREDENTIAL, {.credential = TEXT("password")}}},
  };
  static patchpanel_connector_types_authentication_t authentications[] = {
    {.endpoint_role = TEXT("data"), .scheme = TEXT("password"), .parameters = LIST(login)},
  };
  static patchpanel_connector_types_parameter_t parameters[] = {
    {TEXT("database"), {PATCHPANEL_CONNECTOR_TYPES_VALUE_TEXT, {}}},
  };

  check_t check = check_config(configuration->config);
  if (check.failed) {
    *findings = check.findings;
    return false;
  }
  parameters[0].value.val.text = check.database.text;
  endpoints[0] = (patchpanel_connector_types_endpoint_t){
    .role = TEXT("data"),
    .host = check.host.text,
    .port = check.port_number,
    .tls = {.mode = {.tag = check.tls_mode}},
  };
  // The host puts the credentials in, once this has returned.
  *descriptor = (descriptor_t){
    .driver = TEXT("postgres"),
    .endpoints = LIST(endpoints),
    .authentications = LIST(authentications),
    .parameters = LIST(parameters),
  };
  return true;
}
