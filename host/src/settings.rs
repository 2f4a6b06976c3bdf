//! The settings: defaults < file < environment (`PATCHPANEL_…`) < flags, parsed once at start. Nothing else in the host
//! reads the environment.

mod connectors;
mod fairness;
mod file;
mod names;

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;

use aws_lc_rs::hmac;
use clap::parser::ValueSource;

use crate::egress::{AllowedTarget, PortRange};
use crate::logs;
use crate::network::Network;
use crate::origin::Origin;
use crate::secrets::IfMissing;
use connectors::ConnectorSettings;
pub use fairness::FairnessSettings;

/// Variables that begin like ours but are not settings: Kubernetes sets the first three kinds for a Service of the name
/// `patchpanel`; the last ones belong to the build and to tests of crashes.
const FOREIGN_VARIABLES: &[&str] = &[
    "PATCHPANEL_SERVICE_HOST",
    "PATCHPANEL_SERVICE_PORT",
    "PATCHPANEL_PORT",
    "PATCHPANEL_WASM_",
    "PATCHPANEL_CRASH_POINT",
];

/// Every setting. The field's name is its key in the settings file.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// A TOML file with settings, each under its long name with `_` for `-`, such as `data_dir = "/var/lib/patchpanel"`.
    ///
    /// What several names begin with can be a table: `allow_private = true` below `[egress]` is `egress_allow_private`. The
    /// environment overrides the file, and flags override both. A key that is no setting is an error.
    #[arg(long, global = true, env = "PATCHPANEL_SETTINGS_FILE", value_name = "FILE")]
    pub settings_file: Option<PathBuf>,

    /// Runs for real users instead of in development mode: nothing insecure is a default any more.
    ///
    /// Demands --data-dir, --master-key-file, --token-public-key-file and --token-issuer, and refuses loopback and
    /// private addresses as targets unless they are allowed.
    #[arg(long, global = true, env = "PATCHPANEL_PRODUCTION", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub production: bool,

    /// Where the metadata, the sealed secrets, the development keys and all connector versions are kept.
    ///
    /// In development mode the default is `$XDG_DATA_HOME/patchpanel`, else `~/.local/share/patchpanel`.
    #[arg(long, global = true, env = "PATCHPANEL_DATA_DIR", value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,

    /// The address and port to serve HTTP on; port 0 takes a free one and logs it.
    #[arg(
        long,
        global = true,
        env = "PATCHPANEL_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8002"
    )]
    pub listen: SocketAddr,

    /// Allows --listen beyond loopback although the host itself speaks plain HTTP: a proxy in front does the TLS.
    #[arg(long, global = true, env = "PATCHPANEL_LISTEN_WITHOUT_TLS", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true")]
    pub listen_without_tls: bool,

    /// The proxies in front of this server, comma-separated, such as 10.0.0.0/8: from them X-Forwarded-For says whose
    /// address a request comes from, and they have no limit of their own on connections.
    #[arg(long, global = true, env = "PATCHPANEL_HTTP_TRUSTED_PROXIES", value_name = "CIDR", value_delimiter = ',')]
    pub http_trusted_proxies: Vec<Network>,

    /// The origins whose pages may call the API from a browser (CORS), comma-separated, such as
    /// `https://console.example.com`: scheme, host and port as a browser sends them, no `*`. By default none.
    ///
    /// Such a page sends a token itself: what a browser adds by itself, such as cookies, is never allowed.
    #[arg(long, global = true, env = "PATCHPANEL_HTTP_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub http_allowed_origins: Vec<Origin>,

    /// Who may have how much of the host.
    #[command(flatten)]
    pub fairness: FairnessSettings,

    /// The settings of connectors.
    #[command(flatten)]
    connectors: ConnectorSettings,

    /// Serves metrics for Prometheus at /metrics on this address and port, without a token. Off by default.
    #[arg(long, global = true, env = "PATCHPANEL_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,

    /// The master key that seals the secrets; only its owner may be able to read it.
    ///
    /// Development mode makes one in the data directory.
    #[arg(long, global = true, env = "PATCHPANEL_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,

    /// The Ed25519 public key (PEM) that signs callers' tokens.
    ///
    /// Development mode uses a key of its own, with which `patchpanel token` signs.
    #[arg(long, global = true, env = "PATCHPANEL_TOKEN_PUBLIC_KEY_FILE", value_name = "FILE")]
    pub token_public_key_file: Option<PathBuf>,

    /// The issuer (`iss`) that tokens must name.
    #[arg(long, global = true, env = "PATCHPANEL_TOKEN_ISSUER", value_name = "ISSUER")]
    pub token_issuer: Option<String>,

    /// The audience (`aud`) that tokens must name.
    #[arg(long, global = true, env = "PATCHPANEL_TOKEN_AUDIENCE", value_name = "AUDIENCE", default_value = crate::auth::development::AUDIENCE)]
    pub token_audience: String,

    /// Whether connections may lead to this machine itself (`127.0.0.0/8`, `::1`). Default: only in development mode.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_ALLOW_LOOPBACK", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    egress_allow_loopback: Option<bool>,

    /// Whether connections may lead to private networks (RFC 1918, RFC 4193). Default: only in development mode.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_ALLOW_PRIVATE", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    egress_allow_private: Option<bool>,

    /// What connections may lead to although it is loopback or private, comma-separated: networks, addresses, names and
    /// `*.name`, with ports where they matter, such as `10.20.0.0/16`, `10.20.0.7:5432`, `[fd12::/16]:5432-5439` or
    /// `*.db.corp`.
    ///
    /// Ports that stand here are open there even if they are refused elsewhere. A name stands for private addresses, not
    /// for this machine. Link-local addresses, cloud metadata and this server itself stay refused.
    #[arg(
        long,
        global = true,
        env = "PATCHPANEL_EGRESS_ALLOWED_TARGETS",
        value_name = "TARGETS",
        value_delimiter = ','
    )]
    pub egress_allowed_targets: Vec<AllowedTarget>,

    /// Whether a test tells everything of loopback and private addresses that no target names. Default: only in
    /// development mode.
    ///
    /// Otherwise, and until a database has answered, it tells only that none did, after the same time, so that tests do
    /// not map a private network.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_DIAGNOSE_PRIVATE", value_name = "BOOL",
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    egress_diagnose_private: Option<bool>,

    /// Ports that connections never lead to, comma-separated, with ranges; a list of one's own replaces the standing one,
    /// which has the ports that are no database's. 0 refuses none.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_REFUSED_PORTS", value_name = "PORTS", value_delimiter = ',',
        default_value = crate::egress::NO_DATABASE)]
    pub egress_refused_ports: Vec<PortRange>,

    /// Certificates (PEM) to trust for data sources, beside the system's.
    ///
    /// The system's are those of the file `SSL_CERT_FILE` and of the directories `SSL_CERT_DIR` where these variables are
    /// set, as for OpenSSL.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_ROOT_BUNDLE", value_name = "FILE")]
    pub egress_root_bundle: Option<PathBuf>,

    /// The least rounds of hashing a password by SCRAM that a PostgreSQL server may ask for.
    ///
    /// With fewer than 4096, whoever answers in the server's place can try passwords faster.
    #[arg(long, global = true, env = "PATCHPANEL_POSTGRES_SCRAM_MIN_ITERATIONS", value_name = "COUNT",
        default_value = "4096", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    postgres_scram_min_iterations: u32,

    /// The addresses that data sources see, comma-separated, such as 203.0.113.7/32: shown in set-up instructions.
    #[arg(long, global = true, env = "PATCHPANEL_EGRESS_ADDRESSES", value_name = "CIDR", value_delimiter = ',')]
    egress_addresses: Vec<Network>,

    /// How log lines look: JSON, or text for people. `auto` is text on a terminal.
    #[arg(long, global = true, env = "PATCHPANEL_LOG_FORMAT", value_name = "FORMAT", default_value = "auto")]
    pub log_format: logs::Format,

    /// How much is logged. Libraries never log more than warnings.
    #[arg(long, global = true, env = "PATCHPANEL_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    pub log_level: logs::Level,
}

