//! What operators get wrong: each mistake is refused at start, on one line that says what to do.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::process::Signal;
use test_support::directory::TemporaryDirectory;
use test_support::eventually::eventually;
use test_support::patchpanel::{Builder, Patchpanel, built_connectors};
use test_support::process::Process;

/// Far longer than a refusal takes.
const LIMIT: Duration = Duration::from_secs(20);

/// Far longer than a start takes.
const START_LIMIT: Duration = Duration::from_mins(1);

/// The mistake is in the flags or settings.
const BAD_INPUT: i32 = 2;

/// The mistake is in what they name.
const FAILED: i32 = 1;

/// Starts a host that must refuse, and returns its exit code and the one line that it says.
fn refusal(builder: Builder, arguments: &[&str]) -> (i32, String) {
    let output = TemporaryDirectory::new("refusal").unwrap();
    let mut command = builder.command("serve").unwrap();
    command.args(arguments);
    let log = output.path().join("log");
    let mut process = Process::start(&mut command, log, Signal::TERM, &output).unwrap();
    let status = process.wait(LIMIT).unwrap();
    let text = process.log().unwrap();
    // Whatever was worth logging before is JSON; the refusal is for people.
    let (logged, said): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with('{'));
    assert!(logged.len() < 10, "a refusal is lost among log lines: {text}");
    assert_eq!(said.len(), 1, "a refusal is one line: {text}");
    let line = said[0].strip_prefix("patchpanel: ").unwrap_or_else(|| panic!("{text}"));
    (status.code().unwrap(), line.to_owned())
}

/// The refusal has this code and names all of this.
fn refuses(builder: Builder, arguments: &[&str], code: i32, parts: &[&str]) {
    let (actual, line) = refusal(builder, arguments);
    assert_eq!(actual, code, "{line}");
    for part in parts {
        assert!(line.contains(part), "{line:?} does not say {part:?}");
    }
}

/// A data directory that a host has used.
fn used() -> TemporaryDirectory {
    let mut host = Patchpanel::start().unwrap();
    assert!(host.stop().unwrap().success());
    host.directory().clone()
}

fn master_key(directory: &TemporaryDirectory) -> PathBuf {
    directory.path().join("data/master-key")
}

fn at(directory: &TemporaryDirectory) -> Builder {
    Patchpanel::builder().directory(directory)
}

/// Everything that production demands, with this key file.
fn production(directory: &TemporaryDirectory, master_key: &Path) -> Builder {
    let public_key = directory
        .write(
            "token-key.pem",
            // RFC 8410, section 10.1.
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
        )
        .unwrap();
    at(directory)
        .setting("PRODUCTION", "true")
        .setting("MASTER_KEY_FILE", master_key.to_str().unwrap())
        .setting("TOKEN_PUBLIC_KEY_FILE", public_key.to_str().unwrap())
        .setting("TOKEN_ISSUER", "https://login.example.com/realms/acme")
}

#[test]
fn production_makes_no_master_key_of_its_own() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let key = directory.path().join("key");
    let path = key.to_str().unwrap();
    refuses(production(&directory, &key), &[], FAILED, &["there is no master key file", path, "put the key there"]);
    assert!(!key.exists(), "a key was made");
    directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    let host = production(&directory, &key).start().unwrap();
    // Whoever reads what a host prints, or asks it, is nobody yet.
    assert!(!host.log().unwrap().contains("/console/#"));
    for path in ["/console/codes", "/console/token"] {
        assert_ne!(host.client().send("POST", path, "").unwrap().status.as_u16() / 100, 2, "{path}");
    }
    assert_eq!(host.client().get("/console/").unwrap().status.as_u16(), 200);
}

