//! Files that are damaged, cut off or gone: made again where they can be, and named where they cannot.

use std::path::PathBuf;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;
use serde_json::json;
use test_support::client::Client;
use test_support::guests;
use test_support::patchpanel::{self, Builder};
use test_support::process::Process;

use super::*;

const UPLOADED: &str = "good";

fn types(host: &Patchpanel) -> Vec<String> {
    let client = host.client_of("acme", "sales", "viewer").unwrap();
    let body = client.get("/assets/data/types").unwrap().json().unwrap();
    body["data"].as_array().unwrap().iter().map(|entry| entry["connection_type"].as_str().unwrap().to_owned()).collect()
}

pub(super) fn platform(host: &Patchpanel) -> Client {
    host.client().with_token(&host.token(&["--org", "platform", "--role", "platform-admin"]).unwrap())
}

/// Uploads a connector; its digest.
pub(super) fn upload(host: &Patchpanel, bytes: &[u8]) -> String {
    let client = platform(host).with_header("Content-Type", "application/wasm");
    let reply = client.send("POST", "/assets/connectors/versions", bytes).unwrap();
    assert!(reply.status.is_success(), "{}", reply.body);
    reply.json().unwrap()["digest"].as_str().unwrap().to_owned()
}

pub(super) fn in_library(host: &Patchpanel, digest: &str) -> PathBuf {
    let name = format!("{}.wasm", digest.trim_start_matches("sha256:"));
    host.directory().path().join("data/library").join(name)
}

/// The ways in which a file is spoilt.
fn spoil(file: &std::path::Path, how: &str) {
    let bytes = std::fs::read(file).unwrap();
    match how {
        "flipped" => {
            let mut flipped = bytes;
            let middle = flipped.len() / 2;
            flipped[middle] ^= 1;
            std::fs::write(file, flipped).unwrap();
        }
        "cut off" => std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap(),
        "empty" => std::fs::write(file, "").unwrap(),
        "gone" => std::fs::remove_file(file).unwrap(),
        "a directory" => {
            std::fs::remove_file(file).unwrap();
            std::fs::create_dir(file).unwrap();
        }
        "a pipe" => {
            std::fs::remove_file(file).unwrap();
            mkfifoat(CWD, file, Mode::RUSR | Mode::WUSR).unwrap();
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_connector_is_taken_from_the_directory_again_or_said_while_the_others_serve() {
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    let postgres = std::fs::read(patchpanel::built_connectors().unwrap().join("postgres.wasm")).unwrap();
    let in_directory = connectors.path().join("postgres.wasm");
    std::fs::write(&in_directory, &postgres).unwrap();
    let builder = |directory: Option<&TemporaryDirectory>| -> Builder {
        let builder = Patchpanel::builder().setting("CONNECTORS_DIR", connectors.path().to_str().unwrap());
        directory.into_iter().fold(builder, Builder::directory)
    };
    let mut host = builder(None).start().unwrap();
    let guest = guests::named(UPLOADED).unwrap();
    let digest = upload(&host, &guest);
    let path = format!("/assets/connectors/versions/{digest}/activate");
    assert_eq!(platform(&host).post(&path, &json!({})).unwrap().status.as_u16(), 200);
    let both = types(&host);
    assert_eq!(both.len(), 2, "{both:?}");
    let listed = host.client_of("acme", "sales", "viewer").unwrap().get("/assets/data/types").unwrap().json().unwrap();
    let of_postgres = listed["data"].as_array().unwrap().iter().find(|it| it["connection_type"] == "postgres").unwrap();
    let of_postgres = in_library(&host, of_postgres["digest"].as_str().unwrap());

    let restart = |host: &mut Patchpanel| {
        assert!(host.stop().unwrap().success());
        *host = builder(Some(&host.directory().clone())).start().unwrap();
    };
    for how in ["flipped", "cut off", "empty", "gone"] {
        spoil(&of_postgres, how);
        restart(&mut host);
        assert_eq!(types(&host), both, "{how}");
        assert_eq!(std::fs::read(&of_postgres).unwrap(), postgres, "{how}: it is whole again");
    }
    assert_eq!(said(&host, "taken again from the directory of connectors").len(), 4);

    // What is nowhere else is not there, and is said once a start.
    let of_the_guest = in_library(&host, &digest);
    for (count, how) in ["flipped", "a directory", "a pipe"].into_iter().enumerate() {
        spoil(&of_the_guest, how);
        restart(&mut host);
        assert_eq!(types(&host), ["postgres"], "{how}");
        assert_eq!(said(&host, "its file in the library").len(), count + 1, "{how}: {}", host.log().unwrap());
        if how == "a directory" {
            std::fs::remove_dir(&of_the_guest).unwrap();
        }
        assert_eq!(upload(&host, &guest), digest);
        assert_eq!(types(&host), both, "{how}: uploaded again");
    }

    // It comes back by its file, too, without a restart.
    spoil(&of_postgres, "empty");
    let aside = connectors.path().join("postgres.aside");
    std::fs::rename(&in_directory, &aside).unwrap();
    spoil(&of_the_guest, "gone");
    assert!(host.stop().unwrap().success());
    std::fs::rename(&aside, &in_directory).unwrap();
    let host = builder(Some(&host.directory().clone())).start().unwrap();
    assert_eq!(types(&host), ["postgres"]);
    std::fs::write(connectors.path().join("guest.aside"), &guest).unwrap();
    std::fs::rename(connectors.path().join("guest.aside"), connectors.path().join("guest.wasm")).unwrap();
    let back = test_support::eventually::eventually(std::time::Duration::from_secs(30), || {
        (types(&host) == both).then_some(())
    });
    assert!(back.is_some(), "its file was put into the directory: {}", host.log_tail());
}

#[test]
fn stores_that_are_cut_off_or_overwritten_in_the_middle_are_named_with_what_to_do() {
    let mut host = Patchpanel::start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    for number in 0..20 {
        register(&client, &format!("c{number}"), 5432);
    }
    assert!(host.stop().unwrap().success());
    for file in ["metadata.db", "secrets.db"] {
        let path = host.directory().path().join("data").join(file);
        let whole = std::fs::read(&path).unwrap();
        let overwritten = [&whole[..4096], &vec![0x5a; whole.len() - 4096]].concat();
        for bytes in [&whole[..whole.len() / 2 - 100], &overwritten] {
            std::fs::write(&path, bytes).unwrap();
            let line = refusal(&host);
            for part in [path.to_str().unwrap(), "damaged", "restore it from a backup"] {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
        std::fs::write(&path, &whole).unwrap();
    }
    let host = Patchpanel::builder().directory(host.directory()).start().unwrap();
    let client = host.client_of("acme", "sales", "admin").unwrap();
    assert_eq!(client.get("/assets/data").unwrap().json().unwrap()["pagination"]["total_items"], 20);
}

/// Starts a host that must refuse, and returns the one line that it says.
fn refusal(host: &Patchpanel) -> String {
    let output = TemporaryDirectory::new("refusal").unwrap();
    let log = output.path().join("log");
    let mut process = Process::start(&mut host.command("serve"), log, Signal::TERM, &output).unwrap();
    let status = process.wait(std::time::Duration::from_secs(20)).unwrap();
    let text = process.log().unwrap();
    let said: Vec<&str> = text.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!((status.code(), said.len()), (Some(1), 1), "{text}");
    said[0].to_owned()
}
