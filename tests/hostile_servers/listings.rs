//! Servers that answer statements with something else than was asked for.

use test_support::hostile_postgres::mischief::edit;
use test_support::hostile_postgres::scripts::{COLUMNS, TEXT};
use test_support::hostile_postgres::{Moment, complete, data_row, message, row_description};

use super::row::{Outcome, Row};

/// OIDs of `boolean` and `integer` (PostgreSQL's `pg_type.dat`).
const BOOL: u32 = 16;
const INTEGER: u32 = 23;

/// The one parameter of the look at the privileges.
const ONE_TEXT: &[u8] = b"\0\x01\0\0\0\x19";

pub(crate) fn rows() -> Vec<Row> {
    [columns(), values(), amounts(), orders(), privileges()].into_iter().flatten().collect()
}

/// A whole answer with this between its opening and its end.
fn answer(inside: &[Vec<u8>]) -> Vec<u8> {
    let bound = [message(b'1', b""), message(b'2', b"")].concat();
    let set = data_row(&[Some(b"1"), Some(b"x")]);
    let opened = [&bound[..], &complete("BEGIN"), &bound, &set, &complete("SELECT 1")].concat();
    let ended = [&bound[..], &complete("ROLLBACK"), &message(b'Z', b"I")].concat();
    [opened, inside.concat(), ended].concat()
}

/// A listing of these columns and rows, each of which is whole.
fn listing(described: Vec<u8>, rows: &[Vec<u8>]) -> Vec<u8> {
    answer(&[
        message(b'1', b""),
        message(b't', b"\0\0"),
        described,
        message(b'2', b""),
        rows.concat(),
        complete("SELECT 1"),
    ])
}

fn described() -> Vec<u8> {
    row_description(&COLUMNS.map(|name| (name, TEXT)))
}

fn row(name: &str, answer: Vec<u8>, code: &'static str) -> Row {
    let outcome = Outcome::fails(Moment::Listing, &[code]);
    Row::at(Moment::Listing, format!("listing: {name}"), vec![edit(move |_| answer.clone())], outcome)
}

fn works(name: &str, answer: Vec<u8>) -> Row {
    Row { outcome: Outcome::Works(vec![]), ..row(name, answer, "") }
}

fn columns() -> Vec<Row> {
    let other = "unexpected_columns";
    let of = |columns: &[(&str, u32)]| listing(row_description(columns), &[]);
    let named = COLUMNS.map(|name| (name, TEXT));
    let reversed: Vec<_> = named.iter().rev().copied().collect();
    let attack = named.map(|(_, oid)| ("\u{1b}[31m\u{202e}<script>", oid));
    let typed = named.map(|(name, _)| (name, INTEGER));
    let many = vec![("x", TEXT); 40_000];
    let too_many = vec![("x", TEXT); usize::from(u16::MAX)];
    let mut binary = row_description(&named[..1]);
    let format = binary.len() - 1;
    binary[format] = 1;
    let mut unreadable = row_description(&named[..1]);
    unreadable[7] = 0xff;
    let mut announced = row_description(&named[..1]);
    announced[5..7].copy_from_slice(&u16::MAX.to_be_bytes());
    vec![
        row("no columns", of(&[]), other),
        row("a column too few", of(&named[..4]), other),
        row("a column too many", of(&[&named[..], &[("more", TEXT)]].concat()), other),
        row("columns in another order", of(&reversed), other),
        row("columns that write to terminals", of(&attack), other),
        row("columns of another type", of(&typed), other),
        row("no description", listing(message(b'n', b""), &[]), other),
        row("40,000 columns", of(&many), other),
        row("65,535 columns", of(&too_many), "listing_too_large"),
        row("65,535 columns that are announced", listing(announced, &[]), "protocol_violation"),
        row("columns in binary", listing(binary, &[]), "protocol_violation"),
        row("a column without an end", listing(message(b'T', b"\0\x01schema_name"), &[]), "protocol_violation"),
        row("a column whose name is not text", listing(unreadable, &[]), "protocol_violation"),
    ]
}

/// A row whose values are these bytes, and which says that it has so many.
fn raw_row(count: u16, values: &[u8]) -> Vec<u8> {
    message(b'D', &[&count.to_be_bytes()[..], values].concat())
}

fn values() -> Vec<Row> {
    let of = |rows: &[Vec<u8>]| listing(described(), rows);
    let violation = "protocol_violation";
    let null = [0xff; 4];
    let nulls = null.repeat(4);
    let length = |length: i32, bytes: &[u8]| raw_row(5, &[&length.to_be_bytes()[..], bytes, &nulls].concat());
    let names = |schema: &[u8], table: &[u8]| data_row(&[Some(schema), Some(table), Some(b"table"), None, None]);
    let attack = "\u{1b}]0;x\u{7}\u{202e}<script>alert(1)</script>\u{0}\r\n".as_bytes();
    vec![
        row("a value too few", of(&[data_row(&[None; 4])]), violation),
        row("a value too many", of(&[data_row(&[None; 6])]), violation),
        row("65,535 values that are announced", of(&[raw_row(u16::MAX, &nulls)]), violation),
        row("a value of -2 bytes", of(&[length(-2, b"")]), violation),
        row("a value of -2147483648 bytes", of(&[length(i32::MIN, b"")]), violation),
        row("a value that is longer than its row", of(&[length(1_000, b"x")]), violation),
        row("a value of 1 GiB that is announced", of(&[length(1 << 30, b"x")]), violation),
        row("bytes behind the last value", of(&[raw_row(5, &[&null.repeat(5)[..], b"more"].concat())]), violation),
        works("nothing where something must be", of(&[data_row(&[None; 5])])),
        works("names that are not text", of(&[names(b"\xff\xfe", b"caf\xe9")])),
        works("names that write to terminals", of(&[names(attack, attack)])),
        works("names that are empty", of(&[names(b"", b"")])),
        works(
            "a kind and a number that are none",
            of(&[data_row(&[Some(b"s"), Some(b"t"), Some(b"?"), None, Some(b"-1e9")])]),
        ),
    ]
}

