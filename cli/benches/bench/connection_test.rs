//! A connection test: ours, from the configuration to the list of tables, against tokio-postgres doing the same stages:
//! resolve, connect, TLS, SCRAM, the look at the privileges and the list of tables.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use patchpanel::connections::{Candidate, Reviewer};
use patchpanel::connectors::contract::{Page, Purpose};
use patchpanel::connectors::{Call, Connectors};
use patchpanel::diagnosis::Outcome;
use patchpanel::drivers::{self, Drivers};
use patchpanel::egress::{self, Egress};
use patchpanel::secrets::{Credentials, Secret};
use patchpanel::sessions;
use patchpanel::statement::Level;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use test_support::certificates::Authority;
use test_support::postgres::Postgres;
use test_support::sales;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::measure::Result as Measured;
use crate::program::{connector_settings, target_directory};
use crate::ratio::ratio;

/// The driver's look at the privileges, with the schema as a parameter.
const PROBE: &str = include_str!("../../../host/src/drivers/postgres/privileges/probe.sql");

pub(crate) fn run() -> Result<Vec<Measured>> {
    let authority = Authority::new("Patchpanel bench")?;
    let server = Postgres::builder().tls(&authority.server(&["localhost", "127.0.0.1"])?).sql(sales::SQL).start()?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let plain = json!({"ssl_mode": "disable"});
    let tls = json!({"ssl_mode": "verify-full", "ssl_root_cert": authority.certificate()});
    Ok(vec![
        compare("connection test, plain, SCRAM", &runtime, &server, &plain, None)?,
        compare("connection test, TLS, SCRAM-PLUS", &runtime, &server, &tls, Some(authority.certificate()))?,
    ])
}

fn compare(
    name: &'static str,
    runtime: &Runtime,
    server: &Postgres,
    tls: &Value,
    root: Option<&str>,
) -> Result<Measured> {
    let ours = Ours::new(server.port(), tls)?;
    let native = runtime.block_on(Native::new(server.port(), root, &ours))?;
    runtime.block_on(ours.test())?;
    runtime.block_on(native.test())?;
    Ok(ratio(
        name,
        Some(1.05),
        || drop(std::hint::black_box(runtime.block_on(ours.test()))),
        || drop(std::hint::black_box(runtime.block_on(native.test()))),
    ))
}

struct Ours {
    connectors: Arc<Connectors>,
    reviewer: Reviewer,
    drivers: Drivers,
    candidate: Candidate,
}

impl Ours {
    fn new(port: u16, tls: &Value) -> Result<Self> {
        let connectors = Arc::new(Connectors::load(&connector_settings()?, &target_directory()?.join("connectors"))?);
        let egress = Egress::new(&egress::Settings {
            allow_loopback: true,
            allow_private: true,
            refused_ports: vec![],
            allowed_targets: vec![],
            diagnose_private: true,
            own_addresses: vec![],
            max_lookups: 64,
            root_bundle: None,
            connect_timeout_max: Duration::from_mins(1),
        })?;
        let mut config =
            json!({"host": "localhost", "port": port, "database": sales::DATABASE, "db_schema": sales::SCHEMA});
        for (name, value) in tls.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        let mut credentials = Credentials::default();
        credentials.set("username".to_owned(), Secret::new(sales::READER));
        credentials.set("password".to_owned(), Secret::new(sales::READER_PASSWORD));
        let candidate = Candidate {
            connection_type: "postgres".to_owned(),
            config_member: "database_config".to_owned(),
            config: config.into(),
            credentials,
        };
        Ok(Self {
            reviewer: Reviewer::new(Arc::clone(&connectors)),
            drivers: Drivers::new(Arc::new(egress), &drivers::Settings::default()),
            connectors,
            candidate,
        })
    }

    async fn test(&self) -> Result<()> {
        let tested = sessions::verify(&self.reviewer, &self.drivers, "acme", &self.candidate).await;
        let report = tested.map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let failed = report.stages.iter().find(|it| matches!(it.outcome, Outcome::Failed(_)));
        ensure!(failed.is_none() && !report.schemas.is_empty(), "the test failed: {failed:?}");
        Ok(())
    }

    /// The statement that the connector plans for the list of tables.
    async fn listing(&self) -> Result<(String, usize)> {
        let connector = self.connectors.find("postgres").context("the PostgreSQL connector is not there")?;
        let call = Call { organization: "acme", purpose: Purpose::Use };
        let set = self.candidate.credentials.names();
        let (_, accepted) = connector.validate(call, &self.candidate.config, &set).await?;
        let accepted = accepted.context("the configuration is not accepted")?;
        let page = Page { level: Level::Tables, parents: vec![], pattern: None, after: vec![], limit: 201 };
        let plan = connector.plan(call, &accepted, &page).await?.context("there is no catalog")?;
        let statement = plan.given().context("the connector refuses to plan the listing")?;
        ensure!(statement.parameters.is_empty(), "the listing has parameters");
        Ok((statement.text, page.level.columns().len()))
    }
}

struct Native {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    listing: String,
    columns: usize,
}

impl Native {
    async fn new(port: u16, root: Option<&str>, ours: &Ours) -> Result<Self> {
        let mut config = tokio_postgres::Config::new();
        config
            .host("localhost")
            .port(port)
            .user(sales::READER)
            .password(sales::READER_PASSWORD)
            .dbname(sales::DATABASE)
            .ssl_mode(if root.is_some() {
                tokio_postgres::config::SslMode::Require
            } else {
                tokio_postgres::config::SslMode::Disable
            });
        let mut roots = rustls::RootCertStore::empty();
        if let Some(root) = root {
            roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (listing, columns) = ours.listing().await?;
        Ok(Self { config, tls: MakeRustlsConnect::new(tls), listing, columns })
    }

    async fn test(&self) -> Result<()> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        let connection = tokio::spawn(connection);
        let schema: &(dyn tokio_postgres::types::ToSql + Sync) = &sales::SCHEMA;
        let probe = client.query_typed(PROBE, &[(schema, tokio_postgres::types::Type::TEXT)]).await?;
        let tables = client.query_typed(&self.listing, &[]).await?;
        ensure!(!probe.is_empty() && !tables.is_empty() && tables[0].len() == self.columns, "the answers are wrong");
        drop(client);
        connection.await??;
        Ok(())
    }
}
