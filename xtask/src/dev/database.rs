//! The database that the demo connects to: a throw-away one, or the user's own.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use test_support::certificates::Authority;
use test_support::postgres::{self, Postgres};
use test_support::sales;
use url::{Host, Url};

/// A database of the user's own. Without any of these a throw-away one is started.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Your own database")]
pub(super) struct Target {
    /// Such as `postgres://reader@db.example.com:5432/shop?sslmode=verify-full`
    #[arg(long, value_name = "URL", conflicts_with_all = ["host", "port", "database", "user", "ssl_mode"])]
    database_url: Option<String>,

    /// The server's name or address
    #[arg(long, requires = "database", requires = "user")]
    host: Option<String>,

    /// The server's port [default: 5432]
    #[arg(long, requires = "host")]
    port: Option<u16>,

    /// The database's name
    #[arg(long, requires = "host")]
    database: Option<String>,

    /// The user
    #[arg(long, requires = "host")]
    user: Option<String>,

    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", default_value = "PGPASSWORD")]
    password_env: String,

    /// The schema to look at first [default: public]
    #[arg(long)]
    schema: Option<String>,

    /// How the connection is protected: disable, require, verify-ca or verify-full [default: Patchpanel's own]
    #[arg(long, value_name = "MODE", requires = "host")]
    ssl_mode: Option<String>,

    /// A file of certificates (PEM) to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    ssl_root_cert: Option<PathBuf>,
}

/// What a request says about the database.
pub(super) struct Database {
    /// The value of `database_config`.
    pub(super) config: Value,
    /// The value of `credentials`.
    pub(super) credentials: Value,
}

impl Database {
    /// A server with TLS by an authority of its own, SCRAM, sample tables, and a user who can only read.
    pub(super) fn throw_away() -> Result<(Self, Postgres)> {
        let authority = Authority::new("Patchpanel demo")?;
        let server = Postgres::builder()
            .tls(&authority.server(&["localhost", "127.0.0.1"])?)
            .hba("hostssl all all all scram-sha-256")
            .sql(sales::SQL)
            .start()?;
        postgres::remove_template();
        let config = json!({
            "host": "127.0.0.1",
            "port": server.port(),
            "database": sales::DATABASE,
            "db_schema": sales::SCHEMA,
            "ssl_mode": "verify-full",
            "ssl_root_cert": authority.certificate(),
        });
        let credentials = json!({ "username": sales::READER, "password": sales::READER_PASSWORD });
        Ok((Self { config, credentials }, server))
    }
}

impl Target {
    /// The user's own database, if one was named.
    pub(super) fn database(&self) -> Result<Option<Database>> {
        let mut config = Map::new();
        let mut password = None;
        let user = if let Some(url) = &self.database_url {
            let parts = UrlParts::parse(url).context("--database-url")?;
            config.extend(parts.config);
            password = parts.password;
            parts.user
        } else if let (Some(host), Some(database), Some(user)) = (&self.host, &self.database, &self.user) {
            config.insert("host".to_owned(), json!(host));
            config.insert("database".to_owned(), json!(database));
            set(&mut config, "port", self.port);
            set(&mut config, "ssl_mode", self.ssl_mode.as_deref());
            user.clone()
        } else {
            let lonely = self.schema.is_some() || self.ssl_root_cert.is_some();
            ensure!(!lonely, "--schema and --ssl-root-cert need --database-url or --host");
            return Ok(None);
        };
        set(&mut config, "db_schema", self.schema.as_deref());
        if let Some(file) = &self.ssl_root_cert {
            let roots = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            config.insert("ssl_root_cert".to_owned(), json!(roots));
        }
        let password = match password {
            Some(password) => password,
            None => self.password()?,
        };
        let credentials = json!({ "username": user, "password": password });
        Ok(Some(Database { config: Value::Object(config), credentials }))
    }

    fn password(&self) -> Result<String> {
        let name = &self.password_env;
        let value = std::env::var_os(name).with_context(|| {
            format!("no password: set the environment variable {name}, or name another with --password-env")
        })?;
        value.into_string().ok().with_context(|| format!("the password in {name} is not UTF-8"))
    }
}

fn set(config: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        config.insert(name.to_owned(), value.into());
    }
}

/// The parts of a connection URL (PostgreSQL manual, "Connection URIs"). Patchpanel itself takes none: what one part of
/// it means depends on who reads it.
struct UrlParts {
    config: Map<String, Value>,
    user: String,
    password: Option<String>,
}

impl UrlParts {
    /// The messages do not repeat the URL, since it may hold a password.
    fn parse(text: &str) -> Result<Self> {
        let url = Url::parse(text).context("not a URL such as postgres://user@host:5432/database")?;
        ensure!(["postgres", "postgresql"].contains(&url.scheme()), "the URL must begin with postgres://");
        let host = match url.host().context("the URL names no host")? {
            Host::Domain(name) => decode(name)?,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let database = decode(url.path().trim_start_matches('/'))?;
        ensure!(!host.is_empty() && !database.is_empty(), "the URL must name a host and a database");
        ensure!(!url.username().is_empty(), "the URL must name a user");
        let mut config = Map::new();
        config.insert("host".to_owned(), json!(host));
        config.insert("database".to_owned(), json!(database));
        set(&mut config, "port", url.port());
        for (name, value) in url.query_pairs() {
            let member = match name.as_ref() {
                "sslmode" => "ssl_mode",
                "application_name" => "application_name",
                "sslrootcert" => bail!("give the file with --ssl-root-cert instead of `sslrootcert`"),
                other => bail!("the parameter `{other}` is not supported"),
            };
            config.insert(member.to_owned(), json!(value));
        }
        let password = url.password().map(decode).transpose()?;
        Ok(Self { config, user: decode(url.username())?, password })
    }
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    Ok(decoded.context("a percent-encoded part of the URL is not UTF-8")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_url_apart() {
        let parts = UrlParts::parse("postgres://an%40n:p%2Fw@db.example.com:6432/my%20db?sslmode=require").unwrap();
        assert_eq!(parts.user, "an@n");
        assert_eq!(parts.password.as_deref(), Some("p/w"));
        let expected = json!({"host": "db.example.com", "database": "my db", "port": 6432, "ssl_mode": "require"});
        assert_eq!(Value::Object(parts.config), expected);

        let parts = UrlParts::parse("postgresql://ann@[::1]/db").unwrap();
        assert_eq!(Value::Object(parts.config), json!({"host": "::1", "database": "db"}));
        assert_eq!(parts.password, None);
    }

    #[test]
    fn refuses_what_it_would_have_to_ignore() {
        for (url, reason) in [
            ("db.example.com", "not a URL"),
            ("mysql://ann@db/shop", "must begin with"),
            ("postgres:///shop", "host"),
            ("postgres://ann@db", "a database"),
            ("postgres://db/shop", "a user"),
            ("postgres://ann@db/shop?sslrootcert=/x", "--ssl-root-cert"),
            ("postgres://ann:canary@db/shop?hostaddr=192.0.2.1", "`hostaddr`"),
        ] {
            let error = format!("{:#}", UrlParts::parse(url).err().unwrap());
            assert!(error.contains(reason), "{url}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
