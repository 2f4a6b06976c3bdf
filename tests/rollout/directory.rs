//! The watched directory: as operators, editors and deployment tools fill it.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::client::Client;
use test_support::directory::TemporaryDirectory;
use test_support::patchpanel::Patchpanel;

use super::{
    activate, body, connection, generation, host_of, offered, platform, put, refused, register, tenant, test, uploaded,
    version, within_limit,
};

/// Longer than a change takes to be noticed and taken in.
const QUIET: Duration = Duration::from_millis(2500);

fn followed() -> (Patchpanel, TemporaryDirectory) {
    let directory = TemporaryDirectory::new("connectors").unwrap();
    put(directory.path(), &generation(1000, "good"));
    (host_of(&directory).start().unwrap(), directory)
}

fn becomes(client: &Client, number: u16) {
    within_limit(&version(number), || offered(client) == Some(version(number)));
}

/// The record of the version of this number.
fn find(platform: &Client, number: u16) -> Value {
    let versions = body(platform.get("/assets/connectors/versions").unwrap(), 200);
    versions["data"].as_array().unwrap().iter().find(|it| it["version"] == version(number)).cloned().unwrap_or_default()
}

#[test]
fn a_file_takes_over_however_it_is_written() {
    let (host, directory) = followed();
    let tenant = tenant(&host);
    let path = register(&tenant, "Shop", "shop");
    let file = directory.path().join("generation.wasm");
    put(directory.path(), &generation(1001, "good"));
    becomes(&tenant, 1001);
    fs::write(&file, generation(1002, "good")).unwrap();
    becomes(&tenant, 1002);
    // As some editors do: away, then new.
    fs::rename(&file, directory.path().join("generation.wasm~")).unwrap();
    fs::write(&file, generation(1003, "good")).unwrap();
    becomes(&tenant, 1003);
    // By a link to where it is, as volumes of Kubernetes do.
    let (current, next) = (TemporaryDirectory::new("current").unwrap(), TemporaryDirectory::new("next").unwrap());
    fs::write(current.path().join("c"), generation(1004, "good")).unwrap();
    fs::write(next.path().join("c"), generation(1005, "good")).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(current.path().join("c"), &file).unwrap();
    becomes(&tenant, 1004);
    let aside = directory.path().join("link");
    std::os::unix::fs::symlink(next.path().join("c"), &aside).unwrap();
    fs::rename(&aside, &file).unwrap();
    becomes(&tenant, 1005);
    // Back to bytes that were there before.
    fs::remove_file(&file).unwrap();
    fs::write(&file, generation(1001, "good")).unwrap();
    becomes(&tenant, 1001);
    within_limit("its connection follows", || connection(&tenant, &path)["connector_version"] == version(1001));
    assert_eq!(test(&tenant, &path), refused());
}

#[test]
fn a_half_written_file_never_loads() {
    let (host, directory) = followed();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let bytes = generation(1001, "good");
    let mut file = fs::File::create(directory.path().join("generation.wasm")).unwrap();
    let pieces = 20;
    for piece in bytes.chunks(bytes.len() / pieces) {
        file.write_all(piece).unwrap();
        file.flush().unwrap();
        assert_eq!(offered(&tenant), Some(version(1000)));
        std::thread::sleep(Duration::from_millis(150));
    }
    drop(file);
    becomes(&tenant, 1001);
    let versions = || body(platform.get("/assets/connectors/versions").unwrap(), 200);
    let states = || -> Vec<_> { versions()["data"].as_array().unwrap().iter().map(|it| it["state"].clone()).collect() };
    assert_eq!(states().len(), 2, "no part of it has been looked at");
    within_limit("the version before has drained", || states() == [json!("ACTIVE"), json!("RETIRED")]);
}