#[test]
fn a_key_that_is_gone_wrong_malformed_or_exposed_is_refused_and_the_right_one_serves() {
    let directory = used();
    let key = master_key(&directory);
    let right = std::fs::read_to_string(&key).unwrap();
    let path = key.to_str().unwrap();

    std::fs::remove_file(&key).unwrap();
    let (_, line) = refusal(at(&directory), &[]);
    assert!(line.contains("there is no master key file") && line.contains(path) && line.contains("restore"), "{line}");
    assert!(!line.contains("make one"), "a new key cannot open what the old one has sealed: {line}");
    assert!(!key.exists(), "a new key cannot open what the old one has sealed");
    directory.write("data/master-key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    refuses(at(&directory), &[], FAILED, &["is not the key that sealed the secret store", path, "restore"]);
    directory.write("data/master-key", &format!("2 {}\n", "5f".repeat(32))).unwrap();
    refuses(at(&directory), &[], FAILED, &["has no version 1", path, "restore"]);
    directory.write("data/master-key", "hunter2\n").unwrap();
    let (_, line) = refusal(at(&directory), &[]);
    assert!(line.contains("not well-formed") && line.contains("line 1") && !line.contains("hunter2"), "{line}");

    directory.write("data/master-key", &right).unwrap();
    for mode in [0o644, 0o640, 0o660] {
        std::fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        refuses(at(&directory), &[], FAILED, &["by others", path, "chmod 600"]);
    }
    std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    at(&directory).start().unwrap();
}

#[test]
fn a_token_key_that_others_can_read_is_refused() {
    let directory = used();
    let key = directory.path().join("data/token-key.pem");
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    refuses(at(&directory), &[], FAILED, &["can be read by others", key.to_str().unwrap(), "chmod 600"]);
}

#[test]
fn two_hosts_do_not_share_a_data_directory() {
    let mut first = Patchpanel::start().unwrap();
    let data = first.directory().path().join("data");
    let parts = ["another patchpanel is running on", data.to_str().unwrap(), "stop it"];
    refuses(at(first.directory()), &[], FAILED, &parts);
    assert_eq!(first.client().get("/health/ready").unwrap().status.as_u16(), 200, "the first goes on");
    assert!(first.stop().unwrap().success());
    at(first.directory()).start().unwrap();
}

#[test]
fn plain_http_beyond_loopback_needs_a_flag_that_says_so() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let beyond = |address: &str| at(&directory).listen(address.parse().unwrap());
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8002"] {
        let parts = [address, "reachable from other machines", "--listen-without-tls"];
        refuses(beyond(address), &[], BAD_INPUT, &parts);
    }
    // An address that this machine has not: past the refusal, and at the end of the start.
    let parts = ["cannot listen on 192.0.2.1:8002", "--listen"];
    refuses(beyond("192.0.2.1:8002"), &["--listen-without-tls"], FAILED, &parts);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let directory = TemporaryDirectory::new("operator").unwrap();
    refuses(
        at(&directory).listen(address),
        &[],
        FAILED,
        &[&format!("cannot listen on {address}"), "--listen", "in use"],
    );
}

#[test]
fn what_is_no_setting_is_refused_by_name_wherever_it_stands() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let typing_error = at(&directory).setting("LISTEN_ADRESS", "127.0.0.1:1");
    refuses(typing_error, &[], BAD_INPUT, &["PATCHPANEL_LISTEN_ADRESS is no setting", "--help"]);

    let file = directory.path().join("settings.toml");
    let with_file = || at(&directory).setting("SETTINGS_FILE", file.to_str().unwrap());
    refuses(with_file(), &[], BAD_INPUT, &["cannot read the settings file", file.to_str().unwrap()]);
    for (text, parts) in [
        ("data_dri = \"/tmp\"\n", ["\"data_dri\" is no setting", "--help"]),
        ("[server]\nport = 1\n", ["\"server\" is no setting", "--help"]),
        ("max_requests = 1.5\n", ["max_requests", "a number"]),
        ("# fine\nmax_requests = \n", ["is not TOML", "line 2"]),
    ] {
        directory.write("settings.toml", text).unwrap();
        refuses(with_file(), &[], BAD_INPUT, &parts);
    }
    directory.write("settings.toml", "max_requests = 10\n").unwrap();
    with_file().start().unwrap();
}

#[test]
fn production_names_what_it_lacks() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let key = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    refuses(at(&directory).setting("PRODUCTION", "true"), &[], BAD_INPUT, &["production mode needs --master-key-file"]);
    let text = directory.write("no-key.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").unwrap();
    let path = text.to_str().unwrap();
    let builder = production(&directory, &key).setting("TOKEN_PUBLIC_KEY_FILE", path);
    refuses(builder, &[], FAILED, &[path, "not an Ed25519 public key", "openssl pkey -pubout"]);
}

