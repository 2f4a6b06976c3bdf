//! The sections of a core module.

use std::mem;

use wasmparser::{
    BlockType, CompositeInnerType, DataKind, ElementItems, Error, FunctionBody, Operator, OperatorsReader, Payload,
    RecGroup, TypeRef,
};

use super::Expansion;
use super::scope::{Entity, Space};
use super::walk::{Walk, add, raise};

/// A page of a linear memory, in bytes.
const PAGE_BYTES: u64 = 64 << 10;

/// What an access to a table costs the compiler, in branches.
const TABLE_BRANCHES: u64 = 8;

/// The core module that is open.
#[derive(Default)]
pub(super) struct Module {
    /// Imports and exports.
    externs: u64,
    /// What one instance of it has.
    made: Expansion,
    /// Parameters and results of each type.
    arities: Vec<u64>,
    /// The type of each function, the imported ones first.
    functions: Vec<u32>,
    /// The function whose body is next.
    body: usize,
}

// An index that leads nowhere is for the validator to refuse.
impl Module {
    fn arity(&self, ty: u32) -> u64 {
        self.arities.get(ty as usize).copied().unwrap_or_default()
    }

    fn function_arity(&self, function: usize) -> u64 {
        self.functions.get(function).map_or(0, |ty| self.arity(*ty))
    }
}

impl<'a> Walk<'a> {
    pub(super) fn module_section(&mut self, payload: Payload<'a>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(section) => {
                self.counts.types += u64::from(section.count());
                self.counts.definition_bytes += section.range().len() as u64;
                if self.counts.definition_bytes <= self.limits.definition_bytes {
                    for group in section {
                        let arities = self.core_types(&group?);
                        self.module.arities.extend(arities);
                    }
                }
            }
            Payload::ImportSection(section) => {
                self.counts.imports += u64::from(section.count());
                self.module.externs += u64::from(section.count());
                for import in section.into_imports() {
                    let import = import?;
                    self.name(import.module);
                    self.name(import.name);
                    if let TypeRef::Func(ty) = import.ty
                        && self.counts.imports <= self.limits.imports
                    {
                        self.module.functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                self.counts.functions += u64::from(section.count());
                self.module.body = self.module.functions.len();
                if self.counts.functions <= self.limits.functions {
                    for ty in section {
                        self.module.functions.push(ty?);
                    }
                }
            }
            Payload::TableSection(section) => {
                self.counts.constant_bytes += section.range().len() as u64;
                for table in section {
                    self.module.made.tables += 1;
                    add(&mut self.module.made.table_elements, table?.ty.initial);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.module.made.memories += 1;
                    add(&mut self.module.made.memory_bytes, memory?.initial.saturating_mul(PAGE_BYTES));
                }
            }
            Payload::GlobalSection(section) => {
                self.counts.globals += u64::from(section.count());
                self.counts.constant_bytes += section.range().len() as u64;
            }
            Payload::ExportSection(section) => {
                self.counts.exports += u64::from(section.count());
                self.module.externs += u64::from(section.count());
                for export in section {
                    self.name(export?.name);
                }
            }
            Payload::StartSection { .. } => self.counts.starts += 1,
            Payload::ElementSection(section) => {
                self.counts.element_segments += u64::from(section.count());
                self.counts.constant_bytes += section.range().len() as u64;
                for element in section {
                    self.counts.elements += u64::from(match element?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    });
                }
            }
            Payload::DataSection(section) => {
                self.counts.data_segments += u64::from(section.count());
                for segment in section {
                    let segment = segment?;
                    self.counts.data_bytes += segment.data.len() as u64;
                    if let DataKind::Active { offset_expr, .. } = segment.kind {
                        self.counts.constant_bytes += offset_expr.get_binary_reader().bytes_remaining() as u64;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.function(&body)?,
            // What else there may be is for the validator to refuse.
            _ => {}
        }
        Ok(())
    }

    /// Counts core types, and answers how many parameters and results each has.
    pub(super) fn core_types(&mut self, group: &RecGroup) -> Vec<u64> {
        let arity = |ty: &CompositeInnerType| match ty {
            CompositeInnerType::Func(ty) => {
                raise(&mut self.counts.parameters, ty.params().len());
                raise(&mut self.counts.results, ty.results().len());
                (ty.params().len() + ty.results().len()) as u64
            }
            _ => 0,
        };
        group.types().map(|ty| &ty.composite_type.inner).map(arity).collect()
    }

    fn function(&mut self, body: &FunctionBody<'a>) -> Result<(), Error> {
        let bytes = body.range().len();
        self.counts.code_bytes += bytes as u64;
        raise(&mut self.counts.function_bytes, bytes);
        let mut reader = body.get_locals_reader()?;
        let mut locals = 0_u64;
        for _ in 0..reader.get_count() {
            locals += u64::from(reader.read()?.0);
        }
        raise(&mut self.counts.locals, locals);

        let arity = self.module.function_arity(self.module.body);
        self.module.body += 1;
        let mut function = Function { variables: locals.saturating_add(arity), ..Function::default() };
        let mut reader = OperatorsReader::new_with_allocs(reader.get_binary_reader(), mem::take(&mut self.operators));
        while !reader.eof() {
            self.operator(&mut function, &reader.read()?);
        }
        self.operators = reader.into_allocations();
        self.end_function(&function);
        Ok(())
    }

    fn operator(&mut self, function: &mut Function, operator: &Operator<'a>) {
        function.operators += 1;
        match operator {
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                function.branches += 1;
                function.depth += 1;
                raise(&mut self.counts.block_depth, function.depth);
                if let BlockType::FuncType(ty) = blockty {
                    let arity = self.module.arity(*ty);
                    raise(&mut self.counts.results, arity);
                    add(&mut function.variables, arity);
                }
                if let Operator::Loop { .. } = operator {
                    function.loops += 1;
                    // Blocks that are deeper are refused, and need not be kept.
                    if function.depth <= self.limits.block_depth {
                        function.open_loops.push(function.depth);
                        raise(&mut function.loop_depth, function.open_loops.len());
                    }
                }
            }
            Operator::End => {
                function.open_loops.pop_if(|depth| *depth == function.depth);
                function.depth = function.depth.saturating_sub(1);
            }
            Operator::BrTable { targets } => {
                function.branches += 1;
                raise(&mut self.counts.branch_targets, targets.len());
            }
            Operator::Call { function_index } => {
                function.operators += self.module.function_arity(*function_index as usize);
            }
            Operator::CallIndirect { type_index, .. } => {
                function.branches += TABLE_BRANCHES;
                function.operators += self.module.arity(*type_index);
            }
            Operator::TableGet { .. } | Operator::TableSet { .. } => function.branches += TABLE_BRANCHES,
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } | Operator::Return => function.branches += 1,
            _ => {}
        }
    }

