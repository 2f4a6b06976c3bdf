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
use crate::connectors::Connectors;
use crate::egress::{self, Egress};
use crate::http;
use crate::metric;
use crate::secrets::{IfMissing, LocalStore, SecretStore};
use crate::settings::{self, Settings};
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
    verifier: Verifier,
    egress_addresses: Vec<String>,
    max_requests: u32,
    reaper: JoinHandle<()>,
    metrics: Option<JoinHandle<()>>,
}

impl App {
    /// Opens the stores, loads the connectors and starts the reaper.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        // First, so that what the others do is counted.
        let metrics = match settings.metrics_listen {
            Some(address) => Some(metric::serve(address).await?),
            None => None,
        };
        let data_dir = settings.data_dir()?;
        let store = Store::open(&data_dir.join("metadata.db")).await?;
        let if_missing = if settings.development() { IfMissing::Create } else { IfMissing::Refuse };
        let secrets = LocalStore::open(&data_dir.join("secrets.db"), &settings.master_key_file()?, if_missing).await?;
        let secrets: Arc<dyn SecretStore> = Arc::new(secrets);
        let verifier = verifier(settings)?;
        let connectors = load_connectors(settings).await?;
        let connections =
            Connections::new(store.clone(), Arc::clone(&secrets), Arc::clone(&connectors), open_egress(settings)?);
        let reaper = tokio::spawn(connections.reaper().run());
        Ok(Self {
            store,
            secrets,
            connectors,
            connections: Arc::new(connections),
            verifier,
            egress_addresses: settings.egress_addresses(),
            max_requests: settings.max_requests,
            reaper,
            metrics,
        })
    }

    /// Everything that is served.
    pub fn router(&self) -> anyhow::Result<Router> {
        let router = http::router(http::Parts {
            connections: Arc::clone(&self.connections),
            connectors: Arc::clone(&self.connectors),
            store: self.store.clone(),
            secrets: Arc::clone(&self.secrets),
            verifier: self.verifier.clone(),
            egress_addresses: self.egress_addresses.clone(),
            max_requests: self.max_requests,
        })?;
        Ok(router)
    }

    /// Stops what runs in the background and closes the metadata store.
    pub async fn stop(self) {
        if let Some(metrics) = &self.metrics {
            metrics.abort();
        }
        self.reaper.abort();
        // It was told to stop; how it ended does not matter.
        let _ = self.reaper.await;
        self.store.close().await;
    }
}

/// What tries connections without any store.
pub async fn trial(settings: &Settings) -> anyhow::Result<Trial> {
    Ok(Trial::new(load_connectors(settings).await?, open_egress(settings)?))
}

/// Loads the connectors, away from the threads that serve requests: one that is new is compiled.
async fn load_connectors(settings: &Settings) -> anyhow::Result<Arc<Connectors>> {
    let settings = settings.connectors()?;
    let connectors = tokio::task::spawn_blocking(move || Connectors::load(&settings))
        .await
        .context("loading the connectors broke off")??;
    Ok(Arc::new(connectors))
}

fn open_egress(settings: &Settings) -> anyhow::Result<Arc<Egress>> {
    let egress = Egress::new(&egress::Settings {
        allow_loopback: settings.egress_allow_loopback(),
        allow_private: settings.egress_allow_private(),
        root_bundle: settings.egress_root_bundle.clone(),
        connect_timeout_max: CONNECT_TIMEOUT_MAX,
    })?;
    Ok(Arc::new(egress))
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
