//! Compiling happens in a process of its own, with limits, and whatever it meets there, the server serves.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use test_support::bombs;
use test_support::directory::TemporaryDirectory;
use test_support::eventually;
use test_support::patchpanel::Patchpanel;

use super::{host_with, refuses_each, refuses_each_in};

#[test]
fn a_bomb_is_refused_by_what_is_counted_before_anything_compiles() {
    let host = refuses_each(&[
        ("loads.wasm", bombs::loads(200_000).unwrap(), "function_too_large", ""),
        ("functions.wasm", bombs::functions(500_000).unwrap(), "too_many_functions", "500000"),
        ("locals.wasm", bombs::locals(40_000).unwrap(), "too_many_locals", "4000"),
        ("doubling.wasm", bombs::doubling(30).unwrap(), "too_many_instances", ""),
        ("nesting.wasm", bombs::nesting(2_000).unwrap(), "too_deep", ""),
        ("enum.wasm", bombs::enumeration(1_000_000).unwrap(), "definitions_too_large", ""),
        ("custom.wasm", bombs::custom_section(20 << 20).unwrap(), "custom_sections_too_large", ""),
    ]);
    let compiled = host.log().unwrap().matches("compiled a component").count();
    assert_eq!(compiled, 1, "only the good one");
}

#[test]
fn a_bomb_that_is_not_counted_dies_of_the_limits_of_its_process() {
    // The good one is compiled before, since a busy machine takes longer than the limits below even for that.
    let host = Patchpanel::start().unwrap();
    let data = host.directory().clone();
    drop(host);
    let limited = |setting: &str, value: &str, code: &str, part: &str| {
        let directory = TemporaryDirectory::new("connectors").unwrap();
        let builder = host_with(directory.path()).directory(&data).setting("CONNECTOR_PRECHECK", "false");
        let bomb = bombs::doubling(30).unwrap();
        refuses_each_in(&directory, builder.setting(setting, value), &[("bomb.wasm", bomb, code, part)]);
    };
    limited("CONNECTOR_COMPILE_MAX_MEMORY_MIB", "300", "compile_memory", "300 MiB");
    limited("CONNECTOR_COMPILE_MAX_CPU_S", "1", "compile_cpu_time", "1 s");
    limited("CONNECTOR_COMPILE_MAX_WALL_S", "1", "compile_wall_time", "1 s");
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<u32> {
    let ids =
        PathBuf::from("/proc").read_dir().unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |id: &u32| {
        // The fourth field (proc(5)); the second is in parentheses and may contain blanks.
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        status.rsplit(')').next().and_then(|rest| rest.split(' ').nth(2)) == Some(parent.to_string().as_str())
    };
    ids.filter(is_child).collect()
}

fn eventually<T>(look: impl FnMut() -> Option<T>, what: &str) -> T {
    eventually::eventually(Duration::from_secs(20), look).unwrap_or_else(|| panic!("{what}"))
}

/// `patchpanel connector check` at work on a bomb.
fn check_of_a_bomb(host: &Patchpanel, directory: &TemporaryDirectory) -> Child {
    let file = directory.path().join("bomb.wasm");
    std::fs::write(&file, bombs::doubling(30).unwrap()).unwrap();
    let mut command: Command = host.command("connector");
    command.arg("check").arg(&file).arg("--connector-precheck=false").env("PATCHPANEL_LOG_FORMAT", "json");
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn the_compilers_process_has_nothing_but_its_pipes_and_ends_with_its_parent() {
    let (host, directory) = (Patchpanel::start().unwrap(), TemporaryDirectory::new("bomb").unwrap());
    let mut check = check_of_a_bomb(&host, &directory);
    let compiler = eventually(|| children(check.id()).first().copied(), "there is no process that compiles");
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{compiler}/{name}")).unwrap();
    // It confines itself before it reads the component, which takes seconds to compile; its files last.
    let last = "Max open files            3 ";
    eventually(|| read("limits").contains(last).then_some(()), "its files have no limit");
    let limits = read("limits");
    for limit in
        ["Max address space         1073741824", "Max cpu time              60 ", "Max core file size        0 ", last]
    {
        assert!(limits.contains(limit), "{limit}: {limits}");
    }
    assert_eq!(read("environ"), "");
    let open = PathBuf::from(format!("/proc/{compiler}/fd")).read_dir().unwrap();
    let mut open: Vec<String> = open.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    assert_eq!(PathBuf::from(format!("/proc/{compiler}/task")).read_dir().unwrap().count(), 1, "one thread");

    check.kill().unwrap();
    assert_eq!(check.wait().unwrap().signal(), Some(9));
    let ended = || std::fs::read_to_string(format!("/proc/{compiler}/stat")).map_or(true, |stat| stat.contains(") Z "));
    eventually(|| ended().then_some(()), "the compiler's process outlives its parent");
}
