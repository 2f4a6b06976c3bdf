//! The parts of the host put together, in the order in which they need each other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::hmac;
use axum::Router;
use jiff::SignedDuration;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::task::JoinHandle;

use crate::auth::Role;
use crate::auth::development::{SigningKey, Subject};
use crate::auth::token::Verifier;
use crate::clock;
use crate::connections::signing::sign_all;
use crate::connections::{Connections, Reviewer, orphans};
use crate::connectors::{self, Connectors};
use crate::drivers::Drivers;
use crate::egress::{self, Egress};
use crate::http::server::Limits;
use crate::http::{self, Codes, Stop, TrustedProxies};
use crate::metric;
use crate::origin::Origin;
use crate::regular_file;
use crate::rollout::Rollout;
use crate::secrets::{DerivedKeys, IfMissing, LocalStore, MasterKeyError, Reference, SecretStore};
use crate::sessions::Sessions;
use crate::settings::{self, FairnessSettings, Settings};
use crate::store::Store;

/// The longest time that opening a session on a data source may take, whatever a connection asks for.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_mins(1);

/// How long somebody is signed in to the console of development mode.
const CONSOLE_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// A key file is a few lines of text; a larger one is something else.
const MAX_TOKEN_KEY_BYTES: u64 = 16 * 1024;

/// What a public Ed25519 key looks like in DER (RFC 8410, section 4), before its 32 bytes.
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The running host.
#[derive(Debug)]
pub struct App {
    store: Store,
    secrets: Arc<dyn SecretStore>,
    connectors: Arc<Connectors>,
    connections: Arc<Connections>,
    sessions: Arc<Sessions>,
    rollout: Arc<Rollout>,
    verifier: Verifier,
    egress_addresses: Vec<String>,
    fairness: FairnessSettings,
    trusted_proxies: TrustedProxies,
    allowed_origins: Vec<Origin>,
    stop: Stop,
    codes: Option<Arc<Codes>>,
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
        let store = Store::open(&settings.metadata_file()?, settings.fairness.store()).await?;
        let (secrets, keys) = open_secrets(settings, settings.if_key_missing(), &store).await?;
        warn_of_lost_metadata(settings, &store, &*secrets).await?;
        warn_of_key_beside_secrets(settings)?;
        let verifier = verifier(settings)?;
        let connectors = start_connectors(settings.connectors(Some(keys.compiled()))?).await?;
        let rollout = Rollout::open(store.clone(), Arc::clone(&connectors), settings.rollout()?).await?;
        let rollout = Arc::new(rollout);
        background.push(tokio::spawn(Arc::clone(&rollout).run()));
        let connections =
            Arc::new(Connections::new(store.clone(), (Arc::clone(&secrets), keys), Arc::clone(&connectors)));
        let sessions = Arc::new(Sessions::new(Arc::clone(&connections), open_drivers(settings)?));
        background.push(tokio::spawn(connections.reaper().run()));
        let reconciled = Arc::clone(&connections);
        background.push(tokio::spawn(async move { reconciled.reconcile().await }));
        Ok(Self {
            store,
            secrets,
            connectors,
            connections,
            sessions,
            rollout,
            verifier,
            egress_addresses: settings.egress_addresses(),
            fairness: settings.fairness.clone(),
            trusted_proxies: TrustedProxies::new(settings.http_trusted_proxies.clone()),
            allowed_origins: settings.http_allowed_origins.clone(),
            stop: Stop::default(),
            codes: settings.development().then(Arc::default),
            background,
        })
    }

    /// The router of everything that is served.
    pub fn router(&self) -> anyhow::Result<Router> {
        let router = http::router(http::Parts {
            connections: Arc::clone(&self.connections),
            sessions: Arc::clone(&self.sessions),
            connectors: Arc::clone(&self.connectors),
            rollout: Arc::clone(&self.rollout),
            store: self.store.clone(),
            secrets: Arc::clone(&self.secrets),
            verifier: self.verifier.clone(),
            egress_addresses: self.egress_addresses.clone(),
            fairness: self.fairness.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            allowed_origins: self.allowed_origins.clone(),
            stop: self.stop.clone(),
            codes: self.codes.clone(),
        })?;
        Ok(router)
    }

    /// A one-time code for the console, for a developer in the project `sales` of the organization `acme`; none in production,
    /// and where tokens are somebody else's.
    pub fn console_code(&self, settings: &Settings) -> anyhow::Result<Option<String>> {
        let Some(codes) = self.codes.as_ref().filter(|_| settings.token_public_key_file.is_none()) else {
            return Ok(None);
        };
        let subject = Subject {
            subject: "developer".to_owned(),
            organization: "acme".to_owned(),
            project: Some("sales".to_owned()),
            role: Role::Developer,
        };
        let key = SigningKey::open(&settings.token_key_file()?)?;
        let token = key.mint(&subject, &settings.token_audience, CONSOLE_TOKEN_LIFETIME, clock::timestamp())?;
        Ok(Some(codes.issue(&token)))
    }

    /// How many HTTP connections there may be.
    pub fn connection_limits(&self) -> Limits {
        Limits {
            connections: self.fairness.http_max_connections as usize,
            connections_per_address: self.fairness.http_max_connections_per_address as usize,
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }

    /// Ends the answers that would go on as long as the host does, and what waits for clients; to be called when it is
    /// asked to stop.
    pub fn end_streams(&self) {
        self.rollout.events().close();
        self.stop.request();
    }

    /// Stops what runs in the background and closes the stores.
    pub async fn stop(self) {
        for task in self.background {
            task.abort();
            // It was told to stop; how it ended does not matter.
            let _ = task.await;
        }
        self.secrets.close().await;
        self.store.close().await;
    }
}