/// An operator's mistake: one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A flag, a variable or a request for help; clap's own text.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}; check its path and permissions")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The settings file is not TOML, or has a key that is no setting, or a value that the setting cannot have.
    #[error("the settings file {path}, {place}: {reason}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// Line and column.
        place: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A variable begins with `PATCHPANEL_` and is no setting.
    #[error("the environment variable {name} is no setting{instead}")]
    Variable {
        /// Its name.
        name: String,
        /// What to do.
        instead: String,
    },
    /// Production needs it explicitly.
    #[error("production mode needs {0}; give it as a flag, in the environment or in the settings file")]
    Missing(&'static str),
    /// Nothing is no name.
    #[error("{0} is empty; give it the value that the tokens have, or leave it out")]
    Empty(&'static str),
    /// Plain HTTP for everyone.
    #[error(
        "{0} is reachable from other machines, and this server speaks plain HTTP; listen on 127.0.0.1, or put a proxy \
         that does TLS in front and add --listen-without-tls"
    )]
    ListenWithoutTls(SocketAddr),
    /// No home directory to keep data in.
    #[error("there is no home directory to keep data in; set --data-dir")]
    NoDataDirectory,
    /// No directory of connectors was found.
    #[error("there is no directory `connectors` beside the executable; set --connectors-dir")]
    NoConnectors,
    /// The key is not for us.
    #[error("the token key {0} is not an Ed25519 public key in PEM (`openssl pkey -pubout`)")]
    TokenKey(PathBuf),
}

