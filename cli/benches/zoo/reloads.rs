//! A thousand versions that follow each other under load: what fails, what is answered by two versions, what others notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use test_support::client::{Client, Reply};
use test_support::directory::TemporaryDirectory;
use test_support::guests;
use test_support::listener::Closed;
use test_support::load::{Load, Report};
use test_support::patchpanel::Patchpanel;
use test_support::process::resident_bytes;

use crate::measure::{Result as Measured, median};

const RATE: u32 = 200;
const ROUNDS: u16 = 10;
const RELOADS_OF_A_ROUND: u16 = 100;

/// From one reload to the next; no multiple of what is between two requests, so that these meet a reload at all its
/// moments.
const INTERVAL: Duration = Duration::from_millis(203);

/// Stored connections, all of the type that is reloaded.
const CONNECTIONS: usize = 100;

/// Reloads before memory is looked at, so that what is kept for going back is there.
const WARM_UP: u16 = 50;

struct Stage {
    host: Patchpanel,
    platform: Client,
    tenant: Client,
    paths: Arc<Vec<String>>,
    /// The number of the version that is active.
    number: u16,
    rollbacks: Vec<Duration>,
    _connectors: TemporaryDirectory,
}

pub(crate) fn run() -> Result<Vec<Measured>> {
    let mut stage = Stage::open()?;
    stage.reload_often(WARM_UP)?;
    let before = resident_bytes(stage.host.id())?;
    let (mut ratios, mut errors, mut shown) = (Vec::new(), 0, Vec::new());
    for _ in 0..ROUNDS {
        let load = stage.load()?;
        thread::sleep(INTERVAL * u32::from(RELOADS_OF_A_ROUND));
        let alone = load.stop()?;
        let load = stage.load()?;
        stage.reload_often(RELOADS_OF_A_ROUND)?;
        let together = load.stop()?;
        println!(
            "  p99 alone {:?}, while versions follow each other {:?}",
            alone.percentile(99),
            together.percentile(99)
        );
        ratios.push(together.percentile(99).as_secs_f64() / alone.percentile(99).as_secs_f64());
        for Report { errors: wrong, shown: more, .. } in [alone, together] {
            errors += wrong;
            shown.extend(more);
        }
    }
    let more = resident_bytes(stage.host.id())?.saturating_sub(before);
    for error in shown.iter().take(5) {
        println!("  {error}");
    }
    let slowest = stage.rollbacks.iter().max().copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a count and a size")]
    let (errors, more_mib) = (errors as f64, more as f64 / f64::from(1 << 20));
    Ok(vec![
        Measured::figure("requests that failed or saw two versions", errors, "", 0.0),
        Measured::figure("p99 while versions follow each other, of alone", median(&mut ratios), "×", 1.5),
        Measured::figure("memory that 1,000 reloads have left", more_mib, " MiB", 64.0),
        Measured::figure("the slowest roll-back", slowest.as_secs_f64(), " s", 1.0),
    ])
}

impl Stage {
    fn open() -> Result<Self> {
        let connectors = TemporaryDirectory::new("reloads")?;
        std::fs::write(connectors.path().join("generation.wasm"), guests::generation(1000, "good")?)?;
        let host = Patchpanel::builder()
            .setting("CONNECTORS_DIR", &connectors.path().display().to_string())
            .setting("CONNECTORS_WATCH", "false")
            .start()?;
        let closed = Closed::start()?;
        let platform = host.client().with_token(&host.token(&["--org", "platform", "--role", "platform-admin"])?);
        let tenant = host.client_of("acme", "sales", "admin")?;
        let mut paths = Vec::new();
        for number in 0..CONNECTIONS {
            let body = json!({
                "name": format!("Shop {number}"),
                "connection_type": "zoo-generation",
                "database_config": {"host": "127.0.0.1", "port": closed.port()?, "database": "shop", "ssl_mode": "disable"},
                "credentials": {"username": "reader", "password": "not-this-one"},
            });
            let record = answer(&tenant.post("/assets/data", &body)?, 201)?;
            paths.push(format!("/assets/data/{}", record["resource_uri"].as_str().context("no resource URI")?));
        }
        Ok(Self {
            host,
            platform,
            tenant,
            paths: Arc::new(paths),
            number: 1000,
            rollbacks: Vec::new(),
            _connectors: connectors,
        })
    }

    /// Tests of connections to where nothing listens, so that it is the host that is measured, and records of connections.
    fn load(&self) -> Result<Load> {
        let (tenant, paths, turn) = (self.tenant.clone(), Arc::clone(&self.paths), Arc::new(AtomicUsize::new(0)));
        Load::start(RATE, move || {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            let path = &paths[turn % paths.len()];
            if turn % 2 == 0 {
                // A version traps on a configuration that another one has written.
                let report = answer(&tenant.send("POST", &format!("{path}/test"), "")?, 200)?;
                let stages = report["details"]["stages"].as_array().context("there are no stages")?;
                let failed = stages.iter().find(|stage| stage["outcome"] == "failed");
                ensure!(failed.is_some_and(|stage| stage["code"] == "connection_refused"), "{report}");
            } else {
                let record = answer(&tenant.get(path)?, 200)?;
                ensure!(record["connector_version"] == record["database_config"]["trigger"], "{record}");
            }
            Ok(())
        })
    }

    /// So many versions, each after the one before; now and then one that is bad, or one that is rolled back.
    fn reload_often(&mut self, times: u16) -> Result<()> {
        let start = Instant::now();
        for time in 1..=times {
            let digest = self.reload()?;
            if time % 10 == 0 {
                let bad = self.upload(&guests::generation(self.number, "good")?[..20_000])?;
                answer(&bad, 422)?;
            }
            if time % 25 == 0 {
                let start = Instant::now();
                answer(&self.platform.send("POST", &format!("{digest}/rollback"), "")?, 200)?;
                self.rollbacks.push(start.elapsed());
            }
            thread::sleep((INTERVAL * u32::from(time)).saturating_sub(start.elapsed()));
        }
        Ok(())
    }

    /// The path of the version that is active now.
    fn reload(&mut self) -> Result<String> {
        self.number += 1;
        let record = answer(&self.upload(&guests::generation(self.number, "good")?)?, 201)?;
        let path = format!("/assets/connectors/versions/{}", record["digest"].as_str().context("no digest")?);
        answer(&self.platform.post(&format!("{path}/activate"), &json!({}))?, 200)?;
        Ok(path)
    }

    fn upload(&self, component: &[u8]) -> Result<Reply> {
        let client = self.platform.with_header("Content-Type", "application/wasm");
        client.send("POST", "/assets/connectors/versions", component)
    }
}

fn answer(reply: &Reply, status: u16) -> Result<Value> {
    ensure!(reply.status.as_u16() == status, "{} {}", reply.status, reply.body);
    reply.json()
}
