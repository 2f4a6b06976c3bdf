//! Connections change hands whole: what serves them and what served them before have the same members.

use super::*;
use crate::store::connector_versions::{ConnectorVersionRow, State};

const SALES: &str = "data:acme:sales:a";

/// The row of a version.
pub(super) fn version(digest: &str, state: State) -> ConnectorVersionRow {
    ConnectorVersionRow {
        digest: digest.into(),
        connection_type: "postgres".into(),
        version: "2.0.0".into(),
        contract: "1.0.0".into(),
        state,
        reasons: "[]".into(),
        shadow: None,
        file: None,
        bytes: 1,
        created_by: "user:alice".into(),
        created_at: 1,
        changed_at: 1,
        activated_at: None,
    }
}

/// Differs from [`rendition`] in every member.
fn other(digest: &str) -> Rendition {
    Rendition {
        digest: digest.into(),
        config: r#"{"host":"h","port":5433}"#.into(),
        written_by: "2.0.0".into(),
        auth_method: "key".into(),
        credentials_set: r#"{"key":true}"#.into(),
    }
}

#[tokio::test]
async fn a_connection_is_handed_over_whole_and_given_back_as_it_was() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let sales = tenant("acme", Some("sales"));
    let before = row("acme", "sales", "a");
    assert!(insert(&store, &before).await);
    let mut change = begin(&store).await.unwrap();
    for (digest, state) in [("sha256:11", State::Active), ("sha256:22", State::Shadow)] {
        assert!(connector_versions::insert(&mut change, &version(digest, state)).await.unwrap());
    }
    change.commit().await.unwrap();
    let mut writer = store.host_writer(Turn::Host).await.unwrap();
    let edited = ConnectionRow { revision: 2, ..before.clone() };
    let of_another = ConnectionRow { serving: other("sha256:33"), ..before.clone() };
    for (from, to, count) in [
        (&edited, other("sha256:11"), 0),
        (&of_another, other("sha256:11"), 0),
        (&before, other("sha256:22"), 0),
        (&before, other("sha256:11"), 1),
    ] {
        let handed_over = serving::hand_over(&mut writer, &[(from, Cow::Borrowed(&to))]).await.unwrap();
        assert_eq!(handed_over, count, "{to:?}");
    }
    drop(writer);
    let taken_over = find(&store, &sales, SALES).await.unwrap();
    let facts = taken_over.connector.clone();
    assert_eq!(facts.clone().map(|facts| facts.version).as_deref(), Some("2.0.0"));
    let expected = ConnectionRow {
        serving: other("sha256:11"),
        before: Some(before.serving.clone()),
        connector: facts,
        test_revision: 1,
        ..before.clone()
    };
    assert_eq!(taken_over, expected);
    let mut writer = store.host_writer(Turn::Host).await.unwrap();
    serving::give_back(&mut writer, "sha256:11", "sha256:44").await.unwrap();
    serving::give_back(&mut writer, "sha256:11", "sha256:00").await.unwrap();
    drop(writer);
    assert_eq!(find(&store, &sales, SALES).await.unwrap(), ConnectionRow { test_revision: 2, ..before });
}