    fn end_function(&mut self, function: &Function) {
        let Function { operators, branches, loops, variables, loop_depth, .. } = *function;
        let carried = variables.saturating_add(loop_depth).saturating_mul(loop_depth);
        raise(&mut self.counts.function_operators, operators);
        add(&mut self.counts.operators, operators);
        add(&mut self.counts.branches_squared, branches.saturating_mul(branches));
        add(&mut self.counts.variables_by_branches, variables.saturating_mul(branches));
        add(&mut self.counts.variables_by_loops, variables.saturating_mul(loops));
        add(&mut self.counts.operators_by_loops, operators.saturating_mul(loops));
        add(&mut self.counts.carried_squared, carried.saturating_mul(carried));
    }

    pub(super) fn end_module(&mut self) {
        let module = mem::take(&mut self.module);
        let made = Expansion { instances: 1, ..module.made };
        self.define(Space::Module, Entity { nodes: 1 + module.externs, made: Some(made), ..Entity::LEAF });
    }
}

/// A function as it is walked through.
#[derive(Default)]
struct Function {
    operators: u64,
    branches: u64,
    loops: u64,
    /// Locals and parameters, its own and those of its blocks.
    variables: u64,
    depth: u64,
    /// The depths of the loops that are open.
    open_loops: Vec<u64>,
    loop_depth: u64,
}
