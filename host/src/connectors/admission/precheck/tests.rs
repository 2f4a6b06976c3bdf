//! Bombs, each with a twin that is as large as it may be, and files that are broken in every way.

mod bytes;

use std::time::{Duration, Instant};

use test_support::guests;

use bytes::{Function, component, function, functions, leb, many, module, name, section};

use super::*;

fn look(bytes: &[u8]) -> Result<Counts, Vec<Reason>> {
    check(bytes, &Limits::default())
}

/// The codes of the reasons against a file.
fn codes(bytes: &[u8]) -> Vec<std::borrow::Cow<'static, str>> {
    let reasons = look(bytes).err().unwrap_or_default();
    for reason in &reasons {
        let texts = [&reason.message, &reason.remedy];
        assert!(texts.iter().all(|text| !text.is_empty() && text.len() < 2_000), "{reason:?}");
        assert!(!texts.iter().any(|text| text.contains(char::is_control)), "{reason:?}");
        assert!(!reason.message.contains("gave up"), "the validator panicked");
    }
    reasons.into_iter().map(|reason| reason.code).collect()
}

/// Each bad one is refused for exactly these reasons, and its twin is not.
fn refuses(bombs: &[(&[&str], Vec<u8>, Vec<u8>)]) {
    for (expected, bad, good) in bombs {
        let start = Instant::now();
        assert_eq!(codes(bad), *expected);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(10), "{expected:?} took {took:?}");
        assert_eq!(look(good).map(|_| ()), Ok(()), "the good twin of {expected:?}");
    }
}

fn text(text: &str) -> Vec<u8> {
    guests::assemble(text).unwrap()
}

#[test]
fn refuses_too_much_code() {
    let load = [0x41, 0, 0x28, 2, 0, 0x1a];
    let nops = |count, size| functions(&vec![Function { code: vec![0x01; size], ..Function::default() }; count]);
    refuses(&[
        // The twin is 50,000 loads, which compile in 0.3 s: Python's longest function is three times as long.
        (&["function_too_long"], function(0, many(140_000, &load)), function(0, many(50_000, &load))),
        (&["function_too_large"], function(0, big_constants(100_000)), function(0, big_constants(85_000))),
        (&["too_many_functions"], nops(500_000, 0), nops(50_000, 0)),
        (&["code_too_large"], data_like_code(21), data_like_code(19)),
        (&["too_many_operators"], nops(30, 350_000), nops(25, 350_000)),
        (&["too_many_locals"], function(40_000, vec![]), function(2_000, vec![])),
        (&["too_many_branch_targets"], function(1, branch_table(1_000_000)), function(1, branch_table(10_000))),
        (&["blocks_too_deep"], function(0, blocks(10_000)), function(0, blocks(5_000))),
    ]);
}

/// Constants of twelve bytes each.
fn big_constants(count: usize) -> Vec<u8> {
    many(count, &[0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x1a])
}

/// Many bytes for few operators.
fn data_like_code(megabytes: usize) -> Vec<u8> {
    functions(&vec![Function { code: big_constants(80_000), ..Function::default() }; megabytes * 12 / 11])
}

fn branch_table(targets: usize) -> Vec<u8> {
    [vec![0x02, 0x40, 0x20, 0, 0x0e], leb(targets), vec![0; targets], vec![0, 0x0b]].concat()
}

fn blocks(depth: usize) -> Vec<u8> {
    [many(depth, &[0x02, 0x40]), many(depth, &[0x0b])].concat()
}

