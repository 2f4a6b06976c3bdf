//! One of the two stores is gone, or older than the other: it is said, the rest serves, and nothing is removed unasked.

use std::time::Duration;

use serde_json::json;
use test_support::eventually::eventually;
use test_support::patchpanel::Patchpanel;
use test_support::postgres::Postgres;
use test_support::sales;

use super::*;
use crate::audit::trail;

/// Far longer than the look at the stores takes.
const LIMIT: Duration = Duration::from_secs(20);

/// Takes the files of a store away, with what is written ahead.
fn remove(directory: &TemporaryDirectory, file: &str) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(directory.path().join("data").join(format!("{file}{suffix}")));
    }
}

/// Puts a file of another directory in its place.
fn restore(directory: &TemporaryDirectory, from: &TemporaryDirectory, file: &str) {
    remove(directory, file);
    copy(&from.path().join(file), &directory.path().join("data").join(file));
}

fn lines_of_lost(host: &Patchpanel) -> Vec<Value> {
    said(host, "does not have the credentials of these connections")
}

fn lost_as_said(host: &Patchpanel) -> Value {
    eventually(LIMIT, || lines_of_lost(host).pop()).expect("it was not said")
}

#[test]
fn lost_credentials_are_counted_at_start_and_sent_again() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    for name in ["a", "b"] {
        register(&client, name, server.port());
    }
    assert!(host.stop().unwrap().success());
    let backup = TemporaryDirectory::new("backup").unwrap();
    copy(&host.directory().path().join("data"), backup.path());
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    register(&client, "c", server.port());
    assert!(host.stop().unwrap().success());
    assert_eq!(said(&host, "does not have the credentials"), [Value::Null; 0]);

    // The secrets are older than the metadata.
    restore(host.directory(), &backup, "secrets.db");
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let line = lost_as_said(&host);
    assert_eq!((&line["connections"], &line["level"]), (&json!(1), &json!("ERROR")), "{line}");
    works(&client, "a");
    is_withheld(&client, "c", "policy", "credentials_lost");
    let reply = change(&client, "c", &json!({ "credentials": { "password": sales::READER_PASSWORD } }));
    assert_eq!((reply.status.as_u16(), &reply.json().unwrap()["error"]["code"]), (422, &json!("CREDENTIALS_REQUIRED")));
    assert_eq!(change(&client, "c", &json!({ "credentials": credentials() })).status.as_u16(), 200);
    works(&client, "c");

    // There are no secrets at all.
    assert!(host.stop().unwrap().success());
    remove(host.directory(), "secrets.db");
    let builder = Patchpanel::builder().directory(host.directory()).setting("METRICS_LISTEN", "127.0.0.1:0");
    let mut host = builder.start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    let all = eventually(LIMIT, || lines_of_lost(&host).into_iter().find(|line| line["connections"] == 3));
    assert!(all.is_some(), "{}", host.log_tail());
    let page = host.metrics().unwrap().get("/metrics").unwrap().body;
    assert!(page.contains("patchpanel_unusable_credentials{why=\"lost\"} 3"), "{page}");
    for name in ["a", "b", "c"] {
        is_withheld(&client, name, "policy", "credentials_lost");
    }
    assert_eq!(change(&client, "a", &json!({ "credentials": credentials() })).status.as_u16(), 200);
    works(&client, "a");

    // One that is damaged in its place.
    assert!(host.stop().unwrap().success());
    sql(host.directory(), "secrets.db", "update secrets set sealed = x'00' where organization = 'acme'");
    let host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    is_withheld(&host.client_of("acme", "sales", "admin").unwrap(), "a", "policy", "credentials_damaged");
}

#[test]
fn secrets_that_no_connection_points_at_are_listed_and_removed_only_when_asked() {
    let server = Postgres::builder().sql(sales::SQL).start().unwrap();
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    register(&client, "a", server.port());
    register(&client, "kept", server.port());
    assert!(host.stop().unwrap().success());
    let backup = TemporaryDirectory::new("backup").unwrap();
    copy(&host.directory().path().join("data"), backup.path());
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    register(&client, "b", server.port());
    // Version 2, which the older metadata do not know of; version 1 goes.
    assert_eq!(change(&client, "a", &json!({ "credentials": credentials() })).status.as_u16(), 200);
    let secrets = |host: &Patchpanel| number(host.directory(), "secrets.db", "select count(*) from secrets");
    assert!(eventually(LIMIT, || (secrets(&host) == 3).then_some(())).is_some());
    assert!(host.stop().unwrap().success());

    restore(host.directory(), &backup, "metadata.db");
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    assert_eq!(lost_as_said(&host)["connections"], 1);
    is_withheld(&client, "a", "policy", "credentials_lost");
    works(&client, "kept");
    // The next version is taken by one that is not of these metadata.
    let others = json!({ "username": sales::WRITER, "password": sales::WRITER_PASSWORD });
    assert_eq!(change(&client, "a", &json!({ "credentials": others })).status.as_u16(), 200);
    works(&client, "a");
    let orphans = |host: &Patchpanel, arguments: &[&str]| {
        let output = host.command("secrets").arg("orphans").args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let (code, _, errors) = orphans(&host, &[]);
    assert_eq!(code, 1);
    assert!(errors.contains("another patchpanel is running"), "{errors}");
    assert_eq!(secrets(&host), 4, "nothing was removed by itself");

    assert!(host.stop().unwrap().success());
    for _ in 0..2 {
        let (code, output, errors) = orphans(&host, &[]);
        assert_eq!((code, &*errors), (0, ""), "{output}");
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.len(), 3, "{output}");
        assert!(lines[..2].iter().all(|line| line.starts_with("acme ")), "{output}");
        assert!(lines[2].contains("these 2 secrets") && lines[2].contains("--remove"), "{output}");
        assert!(!output.contains(sales::READER_PASSWORD));
    }
    let (code, output, _) = orphans(&host, &["--remove"]);
    let removed = trail(host.directory(), "acme").into_iter().filter(|row| row.contains(" secret.remove "));
    let listed = output.lines().take(2).map(|line| line.replace("acme ", "").replace(' ', "/"));
    let expected: Vec<String> = listed.map(|secret| format!("done system:operator@ secret.remove {secret} ")).collect();
    assert_eq!(removed.collect::<Vec<_>>(), expected);
    assert!(code == 0 && output.contains("2 secrets that no connection pointed at are removed"), "{output}");
    assert_eq!(orphans(&host, &[]).1, "every secret has its connection\n");
    let mut host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    works(&client, "a");
    works(&client, "kept");

    // There are no metadata at all, and all secrets stay.
    assert_eq!(said(&host, "there are credentials, and no connections"), [Value::Null; 0]);
    let before = secrets(&host);
    assert!(host.stop().unwrap().success());
    remove(host.directory(), "metadata.db");
    let host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    assert_eq!(said(&host, "there are credentials, and no connections")[0]["level"], "WARN");
    assert_eq!(secrets(&host), before);
}
