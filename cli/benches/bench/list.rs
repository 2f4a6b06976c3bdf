//! Lists of connections: what a store with a million of them takes for a page, as a multiple of one with a thousand.

use std::path::Path;

use anyhow::{Result, ensure};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use test_support::client::Client;
use test_support::patchpanel::Patchpanel;
use tokio::runtime::Builder;

use crate::measure::Result as Measured;
use crate::program::target_directory;
use crate::ratio::ratio;

/// The organization, and the project that is looked at; it is as full as any other of the store.
const ORGANIZATION: &str = "acme";
const PROJECT: &str = "project-0";

/// Connections of the store, in projects of at most [`QUOTA`].
const SMALL: i64 = 1_000;
const LARGE: i64 = 1_000_000;
const QUOTA: i64 = 10_000;

/// Different tags of a project; a connection has two of them.
const TAGS: i64 = 100;

/// The rows, with what is kept beside them. `$1` is how many there are, `$2` how many a project has, `$3` how many
/// different tags.
const FILL: &[&str] = &[
    "insert into connections (id, organization, project, resource_uri, slug, name, description, search_text, tags,
         connection_type, config_member, auth_method, config_sent, config, credentials_set, bindings, secret_sequence,
         status, written_by, connector_digest, created_by, updated_by, created_at, updated_at, revision, test_revision,
         bytes)
     with recursive numbers (number) as (select 0 union all select number + 1 from numbers where number + 1 < $1)
     select format('%08x-0000-7000-8000-000000000000', number), 'acme', 'project-' || (number / $2),
         'data:acme:project-' || (number / $2) || ':connection-' || number, 'connection-' || number, 'Connection ' || number,
         'What the team number ' || (number % 17) || ' looks at each morning.',
         'connection ' || number || char(10) || 'what the team number ' || (number % 17) || ' looks at each morning.',
         json_array('tag-' || (number % $3), 'tag-' || ((number + 1) % $3)), iif(number % 3, 'postgres', 'mysql'),
         'database_config', 'basic', '{\"host\":\"db.example.com\",\"port\":5432,\"database\":\"shop\"}',
         '{\"host\":\"db.example.com\",\"port\":5432,\"database\":\"shop\",\"ssl_mode\":\"verify-full\"}', '{}', '[]', 1,
         iif(number % 5, 'ACTIVE', 'ERROR'), '1.0.0', 'sha256:0', 'user:' || (number % 7), 'user:' || (number % 7),
         1700000000000000 + number * 1000, 1700000000000000 + number * 1000, 1, 0, 1500
     from numbers",
    "insert into connection_tags (connection, tag, organization, project, created_at)
     select connections.id, value, organization, project, created_at from connections, json_each(tags)",
    "insert into project_tags (organization, project, tag, connections)
     select organization, project, tag, count(*) from connection_tags group by organization, project, tag",
    "insert into project_usage (organization, project, connections, tags, idempotency_keys)
     select organization, project, count(*), min($2, $3), 0 from connections group by organization, project",
];

pub(crate) fn run() -> Result<Vec<Measured>> {
    let (small, large) = (start(SMALL)?, start(LARGE)?);
    let of = |host: &Patchpanel| host.client_of(ORGANIZATION, PROJECT, "viewer");
    let (small_client, large_client) = (of(&small)?, of(&large)?);
    let mut results = Vec::new();
    // The query in the large store, the same in the small one, and the bar.
    for (name, large, small, bar) in [
        ("list: page 1, 1,000,000 stored against 1,000", "", "", Some(2.0)),
        ("list: page 1 by name", "sort=name", "sort=name", Some(2.0)),
        ("list: page 1 of a tag", "tags=tag-7", "tags=tag-7", Some(2.0)),
        ("list: page 1 of a status", "status=ERROR", "status=ERROR", None),
        ("list: page 1 of a search, project of 10,000 against 1,000", "search=number+7", "search=number+7", None),
        ("list: last page, project of 10,000 against 1,000", "page=500", "page=50", None),
    ] {
        let (large, small) = (format!("/assets/data?{large}"), format!("/assets/data?{small}"));
        check(&large_client, &large)?;
        check(&small_client, &small)?;
        // An answer that is no page has been looked for already.
        let list = |client: &Client, path: &str| drop(std::hint::black_box(client.get(path)));
        results.push(ratio(name, bar, || list(&large_client, &large), || list(&small_client, &small)));
    }
    Ok(results)
}

/// An answer that is an error would be fast, and worth nothing.
fn check(client: &Client, path: &str) -> Result<()> {
    let reply = client.get(path)?;
    let length = reply.json()?["data"].as_array().map(Vec::len);
    ensure!(length.is_some_and(|length| length > 0), "{path}: {} {}", reply.status, reply.body);
    Ok(())
}

/// A server with so many connections.
fn start(connections: i64) -> Result<Patchpanel> {
    let connectors = target_directory()?.join("connectors").display().to_string();
    let builder = || Patchpanel::builder().setting("CONNECTORS_DIR", &connectors).setting("READ_RATE", "0");
    // Makes the schema.
    let mut server = builder().start()?;
    server.stop()?;
    let directory = server.directory().clone();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(fill(&directory.path().join("data/metadata.db"), connections))?;
    builder().directory(&directory).start()
}

async fn fill(path: &Path, connections: i64) -> Result<()> {
    let mut store: SqliteConnection = SqliteConnectOptions::new().filename(path).connect().await?;
    for statement in FILL {
        sqlx::query(*statement).bind(connections).bind(QUOTA.min(connections)).bind(TAGS).execute(&mut store).await?;
    }
    // Without this the log of the whole filling is looked through by each reader.
    sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut store).await?;
    store.close().await?;
    Ok(())
}