/// What took wasmtime many seconds, in a few kilobytes.
#[test]
fn refuses_what_makes_a_compiler_slow() {
    let loops_in_loops = |locals, depth| {
        let increments =
            (0..locals).flat_map(|local| [vec![0x20], leb(local), vec![0x41, 1, 0x6a, 0x21], leb(local)].concat());
        let ends = many(depth, &[0x41, 0, 0x0d, 0, 0x0b]);
        function(locals, [many(depth, &[0x03, 0x40]), increments.collect(), ends].concat())
    };
    let loops = |locals, count| function(locals, many(count, &[0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b]));
    let decisions = |locals, count| function(locals, many(count, &[0x20, 0, 0x04, 0x40, 0x05, 0x0b]));
    let table_calls = |count| {
        let code = many(count, &[0x20, 0, 0x11, 0, 0]);
        functions(&[Function { locals: 1, code, table: true }])
    };
    let values_in_loops = |values, count| {
        let code = [many(values, &[0x20, 0]), many(count, &[0x03, 0x40, 0x0b]), many(values, &[0x1a])];
        function(1, code.concat())
    };
    refuses(&[
        // 4.6 KB that take 28 s.
        (&["loops_too_deep"], loops_in_loops(300, 300), loops_in_loops(50, 50)),
        // 18 KB that take 25 s.
        (&["loops_too_deep"], loops_in_loops(1, 2_500), loops_in_loops(1, 90)),
        // 50 KB that take 10 s and 864 MB.
        (&["too_many_locals", "loops_too_tangled"], loops(3_000, 3_000), loops(900, 900)),
        (&["branches_too_tangled"], decisions(2_000, 10_000), decisions(1_000, 10_000)),
        // 250 KB that take 20 s and 831 MB.
        (&["too_many_branches"], table_calls(50_000), table_calls(4_500)),
        (&["loops_too_long"], values_in_loops(80_000, 2_000), values_in_loops(20_000, 2_000)),
    ]);
}

#[test]
fn refuses_modules_with_too_much_in_them() {
    let one = |parts: &[Vec<u8>]| component(&[section(1, &module(parts))]);
    let ty = section(1, &[1, 0x60, 0, 0]);
    let types = |count| one(&[section(1, &[leb(count), many(count, &[0x60, 0, 0])].concat())]);
    let imports = |count| {
        let import = |index: usize| [name(&index.to_string()), vec![0, 0, 0]].concat();
        one(&[ty.clone(), section(2, &[leb(count), (0..count).flat_map(import).collect()].concat())])
    };
    let globals = |count| one(&[section(6, &[leb(count), many(count, &[0x7f, 0, 0x41, 0, 0x0b])].concat())]);
    let exports = |count| {
        let export = |index: usize| [name(&index.to_string()), vec![3, 0]].concat();
        let global = section(6, &[1, 0x7f, 0, 0x41, 0, 0x0b]);
        one(&[global, section(7, &[leb(count), (0..count).flat_map(export).collect()].concat())])
    };
    let segments = |count, size| {
        let segment = [vec![1], leb(size), vec![0; size]].concat();
        one(&[section(5, &[1, 0, 0]), section(11, &[leb(count), many(count, &segment)].concat())])
    };
    let elements = |segments, elements| {
        let segment = [vec![5, 0x70], leb(elements), many(elements, &[0xd0, 0x70, 0x0b])].concat();
        one(&[section(9, &[leb(segments), many(segments, &segment)].concat())])
    };
    let constant = |operators| {
        let code = [vec![0x41, 0], many(operators, &[0x41, 0, 0x6a]), vec![0x0b]].concat();
        one(&[section(6, &[vec![1, 0x7f, 0], code].concat())])
    };
    let arity = |parameters, results| {
        let ty = [vec![1, 0x60], leb(parameters), vec![0x7f; parameters], leb(results), vec![0x7f; results]];
        one(&[section(1, &ty.concat())])
    };
    let block = |results: u8| {
        let types = [vec![2, 0x60, 0, 0, 0x60, 0, results], vec![0x7f; results.into()]].concat();
        let body =
            [vec![0, 0x02, 1], many(results.into(), &[0x41, 0]), vec![0x0b], vec![0x1a; results.into()], vec![0x0b]];
        let bodies = [vec![1], leb(body.concat().len()), body.concat()].concat();
        one(&[section(1, &types), section(3, &[1, 0]), section(10, &bodies)])
    };
    let started = module(&[ty.clone(), section(3, &[1, 0]), section(8, &[0]), section(10, &[1, 2, 0, 0x0b])]);
    refuses(&[
        (&["definitions_too_large", "too_many_types"], types(1_000_000), types(5_000)),
        (&["types_too_large", "too_many_imports"], imports(1_000_000), imports(10_000)),
        (&["types_too_large", "too_many_exports"], exports(1_000_000), exports(20_000)),
        (&["too_many_globals", "constants_too_large"], globals(1_000_000), globals(4_000)),
        (&["constants_too_large"], constant(200_000), constant(100_000)),
        (&["too_many_data_segments"], segments(100_000, 1), segments(20_000, 1)),
        (&["data_too_large"], segments(1, 25 << 20), segments(1, 24 << 20)),
        (&["too_many_element_segments"], elements(101, 1), elements(100, 1)),
        (&["too_many_elements"], elements(1, 20_001), elements(1, 20_000)),
        (&["too_many_parameters"], arity(1_000, 0), arity(64, 0)),
        (&["too_many_results"], arity(0, 1_000), arity(0, 8)),
        (&["too_many_results"], block(100), block(8)),
        (
            &["too_many_modules"],
            component(&vec![section(1, &module(&[])); 101]),
            component(&vec![section(1, &module(&[])); 99]),
        ),
        (&["too_many_starts"], component(&vec![section(1, &started); 21]), component(&vec![section(1, &started); 20])),
    ]);
}

