//! Components that take a compiler gigabytes or minutes, each written by a loop. They offer the contract's interface, so
//! that nothing but their size speaks against them.

use std::fmt::Write as _;

use anyhow::Result;

use crate::guests::{CONNECTOR, assemble};

/// A component of these fields.
fn component(fields: &str) -> Result<Vec<u8>> {
    assemble(&format!("(component $root {fields} (instance $none) (export \"{CONNECTOR}\" (instance $none)))"))
}

/// A component around one core module of these fields.
fn module(fields: &str) -> Result<Vec<u8>> {
    component(&format!("(core module $m (memory 1) {fields}) (core instance (instantiate $m))"))
}

/// One function that loads so many numbers and adds them up.
pub fn loads(count: usize) -> Result<Vec<u8>> {
    let load = "local.get 0 i32.load offset=4 i32.add ";
    module(&format!("(func (param i32) (result i32) local.get 0 {})", load.repeat(count)))
}

/// So many functions that do nothing.
pub fn functions(count: usize) -> Result<Vec<u8>> {
    module(&"(func)".repeat(count))
}

/// One function with so many locals, each of them live from the first line to the last.
pub fn locals(count: usize) -> Result<Vec<u8>> {
    let mut body = String::new();
    for local in 0..count {
        // Writing to a String cannot fail.
        let _ = write!(body, "local.get 0 i32.load local.set {} ", local + 1);
    }
    let sum = (0..count).map(|local| format!("local.get {} i32.add ", local + 1)).collect::<Vec<_>>().concat();
    module(&format!("(func (param i32) (result i32) (local {}) {body} i32.const 0 {sum})", "i32 ".repeat(count)))
}

/// Components that instantiate the one before them twice: 2 to the power of `levels` instances in a few bytes.
pub fn doubling(levels: usize) -> Result<Vec<u8>> {
    let mut text = "(component $c0 (core module $m (func)) (core instance (instantiate $m)))".to_owned();
    for level in 1..=levels {
        let before = level - 1;
        let twice = "(instance (instantiate $c))".repeat(2);
        let _ = write!(text, "(component $c{level} (alias outer $root $c{before} (component $c)) {twice})");
    }
    component(&format!("{text} (instance (instantiate $c{levels}))"))
}

/// Components within components.
pub fn nesting(levels: usize) -> Result<Vec<u8>> {
    // Written as bytes, since the text's parser has a limit of its own: section 4 is a component, which begins with a
    // header of 8 bytes.
    const HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    let mut inner = Vec::new();
    for _ in 0..levels {
        let component = [&HEADER[..], &inner].concat();
        inner = [&[4], &unsigned(component.len())[..], &component].concat();
    }
    Ok([component("")?, inner].concat())
}

/// An enum of so many cases.
pub fn enumeration(cases: usize) -> Result<Vec<u8>> {
    let cases = (0..cases).map(|case| format!("\"c{case}\" ")).collect::<Vec<_>>().concat();
    component(&format!("(type (enum {cases}))"))
}

/// A custom section of so many bytes.
pub fn custom_section(bytes: usize) -> Result<Vec<u8>> {
    let header = [&[0], &unsigned(bytes + 2)[..], &[1, b'x']].concat();
    let mut component = [component("")?, header].concat();
    component.resize(component.len() + bytes, 0);
    Ok(component)
}

/// An unsigned LEB128 number.
fn unsigned(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
