// The contract's types by short names, and how to write texts and lists of them.
#pragma once

#include "connector_plugin.h"

typedef connector_plugin_string_t string_t;
typedef exports_patchpanel_connector_connector_configuration_t configuration_t;
typedef exports_patchpanel_connector_connector_context_t context_t;
typedef exports_patchpanel_connector_connector_descriptor_t descriptor_t;
typedef exports_patchpanel_connector_connector_finding_t finding_t;
typedef exports_patchpanel_connector_connector_list_finding_t findings_t;
typedef exports_patchpanel_connector_connector_manifest_t manifest_t;
typedef exports_patchpanel_connector_connector_verdict_t verdict_t;

#define TEXT(literal) {(uint8_t *)(literal), sizeof(literal) - 1}
#define LIST(array) {(array), sizeof(array) / sizeof *(array)}

enum { DEFAULT_PORT = 5432 };

extern const manifest_t MANIFEST;
