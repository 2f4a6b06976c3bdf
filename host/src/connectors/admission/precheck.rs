//! The first look at a component from outside: in the serving process, on bytes that anybody may have sent, and before
//! anything compiles them. It counts what a compiler and the validator spend time and memory on, and refuses what no
//! honest connector needs. Time is linear in the bytes, memory is bounded by the limits, and nothing recurses.

mod component;
mod module;
mod rules;
mod scope;
#[cfg(test)]
mod tests;
mod types;
mod validation;
mod walk;

pub(crate) use rules::bounds;

use wasmparser::{Parser, WasmFeatures};

use super::Reason;
use crate::connectors::guest::{self, engine};

/// What a component may use: what the engine offers, but for multiple memories. Only the engine's own adapters need those.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL)
    .difference(WasmFeatures::GC_TYPES);

/// What a component has, or may have at most. Everything counts that is in the file, in nested modules and components
/// too, and used or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Levels of modules, components and component types inside one another, but never more than one above the limit.
    pub(super) nesting: u64,
    /// Core modules.
    pub(super) modules: u64,
    /// Components, the outermost included.
    pub(super) components: u64,
    /// Imports, exports, aliases, types, instances with their arguments, and functions of components.
    pub(super) definitions: u64,
    /// Bytes of definitions, and of the types of core modules.
    pub(super) definition_bytes: u64,
    /// Members of the largest record, variant, enum, flags, tuple or list of parameters.
    pub(super) members: u64,
    /// Nodes of all types of components, every reference followed wherever one is used.
    pub(super) type_nodes: u64,
    /// Levels of the deepest type of components.
    pub(super) type_depth: u64,
    /// Instances of modules and components that do not stand in the file.
    pub(super) foreign_instances: u64,
    /// What an instance of the component has.
    pub(super) expanded: Expansion,
    /// Types of core modules.
    pub(super) types: u64,
    /// Parameters of one core function at most.
    pub(super) parameters: u64,
    /// Results of one core function, or parameters and results of one block, at most.
    pub(super) results: u64,
    /// Imports of core modules.
    pub(super) imports: u64,
    /// Exports of core modules.
    pub(super) exports: u64,
    /// Globals of core modules.
    pub(super) globals: u64,
    /// Start functions.
    pub(super) starts: u64,
    /// Data segments.
    pub(super) data_segments: u64,
    /// Bytes of data segments.
    pub(super) data_bytes: u64,
    /// Element segments.
    pub(super) element_segments: u64,
    /// Elements of element segments.
    pub(super) elements: u64,
    /// Bytes of globals, tables, element segments and offsets of data segments, which are worked out for every instance.
    pub(super) constant_bytes: u64,
    /// Functions with a body.
    pub(super) functions: u64,
    /// Bytes of all function bodies.
    pub(super) code_bytes: u64,
    /// Bytes of the largest function body.
    pub(super) function_bytes: u64,
    /// Operators of all functions. A call counts with its arguments and results.
    pub(super) operators: u64,
    /// Operators of the longest function.
    pub(super) function_operators: u64,
    /// Targets of the largest branch table.
    pub(super) branch_targets: u64,
    /// Levels of blocks in one function.
    pub(super) block_depth: u64,
    /// Locals of one function, without parameters.
    pub(super) locals: u64,
    /// Branches of each function, squared and added up, as are the next four: what a compiler's work was seen to grow with.
    /// An access to a table counts as several branches.
    pub(super) branches_squared: u64,
    /// Variables of each function (locals, parameters, and parameters and results of blocks) times its branches.
    pub(super) variables_by_branches: u64,
    /// Variables of each function times its loops.
    pub(super) variables_by_loops: u64,
    /// Operators of each function times its loops.
    pub(super) operators_by_loops: u64,
    /// Variables of each function and levels of its loops, times those levels, squared.
    pub(super) carried_squared: u64,
    /// Custom sections.
    pub(super) custom_sections: u64,
    /// Bytes of custom sections.
    pub(super) custom_bytes: u64,
    /// Bytes of the longest name of an import or export.
    pub(super) name_bytes: u64,
    /// Names of imports and exports with control characters.
    pub(super) control_names: u64,
}

