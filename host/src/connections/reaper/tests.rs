//! The protocol of secrets against real files: each step alone, as a crash would leave it.

use std::path::PathBuf;

use uuid::Uuid;

use super::*;
use crate::auth::Tenant;
use crate::connections::Connections;
use crate::connections::delete::discard_secret;
use crate::connectors::Connectors;
use crate::secrets::{self, Credentials, LocalStore, Reference, Secret};
use crate::store::connections::{ConnectionRow, SecretLocation};

struct Installation {
    directory: PathBuf,
    connections: Option<Connections>,
}

impl Installation {
    async fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("patchpanel-reaper-{}", Uuid::new_v4()));
        let mut installation = Self { directory, connections: None };
        installation.start().await;
        installation
    }
}