#[test]
fn an_issuer_or_an_audience_of_nothing_is_refused() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let key = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    for nothing in ["", " "] {
        let builder = production(&directory, &key).setting("TOKEN_ISSUER", nothing);
        refuses(builder, &[], BAD_INPUT, &["--token-issuer is empty"]);
        refuses(at(&directory).setting("TOKEN_AUDIENCE", nothing), &[], BAD_INPUT, &["--token-audience is empty"]);
    }
}

#[test]
fn a_data_directory_that_everybody_can_write_to_is_refused() {
    let directory = used();
    let data = directory.path().join("data");
    for (mode, is_refused) in [(0o777, true), (0o1777, true), (0o702, true), (0o770, false), (0o755, false)] {
        std::fs::set_permissions(&data, Permissions::from_mode(mode)).unwrap();
        if is_refused {
            refuses(at(&directory), &[], FAILED, &["can be written by everybody", data.to_str().unwrap(), "chmod 700"]);
        } else {
            at(&directory).start().unwrap();
        }
    }
}

#[test]
fn what_is_no_file_in_the_place_of_a_key_is_called_so_and_not_waited_for() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let key = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::create_dir(at("directory")).unwrap();
    mkfifoat(CWD, at("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
    symlink("/dev/zero", at("device")).unwrap();
    for name in ["directory", "pipe", "device"] {
        let path = at(name);
        let (_, line) = refusal(production(&directory, &path), &[]);
        assert!(line.contains("is not a file") && line.contains(path.to_str().unwrap()), "{line}");
        assert!(!line.contains("chmod"), "{line}");
        let token_key = production(&directory, &key).setting("TOKEN_PUBLIC_KEY_FILE", path.to_str().unwrap());
        refuses(token_key, &[], FAILED, &["token key", path.to_str().unwrap(), "no regular file"]);
    }
    // As secrets are mounted.
    symlink(&key, at("mounted")).unwrap();
    production(&directory, &at("mounted")).start().unwrap();
}

#[test]
fn a_master_key_in_the_data_directory_is_warned_of_in_production() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let elsewhere = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    let warnings = || {
        let log = std::fs::read_to_string(directory.path().join("log")).unwrap();
        log.lines().filter(|line| line.contains("the master key is in the data directory")).count()
    };
    production(&directory, &elsewhere).start().unwrap();
    assert_eq!(warnings(), 0);
    let inside = directory.path().join("data/key");
    std::fs::copy(&elsewhere, &inside).unwrap();
    // By another name of the same directory.
    symlink(directory.path().join("data"), directory.path().join("mounted")).unwrap();
    for (count, key) in [inside, directory.path().join("mounted/key")].into_iter().enumerate() {
        production(&directory, &key).start().unwrap();
        assert_eq!(warnings(), count + 1, "{}", key.display());
    }
    // A link there to what is elsewhere gives nothing away.
    symlink(&elsewhere, directory.path().join("data/link")).unwrap();
    production(&directory, &directory.path().join("data/link")).start().unwrap();
    assert_eq!(warnings(), 2);
}

#[test]
fn what_others_could_use_is_closed_to_them_and_said() {
    let directory = used();
    let data = directory.path().join("data");
    let wal = data.join("secrets.db-wal");
    std::fs::write(&wal, "").unwrap();
    let open = [
        ("metadata.db", 0o644),
        ("secrets.db", 0o666),
        ("secrets.db-wal", 0o640),
        ("compiled", 0o777),
        ("library", 0o750),
    ];
    for (name, mode) in open {
        std::fs::set_permissions(data.join(name), Permissions::from_mode(mode)).unwrap();
    }
    let host = at(&directory).start().unwrap();
    let log = host.log().unwrap();
    for (name, mode) in open {
        let now = std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(now & 0o077, 0, "{name}: {now:o}");
        let path = format!("\"{}\"", data.join(name).display());
        let said = log.lines().filter(|line| line.contains(&path) && line.contains("others could read or write this"));
        let said: Vec<_> = said.collect();
        assert!(said.len() == 1 && said[0].contains(&format!("{mode:04o}")), "{name}: {log}");
    }
}

