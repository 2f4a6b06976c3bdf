use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Sub>,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    Serve,
}

fn line(arguments: &[&str]) -> Result<Settings, Error> {
    let arguments = ["patchpanel"].iter().chain(arguments).map(OsString::from);
    parse::<Line>(arguments).map(|line| line.settings)
}

/// A settings file that goes away with the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("patchpanel-settings-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn settings(&self, more: &[&str]) -> Result<Settings, Error> {
        let flag = format!("--settings-file={}", self.0.display());
        let arguments: Vec<&str> = std::iter::once(flag.as_str()).chain(more.iter().copied()).collect();
        line(&arguments)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn without_settings_it_is_development_on_loopback() {
    let settings = line(&[]).unwrap();
    assert!(settings.development() && settings.egress_allow_loopback() && settings.egress_allow_private());
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8002");
    assert_eq!(settings.egress_addresses(), ["127.0.0.1/32"]);
    settings.check().unwrap();
}

#[test]
fn the_file_overrides_defaults_and_flags_override_the_file() {
    let file = File::new(
        "precedence",
        "listen = \"127.0.0.1:9000\"\nmax_requests = 7\negress_allow_private = false\n\
         egress_addresses = [\"203.0.113.7\", \"2001:db8::/64\"]\n",
    );
    let settings = file.settings(&[]).unwrap();
    assert_eq!((settings.listen.port(), settings.fairness.max_requests), (9000, 7));
    assert!(!settings.egress_allow_private() && settings.egress_allow_loopback());
    assert_eq!(settings.egress_addresses(), ["203.0.113.7/32", "2001:db8::/64"]);

    for arguments in [&["--listen=127.0.0.1:9001"][..], &["serve", "--listen", "127.0.0.1:9001"]] {
        let settings = file.settings(arguments).unwrap();
        assert_eq!((settings.listen.port(), settings.fairness.max_requests), (9001, 7), "{arguments:?}");
    }
}

#[test]
fn the_environment_stands_between_file_and_flags() {
    // A variable that cargo itself sets stands for one of ours, since a test cannot set any safely.
    let file = File::new("environment", "token_audience = \"from the file\"\n");
    let command = file::defaults(Line::command(), &file.0).unwrap();
    let command = command.mut_arg("token_audience", |argument| argument.env("CARGO_PKG_NAME"));
    let audience = |arguments: &[&str]| {
        let matches = command.clone().try_get_matches_from(arguments).unwrap();
        Line::from_arg_matches(&matches).unwrap().settings.token_audience
    };
    assert_eq!(audience(&["patchpanel"]), env!("CARGO_PKG_NAME"));
    assert_eq!(audience(&["patchpanel", "--token-audience", "flag"]), "flag");
}

#[test]
fn a_table_stands_for_what_names_begin_with() {
    let file = File::new(
        "tables",
        "listen = \"127.0.0.1:9000\"\n[egress]\nallow_private = false\nallowed = { targets = [\"10.0.0.1\", \"db.corp\"] }\n\
         [http]\nmax_connections = 0x10\n[connector.max]\ncpu_ms = 50\n",
    );
    let settings = file.settings(&[]).unwrap();
    assert_eq!((settings.listen.port(), settings.fairness.http_max_connections), (9000, 16));
    assert!(!settings.egress_allow_private());
    assert_eq!(settings.egress_allowed_targets.len(), 2);
    assert_eq!(settings.admission().limits.cpu_time.as_millis(), 50);
    assert!(file.settings(&["--egress-allow-private"]).unwrap().egress_allow_private());
}

#[test]
fn what_is_wrong_in_the_file_is_named_with_its_place() {
    for (text, said) in [
        ("liste = 1\n", "line 1, column 1: \"liste\" is no setting; did you mean \"listen\"?"),
        (
            "production = true\n  data-dir = \"x\"\n",
            "line 2, column 3: \"data-dir\" is no setting; did you mean \"data_dir\"?",
        ),
        ("zzz = 1\n", "\"zzz\" is no setting; remove it, or see `patchpanel --help`"),
        ("settings_file = \"x\"\n", "\"settings_file\" is no setting"),
        ("listen = 0.5\n", "line 1, column 1: listen must be"),
        ("listen = [[1]]\n", "listen must be"),
        ("listen = []\n", "line 1, column 1: listen must not be an empty list"),
        ("[egress]\nallow_private = []\n", "line 2, column 1: egress_allow_private must not be an empty list"),
        ("production = \"\"\n", "line 1, column 1: "),
        ("listen = 2026-11-28\n", "listen must be"),
        ("egress.allow_private = true\negress_allow_private = false\n", "egress_allow_private is set twice"),
        ("[max]\nconnections = 8\n[http]\nmax_connections = 9\n", "http_max_connections is set twice"),
        ("[egress]\nallow = true\n", "line 2, column 1: \"egress_allow\" is no setting; did you mean \"egress_"),
        (
            "[egres]\nallow_private = true\n",
            "line 1, column 2: \"egres\" is no setting, and none begins with it; did you mean \"egress\"?",
        ),
        ("[egres]\n", "line 1, column 2: \"egres\" is no setting, and none begins with it"),
        ("[listen]\nport = 1\n", "line 2, column 1: \"listen_port\" is no setting"),
        ("[[listen]]\nport = 1\n", "listen must be"),
        ("egress_allow_private = true\n[egress]\nallow_private = true\n", "egress_allow_private is set twice"),
        ("max_connections = 8\nhttp_max_connections = 9\n", "http_max_connections is set twice"),
        ("listen = \n", "line 1, column 10: "),
        ("\"ö\" = 1\nlisten = 1 2\n", "line 2, column 10: it is not TOML"),
        ("max_requests = 7\nread_rate = -1\n", "line 2, column 1: invalid value '-1' for '--read-rate <COUNT>'"),
        (
            "max_requests = 0\n",
            "line 1, column 1: invalid value '0' for '--max-requests <COUNT>': 0 is not in 1..=100000",
        ),
        (
            "production = \"maybe\"\n",
            "invalid value 'maybe' for '--production[=<BOOL>]' [possible values: true, false]",
        ),
        ("listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n", "--listen <ADDRESS:PORT>' cannot be used multiple times"),
    ] {
        let error = File::new("bad", text).settings(&[]).unwrap_err().to_string();
        assert!(error.starts_with("the settings file /") && error.contains(said), "{text}: {error}");
        assert!(!error.contains('\n') && !error.contains("--help'"), "{text}: {error}");
    }
    assert!(matches!(line(&["--settings-file=/nonexistent/file"]), Err(Error::File { .. })));
}

