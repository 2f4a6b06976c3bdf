//! Servers that let us in by the book and misbehave then: a tenant has one as easily as an account.

use test_support::hostile_postgres::{Asked, HostilePostgres, Table};
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::{FINAL, attempt};

/// OIDs of PostgreSQL's own types (`pg_type.dat`).
const BOOL: u32 = 16;
const CHAR: u32 = 18;
const NAME: u32 = 19;
const TEXT: u32 = 25;
const OID: u32 = 26;

/// An OID that no type of PostgreSQL's own has.
const STRANGE: u32 = 100_000;

/// The columns of the level `tables`.
const COLUMNS: [&str; 5] = ["schema_name", "table_name", "table_kind", "comment", "estimated_rows"];

fn columns(columns: &[(&str, u32)]) -> Vec<(String, u32)> {
    columns.iter().map(|&(name, oid)| (name.to_owned(), oid)).collect()
}

/// What an honest server has for the host's own statements; none for the connector's.
fn own(asked: &Asked) -> Option<Table> {
    if asked.text.contains("is_superuser") {
        let flag = |set: bool| match (asked.binary, set) {
            (true, set) => vec![u8::from(set)],
            (false, true) => b"t".to_vec(),
            (false, false) => b"f".to_vec(),
        };
        return Some(Table {
            parameters: vec![TEXT],
            columns: columns(&[("1", BOOL), ("2", BOOL), ("3", BOOL), ("4", BOOL)]),
            rows: vec![[false, false, true, false].map(|set| Some(flag(set))).to_vec()],
        });
    }
    asked.text.contains("set_config").then(|| Table {
        parameters: vec![TEXT],
        columns: columns(&[("set_config", TEXT)]),
        rows: vec![vec![Some(b"x".to_vec())]],
    })
}

/// A type without an end: a domain over the type with the next OID.
fn look_up_of_a_type(asked: &Asked) -> Table {
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

#[test]
fn a_type_without_an_end_is_never_asked_for() {
    let (sender, statements) = std::sync::mpsc::channel();
    let hydra = HostilePostgres::start(sales::READER_PASSWORD, move |session| {
        session.serve(|asked| {
            let _ = sender.send(asked.text.clone());
            if asked.text.contains("typbasetype") {
                return look_up_of_a_type(asked);
            }
            let strange = COLUMNS.map(|name| (name, STRANGE));
            own(asked).unwrap_or_else(|| Table { columns: columns(&strange), ..Table::default() })
        })
    })
    .unwrap();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "faults", "admin").unwrap();
    let report =
        attempt(hydra.port()).through(&client).fails("discover", "unexpected_columns", "connector", FINAL, None);
    assert!(report.message().contains("schema_name"), "{}", report.message());
    let asked: Vec<String> = statements.try_iter().filter(|text| text.contains("pg_type")).collect();
    assert_eq!(asked, [""; 0]);

    assert_eq!(host.ended().unwrap(), None);
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    attempt(server.port()).through(&client).works(&[]);
}