#[test]
fn a_bad_file_leaves_the_old_version_serving() {
    let (host, directory) = followed();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let bad = register(&tenant, "Bad", "xshop");
    put(directory.path(), b"no component");
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1000)));
    put(directory.path(), &generation(1001, "reject"));
    within_limit("it is tried", || find(&platform, 1001)["state"] == "SHADOW");
    assert_eq!(find(&platform, 1001)["reasons"][0]["code"], "shadow_failed");
    assert_eq!(offered(&tenant), Some(version(1000)));
    assert_eq!(test(&tenant, &bad), refused());
    put(directory.path(), &generation(1002, "good"));
    becomes(&tenant, 1002);
    within_limit("what never served is no longer kept", || find(&platform, 1001) == Value::Null);
}

#[test]
fn a_removed_file_retires_its_type_and_a_renamed_one_does_not() {
    let (host, directory) = followed();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let path = register(&tenant, "Shop", "shop");
    let file = directory.path().join("generation.wasm");
    let renamed = directory.path().join("zoo-generation-1.wasm");
    fs::rename(&file, &renamed).unwrap();
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1000)));
    assert_eq!(find(&platform, 1000)["file"], "zoo-generation-1.wasm");

    fs::remove_file(&renamed).unwrap();
    within_limit("the type is retired", || offered(&tenant).is_none());
    assert_eq!(find(&platform, 1000)["reasons"][0]["code"], "file_gone");
    assert_eq!(test(&tenant, &path), ("config".to_owned(), "connector_missing".to_owned()));
    put(directory.path(), &generation(1000, "good"));
    becomes(&tenant, 1000);
    assert_eq!(test(&tenant, &path), refused());
}

#[test]
fn a_file_that_is_touched_changes_nothing_and_one_that_is_gone_takes_only_its_own_version() {
    let (host, directory) = followed();
    let (platform, tenant) = (platform(&host), tenant(&host));
    let digest = uploaded(&platform, &generation(1001, "good"));
    body(activate(&platform, &digest, &json!({})), 200);
    put(directory.path(), &generation(1000, "good"));
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1001)), "the same bytes are no news");
    fs::remove_file(directory.path().join("generation.wasm")).unwrap();
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1001)), "another version serves");
    register(&tenant, "Shop", "shop");
}

#[test]
fn of_two_files_for_one_type_the_one_that_bears_its_name_serves() {
    let (host, directory) = followed();
    let tenant = tenant(&host);
    fs::write(directory.path().join("another.wasm"), generation(1001, "good")).unwrap();
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1000)));
    assert!(host.log().unwrap().contains("duplicate_type"));
    // The one in its way goes away: it is looked at again.
    fs::remove_file(directory.path().join("generation.wasm")).unwrap();
    becomes(&tenant, 1001);
    fs::write(directory.path().join("zoo-generation.wasm"), generation(1002, "good")).unwrap();
    becomes(&tenant, 1002);
    fs::write(directory.path().join("a.wasm"), generation(1003, "good")).unwrap();
    std::thread::sleep(QUIET);
    assert_eq!(offered(&tenant), Some(version(1002)));
    // Nor does it at the next start, whatever comes first.
    let (kept, fresh) = (directory.path(), TemporaryDirectory::new("fresh").unwrap());
    let host =
        Patchpanel::builder().directory(&fresh).setting("CONNECTORS_DIR", kept.to_str().unwrap()).start().unwrap();
    assert_eq!(offered(&super::tenant(&host)), Some(version(1002)));
}

#[test]
fn a_restart_goes_on_with_what_was_active_until_a_file_changes() {
    let (mut host, directory) = followed();
    let digest = uploaded(&platform(&host), &generation(1001, "good"));
    body(activate(&platform(&host), &digest, &json!({})), 200);
    let path = register(&tenant(&host), "Shop", "shop");
    assert!(host.stop().unwrap().success());
    let mut host = host_of(&directory).directory(host.directory()).start().unwrap();
    assert_eq!(offered(&tenant(&host)), Some(version(1001)), "the file is as it was when it was last looked at");
    assert_eq!(test(&tenant(&host), &path), refused());
    assert!(host.stop().unwrap().success());
    put(directory.path(), &generation(1002, "good"));
    let host = host_of(&directory).directory(host.directory()).start().unwrap();
    becomes(&tenant(&host), 1002);
    assert_eq!(test(&tenant(&host), &path), refused());
}
