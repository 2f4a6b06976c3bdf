//! What the user may do, and what it should not be able to do.

mod cases;

use serde_json::json;
use test_support::postgres::Postgres;
use test_support::sales;

use self::cases::{ALONE, MORE_THAN_READING, NO_MORE_THAN_READING, SETUP};
use super::{Attempt, FINAL, RETRYABLE, attempt};

/// Has a view that the look at the privileges reads do this first.
fn before_roles(body: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION public.before_roles() RETURNS boolean LANGUAGE plpgsql AS
         $$ BEGIN {body}; RETURN true; END $$;
         DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW pg_catalog.pg_roles AS '
         || split_part(rtrim(pg_get_viewdef('pg_catalog.pg_roles'), ';'), 'WHERE', 1)
         || ' WHERE (SELECT public.before_roles())'; END $$;"
    )
}

#[test]
fn a_schema_must_be_there_and_open_to_the_user() {
    let server = Postgres::builder().sql(sales::SQL).sql("CREATE SCHEMA \"Back \"\"Office\";").start().unwrap();
    let attempt = attempt(server.port());
    attempt.works(&[]);
    for schema in ["nowhere", "Sales"] {
        let attempt = attempt.config("db_schema", schema);
        let report = attempt.fails("privileges", "unknown_schema", "config", FINAL, None);
        assert!(report.message().contains(schema), "{}", report.message());
        assert_eq!(report.details("server")["authentication"], "scram-sha-256");
    }
    let office = attempt.config("db_schema", "Back \"Office");
    let report = office.fails("privileges", "no_schema_usage", "server", FINAL, None);
    let grant = report.remedy().strip_prefix("Grant it: ").unwrap();
    assert_eq!(grant, "GRANT USAGE ON SCHEMA \"Back \"\"Office\" TO <user>;");
    server.sql(sales::DATABASE, &grant.replace("<user>", sales::READER)).unwrap();
    office.works(&[]);
}

#[test]
fn whoever_does_not_name_a_schema_needs_no_public() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let many = "SELECT format('CREATE SCHEMA s%s; GRANT USAGE ON SCHEMA s%1$s TO reader', n) FROM generate_series(10, 40) n \\gexec";
    server.sql(sales::DATABASE, &format!("DROP SCHEMA public; {many}")).unwrap();
    let mut unnamed = attempt(server.port());
    unnamed.config.as_object_mut().unwrap().remove("db_schema");
    let report = unnamed.works(&["unknown_schema"]);
    let said = report.stages()[7]["warnings"][0]["message"].as_str().unwrap();
    assert!(said.contains("\"public\"") && said.contains("s10, s11") && said.contains("and more"), "{said}");
    assert!(!said.contains("s40"), "{said}");
    assert_eq!(report.details("schemas")[0]["name"], sales::SCHEMA);
    let report = unnamed.config("db_schema", "SALES").fails("privileges", "unknown_schema", "config", FINAL, None);
    assert!(report.message().contains("The user may use sales, s10"), "{}", report.message());
}

/// A server with the cases' users, which have the password of the reader, and the connection of each by its number.
fn users(grants: &[(&str, &str)]) -> (Postgres, Vec<Attempt>) {
    let server = Postgres::builder().sql(SETUP).start().unwrap();
    let (mut script, mut attempts) = (String::new(), Vec::new());
    for (number, (name, grant)) in grants.iter().enumerate() {
        let (user, alone) = (format!("c{number}"), ALONE.contains(name));
        let database = if alone { format!("d{number}") } else { "cases".to_owned() };
        if alone {
            let template = " TEMPLATE cases;";
            script.extend([
                "\\connect postgres\nCREATE DATABASE ",
                &database,
                template,
                "\n\\connect ",
                &database,
                "\n",
            ]);
        }
        let grant = grant.replace("{user}", &user).replace("{database}", &database);
        let create = format!("CREATE ROLE {user} LOGIN PASSWORD '{}';\n{grant};\n", sales::READER_PASSWORD);
        script.push_str(&create);
        if alone {
            script += "\\connect cases\n";
        }
        let attempt = attempt(server.port()).user(&user).config("db_schema", "public");
        attempts.push(attempt.config("database", database));
    }
    server.sql("cases", &script).unwrap();
    (server, attempts)
}

