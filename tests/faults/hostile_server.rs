//! Servers that let us in by the book and misbehave then: a tenant has one as easily as an account.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use test_support::eventually::eventually;
use test_support::hostile_postgres::scripts::{
    COLUMNS, OID, STRANGE, TEXT, answer_own, begin_listing, columns, honest, hydra, look_up_of_a_type, own,
};
use test_support::hostile_postgres::{Asked, HostilePostgres, Session, Table, data_row};
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::process::resident_bytes;
use test_support::sales;

use super::{FINAL, RETRYABLE, attempt, begin};

#[test]
fn a_type_without_an_end_is_never_asked_for() {
    let (sender, statements) = mpsc::channel();
    let server = HostilePostgres::start(sales::READER_PASSWORD, move |session| {
        session.serve(|asked| {
            let _ = sender.send(asked.text.clone());
            hydra(asked)
        })
    })
    .unwrap();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "faults", "admin").unwrap();
    let report =
        attempt(server.port()).through(&client).fails("discover", "unexpected_columns", "connector", FINAL, None);
    assert!(report.message().contains("schema_name"), "{}", report.message());
    let asked: Vec<String> = statements.try_iter().filter(|text| text.contains("typbasetype")).collect();
    assert_eq!(asked, [""; 0]);

    assert_eq!(host.ended().unwrap(), None);
    let honest = Postgres::builder().sql(sales::SQL).start().unwrap();
    attempt(honest.port()).through(&client).works(&[]);
}

/// None of them may have as many tests at once alone.
const ORGANIZATIONS: [&str; 2] = ["acme", "other"];

/// Tests at once, and what they may take together beyond the host at rest.
const AT_ONCE: usize = 50;
const MEMORY: u64 = 200_000_000;

/// As many rows as the host takes, each as long as it may be, and then nothing.
fn send_rows(session: &mut Session, silent: &AtomicUsize) -> io::Result<()> {
    begin_listing(session)?;
    let row = data_row(&[Some(&[b'a'; 150]), Some(&[b'b'; 50]), None, None, None]);
    for _ in 0..15 {
        session.send(&row.repeat(1_000))?;
    }
    silent.fetch_add(1, Ordering::Relaxed);
    session.fall_silent()
}

/// A type with 98,000 attributes.
fn look_up_of_a_large_type(asked: &Asked) -> Table {
    let number = |number: u32| Some(number.to_be_bytes().to_vec());
    if asked.text.contains("attrelid") {
        let attribute = vec![Some(vec![b'a'; 60]), number(TEXT)];
        return Table {
            parameters: vec![OID],
            columns: columns(&[("attname", TEXT), ("atttypid", OID)]),
            rows: if asked.parameters.is_empty() { vec![] } else { vec![attribute; 98_000] },
        };
    }
    let mut table = look_up_of_a_type(asked);
    (table.rows[0][4], table.rows[0][6]) = (number(0), number(1));
    table
}

#[test]
fn a_type_of_many_attributes_takes_no_memory() {
    let server = HostilePostgres::start(sales::READER_PASSWORD, |session| {
        session.serve(|asked| {
            let strange = COLUMNS.map(|name| (name, STRANGE));
            match own(asked) {
                Some(table) => table,
                None if asked.text.contains("typbasetype") || asked.text.contains("attrelid") => {
                    look_up_of_a_large_type(asked)
                }
                None => Table { columns: columns(&strange), ..Table::default() },
            }
        })
    })
    .unwrap();
    let host = Patchpanel::start().unwrap();
    let clients = ORGANIZATIONS.map(|organization| host.client_of(organization, "faults", "admin").unwrap());
    let attempt = attempt(server.port());
    let idle = resident_bytes(host.id()).unwrap();
    let mut most = 0;
    thread::scope(|scope| {
        let tests: Vec<_> = (0..AT_ONCE)
            .map(|at| attempt.through(&clients[at % 2]))
            .map(|attempt| scope.spawn(move || attempt.verify()))
            .collect();
        while !tests.iter().all(ScopedJoinHandle::is_finished) {
            most = most.max(resident_bytes(host.id()).unwrap());
            thread::sleep(Duration::from_millis(5));
        }
        for test in tests {
            test.join().unwrap().expect_fault("discover", "unexpected_columns", "connector", FINAL, None);
        }
    });
    assert!(most < idle + MEMORY, "{idle} bytes at rest, and then {most}");
}

#[test]
fn rows_that_nobody_wants_are_not_kept() {
    let silent = Arc::new(AtomicUsize::new(0));
    let reached = Arc::clone(&silent);
    let server = HostilePostgres::start(sales::READER_PASSWORD, move |session| {
        answer_own(session)?;
        send_rows(session, &reached)
    })
    .unwrap();
    let mut host = Patchpanel::start().unwrap();
    let attempt = attempt(server.port());
    let idle = resident_bytes(host.id()).unwrap();
    let clients: Vec<_> = (0..AT_ONCE).map(|at| begin(&host, ORGANIZATIONS[at % 2], &attempt)).collect();
    let mut most = 0;
    let all = eventually(Duration::from_secs(15), || {
        most = most.max(resident_bytes(host.id()).unwrap());
        (silent.load(Ordering::Relaxed) == AT_ONCE).then_some(())
    });
    all.expect("every server has sent its rows");
    assert!(most < idle + MEMORY, "{idle} bytes at rest, and then {most}");
    drop(clients);
    // Each is told that nobody waits any more.
    eventually(Duration::from_secs(10), || (server.cancels() == AT_ONCE).then_some(())).unwrap();
    assert_eq!(host.ended().unwrap(), None);
}

/// Each statement of a listing is answered in time, and there is always one more.
#[test]
fn listings_end_however_many_statements_they_take() {
    let server = HostilePostgres::start(sales::READER_PASSWORD, |session| {
        session.serve(|asked| {
            let Some(table) = own(asked) else {
                let mut table = honest(asked);
                if let [row] = table.rows.as_slice() {
                    table.rows = vec![row.clone(); 201];
                    thread::sleep(Duration::from_secs(7));
                }
                return table;
            };
            table
        })
    })
    .unwrap();
    attempt(server.port()).fails("discover", "discover_timeout", "connector", RETRYABLE, None);
}