/// What one instance of a component has, with all the instances in it: a component that is instantiated twice counts
/// twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Expansion {
    /// Instances of core modules.
    pub(super) instances: u64,
    /// Instances of nested components.
    pub(super) component_instances: u64,
    /// Definitions.
    pub(super) definitions: u64,
    /// Functions that pass between a core module and a component, resource functions included.
    pub(super) adapters: u64,
    /// Nodes of the types of those functions.
    pub(super) adapter_nodes: u64,
    /// Linear memories.
    pub(super) memories: u64,
    /// Bytes that linear memories begin with.
    pub(super) memory_bytes: u64,
    /// Tables.
    pub(super) tables: u64,
    /// Elements that tables begin with.
    pub(super) table_elements: u64,
}

impl Expansion {
    fn add(&mut self, more: &Self) {
        self.join(more, u64::saturating_add);
    }

    fn raise(&mut self, other: &Self) {
        self.join(other, u64::max);
    }

    fn join(&mut self, other: &Self, join: fn(u64, u64) -> u64) {
        let pairs = [
            (&mut self.instances, other.instances),
            (&mut self.component_instances, other.component_instances),
            (&mut self.definitions, other.definitions),
            (&mut self.adapters, other.adapters),
            (&mut self.adapter_nodes, other.adapter_nodes),
            (&mut self.memories, other.memories),
            (&mut self.memory_bytes, other.memory_bytes),
            (&mut self.tables, other.tables),
            (&mut self.table_elements, other.table_elements),
        ];
        for (mine, its) in pairs {
            *mine = join(*mine, its);
        }
    }
}

/// What a component may have at most.
#[derive(Debug, Clone)]
pub(super) struct Limits(Counts);

impl Limits {
    /// Two to six times what components have that were made from Python, JavaScript and Rust, and less than it takes to
    /// make a compiler or the validator slow. What an instance has is bounded as its calls are.
    pub(super) fn of(calls: &guest::Limits) -> Self {
        Self(Counts {
            nesting: 10,
            modules: 100,
            components: 100,
            definitions: 15_000,
            definition_bytes: 512 << 10,
            members: 1_000,
            type_nodes: 250_000,
            type_depth: 40,
            foreign_instances: 0,
            expanded: Expansion {
                instances: calls.instances.into(),
                component_instances: 100,
                definitions: 15_000,
                adapters: 500,
                adapter_nodes: 15_000,
                memories: engine::MAX_MEMORIES as u64,
                memory_bytes: calls.memory_bytes as u64,
                tables: engine::MAX_TABLES as u64,
                table_elements: calls.table_elements as u64,
            },
            types: 5_000,
            parameters: 64,
            results: 8,
            imports: 10_000,
            exports: 20_000,
            globals: 4_000,
            starts: 20,
            data_segments: 20_000,
            data_bytes: 24 << 20,
            element_segments: 100,
            elements: 20_000,
            constant_bytes: 512 << 10,
            functions: 50_000,
            code_bytes: 20 << 20,
            function_bytes: 1 << 20,
            operators: 10_000_000,
            function_operators: 400_000,
            branch_targets: 10_000,
            block_depth: 5_000,
            locals: 2_000,
            branches_squared: 1_500_000_000,
            variables_by_branches: 25_000_000,
            variables_by_loops: 1_500_000,
            operators_by_loops: 250_000_000,
            carried_squared: 100_000_000,
            custom_sections: 100,
            custom_bytes: 8 << 20,
            name_bytes: 1_000,
            control_names: 0,
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&guest::Limits::default())
    }
}

/// Checks a component, and answers what it has, or every reason against it. What is wrong with its code or its types is
/// only looked for when nothing else is.
pub(super) fn check(bytes: &[u8], Limits(limits): &Limits) -> Result<Counts, Vec<Reason>> {
    if !Parser::is_component(bytes) {
        return Err(vec![validation::no_component(bytes)]);
    }
    let (counts, fault) = walk::count(bytes, limits);
    let mut reasons = rules::broken(&counts, limits);
    reasons.extend(fault.as_ref().map(validation::unreadable));
    if reasons.is_empty() {
        reasons.extend(validation::check(bytes).err());
    }
    if reasons.is_empty() { Ok(counts) } else { Err(reasons) }
}
