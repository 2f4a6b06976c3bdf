//! `golden/data-directory` was written by the program before it signed connections: it serves again, signed once and for
//! good. Its connections lead to an address that is this machine's and nobody's else.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::*;

/// Where the connections of the directory lead.
const ADDRESS: &str = "127.83.19.7:54329";

/// Connections that are added to it.
const ADDED: i64 = 450;

/// How many are signed at once.
const BATCH: i64 = 200;

const SIGNED: &str = "select count(*) from connections where signature is not null";

fn directory() -> TemporaryDirectory {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tests").join("golden/data-directory");
    let directory = TemporaryDirectory::new("earlier").unwrap();
    copy(&golden, &directory.path().join("data"));
    directory
}

/// Leads there to a server.
fn lead_to(server: &Postgres) {
    let (listener, port) = (TcpListener::bind(ADDRESS).unwrap(), server.port());
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || pass(from_client, to_server));
            thread::spawn(move || pass(server, client));
        }
    });
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    // An end that is gone ends the other one, too.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(std::net::Shutdown::Write);
}

#[test]
fn a_data_directory_of_before_serves_and_is_signed_once() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    lead_to(&server);
    let directory = directory();
    let all_work = |host: &Patchpanel| {
        let client = host.client_of("acme", "sales", "admin").unwrap();
        for name in ["shop", "second", "third"] {
            works(&client, name);
        }
        let everybodys = client.send("POST", "/assets/data/data:acme::everybody/test", "").unwrap().json().unwrap();
        assert_eq!(everybodys["success"], true, "{everybodys:#}");
    };
    let mut host = Patchpanel::builder().directory(&directory).start().unwrap();
    assert_eq!(said(&host, "the connections of an earlier version are signed")[0]["signed"], 4);
    assert!(!directory.path().join("data/compiled/key").exists());
    all_work(&host);
    let host = start_again(&mut host);
    assert_eq!(said(&host, "the connections of an earlier version are signed").len(), 1, "once");
    all_work(&host);
}

#[test]
fn a_damaged_connection_keeps_no_host_from_signing_the_others() {
    let directory = directory();
    assert_eq!(sql(&directory, "metadata.db", "update connections set status = 'WEIRD' where name = 'Shop'"), 1);
    let host = Patchpanel::builder().directory(&directory).start().unwrap();
    assert_eq!(number(&directory, "metadata.db", SIGNED), 3);
    assert!(said(&host, "a damaged row is left out")[0].to_string().contains("status"), "{}", host.log().unwrap());
}

#[test]
fn an_upgrade_that_is_killed_goes_on_where_it_was() {
    let directory = directory();
    let columns = number(
        &directory,
        "metadata.db",
        "select count(*) from pragma_table_info('connections') where name = 'signature'",
    );
    assert_eq!(columns, 0, "the directory is not of an earlier version any more");
    let add = format!(
        "create temp table added as select * from connections where name = 'Shop';
         create temp table numbers as with recursive n(i) as (select 1 union all select i + 1 from n where i < {ADDED})
             select i from n;
         update added set tags = '[]';
         insert into connections select replace(id, '-', '0') || numbers.i, {} from added, numbers",
        columns_of_a_copy(&directory)
    );
    sql(&directory, "metadata.db", &add);

    let crashing = Patchpanel::builder().directory(&directory).setting("CRASH_POINT", "signing").start();
    assert!(crashing.is_err(), "it was not killed");
    assert_eq!(number(&directory, "metadata.db", SIGNED), BATCH);
    let host = Patchpanel::builder().directory(&directory).start().unwrap();
    assert_eq!(number(&directory, "metadata.db", SIGNED), ADDED + 4);
    // The copies have credentials that are in no store.
    let lost = eventually(std::time::Duration::from_secs(20), || {
        said(&host, "does not have the credentials of these connections").pop()
    });
    assert_eq!(lost.unwrap()["connections"], ADDED);
}

/// All columns of a copy of a connection behind its id.
fn columns_of_a_copy(directory: &TemporaryDirectory) -> String {
    let names: String = with_database(directory, "metadata.db", async |connection| {
        sqlx::query_scalar("select group_concat(name) from pragma_table_info('connections') where name <> 'id'")
            .fetch_one(connection)
            .await
            .unwrap()
    });
    let of_a_copy = |name: &str| match name {
        "resource_uri" | "secret_key" => format!("{name} || numbers.i"),
        name => name.to_owned(),
    };
    names.split(',').map(of_a_copy).collect::<Vec<_>>().join(", ")
}