impl Settings {
    /// Whether nobody asked for production.
    pub fn development(&self) -> bool {
        !self.production
    }

    /// Refuses what would be insecure or incomplete, before anything is opened.
    pub fn check(&self) -> Result<(), Error> {
        if self.production {
            for (missing, name) in [
                (self.data_dir.is_none(), "--data-dir"),
                (self.master_key_file.is_none(), "--master-key-file"),
                (self.token_public_key_file.is_none(), "--token-public-key-file"),
                (self.token_issuer.is_none(), "--token-issuer"),
            ] {
                if missing {
                    return Err(Error::Missing(name));
                }
            }
        }
        for (empty, name) in [
            (self.token_issuer.as_ref().is_some_and(|issuer| issuer.trim().is_empty()), "--token-issuer"),
            (self.token_audience.trim().is_empty(), "--token-audience"),
        ] {
            if empty {
                return Err(Error::Empty(name));
            }
        }
        if !self.listen.ip().is_loopback() && !self.listen_without_tls {
            return Err(Error::ListenWithoutTls(self.listen));
        }
        Ok(())
    }

    /// The data directory: metadata, sealed secrets, development keys, connector versions.
    pub fn data_dir(&self) -> Result<PathBuf, Error> {
        if let Some(directory) = &self.data_dir {
            return Ok(directory.clone());
        }
        if self.production {
            return Err(Error::Missing("--data-dir"));
        }
        let absolute = |name| variable(OsStr::new(name)).map(PathBuf::from).filter(|path| path.is_absolute());
        absolute("XDG_DATA_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
            .map(|directory| directory.join("patchpanel"))
            .ok_or(Error::NoDataDirectory)
    }

    /// The directory of connectors: the setting, or `connectors` beside the executable or one level above.
    pub fn connectors_dir(&self) -> Result<PathBuf, Error> {
        if let Some(directory) = &self.connectors.connectors_dir {
            return Ok(directory.clone());
        }
        let executable = std::env::current_exe().map_err(|_| Error::NoConnectors)?;
        executable
            .ancestors()
            .skip(1)
            .take(2)
            .map(|directory| directory.join("connectors"))
            .find(|directory| directory.is_dir())
            .ok_or(Error::NoConnectors)
    }

    /// What becomes a connector, and how it runs. Compiled forms are kept in the data directory, marked by this key.
    pub fn connectors(&self, cache_key: Option<hmac::Key>) -> Result<crate::connectors::Settings, Error> {
        Ok(self.connectors.with_cache(self.data_dir()?.join("compiled"), cache_key))
    }

    /// The file of the metadata store.
    pub fn metadata_file(&self) -> Result<PathBuf, Error> {
        Ok(self.data_dir()?.join("metadata.db"))
    }

    /// The file of the local secret store.
    pub fn secrets_file(&self) -> Result<PathBuf, Error> {
        Ok(self.data_dir()?.join("secrets.db"))
    }

    /// Whether a master key is made when there is none.
    pub fn if_key_missing(&self) -> IfMissing {
        if self.development() { IfMissing::Create } else { IfMissing::Refuse }
    }

    /// Where connector versions come from, and where they are kept.
    pub fn rollout(&self) -> Result<crate::rollout::Settings, Error> {
        Ok(crate::rollout::Settings {
            directory: self.connectors_dir()?,
            watch: self.connectors.connectors_watch.unwrap_or(self.development()),
            empty_is_missing: self.production,
            library: self.data_dir()?.join("library"),
        })
    }

    /// These settings with another directory of connectors, and a data directory of their own for what is compiled.
    #[must_use]
    pub fn with_connectors(&self, connectors: PathBuf, data: PathBuf) -> Self {
        let mut settings = self.clone();
        settings.connectors.connectors_dir = Some(connectors);
        settings.data_dir = Some(data);
        settings
    }

    /// What becomes a connector, and what it may take.
    pub fn admission(&self) -> crate::connectors::admission::Settings {
        self.connectors.admission()
    }

    /// The master key's file: the setting, or `master-key` in the data directory.
    pub fn master_key_file(&self) -> Result<PathBuf, Error> {
        match &self.master_key_file {
            Some(file) => Ok(file.clone()),
            None => Ok(self.data_dir()?.join("master-key")),
        }
    }

    /// The file of the key that signs development tokens.
    pub fn token_key_file(&self) -> Result<PathBuf, Error> {
        Ok(self.data_dir()?.join("token-key.pem"))
    }

    /// Whether targets on this machine are allowed.
    pub fn egress_allow_loopback(&self) -> bool {
        self.egress_allow_loopback.unwrap_or(self.development())
    }

    /// Whether targets in private networks are allowed.
    pub fn egress_allow_private(&self) -> bool {
        self.egress_allow_private.unwrap_or(self.development())
    }

    /// Whether everything is told of private targets.
    pub fn egress_diagnose_private(&self) -> bool {
        self.egress_diagnose_private.unwrap_or(self.development())
    }

    /// What the operator decides about drivers.
    pub fn drivers(&self) -> crate::drivers::Settings {
        let postgres = crate::drivers::postgres::Settings { scram_min_iterations: self.postgres_scram_min_iterations };
        crate::drivers::Settings { postgres }
    }

    /// The addresses that data sources see; empty when nobody said.
    pub fn egress_addresses(&self) -> Vec<String> {
        if self.egress_addresses.is_empty() && self.development() {
            vec!["127.0.0.1/32".to_owned()]
        } else {
            self.egress_addresses.iter().map(Network::to_string).collect()
        }
    }
}

/// Parses flags and environment, and the settings file that they name, into a command line with `Settings` flattened.
pub fn parse<C: clap::Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<C, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let command = names::with_former(C::command(), |name| variable(name).is_some());
    refuse_unknown_variables(&command, environment().map(|(name, _)| name))?;
    let matches = command.clone().try_get_matches_from(&arguments)?;
    let matches = match innermost(&matches).get_one::<PathBuf>("settings_file") {
        Some(path) => file::defaults(command, path)?.try_get_matches_from(&arguments)?,
        None => matches,
    };
    Ok(C::from_arg_matches(&matches)?)
}

