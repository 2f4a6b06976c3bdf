//! The wasmtime engines: one that only runs, and one that only compiles. Both come from one function, because code
//! that one compiled loads in the other only if they agree.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy, WasmFeatures,
};

use super::limits::Limits;

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocator {
    /// From slots reserved at start: fast, and an exhausted pool is an error.
    #[default]
    Pooling,
    /// From the system, at every call.
    OnDemand,
}

/// Components at once with the pooling allocator.
const SLOTS: u32 = 64;

/// Bytes of a linear memory, or of a table, that stay where they are for the next call.
const KEPT_RESIDENT: usize = 256 << 10;

/// Tables and linear memories of one component.
pub(in crate::connectors) const MAX_TABLES: usize = 20;
pub(in crate::connectors) const MAX_MEMORIES: usize = 8;

/// The engine that runs connectors. It cannot compile.
pub(in crate::connectors) fn runner(allocator: Allocator, limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = config();
    config.enable_compiler(false).max_wasm_stack(limits.stack_bytes);
    if allocator == Allocator::Pooling {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
        match Engine::new(&config) {
            Ok(engine) => return Ok(engine),
            Err(error) => tracing::warn!(
                error = format!("{error:#}"),
                "the memory for pooled instances cannot be reserved; allocating on demand"
            ),
        }
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    }
    Engine::new(&config)
}

/// The engine that compiles. It runs nothing.
pub(in crate::connectors) fn compiler() -> wasmtime::Result<Engine> {
    let mut config = config();
    config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config)
}

/// What both agree on: what a component may use, and what its code looks like.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        // Results that differ by CPU, and proposals that no tool-chain of ours needs, are off. Multiple memories stay on:
        // wasmtime's own adapters between the parts of a component have one for each side.
        .wasm_features(
            WasmFeatures::RELAXED_SIMD
                | WasmFeatures::MEMORY64
                | WasmFeatures::TAIL_CALL
                | WasmFeatures::WIDE_ARITHMETIC
                | WasmFeatures::CUSTOM_PAGE_SIZES
                | WasmFeatures::THREADS
                | WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::GC
                | WasmFeatures::EXCEPTIONS
                | WasmFeatures::STACK_SWITCHING
                | WasmFeatures::CM_ASYNC
                | WasmFeatures::CM_ERROR_CONTEXT
                | WasmFeatures::CM_FIXED_LENGTH_LISTS
                | WasmFeatures::CM_GC,
            false,
        )
        .wasm_simd(true);
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let instances = limits.instances;
    let [tables, memories] = [MAX_TABLES, MAX_MEMORIES].map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * instances)
        .max_core_instances_per_component(instances)
        .total_tables(SLOTS * tables)
        .max_tables_per_component(tables)
        .table_elements(limits.table_elements)
        // Most components have one memory; each takes its reservation of address space.
        .total_memories(2 * SLOTS)
        .max_memories_per_component(memories)
        .max_memory_size(limits.memory_bytes)
        // What a call has written is cleared by writing; to give it back and fault it in again took as long as the call.
        .linear_memory_keep_resident(KEPT_RESIDENT)
        .table_keep_resident(KEPT_RESIDENT)
        .pagemap_scan(Enabled::Auto);
    pool
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which proposals a component may use, each shown by the smallest module that does.
    #[test]
    fn compiles_what_results_do_not_differ_by_and_nothing_newer_than_tool_chains_need() {
        let engine = compiler().unwrap();
        for (proposal, fields, compiles) in [
            ("mutable globals", r#"(global (export "g") (mut i32) (i32.const 0))"#, true),
            ("sign extension", "(func (drop (i32.extend8_s (i32.const 0))))", true),
            ("saturating conversion", "(func (drop (i32.trunc_sat_f32_s (f32.const 0))))", true),
            ("multiple values", "(func (result i32 i32) (i32.const 0) (i32.const 0))", true),
            ("bulk memory", "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))", true),
            ("reference types", "(table 1 funcref) (func (drop (table.size 0)))", true),
            ("references to the outside", "(table 1 externref)", false),
            ("vectors", "(func (drop (v128.const i64x2 0 0)))", true),
            ("constant expressions", "(global i32 (i32.add (i32.const 1) (i32.const 2)))", true),
            ("multiple memories", "(memory 1) (memory 1)", true),
            (
                "relaxed vectors",
                "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
                false,
            ),
            ("64-bit memories", "(memory i64 1)", false),
            ("tail calls", "(func $f (return_call $f))", false),
            ("wide arithmetic", "(func (param i64) (local.get 0) (local.get 0) (i64.mul_wide_u) (drop) (drop))", false),
            ("custom page sizes", "(memory 1 (pagesize 1))", false),
            ("threads", "(memory 1 1 shared)", false),
            ("typed function references", "(type $f (func)) (func (param (ref $f)))", false),
            ("garbage collection", "(type (struct (field i32)))", false),
            ("exceptions", "(tag)", false),
        ] {
            let bytes = wat::parse_str(format!("(component (core module {fields}))")).unwrap();
            assert_eq!(engine.precompile_component(&bytes).is_ok(), compiles, "{proposal}");
        }
    }

    #[test]
    fn the_engine_that_serves_cannot_compile() {
        let engine = runner(Allocator::OnDemand, &Limits::default()).unwrap();
        let bytes = wat::parse_str("(component)").unwrap();
        assert!(engine.precompile_component(&bytes).is_err());
        assert!(wasmtime::component::Component::new(&engine, &bytes).is_err());
    }
}