#[test]
fn refuses_instances_that_multiply() {
    // Thirty times the one before twice is 1,943 bytes, and took wasmtime 29 s and 9 GB.
    let doubling = |times: usize| {
        let next = |before: usize| {
            let twice = "(instance (instantiate $c)) (instance (instantiate $c))";
            format!("(component $c{} (alias outer 1 $c{before} (component $c)) {twice})", before + 1)
        };
        let all: String = (0..times).map(next).collect();
        text(&format!("(component (component $c0 (core module $m) (core instance (instantiate $m))) {all})"))
    };
    // The same with each inside the next.
    let inside = |levels, times| {
        let innermost = component(&[section(1, &module(&[])), section(2, &[1, 0, 0, 0])]);
        let instances = section(5, &[leb(times), many(times, &[0, 0, 0])].concat());
        (0..levels).fold(innermost, |inner, _| component(&[section(4, &inner), instances.clone()]))
    };
    // Taken out of an instance, it is still the same component.
    let exported = |count| {
        text(&format!(
            r#"(component
                (component $c (component $d (core module $m) (core instance (instantiate $m))) (export "d" (component $d)))
                (instance $i (instantiate $c))
                (alias export $i "d" (component $e))
                {})"#,
            "(instance (instantiate $e))".repeat(count)
        ))
    };
    let all = ["too_many_instances", "too_many_component_instances", "expands_too_far"];
    let foreign = text(
        r#"(component
            (component $c (import "d" (component $d)) (instance (instantiate $d)))
            (component $d)
            (instance (instantiate $c (with "d" (component $d)))))"#,
    );
    let memories = |pages| {
        text(&format!(
            "(component (core module $m (memory {pages})) (core instance (instantiate $m)) (core instance (instantiate $m)))"
        ))
    };
    let tables = |elements| {
        text(&format!("(component (core module $m (table {elements} funcref)) (core instance (instantiate $m)))"))
    };
    let many_of = |what, count| {
        let instances = "(core instance (instantiate $m))".repeat(count);
        text(&format!("(component (core module $m {what}) {instances})"))
    };
    refuses(&[
        (&all, doubling(30), doubling(4)),
        (&all, inside(8, 5), inside(2, 4)),
        (&["too_deep"], inside(30, 2), inside(4, 2)),
        (&["too_many_instances"], exported(65), exported(64)),
        (&["foreign_instances"], foreign, text("(component (component $c) (instance (instantiate $c)))")),
        (&["memories_too_large"], memories(65_536), memories(256)),
        (&["too_many_memories"], many_of("(memory 0)", 9), many_of("(memory 0)", 8)),
        (&["tables_too_large"], tables(10_000_000), tables(10_000)),
        (&["too_many_tables"], many_of("(table 0 funcref) (table 0 funcref)", 11), many_of("(table 0 funcref)", 20)),
    ]);
}

#[test]
fn refuses_what_nests_too_deep() {
    let components = |levels| (0..levels).fold(component(&[]), |inner, _| component(&[section(4, &inner)]));
    // Recursion would overflow the stack.
    let types = |levels| component(&[section(7, &[vec![1], many(levels, &[0x42, 1, 1]), vec![0x7f]].concat())]);
    // The validator's assertion fails at 128.
    let chain = |levels: usize| {
        let next =
            |level: usize| [vec![0x42, 2, 0x02, 0x03, 0x02, 1], leb(level), vec![0x04, 0, 1, b'a', 0x05, 0]].concat();
        component(&[section(7, &[leb(levels + 1), vec![0x42, 0], (0..levels).flat_map(next).collect()].concat())])
    };
    refuses(&[
        (&["too_deep"], components(2_000), components(10)),
        (&["too_deep"], types(100_000), types(10)),
        (&["definitions_too_large"], types(1_000_000), types(1)),
        (&["type_too_deep"], chain(130), chain(39)),
    ]);
}