/// The flags of these arguments that are settings, as the variables that say the same to another process of this program.
pub fn variables<C: clap::Parser>(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Vec<(OsString, OsString)>, Error> {
    let command = names::with_former(C::command(), |_| false);
    let matches = command.clone().try_get_matches_from(arguments)?;
    let matches = innermost(&matches);
    let variable = |argument: &clap::Arg| {
        let (variable, id) = (argument.get_env()?, argument.get_id().as_str());
        let is_flag = matches.value_source(id) == Some(ValueSource::CommandLine);
        let values: Vec<&OsStr> = matches.get_raw(id).filter(|_| is_flag)?.collect();
        Some((variable.to_owned(), values.join(OsStr::new(","))))
    };
    Ok(command.get_arguments().filter_map(variable).collect())
}

/// The environment of this process.
#[expect(clippy::disallowed_methods, reason = "the one look at the environment, beside clap's")]
fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// A variable's value, if it is set.
fn variable(name: &OsStr) -> Option<OsString> {
    environment().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Global flags stand at the subcommand when there is one, whatever their place on the command line was.
fn innermost(matches: &clap::ArgMatches) -> &clap::ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

fn refuse_unknown_variables(command: &clap::Command, variables: impl Iterator<Item = OsString>) -> Result<(), Error> {
    for name in variables.filter_map(|name| name.into_string().ok()) {
        let known = || command.get_arguments().filter_map(|argument| argument.get_env()?.to_str());
        let ours = name.starts_with("PATCHPANEL_") && !FOREIGN_VARIABLES.iter().any(|prefix| name.starts_with(prefix));
        if ours && !names::is_former_variable(name.as_ref()) && !known().any(|known| known == name) {
            return Err(Error::Variable { instead: names::instead(&name, known()), name });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
