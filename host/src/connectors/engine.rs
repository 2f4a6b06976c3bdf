//! The wasmtime engines: one that only runs, and one that only compiles. Both come from one function, because code
//! that one compiled loads in the other only if they agree.

use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy, WasmFeatures};

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

/// Core instances, tables and linear memories of one component. One made from Python has 14 instances.
pub(super) const MAX_INSTANCES: usize = 20;
pub(super) const MAX_TABLES: usize = 20;
pub(super) const MAX_MEMORIES: usize = 4;

/// Linear memory of one component, in bytes.
pub(super) const MAX_MEMORY_BYTES: usize = 32 << 20;

/// Elements of all tables of one component. One made from JavaScript has 7,688.
pub(super) const MAX_TABLE_ELEMENTS: usize = 10_000;

/// Stack of a guest, in bytes.
pub(super) const MAX_WASM_STACK_BYTES: usize = 512 << 10;

/// The engine that runs connectors. It cannot compile.
pub(super) fn runner(allocator: Allocator) -> wasmtime::Result<Engine> {
    let mut config = config();
    config.enable_compiler(false);
    if allocator == Allocator::Pooling {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
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
pub(super) fn compiler() -> wasmtime::Result<Engine> {
    let mut config = config();
    config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config)
}

/// What both agree on: what a component may use, and what its code looks like.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(MAX_WASM_STACK_BYTES)
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        // Results that differ by CPU, and proposals that no tool-chain of ours needs, are off.
        .wasm_features(
            WasmFeatures::RELAXED_SIMD
                | WasmFeatures::MEMORY64
                | WasmFeatures::MULTI_MEMORY
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

fn pool() -> PoolingAllocationConfig {
    let [instances, tables, memories] =
        [MAX_INSTANCES, MAX_TABLES, MAX_MEMORIES].map(|most| u32::try_from(most).unwrap_or(u32::MAX));
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * instances)
        .max_core_instances_per_component(instances)
        .total_tables(SLOTS * tables)
        .max_tables_per_component(tables)
        .table_elements(MAX_TABLE_ELEMENTS)
        // Most components have one memory; each takes its reservation of address space.
        .total_memories(SLOTS)
        .max_memories_per_component(memories)
        .max_memory_size(MAX_MEMORY_BYTES);
    pool
}
