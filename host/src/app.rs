//! The parts of the host put together, in the order in which they need each other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::task::JoinHandle;

use crate::auth::development::SigningKey;
use crate::auth::token::Verifier;
use crate::connections::{Connections, Trial};
use crate::connectors::{self, Connectors};
use crate::drivers::Drivers;
use crate::egress::{self, Egress};
use crate::http::server::Limits;
use crate::http::{self, Stop, TrustedProxies};
use crate::metric;
use crate::rollout::Rollout;
use crate::secrets::{IfMissing, LocalStore, SecretStore};
use crate::settings::{self, FairnessSettings, Settings};
use crate::store::Store;

/// The longest time that opening a session on a data source may take, whatever a connection asks for.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_mins(1);

/// What a public Ed25519 key looks like in DER (RFC 8410, section 4), before its 32 bytes.
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The running host.
#[derive(Debug)]
pub struct App {
    store: Store,
    secrets: Arc<dyn SecretStore>,
    connectors: Arc<Connectors>,
    connections: Arc<Connections>,
    rollout: Arc<Rollout>,
    verifier: Verifier,
    egress_addresses: Vec<String>,
    fairness: FairnessSettings,
    trusted_proxies: TrustedProxies,
    stop: Stop,
    background: Vec<JoinHandle<()>>,
}

impl App {
    /// Opens the stores, loads the connectors and starts what runs in the background.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        // First, so that what the others do is counted.
        let mut background = Vec::new();
        if let Some(address) = settings.metrics_listen {
            background.push(metric::serve(address).await?);
        }
        let data_dir = settings.data_dir()?;
        let store = Store::open(&data_dir.join("metadata.db"), settings.fairness.store()).await?;
        let if_missing = if settings.development() { IfMissing::Create } else { IfMissing::Refuse };
        let secrets = LocalStore::open(&data_dir.join("secrets.db"), &settings.master_key_file()?, if_missing).await?;
        let secrets: Arc<dyn SecretStore> = Arc::new(secrets);
        let verifier = verifier(settings)?;
        let connectors = start_connectors(settings.connectors()?).await?;
        let rollout = Rollout::open(store.clone(), Arc::clone(&connectors), settings.rollout()?).await?;
        let rollout = Arc::new(rollout);
        background.push(tokio::spawn(Arc::clone(&rollout).run()));
        let connections =
            Connections::new(store.clone(), Arc::clone(&secrets), Arc::clone(&connectors), open_drivers(settings)?);
        background.push(tokio::spawn(connections.reaper().run()));
        Ok(Self {
            store,
            secrets,
            connectors,
            connections: Arc::new(connections),
            rollout,
            verifier,
            egress_addresses: settings.egress_addresses(),
            fairness: settings.fairness.clone(),
            trusted_proxies: TrustedProxies::new(settings.http_trusted_proxies.clone()),
            stop: Stop::default(),
            background,
        })
    }

    /// Everything that is served.
    pub fn router(&self) -> anyhow::Result<Router> {
        let router = http::router(http::Parts {
            connections: Arc::clone(&self.connections),
            connectors: Arc::clone(&self.connectors),
            rollout: Arc::clone(&self.rollout),
            store: self.store.clone(),
            secrets: Arc::clone(&self.secrets),
            verifier: self.verifier.clone(),
            egress_addresses: self.egress_addresses.clone(),
            fairness: self.fairness.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            stop: self.stop.clone(),
        })?;
        Ok(router)
    }

    /// How many HTTP connections there may be.
    pub fn connection_limits(&self) -> Limits {
        Limits {
            connections: self.fairness.max_connections as usize,
            connections_per_address: self.fairness.max_connections_per_address as usize,
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }

    /// Ends the answers that would go on as long as the host does, and what waits for clients; to be called when it is
    /// asked to stop.
    pub fn end_streams(&self) {
        self.rollout.events().close();
        self.stop.request();
    }

    /// Stops what runs in the background and closes the metadata store.
    pub async fn stop(self) {
        for task in self.background {
            task.abort();
            // It was told to stop; how it ended does not matter.
            let _ = task.await;
        }
        self.store.close().await;
    }
}

/// What tries connections without any store.
pub async fn trial(settings: &Settings) -> anyhow::Result<Trial> {
    let (connectors, directory) = (settings.connectors()?, settings.connectors_dir()?);
    // Away from the threads that serve requests: one that is new is compiled.
    let connectors = tokio::task::spawn_blocking(move || Connectors::load(&connectors, &directory))
        .await
        .context("loading the connectors broke off")??;
    Ok(Trial::new(Arc::new(connectors), open_drivers(settings)?))
}

/// Starts what runs connectors, away from the threads that serve requests: it reserves memory.
async fn start_connectors(settings: connectors::Settings) -> anyhow::Result<Arc<Connectors>> {
    let connectors = tokio::task::spawn_blocking(move || Connectors::start(&settings))
        .await
        .context("starting the engine of the connectors broke off")??;
    Ok(Arc::new(connectors))
}

fn open_drivers(settings: &Settings) -> anyhow::Result<Drivers> {
    let egress = Egress::new(&egress::Settings {
        allow_loopback: settings.egress_allow_loopback(),
        allow_private: settings.egress_allow_private(),
        allowed_targets: settings.egress_allowed_targets.clone(),
        diagnose_private: settings.egress_diagnose_private(),
        refused_ports: settings.egress_refused_ports.clone(),
        own_addresses: std::iter::once(settings.listen).chain(settings.metrics_listen).collect(),
        max_lookups: settings.fairness.max_lookups as usize,
        root_bundle: settings.egress_root_bundle.clone(),
        connect_timeout_max: CONNECT_TIMEOUT_MAX,
    })?;
    Ok(Drivers::new(Arc::new(egress), settings.drivers()))
}

/// The check of tokens: with the operator's key, or in development mode with one of our own.
fn verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let audience = &settings.token_audience;
    let Some(path) = &settings.token_public_key_file else {
        return Ok(SigningKey::open(&settings.token_key_file()?)?.verifier(audience));
    };
    let issuer = settings.token_issuer.as_ref().ok_or(settings::Error::Missing("--token-issuer"))?;
    let text = std::fs::read(path).with_context(|| format!("cannot read the token key {}", path.display()))?;
    let malformed = || settings::Error::TokenKey(path.clone());
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&text).map_err(|_| malformed())?;
    match key.as_ref().strip_prefix(&ED25519_PREFIX) {
        Some(raw) if raw.len() == 32 => Ok(Verifier::new(raw, issuer, audience)),
        _ => Err(malformed().into()),
    }
}