#[test]
fn refuses_types_that_are_too_large() {
    let types = |count, types: &[u8]| component(&[section(7, &[leb(count), types.to_vec()].concat())]);
    let named = |count: usize| (0..count).flat_map(|index| name(&format!("a{index}"))).collect::<Vec<_>>();
    let enumeration = |cases| types(1, &[vec![0x6d], leb(cases), named(cases)].concat());
    let doubling = |levels: usize| {
        let next = |level: usize| [vec![0x6f, 2], leb(level), leb(level)].concat();
        types(levels + 1, &[vec![0x79], (0..levels).flat_map(next).collect()].concat())
    };
    // The same through instances, whose exports have to be followed by name.
    let doubling_instances = |levels: usize| {
        let next = |level: usize| {
            format!(
                r#"(alias export $i{level} "t" (type $a{level}))
                   (type $t{0} (instance (alias outer 1 $a{level} (type $a)) (type $b (tuple $a $a)) (export "t" (type (eq $b)))))
                   (import "i{0}" (instance $i{0} (type $t{0})))"#,
                level + 1
            )
        };
        let all: String = (0..levels).map(next).collect();
        text(&format!(r#"(component (import "i0" (instance $i0 (type $u u32) (export "t" (type (eq $u))))) {all})"#))
    };
    let imports = |count: usize| {
        let import = |index: usize| [vec![0], name(&format!("f{index}")), vec![0x01, 0]].concat();
        let imports: Vec<u8> = (0..count).flat_map(import).collect();
        component(&[section(7, &[1, 0x40, 0, 1, 0]), section(10, &[leb(count), imports].concat())])
    };
    let adapters = |count: usize, levels: u8| {
        let next = |level| [0x6a, 1, level, 1, level];
        let function = [0x40, 1, 1, b'a', levels, 1, 0];
        let types = [vec![levels + 2, 0x6a, 0, 0], (0..levels).flat_map(next).collect(), function.to_vec()];
        let types = section(7, &types.concat());
        let import = section(10, &[1, 0, 1, b'f', 0x01, levels + 1]);
        let lower = section(8, &[leb(count), many(count, &[0x01, 0, 0, 0])].concat());
        component(&[types, import, lower])
    };
    refuses(&[
        (&["definitions_too_large"], enumeration(1_000_000), enumeration(10)),
        (&["type_too_wide"], enumeration(20_000), enumeration(1_000)),
        (&["types_too_large"], doubling(20), doubling(15)),
        (&["types_too_large"], doubling_instances(18), doubling_instances(12)),
        (&["too_many_definitions"], imports(50_000), imports(14_000)),
        (&["too_many_definitions", "definitions_too_large"], imports(1_000_000), imports(1)),
        (&["too_many_adapters"], adapters(501, 1), adapters(500, 1)),
        (&["adapters_too_large"], adapters(200, 6), adapters(100, 6)),
    ]);
}

#[test]
fn refuses_ballast_and_names_that_are_no_names() {
    let custom = |count, size| component(&vec![section(0, &[name("x"), vec![0; size]].concat()); count]);
    let import = |text: &str| {
        let import = [vec![1], name("env"), name(text), vec![0, 0]].concat();
        component(&[section(1, &module(&[section(1, &[1, 0x60, 0, 0]), section(2, &import)]))])
    };
    refuses(&[
        (&["custom_sections_too_large"], custom(1, 50 << 20), custom(1, 8_000_000)),
        (&["too_many_custom_sections"], custom(101, 0), custom(100, 0)),
        (&["name_too_long"], import(&"x".repeat(1_001)), import(&"x".repeat(1_000))),
        (&["control_characters"], import("\u{1b}[2Jx"), import("größe")),
    ]);
}

#[test]
fn says_what_is_not_a_component() {
    let whole = sample();
    let core = text("(module)");
    let random: Vec<u8> = (0..1_000).map(|index: usize| index.wrapping_mul(index).to_le_bytes()[1]).collect();
    let not: &[&[u8]] = &[b"", b"\0asm", &core, b"(component)", b"  (component)", &random, &whole[..7]];
    for bytes in not {
        assert_eq!(codes(bytes), ["not_a_component"], "{bytes:?}");
    }
    for end in 9..whole.len() {
        let found = codes(&whole[..end]);
        assert!(found.len() <= 1, "{end}: {found:?}");
        assert!(
            found.iter().all(|code| ["not_a_component", "invalid_component"].contains(&&**code)),
            "{end}: {found:?}"
        );
    }
    assert_eq!(codes(&[&whole, &b"more"[..]].concat()), ["not_a_component"]);
    assert!(look(&[]).unwrap_err()[0].message.contains("empty"));
    assert!(look(&core).unwrap_err()[0].message.contains("core module"));
}

#[test]
fn says_what_is_not_valid_and_what_is_not_supported() {
    let cases = [
        ("(component (core module (func i32.add)))", "invalid_component", "i32"),
        ("(component (core module (func (return_call 0))))", "unsupported_proposal", "tail-call"),
        ("(component (core module (memory 1 1 shared)))", "unsupported_proposal", "threads"),
        ("(component (core module (memory 1) (memory 1)))", "invalid_component", "multiple memories"),
        ("(component (core module (memory i64 1)))", "unsupported_proposal", "memory64"),
        ("(component (core module (type (struct))))", "unsupported_proposal", "gc"),
        (r#"(component (import "f" (func async)))"#, "unsupported_proposal", "cm-async"),
    ];
    for (source, code, word) in cases {
        let reasons = look(&text(source)).unwrap_err();
        assert_eq!(reasons.iter().map(|reason| &*reason.code).collect::<Vec<_>>(), [code], "{source}");
        assert!(reasons[0].message.contains(word), "{reasons:?}");
    }
}

#[test]
fn says_everything_at_once() {
    let ballast = section(0, &[name("x"), vec![0; 9 << 20]].concat());
    let module =
        module(&[section(1, &[1, 0x60, 0, 0]), section(2, &[vec![1], name("e"), name("\r\n"), vec![0, 0]].concat())]);
    let types = section(7, &[vec![1, 0x6d], leb(5_000)].concat());
    let all = component(&[types, ballast, many(101, &section(1, &module)), vec![10, 1]]);
    let expected =
        ["too_many_modules", "type_too_wide", "custom_sections_too_large", "control_characters", "not_a_component"];
    assert_eq!(codes(&all), expected);
}

#[test]
fn offers_what_the_engine_offers() {
    let engine = engine::compiler().unwrap();
    assert_eq!(engine.get_wasm_features(), FEATURES.union(WasmFeatures::MULTI_MEMORY));
}

#[test]
fn has_a_rule_for_every_count() {
    let counts = format!("{:?}", Counts::default()).matches(": 0").count();
    let codes = rules::codes();
    assert_eq!(codes.len(), counts);
    assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), counts, "every code once");
}

/// A small component with something of everything.
fn sample() -> Vec<u8> {
    text(include_str!("tests/sample.wat"))
}

#[test]
fn counts_a_sample() {
    let counts = look(&sample()).unwrap();
    let expected = Expansion {
        instances: 2,
        component_instances: 2,
        definitions: 35,
        adapters: 3,
        adapter_nodes: 10,
        memories: 1,
        memory_bytes: 65_536,
        tables: 1,
        table_elements: 4,
    };
    assert_eq!(counts.expanded, expected);
    assert_eq!((counts.modules, counts.components, counts.nesting), (3, 2, 2));
    assert_eq!((counts.functions, counts.starts, counts.elements, counts.data_bytes), (4, 1, 2, 5));
}

/// Flipped bits, cut ends, and bytes that lie about lengths and counts.
#[test]
fn survives_mutations() {
    let sample = sample();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let start = Instant::now();
    for _ in 0..20_000 {
        let mut bytes = sample.clone();
        for _ in 0..=next(4) {
            let at = 8 + next(bytes.len() - 8);
            match next(5) {
                0 => bytes[at] ^= 1 << next(8),
                1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][next(5)],
                2 => bytes.truncate(at.max(9)),
                3 => drop(bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f])),
                _ => bytes.extend_from_within(at..),
            }
        }
        codes(&bytes);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_mins(1), "{took:?}");
}
