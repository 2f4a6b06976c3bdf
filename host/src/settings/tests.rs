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
    assert_eq!(audience(&["patchpanel"]), "patchpanel");
    assert_eq!(audience(&["patchpanel", "--token-audience", "flag"]), "flag");
}

#[test]
fn an_unknown_key_or_a_bad_value_is_refused_by_name() {
    for (text, named) in [
        ("liste = 1\n", "\"liste\" is no setting"),
        ("settings_file = \"x\"\n", "\"settings_file\" is no setting"),
        ("listen = 0.5\n", "listen must be"),
        ("[egress]\nallow = true\n", "\"egress\" is no setting"),
        ("listen = \n", "line 1"),
        ("max_requests = 0\n", "--max-requests"),
        ("production = \"maybe\"\n", "--production"),
    ] {
        let error = File::new("bad", text).settings(&[]).unwrap_err().to_string();
        assert!(error.contains(named), "{text}: {error}");
    }
    assert!(matches!(line(&["--settings-file=/nonexistent/file"]), Err(Error::File { .. })));
}

#[test]
fn an_unknown_variable_is_refused_by_name() {
    let refused = |name: &str| refuse_unknown_variables(&Line::command(), std::iter::once(OsString::from(name)));
    for name in ["PATCHPANEL_LISTEN", "PATCHPANEL_SERVICE_PORT_HTTP", "PATCHPANEL_PORT_8002_TCP", "PATH"] {
        refused(name).unwrap();
    }
    for name in ["PATCHPANEL_LISTNE", "PATCHPANEL_", "PATCHPANEL_LISTEN_"] {
        assert!(matches!(refused(name), Err(Error::Variable(_))), "{name}");
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