fn amounts() -> Vec<Row> {
    let of = |rows: &[Vec<u8>]| listing(described(), rows);
    let too_large = "listing_too_large";
    let mut giant = data_row(&[None; 5]);
    giant[1..5].copy_from_slice(&(1_u32 << 30).to_be_bytes());
    let megabyte = vec![b'x'; 1_000_000];
    let long = data_row(&[Some(&megabyte), None, None, None, None]);
    let full = data_row(&[Some(&[b'x'; 4_096]), Some(&[b'y'; 4_096]), Some(&[b'z'; 4_096]), None, None]);
    let small = data_row(&[Some(b"s"), Some(b"t"), None, None, None]);
    vec![
        row("a row of 1 GiB that is announced", of(&[giant]), too_large),
        row("five rows of 1 MB", of(&[long.repeat(5)]), too_large),
        row("rows of more than 1 MiB altogether", of(&[full.repeat(150)]), too_large),
        row("a million rows", of(&[small.repeat(1_000_000)]), too_large),
        works("a value of 1 MB", of(&[data_row(&[Some(&megabyte), Some(b"t"), None, None, None])])),
        // The next page has parameters, and this server says again that there are none.
        row("10,000 rows, and no parameters", of(&[small.repeat(10_000)]), "statement_refused"),
        works("200 rows", of(&[small.repeat(200)])),
    ]
}

fn orders() -> Vec<Row> {
    let violation = "protocol_violation";
    let bound = || vec![message(b'1', b""), message(b't', b"\0\0"), described(), message(b'2', b"")];
    let with = |last: &[Vec<u8>]| answer(&[bound(), last.to_vec()].concat());
    let parameters = |types: &[u8]| {
        answer(&[message(b'1', b""), message(b't', types), described(), message(b'2', b""), complete("x")])
    };
    let ready = |status: &[u8]| {
        let mut whole = with(&[complete("SELECT 0")]);
        whole.truncate(whole.len() - 6);
        [whole, message(b'Z', status)].concat()
    };
    vec![
        row("a row before its columns", answer(&[message(b'1', b""), data_row(&[None; 5])]), violation),
        row("the end before its columns", answer(&[message(b'1', b""), complete("SELECT 0")]), violation),
        row("columns twice", with(&[described(), complete("SELECT 0")]), violation),
        row("no end", with(&[]), violation),
        row("two ends", with(&[complete("SELECT 0"), complete("SELECT 0")]), violation),
        row("an empty query", with(&[message(b'I', b"")]), violation),
        row("a part of the rows", with(&[message(b's', b"")]), violation),
        row("a parameter that was not given", parameters(ONE_TEXT), "statement_refused"),
        row("65,535 parameters that are announced", parameters(b"\xff\xff"), violation),
        row("a transaction that is still open", ready(b"T"), violation),
        row("a state that is none", ready(b"\x1b"), violation),
        works("a transaction that has failed and says so late", ready(b"E")),
    ]
}

fn privileges() -> Vec<Row> {
    let flags = ["1", "2", "3", "4"].map(|name| (name, BOOL));
    let of = |columns: &[(&str, u32)], rows: &[Vec<u8>]| {
        let parts = [message(b'1', b""), message(b't', ONE_TEXT), row_description(columns), message(b'2', b"")];
        answer(&[parts.concat(), rows.concat(), complete("SELECT 1")])
    };
    let flag = |value: &'static [u8]| data_row(&[Some(value), Some(b"f"), Some(b"t"), Some(b"f")]);
    let row = |name: &str, answer: Vec<u8>| {
        let outcome = Outcome::fails(Moment::Privileges, &["protocol_violation"]);
        Row::at(Moment::Privileges, format!("privileges: {name}"), vec![edit(move |_| answer.clone())], outcome)
    };
    vec![
        row("no columns", of(&[], &[])),
        row("a column too few", of(&flags[..3], &[])),
        row("columns of another type", of(&flags.map(|(name, _)| (name, TEXT)), &[flag(b"t")])),
        row("no row", of(&flags, &[])),
        row("two rows", of(&flags, &[flag(b"f"), flag(b"f")])),
        row("a flag that is none", of(&flags, &[flag(b"maybe")])),
        row("a flag that is empty", of(&flags, &[flag(b"")])),
        row("a value too few", of(&flags, &[data_row(&[Some(&b"f"[..]); 3])])),
        row("a value of -2 bytes", of(&flags, &[raw_row(4, b"\xff\xff\xff\xfe")])),
    ]
}
