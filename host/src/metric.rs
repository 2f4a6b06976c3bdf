//! What is counted, for operators: Prometheus text at `/metrics` on an address of its own. No label names a tenant.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_util::MetricKindMask;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Calls of connectors by `connector`, `version`, `digest`, `function` and `outcome`: `answered`, a limit's name, `trap`,
/// `nonsense`, `astray`, `suspended` or `busy`.
pub const CALLS: &str = "patchpanel_connector_calls_total";

/// How long a call held its guest thread, in seconds, by `connector` and `function`.
pub const DURATION: &str = "patchpanel_connector_call_duration_seconds";

/// Components that were compiled or refused, by `outcome`.
pub const COMPILATIONS: &str = "patchpanel_connector_compilations_total";

/// Connections whose stored credentials cannot be used, as seen at the last start, by `why`: `lost`, `unsigned` or
/// `elsewhere`.
pub const UNUSABLE_CREDENTIALS: &str = "patchpanel_unusable_credentials";

/// From 100 µs, a small call, to beyond the default limit of wall time.
const BUCKETS: [f64; 13] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// How often the samples of histograms are put into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// How long a counter's series stays on the page when nothing adds to it: each version of a connector has its own, and
/// versions come and go.
const IDLE: Duration = Duration::from_hours(24);

/// Serves `/metrics` here until the task is aborted.
pub async fn serve(address: SocketAddr) -> anyhow::Result<JoinHandle<()>> {
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} for metrics; choose another address with --metrics-listen")
    })?;
    // With its port.
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "other machines can read the metrics, without a token and without TLS; listen on 127.0.0.1, or have a firewall \
             let only the scraper through"
        );
    }
    let handle = install()?;
    let page = handle.clone();
    let routes = Router::new().route(
        "/metrics",
        get(move || async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], page.render()) }),
    );
    tracing::info!(%address, "serving metrics");
    Ok(tokio::spawn(async move {
        let upkeep = async {
            loop {
                tokio::time::sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        };
        let server = axum::serve(listener, routes).into_future();
        tokio::select! {
            result = server => drop(result.inspect_err(|error| tracing::error!(%error, "metrics are not served any more"))),
            () = upkeep => {}
        }
    }))
}

fn install() -> anyhow::Result<PrometheusHandle> {
    let recorder = recorder(IDLE)?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok().context("metrics are counted already")?;
    metrics::describe_counter!(CALLS, "Calls of connectors.");
    metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "How long a call held its guest thread.");
    metrics::describe_counter!(COMPILATIONS, "Components that were compiled or refused.");
    metrics::describe_gauge!(
        UNUSABLE_CREDENTIALS,
        "Connections whose stored credentials cannot be used, at the last start."
    );
    Ok(handle)
}

fn recorder(idle: Duration) -> anyhow::Result<PrometheusRecorder> {
    let builder = PrometheusBuilder::new()
        .idle_timeout(MetricKindMask::COUNTER, Some(idle))
        .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)
        .context("the buckets are wrong")?;
    Ok(builder.build_recorder())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_ends_that_nothing_adds_to() {
        let recorder = recorder(Duration::from_millis(1)).unwrap();
        let call = || metrics::counter!(CALLS, "digest" => "sha256:0").increment(1);
        metrics::with_local_recorder(&recorder, call);
        let handle = recorder.handle();
        assert!(handle.render().contains("sha256:0"));
        std::thread::sleep(Duration::from_millis(20));
        assert!(!handle.render().contains("sha256:0"));
        metrics::with_local_recorder(&recorder, call);
        assert!(handle.render().contains("sha256:0"), "it begins anew");
    }
}