#[test]
fn an_empty_directory_of_connectors_in_production_retires_nothing() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let key = directory.write("key", &format!("1 {}\n", "5f".repeat(32))).unwrap();
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    let file = connectors.path().join("postgres.wasm");
    std::fs::copy(built_connectors().unwrap().join("postgres.wasm"), &file).unwrap();
    let start = || {
        let builder = production(&directory, &key).setting("CONNECTORS_DIR", connectors.path().to_str().unwrap());
        // It is ready when it has a connector.
        builder.start().unwrap()
    };
    assert!(start().stop().unwrap().success());
    std::fs::remove_file(&file).unwrap();
    let mut host = start();
    let log = host.log().unwrap();
    let said: Vec<_> = log.lines().filter(|line| line.contains("the directory of connectors is empty")).collect();
    assert!(said.len() == 1 && said[0].contains("ERROR"), "{log}");
    assert!(said[0].contains(connectors.path().to_str().unwrap()), "{log}");
    assert!(host.stop().unwrap().success());
    // It is still known that it came from there.
    start();
}

#[test]
fn targets_and_approvals_that_can_never_count_are_refused() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    for (setting, value, parts) in [
        (
            "EGRESS_ALLOWED_TARGETS",
            "10.20.0.0/16,169.254.169.254",
            ["--egress-allowed-targets", "no setting allows this"],
        ),
        ("EGRESS_ALLOWED_TARGETS", "localhost:5432", ["--egress-allowed-targets", "127.0.0.1"]),
        ("EGRESS_ALLOWED_TARGETS", "10.0.0.5/8", ["--egress-allowed-targets", "10.0.0.0/8"]),
        ("CONNECTOR_APPROVED_REACHES", "a.tls-mode=prefer@{/host}", ["--connector-approved-reaches", "verify-ca"]),
        ("CONNECTOR_APPROVED_REACHES", "a.roots=sha256:00@{/host}", ["--connector-approved-reaches", "64 hex digits"]),
    ] {
        let output = at(&directory).setting(setting, value).command("serve").unwrap().output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(BAD_INPUT), "{said}");
        assert!(said.contains(value.rsplit(',').next().unwrap()), "{said}");
        for part in parts {
            assert!(said.contains(part), "{said:?} does not say {part:?}");
        }
    }
}

#[test]
fn what_is_open_or_empty_is_said_on_one_line() {
    let connectors = TemporaryDirectory::new("connectors").unwrap();
    let directory = TemporaryDirectory::new("operator").unwrap();
    let mut command = at(&directory)
        .setting("CONNECTORS_DIR", connectors.path().to_str().unwrap())
        .setting("METRICS_LISTEN", "0.0.0.0:0")
        .command("serve")
        .unwrap();
    let host = Process::start(&mut command, directory.path().join("log"), Signal::TERM, &directory).unwrap();
    for parts in [
        ["other machines can read the metrics", "0.0.0.0:", "firewall"],
        ["no connector is loaded, so that the host is not ready", connectors.path().to_str().unwrap(), "*.wasm"],
    ] {
        let said = || host.log().unwrap().lines().any(|line| line.contains(parts[0])).then_some(());
        assert!(eventually(START_LIMIT, said).is_some(), "{}", host.log_tail());
        let log = host.log().unwrap();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(parts[0])).collect();
        assert_eq!(lines.len(), 1, "{log}");
        assert!(lines[0].contains("WARN") && parts.iter().all(|part| lines[0].contains(part)), "{}", lines[0]);
    }
}

#[test]
fn a_missing_directory_of_connectors_is_named() {
    let directory = TemporaryDirectory::new("operator").unwrap();
    let builder = at(&directory).setting("CONNECTORS_DIR", "/nonexistent/connectors");
    refuses(builder, &[], FAILED, &["/nonexistent/connectors cannot be read", "--connectors-dir"]);
}

#[test]
fn stores_that_are_damaged_or_cannot_be_written_are_named() {
    for name in ["metadata.db", "secrets.db"] {
        let directory = used();
        // From a log of all its pages a store would recover; whether one is left depends on how soon the host ended.
        let _ = std::fs::remove_file(directory.path().join(format!("data/{name}-wal")));
        let file = directory.write(&format!("data/{name}"), &"no database ".repeat(1000)).unwrap();
        refuses(at(&directory), &[], FAILED, &[file.to_str().unwrap(), "restore"]);
    }
    let directory = TemporaryDirectory::new("operator").unwrap();
    let file = directory.write("data", "a file where the data directory should be").unwrap();
    refuses(at(&directory), &[], FAILED, &[file.to_str().unwrap()]);
}