#[test]
fn whatever_is_more_than_reading_is_told() {
    let grants: Vec<_> = MORE_THAN_READING.iter().map(|&(name, grant, ..)| (name, grant)).collect();
    let (_server, attempts) = users(&grants);
    for ((name, grant, part, escapes), attempt) in MORE_THAN_READING.iter().zip(attempts) {
        let superuser = escapes.contains(&"superuser");
        let warnings: &[&str] = match (superuser, escapes.is_empty(), grant.contains("INSERT")) {
            (true, ..) => &["superuser", "can_write"],
            (false, true, _) => &["can_write"],
            (false, false, true) => &["can_write", "reaches_beyond"],
            (false, false, false) => &["reaches_beyond"],
        };
        let report = attempt.verify();
        assert_eq!(report.warnings(), warnings, "{name}: {:#}", report.body);
        let report = report.expect_success(warnings);
        let privileges = report.details("privileges");
        assert_eq!(
            [&privileges["read_only"], &privileges["superuser"], &privileges["escapes"], &privileges["enforced_by"]],
            [&json!("none"), &json!(superuser), &json!(escapes), &json!([])],
            "{name}"
        );
        let told: Vec<_> =
            privileges["warnings"].as_array().unwrap().iter().map(|it| it["message"].as_str().unwrap()).collect();
        let part = part.replace("{database}", attempt.config["database"].as_str().unwrap());
        assert!(told.iter().any(|message| message.contains(&part)), "{name}: {part}: {told:?}");
    }
}

#[test]
fn what_changes_nothing_is_no_more_than_reading() {
    let (_server, attempts) = users(NO_MORE_THAN_READING);
    for ((name, _), attempt) in NO_MORE_THAN_READING.iter().zip(attempts) {
        let report = attempt.verify();
        assert_eq!(report.warnings(), [""; 0], "{name}: {:#}", report.body);
        let privileges = report.details("privileges");
        assert_eq!(privileges["read_only"], "role", "{name}: {privileges}");
        assert_eq!(
            (&privileges["enforced_by"], &privileges["escapes"]),
            (&json!(["privileges"]), &json!([])),
            "{name}"
        );
        assert_eq!(privileges["security_definer_functions"], 1, "{name}");
    }
}

#[test]
fn a_password_that_looks_like_an_answer_changes_none() {
    let passwords = ["open", "closed", "0", "1", "definers"];
    let roles = passwords.map(|password| format!("CREATE ROLE c_{password} LOGIN PASSWORD '{password}';")).concat();
    let server = Postgres::builder().sql(sales::SQL).sql(&roles).start().unwrap();
    server
        .sql(
            sales::DATABASE,
            "GRANT CONNECT ON DATABASE shop TO PUBLIC; GRANT USAGE ON SCHEMA sales TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA sales TO PUBLIC",
        )
        .unwrap();
    for password in passwords {
        let attempt = attempt(server.port()).user(&format!("c_{password}")).credential("password", password);
        let report = attempt.verify_unseen().expect_success(&[]);
        assert_eq!(report.details("privileges")["read_only"], "role", "{password}");
    }
    // What everybody has by this is the whole server's.
    server.sql(sales::DATABASE, "GRANT ALTER SYSTEM ON PARAMETER archive_command TO PUBLIC").unwrap();
    let report = attempt(server.port()).works(&["reaches_beyond"]);
    let privileges = report.details("privileges");
    assert_eq!((&privileges["read_only"], &privileges["escapes"]), (&json!("none"), &json!(["server_settings"])));
}

#[test]
fn nobody_can_write_to_a_standby() {
    let server = Postgres::builder().sql(sales::SQL).sql("ALTER ROLE reader REPLICATION").start().unwrap();
    let server = server.into_standby().unwrap();
    let writer = attempt(server.port()).user(sales::WRITER).credential("password", sales::WRITER_PASSWORD);
    for (attempt, warnings, enforced_by, escapes) in [
        (writer, &[][..], json!(["recovery"]), json!([])),
        (attempt(server.port()), &["reaches_beyond"], json!(["recovery"]), json!(["replication"])),
    ] {
        let report = attempt.works(warnings);
        let privileges = report.details("privileges");
        assert_eq!(privileges["read_only"], "database", "{privileges}");
        assert_eq!((&privileges["enforced_by"], &privileges["escapes"]), (&enforced_by, &escapes));
    }
}

#[test]
fn time_outs_of_the_user_do_not_count() {
    let settings = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    let script: String = settings.map(|name| format!("ALTER ROLE reader SET {name} = '500ms';")).concat();
    let server =
        Postgres::builder().setting("allow_system_table_mods", "on").sql(sales::SQL).sql(&script).start().unwrap();
    server.sql(sales::DATABASE, &before_roles("PERFORM pg_sleep(0.6)")).unwrap();
    attempt(server.port()).works(&[]);
    for (happens, sqlstate, code, retryable, setting) in [
        ("PERFORM pg_cancel_backend(pg_backend_pid())", "57014", "privileges_timeout", RETRYABLE, "statement_timeout"),
        ("RAISE EXCEPTION USING ERRCODE = '55P03'", "55P03", "interrupted", RETRYABLE, "lock_timeout"),
        ("RAISE EXCEPTION USING ERRCODE = '25P04'", "25P04", "interrupted", RETRYABLE, "transaction_timeout"),
    ] {
        server.sql(sales::DATABASE, &before_roles(happens)).unwrap();
        let report = attempt(server.port()).fails("privileges", code, "server", retryable, Some(sqlstate));
        assert!(report.remedy().contains(setting), "{}", report.remedy());
    }
}
