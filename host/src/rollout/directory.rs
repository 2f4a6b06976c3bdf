//! The watched directory: its files are the active versions. It is looked at twice a second, which also works where the
//! system gives no notice of changes. A file counts when it has been the same in two looks, so that one that is still
//! being written, or replaced, never does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::record::to_json;
use super::{Error, Rollout, State};
use crate::connectors::admission::Reason;
use crate::connectors::{self, Connector, component_files, log_refusal, read};
use crate::store;
use crate::store::connector_versions::{self, ConnectorVersionRow};

/// How often it is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Who brings what comes from the directory.
const PRINCIPAL: &str = "system:directory";

/// What a file looks like without being read; none when it cannot be looked at.
type Look = Option<(u64, u64, i64, i64)>;

/// The files by name.
type Looks = BTreeMap<String, Look>;

/// What is known of the directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// The last look.
    looks: Looks,
    /// The look at each file that has been taken in.
    taken: Looks,
    /// Files that were refused because of another one for the same type: that one.
    rivals: BTreeMap<String, String>,
}

impl Rollout {
    /// Goes on with what a killed process had begun, takes in what changes in the directory, and rolls back versions that
    /// fail. Runs until it is dropped.
    pub async fn run(self: Arc<Self>) {
        if let Err(error) = self.go_on().await {
            tracing::error!(error = &error as &dyn std::error::Error, "connector versions could not be admitted again");
        }
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                digest = self.connectors.next_failing() => self.roll_back_failing(&digest).await,
                _ = ticks.tick(), if self.settings.watch => {
                    if let Err(error) = self.follow(false).await {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(error, "the directory of connectors cannot be followed");
                    }
                }
            }
        }
    }

    async fn roll_back_failing(self: &Arc<Self>, digest: &str) {
        let message = "it failed again and again where the version before it does not";
        let reason =
            Reason::new("failing", message, "See the host's log for what failed; mend it and upload it again.");
        match self.roll_back(digest, reason).await {
            // Somebody was faster.
            Ok(_) | Err(Error::State { .. } | Error::NotFound) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(digest, error, "a failing connector cannot be rolled back");
            }
        }
    }

    /// Looks at the directory and takes in what has changed. At start one look is enough.
    pub(super) async fn follow(&self, at_start: bool) -> Result<(), Error> {
        let mut directory = self.directory.lock().await;
        let path = self.settings.directory.clone();
        let looks = tokio::task::spawn_blocking(move || look(&path)).await??;
        let recorded: BTreeMap<String, String> =
            connector_versions::files(&mut *self.store.reader().await?).await?.into_iter().collect();
        for (name, look) in &looks {
            let is_settled = at_start || directory.looks.get(name) == Some(look);
            let rival_is_gone = directory.rivals.get(name).is_some_and(|rival| !looks.contains_key(rival));
            if is_settled && (rival_is_gone || directory.taken.get(name) != Some(look)) {
                directory.taken.insert(name.clone(), *look);
                directory.rivals.remove(name);
                if let Some(rival) = self.take_in(name, recorded.get(name), &looks, at_start).await? {
                    directory.rivals.insert(name.clone(), rival);
                }
            }
        }
        // After what is new, so that a renamed file is there all the time.
        for (name, digest) in &recorded {
            if !looks.contains_key(name) && (at_start || !directory.looks.contains_key(name)) {
                self.give_up(name, digest).await?;
            }
        }
        directory.taken.retain(|name, _| looks.contains_key(name));
        directory.looks = looks;
        Ok(())
    }

    /// Takes in one file. The other file for its type, if it is refused because of that.
    async fn take_in(
        &self,
        name: &str,
        recorded: Option<&String>,
        looks: &Looks,
        at_start: bool,
    ) -> Result<Option<String>, Error> {
        let path = self.settings.directory.join(name);
        let shown = path.display().to_string();
        let most = self.connectors.limits();
        let bytes = match tokio::task::spawn_blocking(move || read(&path, &most)).await? {
            Ok(bytes) => bytes,
            Err(reasons) => {
                log_refusal(&shown, &reasons);
                return Ok(None);
            }
        };
        let received = self.keep(&bytes).await?;
        drop(bytes);
        let known = connector_versions::find(&mut *self.store.reader().await?, &received.digest).await?;
        // One that has been deleted was not refused either.
        let is_settled = known.is_none_or(|row| {
            [State::Active, State::Retired, State::RolledBack].iter().any(|state| row.state == state.name())
        });
        // What was decided about a file holds until it changes, also when another version has been activated since.
        if at_start && is_settled && recorded == Some(&received.digest) {
            return Ok(None);
        }
        let rival = match self.admit(&received, PRINCIPAL, Some(name)).await {
            Ok((row, connector)) => self.install(name, row, connector, looks).await?,
            Err(Error::Refused { reasons, .. }) => {
                log_refusal(&shown, &reasons);
                None
            }
            Err(error) => return Err(error),
        };
        self.remember(name, recorded.filter(|before| **before != received.digest), &received.digest).await?;
        Ok(rival)
    }

    /// Makes a version of a file the active one. The other file for its type, if that is in the way.
    async fn install(
        &self,
        name: &str,
        mut row: ConnectorVersionRow,
        connector: Arc<Connector>,
        looks: &Looks,
    ) -> Result<Option<String>, Error> {
        let path = self.settings.directory.join(name).display().to_string();
        let mut reader = self.store.reader().await?;
        let active = match connector_versions::active(&mut reader, &row.type_name).await? {
            Some(active) => connector_versions::find(&mut reader, &active).await?,
            None => None,
        };
        drop(reader);
        let rival = active.and_then(|active| active.file).filter(|file| file != name && looks.contains_key(file));
        let is_named_after_it = |file: &str| Path::new(file).file_stem().is_some_and(|stem| stem == &*row.type_name);
        if let Some(rival) = rival.filter(|rival| !is_named_after_it(name) || is_named_after_it(rival)) {
            let reasons = [Reason::duplicate_type(&row.type_name)];
            log_refusal(&path, &reasons);
            if row.state == State::Pending.name() {
                row.reasons = to_json(&reasons)?;
                self.set_state(&mut row, State::Refused).await?;
            }
            return Ok(Some(rival));
        }
        let (label, digest) = (connector.label().to_owned(), row.digest.clone());
        let contract = connector.version().contract();
        row.file = Some(name.to_owned());
        if row.state == State::Active.name() {
            self.write(&row).await?;
            return Ok(None);
        }
        match self.activate_file(row, connector).await {
            Ok(()) => tracing::info!(connector = label, digest, contract, file = path, "connector loaded"),
            Err(Error::ShadowFailed(report)) => {
                let (failing, connections) = (report.failing, report.connections);
                let message = "connector not activated: stored connections would fail with it";
                tracing::error!(connector = label, digest, file = path, failing, connections, "{message}");
            }
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Remembers what a file holds; what it held before goes away if it never became active.
    async fn remember(&self, name: &str, before: Option<&String>, digest: &str) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        connector_versions::record_file(&mut transaction, name, digest).await?;
        let before = match before {
            Some(before) => connector_versions::find(&mut transaction, before).await?,
            None => None,
        };
        store::commit(transaction).await?;
        match before.filter(|row| row.activated_at.is_none() && row.file.as_deref() == Some(name)) {
            Some(row) => self.remove(&row.digest).await,
            None => Ok(()),
        }
    }

    /// A file is gone.
    async fn give_up(&self, name: &str, digest: &str) -> Result<(), Error> {
        let mut transaction = self.store.begin().await?;
        connector_versions::forget_file(&mut transaction, name).await?;
        let row = connector_versions::find(&mut transaction, digest).await?;
        store::commit(transaction).await?;
        match row.filter(|row| row.state == State::Active.name() && row.file.as_deref() == Some(name)) {
            Some(mut row) => {
                let reason = Reason::new("file_gone", format!("its file {name} is gone"), "Put the file back.");
                self.retire(&mut row, reason).await
            }
            None => Ok(()),
        }
    }
}

fn look(directory: &Path) -> Result<Looks, connectors::Error> {
    let files = component_files(directory)?.into_iter();
    let look = |path: PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let look = fs::metadata(&path).ok();
        Some((name, look.map(|it| (it.ino(), it.len(), it.mtime(), it.mtime_nsec()))))
    };
    Ok(files.filter_map(look).collect())
}
