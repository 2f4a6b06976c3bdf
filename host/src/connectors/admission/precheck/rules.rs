//! One rule for each count.

use super::Counts;
use crate::connectors::admission::Reason;

/// That a count is within its limit.
struct Rule {
    code: &'static str,
    count: fn(&Counts) -> u64,
    /// What is counted, before the number.
    what: &'static str,
    /// What a connector's author can do.
    remedy: &'static str,
}

/// A reason for every count that is above its limit.
pub(super) fn broken(counts: &Counts, limits: &Counts) -> Vec<Reason> {
    RULES.iter().filter_map(|rule| rule.broken((rule.count)(counts), (rule.count)(limits))).collect()
}

#[cfg(test)]
pub(super) fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

impl Rule {
    fn broken(&self, found: u64, most: u64) -> Option<Reason> {
        let message = || format!("{}: {found}, and at most {most} are allowed", self.what);
        (found > most).then(|| Reason::new(self.code, message(), self.remedy))
    }
}

const fn rule(code: &'static str, count: fn(&Counts) -> u64, what: &'static str, remedy: &'static str) -> Rule {
    Rule { code, count, what, remedy }
}

/// The code of each bound, and what to do about it.
pub(crate) fn bounds() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.code, rule.remedy))
}

const COMPOSE_LESS: &str = "Compose it of fewer modules and components, or build it as one.";
const PLAIN_TYPES: &str = "Keep to the types of the contract, and pass what is larger as text.";
const LESS_CODE: &str = "Leave out dependencies, and build with optimisation for size.";
const SPLIT_FUNCTION: &str = "Split the function, turn tables that are code into data, and build with optimisation.";
const STRIP: &str = "Strip debug information and names, for instance with `wasm-tools strip --all`.";
const RENAME: &str = "Give imports and exports short names of printable characters.";

const RULES: &[Rule] = &[
    rule("too_deep", |it| it.nesting, "levels of modules, components and component types", COMPOSE_LESS),
    rule("too_many_modules", |it| it.modules, "core modules", COMPOSE_LESS),
    rule("too_many_components", |it| it.components, "components", COMPOSE_LESS),
    rule("too_many_definitions", |it| it.definitions, "imports, exports, types and other definitions", COMPOSE_LESS),
    rule("definitions_too_large", |it| it.definition_bytes, "bytes of types and other definitions", PLAIN_TYPES),
    rule("type_too_wide", |it| it.members, "members of one type", PLAIN_TYPES),
    rule("types_too_large", |it| it.type_nodes, "nodes of all types, every reference followed", PLAIN_TYPES),
    rule("type_too_deep", |it| it.type_depth, "levels of one type", PLAIN_TYPES),
    rule(
        "foreign_instances",
        |it| it.foreign_instances,
        "instances of modules and components that are not in the file",
        "Put every module and component that is instantiated into the file itself.",
    ),
    rule("too_many_instances", |it| it.expanded.instances, "core instances when it runs", COMPOSE_LESS),
    rule(
        "too_many_component_instances",
        |it| it.expanded.component_instances,
        "component instances when it runs",
        COMPOSE_LESS,
    ),
    rule(
        "expands_too_far",
        |it| it.expanded.definitions,
        "definitions, each as often as it is instantiated",
        COMPOSE_LESS,
    ),
    rule(
        "too_many_adapters",
        |it| it.expanded.adapters,
        "functions between modules and components when it runs",
        "Import and export fewer functions.",
    ),
    rule(
        "adapters_too_large",
        |it| it.expanded.adapter_nodes,
        "nodes of the types of functions between modules and components",
        PLAIN_TYPES,
    ),
    rule("too_many_memories", |it| it.expanded.memories, "linear memories when it runs", COMPOSE_LESS),
    rule(
        "memories_too_large",
        |it| it.expanded.memory_bytes,
        "bytes of linear memory to begin with",
        "Begin with less memory, and grow it when there is need.",
    ),
    rule("too_many_tables", |it| it.expanded.tables, "tables when it runs", COMPOSE_LESS),
    rule("tables_too_large", |it| it.expanded.table_elements, "elements of tables to begin with", LESS_CODE),
    rule("too_many_types", |it| it.types, "types of core modules", LESS_CODE),
    rule("too_many_parameters", |it| it.parameters, "parameters of one core function", SPLIT_FUNCTION),
    rule("too_many_results", |it| it.results, "results of one core function or block", SPLIT_FUNCTION),
    rule("too_many_imports", |it| it.imports, "imports of core modules", COMPOSE_LESS),
    rule("too_many_exports", |it| it.exports, "exports of core modules", COMPOSE_LESS),
    rule("too_many_globals", |it| it.globals, "globals", LESS_CODE),
    rule("too_many_starts", |it| it.starts, "start functions", COMPOSE_LESS),
    rule("too_many_data_segments", |it| it.data_segments, "data segments", LESS_CODE),
    rule(
        "data_too_large",
        |it| it.data_bytes,
        "bytes of data segments",
        "Leave out files and tables that it can do without.",
    ),
    rule("too_many_element_segments", |it| it.element_segments, "element segments", LESS_CODE),
    rule("too_many_elements", |it| it.elements, "elements of element segments", LESS_CODE),
    rule("constants_too_large", |it| it.constant_bytes, "bytes of globals, tables, elements and offsets", LESS_CODE),
    rule("too_many_functions", |it| it.functions, "functions", LESS_CODE),
    rule("code_too_large", |it| it.code_bytes, "bytes of code", LESS_CODE),
    rule("function_too_large", |it| it.function_bytes, "bytes of one function", SPLIT_FUNCTION),
    rule("too_many_operators", |it| it.operators, "operators", LESS_CODE),
    rule("function_too_long", |it| it.function_operators, "operators of one function", SPLIT_FUNCTION),
    rule("too_many_branch_targets", |it| it.branch_targets, "targets of one branch table", SPLIT_FUNCTION),
    rule("blocks_too_deep", |it| it.block_depth, "levels of blocks in one function", SPLIT_FUNCTION),
    rule("too_many_locals", |it| it.locals, "locals of one function", SPLIT_FUNCTION),
    rule("too_many_branches", |it| it.branches_squared, "branches of functions, squared", SPLIT_FUNCTION),
    rule(
        "branches_too_tangled",
        |it| it.variables_by_branches,
        "variables times branches of functions",
        SPLIT_FUNCTION,
    ),
    rule("loops_too_tangled", |it| it.variables_by_loops, "variables times loops of functions", SPLIT_FUNCTION),
    rule("loops_too_long", |it| it.operators_by_loops, "operators times loops of functions", SPLIT_FUNCTION),
    rule("loops_too_deep", |it| it.carried_squared, "variables times levels of loops, squared", SPLIT_FUNCTION),
    rule("too_many_custom_sections", |it| it.custom_sections, "custom sections", STRIP),
    rule("custom_sections_too_large", |it| it.custom_bytes, "bytes of custom sections", STRIP),
    rule("name_too_long", |it| it.name_bytes, "bytes of one name", RENAME),
    rule("control_characters", |it| it.control_names, "names with control characters", RENAME),
];
