//! Connectors that attack the host: each ends at its own limit, and the good one serves.

use std::time::{Duration, Instant};

use test_support::directory::TemporaryDirectory;
use test_support::guests::{self, CONNECTOR};

use super::{Refusal, host_with, log, refuses_each, refuses_each_in};

/// A connector whose three functions are there and harmless unless `items` and `get_manifest` say otherwise. `memory`
/// is such as `1` (pages of 64 KiB).
fn guest(memory: &str, items: &str, get_manifest: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "patchpanel:connector/log@1.0.0" "write" (func $log (param i32 i32 i32 i32 i32)))
            (memory (export "memory") {memory})
            {items}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "{CONNECTOR}#get-manifest") (result i32) {get_manifest})
            (func (export "{CONNECTOR}#validate") (param i32) (result i32) (unreachable))
            (func (export "{CONNECTOR}#describe") (param i32) (result i32) (unreachable)))"#
    );
    guests::connector(&text).unwrap()
}

/// An endless loop of this body.
fn forever(body: &str) -> String {
    format!("(loop $again {body} (br $again)) (unreachable)")
}

#[test]
fn what_never_ends_is_ended_at_its_limit() {
    let start_function = format!("(func $start {}) (start $start)", forever(""));
    let post_return = format!("(func (export \"cabi_post_{CONNECTOR}#get-manifest\") (param i32) {})", forever(""));
    let fill = forever("(memory.fill (i32.const 0) (i32.const 7) (i32.const 33554432))");
    let recursion = "(func $down (param i32) (call $down (local.get 0)) (call $down (local.get 0)))";
    let cpu = "100 ms of CPU time";
    let start = Instant::now();
    refuses_each(&[
        ("start.wasm", guest("1", &start_function, "(i32.const 0)"), "self_check", cpu),
        ("manifest.wasm", guest("1", "", &forever("")), "self_check", cpu),
        ("post-return.wasm", guest("1", &post_return, "(i32.const 0)"), "self_check", cpu),
        ("fill.wasm", guest("512", "", &fill), "self_check", cpu),
        (
            "recursion.wasm",
            guest("1", recursion, "(call $down (i32.const 1)) (i32.const 0)"),
            "self_check",
            "512 KiB of stack",
        ),
    ]);
    // Not its speed, but that nothing hung: the limits of all of them together are far less.
    assert!(start.elapsed() < Duration::from_secs(50));
}

/// What grows, and what asks for too much before it runs.
fn eaters() -> [(&'static str, Vec<u8>); 4] {
    let more = |grow: &str| forever(&format!("(br_if $again (i32.ne ({grow}) (i32.const -1))) (unreachable)"));
    let (grow, grow_table) = (more("memory.grow (i32.const 16)"), more("table.grow 0 (ref.null func) (i32.const 999)"));
    [
        ("grow.wasm", guest("1", "", &grow)),
        ("grow-table.wasm", guest("1", "(table 1 funcref)", &grow_table)),
        ("memory.wasm", guest("65536", "", "(i32.const 0)")),
        ("table.wasm", guest("1", "(table 100000 funcref)", "(i32.const 0)")),
    ]
}

#[test]
fn what_eats_is_ended_at_its_limit() {
    let [(grow, grow_guest), (grow_table, grow_table_guest), (memory, memory_guest), (table, table_guest)] = eaters();
    // At 16 the text's place and length: 2 MiB within a memory of 4.
    let long_text = "(i32.store (i32.const 20) (i32.const 2097152)) (i32.const 16)";
    refuses_each(&[
        (grow, grow_guest, "self_check", "32 MiB of memory"),
        (grow_table, grow_table_guest, "self_check", "10000 table elements"),
        (memory, memory_guest, "memories_too_large", "linear memory"),
        (table, table_guest, "tables_too_large", "elements of tables"),
        ("long-text.wasm", guest("64", "", long_text), "self_check", "1024 KiB of answer"),
    ]);
}

#[test]
fn memory_on_demand_has_the_same_limits_as_pooled_memory() {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    let builder = host_with(directory.path())
        .setting("CONNECTOR_ALLOCATOR", "on-demand")
        // What they declare is not counted before, so that it is asked for.
        .setting("CONNECTOR_PRECHECK", "false");
    let parts = ["32 MiB of memory", "10000 table elements", "32 MiB of memory", "10000 table elements"];
    let files: Vec<Refusal<'_>> =
        eaters().into_iter().zip(parts).map(|((name, guest), part)| (name, guest, "self_check", part)).collect();
    refuses_each_in(&directory, builder, &files);
}

#[test]
fn what_lies_is_refused() {
    let length_that_lies = "(i32.store (i32.const 20) (i32.const 2147483647)) (i32.const 16)";
    let list_that_lies = "(i32.store (i32.const 76) (i32.const 536870911)) (i32.const 16)";
    let no_utf8 = "(i32.store (i32.const 0) (i32.const -1)) (i32.store (i32.const 20) (i32.const 4)) (i32.const 16)";
    let wrong_tag = "(i32.store8 (i32.const 64) (i32.const 9)) (i32.const 16)";
    refuses_each(&[
        ("trap.wasm", guest("1", "", "(unreachable)"), "self_check", "unreachable"),
        ("pointer.wasm", guest("1", "", "(i32.const 2147483644)"), "self_check", "pointer out of bounds"),
        ("unaligned.wasm", guest("1", "", "(i32.const 1)"), "self_check", "not aligned"),
        ("length.wasm", guest("1", "", length_that_lies), "self_check", "string pointer/length"),
        ("list.wasm", guest("1", "", list_that_lies), "self_check", "list pointer/length"),
        ("utf8.wasm", guest("1", "", no_utf8), "self_check", "invalid utf-8"),
        ("tag.wasm", guest("1", "", wrong_tag), "self_check", "invalid option discriminant"),
        ("empty-manifest.wasm", guest("1", "", "(i32.const 16)"), "self_check", "not JSON"),
    ]);
}

#[test]
fn a_flood_of_log_lines_is_cut_and_each_stays_one_line() {
    let text = r#"(data (i32.const 2048) "a line\n{\22level\22:\22forged\22}\1b[31m")"#;
    let write = "(call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 30))";
    let host = refuses_each(&[("flood.wasm", guest("1", text, &forever(write)), "self_check", "100 ms of CPU time")]);
    let lines = log(&host).into_iter().filter(|line| line["connector"] == "flood.wasm");
    let lines: Vec<_> = lines.filter(|line| line["target"] == "patchpanel::connector").collect();
    let (written, dropped): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line["dropped"].is_null());
    assert_eq!((written.len(), dropped.len()), (100, 1));
    for line in written {
        assert_eq!(line["level"], "INFO", "{line}");
        assert!(line["message"].as_str().unwrap().starts_with("a line\\n{"), "{line}");
    }
}