/// Says so if whoever copies the data directory has the master key as well. In development that is meant.
fn warn_of_key_beside_secrets(settings: &Settings) -> anyhow::Result<()> {
    let (key, data) = (settings.master_key_file()?, settings.data_dir()?);
    let real = |path: &Path| path.canonicalize().with_context(|| format!("cannot find {}", path.display()));
    if settings.production && real(&key)?.starts_with(real(&data)?) {
        tracing::warn!(
            key = %key.display(),
            data = %data.display(),
            "security: the master key is in the data directory, so that whoever copies that can read every credential; \
             move it elsewhere and name it with --master-key-file"
        );
    }
    Ok(())
}

/// Opens the secret store and the keys beside it: the one place that knows which store it is. The connections of before
/// connections were signed, which only the local store can have, are signed.
async fn open_secrets(
    settings: &Settings,
    if_key_missing: IfMissing,
    store: &Store,
) -> anyhow::Result<(Arc<dyn SecretStore>, DerivedKeys)> {
    let (file, master_key) = (settings.secrets_file()?, settings.master_key_file()?);
    let mut secrets = LocalStore::open(&file, &master_key, if_key_missing).await?;
    let keys = secrets.derived_keys().clone();
    if secrets.is_unsigned() {
        let signed = sign_all(store, &keys).await.context("the connections of an earlier version cannot be signed")?;
        secrets.record_signed().await.context("it cannot be recorded that the connections are signed")?;
        tracing::info!(signed, "the connections of an earlier version are signed");
    }
    Ok((Arc::new(secrets), keys))
}

/// Says so if there are secrets for connections, and no connections.
async fn warn_of_lost_metadata(settings: &Settings, store: &Store, secrets: &dyn SecretStore) -> anyhow::Result<()> {
    if orphans::are_all(store, secrets).await? {
        tracing::warn!(
            metadata = %settings.metadata_file()?.display(),
            secrets = %settings.secrets_file()?.display(),
            "there are credentials, and no connections; if the metadata were lost, stop the host and restore them"
        );
    }
    Ok(())
}

/// Tells of every secret that no connection points at by organization, key and version, and removes it if it is to; how
/// many there were. Refused while a host is running.
pub async fn orphans(
    settings: &Settings,
    remove: bool,
    mut tell: impl FnMut(&str, &str, i64) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let (metadata, secrets) = (settings.metadata_file()?, settings.secrets_file()?);
    for file in [&metadata, &secrets] {
        anyhow::ensure!(file.exists(), "there is no {}; name the directory of a host with --data-dir", file.display());
    }
    let store = Store::open(&metadata, settings.fairness.store()).await?;
    let (secrets, _) = open_secrets(settings, IfMissing::Refuse, &store).await?;
    let tell = |Reference { organization, key, version }: &Reference| tell(organization, key, *version);
    let count = orphans::visit((&store, &*secrets), remove, tell).await;
    secrets.close().await;
    store.close().await;
    count
}

/// The key that marks compiled connectors, for a process that opens no store; none when the installation's is not at hand:
/// then nothing that was compiled before is used, and what is compiled is not kept.
pub fn cache_key(settings: &Settings) -> anyhow::Result<Option<hmac::Key>> {
    // A new key beside secrets that another one has sealed would be taken for theirs.
    let if_missing = if settings.secrets_file()?.exists() { IfMissing::Refuse } else { settings.if_key_missing() };
    match DerivedKeys::open(&settings.master_key_file()?, if_missing) {
        Err(MasterKeyError::Missing(_)) => Ok(None),
        opened => Ok(Some(opened?.compiled())),
    }
}

/// What verifies connections without any store.
pub async fn without_stores(settings: &Settings) -> anyhow::Result<(Reviewer, Drivers)> {
    let (connectors, directory) = (settings.connectors(cache_key(settings)?)?, settings.connectors_dir()?);
    // Away from the threads that serve requests: one that is new is compiled.
    let connectors = tokio::task::spawn_blocking(move || Connectors::load(&connectors, &directory))
        .await
        .context("loading the connectors broke off")??;
    Ok((Reviewer::new(Arc::new(connectors)), open_drivers(settings)?))
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
    Ok(Drivers::new(Arc::new(egress), &settings.drivers()))
}

/// The check of tokens: with the operator's key, or in development mode with one of our own.
fn verifier(settings: &Settings) -> anyhow::Result<Verifier> {
    let audience = &settings.token_audience;
    let Some(path) = &settings.token_public_key_file else {
        return Ok(SigningKey::open(&settings.token_key_file()?)?.verifier(audience));
    };
    let issuer = settings.token_issuer.as_ref().ok_or(settings::Error::Missing("--token-issuer"))?;
    let text = regular_file::read(path, MAX_TOKEN_KEY_BYTES)
        .with_context(|| format!("cannot read the token key {}", path.display()))?;
    let malformed = || settings::Error::TokenKey(path.clone());
    let key = SubjectPublicKeyInfoDer::from_pem_slice(&text).map_err(|_| malformed())?;
    match key.as_ref().strip_prefix(&ED25519_PREFIX) {
        Some(raw) if raw.len() == 32 => Ok(Verifier::new(raw, issuer, audience)),
        _ => Err(malformed().into()),
    }
}
