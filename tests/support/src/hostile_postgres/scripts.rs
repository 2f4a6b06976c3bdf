//! What hostile servers send once they are trusted. The host's own statements are answered as an honest server does.

use std::io;

use super::honest::{Asked, Table};
use super::{Session, complete, data_row, message, row_description};

/// OIDs of PostgreSQL's own types (`pg_type.dat`).
const CHAR: u32 = 18;
const NAME: u32 = 19;
/// The OID of text.
pub const TEXT: u32 = 25;
/// The OID of OIDs.
pub const OID: u32 = 26;

/// An OID that no type of PostgreSQL's own has.
pub const STRANGE: u32 = 100_000;

/// The columns of the level `tables`.
pub const COLUMNS: [&str; 5] = ["schema_name", "table_name", "table_kind", "comment", "estimated_rows"];

/// Rows or notices that are sent at once.
const BURST: usize = 1_000;

/// A word that only the host's look at the privileges has.
pub const PROBE: &str = "lo_compat_privileges";

/// A word that only the host's look at what a listing lacks has.
pub const UNLISTED: &str = "'unreadable'";

/// Columns as [`Table`] has them.
pub fn columns(columns: &[(&str, u32)]) -> Vec<(String, u32)> {
    columns.iter().map(|&(name, oid)| (name.to_owned(), oid)).collect()
}

/// What an honest server has for the host's own statements; none for the connector's.
pub fn own(asked: &Asked) -> Option<Table> {
    if asked.text.contains(PROBE) {
        let row = |means: &str, what: &str| vec![Some(means.into()), Some(what.into()), None];
        return Some(Table {
            parameters: vec![TEXT],
            columns: columns(&[("means", TEXT), ("what", TEXT), ("holder", TEXT)]),
            rows: vec![row("schema", "open"), row("definers", "0")],
        });
    }
    if asked.text.contains(UNLISTED) {
        let columns = columns(&[("state", TEXT), ("name", TEXT)]);
        return Some(Table { parameters: vec![TEXT, TEXT], columns, rows: Vec::new() });
    }
    asked.text.contains("set_config").then(|| Table {
        parameters: vec![TEXT],
        columns: columns(&[("set_config", TEXT)]),
        rows: vec![vec![Some(b"x".to_vec())]],
    })
}

/// What an honest server has for everything: one table in the connector's listing.
pub fn honest(asked: &Asked) -> Table {
    let values = ["sales", "orders", "table"].map(|value| Some(value.as_bytes().to_vec()));
    match own(asked) {
        Some(table) => table,
        None if ["begin read only", "rollback"].contains(&asked.text.as_str()) => Table::default(),
        None => Table {
            parameters: (1..=u16::MAX)
                .take_while(|number| asked.text.contains(&format!("${number}")))
                .map(|_| TEXT)
                .collect(),
            columns: columns(&COLUMNS.map(|name| (name, TEXT))),
            rows: vec![[&values[..], &[None, None]].concat()],
        },
    }
}

/// A type without an end: a domain over the type with the next OID.
pub fn look_up_of_a_type(asked: &Asked) -> Table {
    let next =
        asked.parameters.first().and_then(|oid| oid.as_slice().try_into().ok()).map_or(0, u32::from_be_bytes) + 1;
    let number = |number: u32| Some(number.to_be_bytes().to_vec());
    Table {
        parameters: vec![OID],
        columns: columns(&[
            ("typname", NAME),
            ("typtype", CHAR),
            ("typelem", OID),
            ("rngsubtype", OID),
            ("typbasetype", OID),
            ("nspname", NAME),
            ("typrelid", OID),
        ]),
        rows: vec![vec![
            Some(b"heads".to_vec()),
            Some(b"d".to_vec()),
            number(0),
            None,
            number(next),
            Some(b"s".to_vec()),
            number(0),
        ]],
    }
}

/// The hydra: columns of a type that nobody knows, and whoever looks it up is told of another one.
pub fn hydra(asked: &Asked) -> Table {
    if asked.text.contains("typbasetype") {
        return look_up_of_a_type(asked);
    }
    let strange = COLUMNS.map(|name| (name, STRANGE));
    own(asked).unwrap_or_else(|| Table { columns: columns(&strange), ..Table::default() })
}

/// The look at the privileges, answered as an honest server does.
pub fn answer_own(session: &mut Session) -> io::Result<()> {
    session.serve_until("rollback", |asked| own(asked).unwrap_or_default())
}

/// What stands around a statement, up to the statement itself.
pub fn begin_statement(session: &mut Session) -> io::Result<()> {
    session.wait_for(b'S')?;
    let bound = [message(b'1', b""), message(b'2', b"")].concat();
    let set = data_row(&[Some(b"1"), Some(b"x")]);
    session.send(&[&bound[..], &complete("BEGIN"), &bound, &set, &complete("SELECT 1")].concat())
}

/// The listing of tables, up to its first row.
pub fn begin_listing(session: &mut Session) -> io::Result<()> {
    begin_statement(session)?;
    let described = row_description(&COLUMNS.map(|name| (name, TEXT)));
    session.send(&[message(b'1', b""), message(b't', b"\0\0"), described, message(b'2', b"")].concat())
}

/// A listing that never ends.
pub fn flood_of_rows(session: &mut Session) -> io::Result<()> {
    answer_own(session)?;
    begin_listing(session)?;
    let rows = data_row(&[Some(&[b'a'; 150]), Some(&[b'b'; 50]), None, None, None]).repeat(BURST);
    loop {
        session.send(&rows)?;
    }
}

/// Notices that never end, before the first row of a listing.
pub fn flood_of_notices(session: &mut Session) -> io::Result<()> {
    answer_own(session)?;
    session.wait_for(b'S')?;
    let notices = message(b'N', b"SNOTICE\0C00000\0Mthere is more\0\0").repeat(BURST);
    loop {
        session.send(&notices)?;
    }
}
