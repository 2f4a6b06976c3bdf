//! What operators see of connectors in numbers.

use serde_json::json;
use test_support::patchpanel::Patchpanel;

#[test]
fn calls_are_counted_by_connector_and_no_label_names_a_tenant() {
    let host = Patchpanel::builder().setting("METRICS_LISTEN", "127.0.0.1:0").start().unwrap();
    let body =
        json!({"connection_type": "postgres", "database_config": {"host": "", "database": "x"}, "credentials": {}});
    let client = host.client_of("acme-7f3a", "sales", "developer").unwrap();
    assert_eq!(client.post("/assets/data/verify", &body).unwrap().status.as_u16(), 422);
    let page = host.metrics().unwrap().get("/metrics").unwrap().body;
    // The lines of several functions come in any order.
    let mut counts = page.lines().filter(|line| line.starts_with("patchpanel_connector_calls_total{"));
    let counted = counts.find(|line| line.contains(r#"function="validate""#)).unwrap();
    for part in [r#"connector="postgres""#, r#"version="1.0.0""#, r#"digest="sha256:"#] {
        assert!(counted.contains(part), "{part}: {counted}");
    }
    assert!(counted.contains(r#"outcome="answered""#) && counted.ends_with(" 1"), "{counted}");
    assert!(page.contains("patchpanel_connector_call_duration_seconds_bucket{"), "{page}");
    assert!(!page.contains("acme-7f3a"), "{page}");
    // The API's own address has no such page.
    assert_eq!(host.client().get("/metrics").unwrap().status.as_u16(), 404);
}
