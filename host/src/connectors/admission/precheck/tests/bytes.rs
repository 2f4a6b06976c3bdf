//! Files, byte by byte.

/// A number as the format writes it.
pub(super) fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(0x80 | number.to_le_bytes()[0]);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
    bytes
}

pub(super) fn name(text: &str) -> Vec<u8> {
    [leb(text.len()), text.as_bytes().to_vec()].concat()
}

pub(super) fn many(count: usize, what: &[u8]) -> Vec<u8> {
    what.repeat(count)
}

pub(super) fn section(id: u8, contents: &[u8]) -> Vec<u8> {
    [vec![id], leb(contents.len()), contents.to_vec()].concat()
}

pub(super) fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

pub(super) fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".to_vec(), sections.concat()].concat()
}

/// A function without parameters and results.
#[derive(Clone, Default)]
pub(super) struct Function {
    /// How many locals of type i32.
    pub(super) locals: usize,
    pub(super) code: Vec<u8>,
    /// Whether its module has a table.
    pub(super) table: bool,
}

/// A component with one function of so many locals, in a module with a memory.
pub(super) fn function(locals: usize, code: Vec<u8>) -> Vec<u8> {
    functions(&[Function { locals, code, table: false }])
}

/// A component with those functions in one module.
pub(super) fn functions(functions: &[Function]) -> Vec<u8> {
    let body = |function: &Function| {
        let body = [vec![1], leb(function.locals), vec![0x7f], function.code.clone(), vec![0x0b]].concat();
        [leb(body.len()), body].concat()
    };
    let count = leb(functions.len());
    let mut sections = vec![
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[count.clone(), vec![0; functions.len()]].concat()),
        section(5, &[1, 0, 1]),
        section(10, &[count, functions.iter().flat_map(body).collect()].concat()),
    ];
    if functions.iter().any(|function| function.table) {
        sections.insert(2, section(4, &[1, 0x70, 0, 1]));
    }
    component(&[section(1, &module(&sections))])
}
