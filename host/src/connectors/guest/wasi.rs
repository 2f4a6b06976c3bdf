//! WASI 0.2 for components of stock tool-chains, inert: no files, environment, arguments or sockets, a clock that stands
//! still, the same random bytes in every call, output to the connector's log. Nothing in it waits, so a call stays pure
//! and its deadline holds.

use std::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tokio::io::{AsyncRead, AsyncWrite, empty};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream, WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::sync as blocking;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sockets};
use wasmtime_wasi::p2::pipe::ClosedInputStream;
use wasmtime_wasi::p2::{DynPollable, InputStream, OutputStream, Pollable, StreamResult, subscribe};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView, async_trait};

use super::instance::State;
use super::limits::Limits;
use super::log::Log;

/// The interfaces that are linked, without their versions. `wasi:http` and what else there is of WASI is not among them.
pub(in crate::connectors) const PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// Makes the random bytes of every call the same, so that the same input gives the same answer.
const SEED: u64 = 0x7061_7463_6870_616e;

/// Random bytes of one request.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// Bytes that a guest may write to its output at once; what it writes is cut to lines of the log.
const OUTPUT_BYTES: usize = 64 << 10;

/// 2000-01-01T00:00:00Z.
const NOW: Duration = Duration::from_hours(262_968);

/// The WASI state of one call.
pub(super) struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    monotonic: u64,
}

impl Wasi {
    /// The moment is 0 for every call of a host; another one has another time and other randomness.
    pub(super) fn new(limits: &Limits, log: &Log, moment: u64) -> Self {
        let seed = SEED ^ moment;
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let context = WasiCtx::builder()
            .stdin(Closed)
            .stdout(Output(log.clone(), tracing::Level::INFO))
            .stderr(Output(log.clone(), tracing::Level::WARN))
            .secure_random(ChaCha8Rng::seed_from_u64(seed))
            .insecure_random(ChaCha8Rng::seed_from_u64(!seed))
            .insecure_random_seed(seed.into())
            .max_random_size(MAX_RANDOM_BYTES)
            .wall_clock(Still(NOW + Duration::from_secs(moment)))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Self { context, table, monotonic: moment }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Wasi { context, table, .. } = self.wasi();
        WasiCtxView { ctx: context, table }
    }
}

/// Links the interfaces of [`PACKAGES`], one by one: nothing is there that is not named here.
pub(in crate::connectors) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let l = linker;
    cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    clocks::wall_clock::add_to_linker::<_, wasmtime_wasi::clocks::WasiClocks>(
        l,
        wasmtime_wasi::clocks::WasiClocksView::clocks,
    )?;
    clocks::monotonic_clock::add_to_linker::<_, Table>(l, resources)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)?;
    blocking::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)?;
    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<_, Resources>(l, |state| state.ctx().table)?;
    blocking::io::streams::add_to_linker::<_, Resources>(l, |state| state.ctx().table)?;
    blocking::io::poll::add_to_linker::<_, Table>(l, resources)?;
    random::random::add_to_linker::<_, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(l, State::sockets)?;
    sockets::network::add_to_linker::<_, WasiSockets>(l, &sockets::network::LinkOptions::default(), State::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<_, WasiSockets>(l, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(l, State::sockets)?;
    blocking::sockets::tcp::add_to_linker::<_, WasiSockets>(l, State::sockets)?;
    blocking::sockets::udp_create_socket::add_to_linker::<_, WasiSockets>(l, State::sockets)?;
    blocking::sockets::udp::add_to_linker::<_, WasiSockets>(l, State::sockets)
}

struct Resources;

impl HasData for Resources {
    type Data<'a> = &'a mut ResourceTable;
}

/// The host's side of clocks and polls, where nothing is ever waited for.
struct Table;

impl HasData for Table {
    type Data<'a> = Ready<'a>;
}

struct Ready<'a>(&'a mut ResourceTable, u64);

fn resources(state: &mut State) -> Ready<'_> {
    let Wasi { table, monotonic, .. } = state.wasi();
    Ready(table, *monotonic)
}

impl clocks::monotonic_clock::Host for Ready<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.1)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let resource = self.0.push(Past)?;
        subscribe(self.0, resource)
    }

    fn subscribe_duration(&mut self, _length: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe_instant(0)
    }
}

/// Every pollable is ready: the clock's have passed, input has ended and output takes everything.
impl blocking::io::poll::Host for Ready<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        wasmtime::ensure!(!pollables.is_empty(), "it polls nothing");
        (0..pollables.len()).map(|index| Ok(u32::try_from(index)?)).collect()
    }
}

impl blocking::io::poll::HostPollable for Ready<'_> {
    fn ready(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn block(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        blocking::io::poll::HostPollable::drop(self.0, pollable)
    }
}

/// A moment that has passed.
struct Past;

#[async_trait]
impl Pollable for Past {
    async fn ready(&mut self) {}
}

/// A clock that stands still.
struct Still(Duration);

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// An input that has ended.
struct Closed;

impl IsTerminal for Closed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Closed {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(ClosedInputStream)
    }
}

/// An output whose lines go to the log.
struct Output(Log, tracing::Level);

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Lines { log: self.0.clone(), level: self.1, line: Vec::new() })
    }
}

/// Cuts what is written into lines. What follows the last line break is written when the call ends.
struct Lines {
    log: Log,
    level: tracing::Level,
    line: Vec<u8>,
}

impl Lines {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.log.write(self.level, &String::from_utf8_lossy(&line));
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let most = self.log.most_bytes();
        for byte in bytes {
            if byte == b'\n' {
                self.end_line();
            } else if self.line.len() < most {
                self.line.push(byte);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(OUTPUT_BYTES)
    }

    /// The length is the guest's word: nothing is made of that size.
    fn write_zeroes(&mut self, _count: usize) -> StreamResult<()> {
        Ok(())
    }
}

#[async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
    }
}
