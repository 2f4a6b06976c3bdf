//! What is in the memory of a host is in no core dump, and in production nobody reads it who is not root.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use test_support::patchpanel;
use test_support::process::is_root;

use super::*;

/// Nobody's.
const USER: u32 = 65_534;

fn core_limit(id: u32) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap().to_owned();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

#[test]
fn no_host_leaves_a_core_dump_and_one_of_production_cannot_be_read() {
    let development = Patchpanel::start().unwrap();
    assert_eq!(core_limit(development.id()), ["1", "1"]);

    let directory = TemporaryDirectory::new("host").unwrap();
    let key = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    // RFC 8410, section 10.1.
    let text = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let public_key = directory.write("token-key.pem", text).unwrap();
    let mut builder = Patchpanel::builder().directory(&directory);
    if is_root() {
        // As somebody else, since what is root's shows nothing of root's own processes.
        std::fs::copy(patchpanel::built_program().unwrap(), directory.path().join("program")).unwrap();
        copy(&patchpanel::built_connectors().unwrap(), &directory.path().join("connectors"));
        let script = format!(
            "#!/bin/sh\nexec setpriv --reuid={USER} --regid={USER} --clear-groups {} \"$@\"\n",
            directory.path().join("program").display()
        );
        let script = directory.write("patchpanel", &script).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        give_away(directory.path());
        builder =
            builder.program(&script).setting("CONNECTORS_DIR", directory.path().join("connectors").to_str().unwrap());
    }
    let production = builder
        .setting("PRODUCTION", "true")
        .setting("MASTER_KEY_FILE", key.to_str().unwrap())
        .setting("TOKEN_PUBLIC_KEY_FILE", public_key.to_str().unwrap())
        .setting("TOKEN_ISSUER", "https://login.example.com/realms/acme")
        .start()
        .unwrap();
    assert_eq!(core_limit(production.id()), ["1", "1"]);
    // Of a process that may not be dumped these files are root's (proc(5), prctl(2)), whoever it runs as.
    let owner = |file: &str| std::fs::metadata(format!("/proc/{}/{file}", production.id())).unwrap().uid();
    assert_eq!((owner("environ"), owner("mem")), (0, 0));
}

/// Makes a directory, and all in it, that user's.
fn give_away(path: &Path) {
    chown(path, Some(USER), Some(USER)).unwrap();
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
}
