//! What stands around the statements that the host runs: a transaction that cannot write, and settings of its own.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use test_support::postgres::Postgres;
use test_support::sales;

use super::{FINAL, attempt};

/// A function of the connector's listing writes, with the rights of its owner.
const WRITES: &str = "
    \\connect shop
    CREATE TABLE public.written (what text);
    CREATE OR REPLACE FUNCTION pg_catalog.obj_description(oid, name) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN INSERT INTO public.written VALUES ('x'); RETURN NULL; END $$;";

/// Shadows of what the look at the privileges asks, before the real ones in the user's own search path. Without that look
/// nobody is said to be able to write.
const SHADOWS: &str = "
    \\connect shop
    CREATE SCHEMA evil;
    GRANT USAGE ON SCHEMA evil TO PUBLIC;
    CREATE VIEW evil.pg_class AS SELECT * FROM pg_catalog.pg_class WHERE false;
    GRANT SELECT ON evil.pg_class TO PUBLIC;
    CREATE FUNCTION evil.has_schema_privilege(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION evil.has_table_privilege(oid, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE FUNCTION evil.aclexplode(aclitem[], OUT grantor oid, OUT grantee oid, OUT privilege_type text,
        OUT is_grantable boolean) RETURNS SETOF record LANGUAGE sql AS 'SELECT 0::oid, 0::oid, NULL::text, false WHERE false';
    CREATE FUNCTION evil.never(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.never);
    ALTER ROLE writer SET search_path = evil, pg_catalog;";

/// Something in between that has the server refuse a part of what opens the listing's transaction: where the client says
/// this for the second time, one letter is changed.
fn spoil(server: &Postgres, said: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, target) = (listener.local_addr().unwrap().port(), server.port());
    thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let mut server = TcpStream::connect(("127.0.0.1", target)).unwrap();
        let (mut answers, mut answered) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || io::copy(&mut answers, &mut answered));
        let (mut times, mut bytes) = (0, vec![0; 64 * 1024]);
        // It ends with the client.
        while let Some(length) = client.read(&mut bytes).ok().filter(|&length| length > 0) {
            let found = bytes[..length].windows(said.len()).position(|part| part == said.as_bytes());
            if let Some(at) = found {
                times += 1;
                if times == 2 {
                    bytes[at + 1] = b'?';
                }
            }
            server.write_all(&bytes[..length]).unwrap();
        }
        let _ = server.shutdown(Shutdown::Both);
    });
    port
}

#[test]
fn a_statement_does_not_run_where_its_transaction_was_refused() {
    let server = Postgres::builder().sql(sales::SQL).sql(WRITES).start().unwrap();
    let sql = |script: &str| server.sql(sales::DATABASE, script).unwrap();
    sql("SET ROLE reader; SELECT pg_catalog.obj_description(1::oid, 'pg_class')");
    assert_eq!(sql("DELETE FROM public.written RETURNING what"), "x", "what it runs outside a transaction is written");
    attempt(server.port()).fails("discover", "statement_refused", "connector", FINAL, Some("25006"));
    for (opener, sqlstate) in [("begin read only", "42601"), ("pg_catalog.set_config", "42703")] {
        let report = attempt(spoil(&server, opener)).verify();
        assert_eq!(sql("SELECT count(*) FROM public.written"), "0", "{opener}");
        report.expect_fault("discover", "discovery_failed", "server", FINAL, Some(sqlstate));
    }
}

#[test]
fn a_search_path_of_the_user_hides_nothing_from_the_host() {
    let server = Postgres::builder().sql(sales::SQL).sql(SHADOWS).start().unwrap();
    let writer = attempt(server.port()).user(sales::WRITER).credential("password", sales::WRITER_PASSWORD);
    let report = writer.works(&["can_write"]);
    assert_eq!(report.details("privileges")["read_only"], "none");
    let schemas = report.details("schemas").as_array().unwrap();
    assert!(schemas.iter().any(|schema| schema["name"] == sales::SCHEMA), "{schemas:?}");
}