#[test]
fn a_setting_keeps_the_names_that_it_had() {
    let file = File::new("former", "max_connections_per_address = 8\n");
    assert_eq!(file.settings(&[]).unwrap().fairness.http_max_connections_per_address, 8);
    assert_eq!(line(&["--max-connections=9"]).unwrap().fairness.http_max_connections, 9);

    // Which variable is read, of those that are set.
    let variable = |set: &'static [&str]| {
        let command = names::with_former(Line::command(), |name| set.iter().any(|set| *set == name));
        let argument = command.get_arguments().find(|argument| argument.get_id() == "http_max_connections").unwrap();
        argument.get_env().unwrap().to_str().unwrap().to_owned()
    };
    let (old, new) = ("PATCHPANEL_MAX_CONNECTIONS", "PATCHPANEL_HTTP_MAX_CONNECTIONS");
    assert_eq!(variable(&[]), new);
    assert_eq!(variable(&["PATCHPANEL_MAX_CONNECTIONS"]), old);
    assert_eq!(variable(&["PATCHPANEL_MAX_CONNECTIONS", "PATCHPANEL_HTTP_MAX_CONNECTIONS"]), new);
}

#[test]
fn an_unknown_variable_is_refused_by_name() {
    let refused = |name: &str| refuse_unknown_variables(&Line::command(), std::iter::once(OsString::from(name)));
    for name in ["PATCHPANEL_LISTEN", "PATCHPANEL_SERVICE_PORT_HTTP", "PATCHPANEL_PORT_8002_TCP", "PATH"] {
        refused(name).unwrap();
    }
    refused("PATCHPANEL_MAX_CONNECTIONS").unwrap();
    for (name, said) in [
        ("PATCHPANEL_LISTNE", "PATCHPANEL_LISTNE is no setting; did you mean \"PATCHPANEL_LISTEN\"?"),
        ("PATCHPANEL_", "PATCHPANEL_ is no setting"),
        ("PATCHPANEL_LISTEN_", "did you mean \"PATCHPANEL_LISTEN\"?"),
    ] {
        let error = refused(name).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}

#[test]
fn insecure_or_incomplete_settings_are_refused() {
    let complete = [
        "--production",
        "--data-dir=/data",
        "--master-key-file=/key",
        "--token-public-key-file=/public",
        "--token-issuer=us",
    ];
    line(&complete).unwrap().check().unwrap();
    for left_out in 1..complete.len() {
        let rest: Vec<&str> =
            complete.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, flag)| *flag).collect();
        assert!(matches!(line(&rest).unwrap().check(), Err(Error::Missing(_))), "{rest:?}");
    }
    let production = line(&complete).unwrap();
    assert!(!production.egress_allow_loopback() && !production.egress_allow_private());
    assert!(production.egress_addresses().is_empty());

    let open = line(&["--listen=0.0.0.0:8002"]).unwrap();
    assert!(matches!(open.check(), Err(Error::ListenWithoutTls(_))));
    line(&["--listen=0.0.0.0:8002", "--listen-without-tls"]).unwrap().check().unwrap();
    line(&["--listen=[::1]:8002"]).unwrap().check().unwrap();
}

#[test]
fn a_list_of_refused_ports_replaces_the_standing_one() {
    let ports = |arguments: &[&str]| line(arguments).map(|settings| settings.egress_refused_ports);
    let parsed = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<PortRange>>();
    assert!(ports(&[]).unwrap().contains(&"10248-10259".parse().unwrap()));
    assert_eq!(ports(&["--egress-refused-ports=22,6000-6063"]).unwrap(), parsed(&["22", "6000-6063"]));
    assert_eq!(ports(&["--egress-refused-ports=0"]).unwrap(), parsed(&["0"]));
    assert!(ports(&["--egress-refused-ports=22,ssh"]).is_err());
    let file = File::new("ports", "egress_refused_ports = [\"22\", \"25\"]\n");
    assert_eq!(file.settings(&[]).unwrap().egress_refused_ports, parsed(&["22", "25"]));
}

#[test]
fn flags_can_be_handed_on_as_variables() {
    let given = ["patchpanel", "serve", "--production=false", "--connector-approved-reaches=a=x.example,b=y.example"];
    let mut variables = variables::<Line>(given.map(OsString::from)).unwrap();
    variables.sort();
    let expected =
        [("PATCHPANEL_CONNECTOR_APPROVED_REACHES", "a=x.example,b=y.example"), ("PATCHPANEL_PRODUCTION", "false")];
    assert_eq!(variables, expected.map(|(name, value)| (OsString::from(name), OsString::from(value))));
}
