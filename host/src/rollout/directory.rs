//! The watched directory: its files are the active versions. It is looked at twice a second, which also works where the
//! system gives no notice of changes. A file counts when it has been the same in two looks, so that one that is still
//! being written, or replaced, never does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::admit::describe;
use super::record::to_json;
use super::{Error, Rollout, State, library};
use crate::audit::Actor;
use crate::connectors::admission::Reason;
use crate::connectors::{self, VersionInUse, component_files, log_refusal, read};
use crate::digest;
use crate::store::connector_versions::{self, ConnectorVersionRow};
use crate::store::{self, Turn};

/// What a file looks like without being read: inode, size, and the times of its last change and of that of its status;
/// none when it cannot be looked at.
type Look = Option<[i64; 6]>;

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

/// What has become of a file.
enum TakenIn {
    /// It is looked at again when it changes, or when the file that was in its way is gone.
    Done(Option<String>),
    /// Somebody is still writing it.
    Changing,
}

impl Rollout {
    /// Looks at the directory and takes in what has changed. At start one look is enough.
    pub(super) async fn follow(&self, at_start: bool) -> Result<(), Error> {
        let mut directory = self.directory.lock().await;
        let path = self.settings.directory.clone();
        let looks = tokio::task::spawn_blocking(move || look(&path)).await??;
        let recorded: BTreeMap<String, String> =
            connector_versions::files(&mut self.store.reader(Turn::Host).await?).await?.into_iter().collect();
        for (name, look) in &looks {
            let is_settled = at_start || directory.looks.get(name) == Some(look);
            let rival_is_gone = directory.rivals.get(name).is_some_and(|rival| !looks.contains_key(rival));
            if !is_settled || !rival_is_gone && directory.taken.get(name) == Some(look) {
                continue;
            }
            match self.take_in(name, *look, &recorded, &looks).await {
                Ok(TakenIn::Changing) => {}
                Ok(TakenIn::Done(rival)) => {
                    directory.taken.insert(name.clone(), *look);
                    directory.rivals.remove(name);
                    directory.rivals.extend(rival.map(|rival| (name.clone(), rival)));
                }
                Err(Error::Store(store::Error::DamagedRow(damaged))) => self.store.damages().tell(&damaged),
                // The next look tries again.
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(file = name, error, "a file of the directory of connectors cannot be taken in");
                }
            }
        }
        let is_missing = looks.is_empty() && self.settings.empty_is_missing && !recorded.is_empty();
        if is_missing && (at_start || !directory.looks.is_empty()) {
            tracing::error!(
                path = %self.settings.directory.display(),
                files = recorded.len(),
                "the directory of connectors is empty; what came from it goes on serving. Mount it or put the files back; \
                 the type of a file that is gone ends when another file is there"
            );
        }
        // After what is new, so that a renamed file is there all the time.
        for (name, digest) in recorded.iter().filter(|_| !is_missing) {
            if !looks.contains_key(name) && (at_start || !directory.looks.contains_key(name)) {
                self.give_up(name, digest).await?;
            }
        }
        directory.taken.retain(|name, _| looks.contains_key(name));
        directory.looks = looks;
        Ok(())
    }

    /// Takes in one file.
    async fn take_in(
        &self,
        name: &str,
        look: Look,
        recorded: &BTreeMap<String, String>,
        looks: &Looks,
    ) -> Result<TakenIn, Error> {
        let path = self.settings.directory.join(name);
        let (shown, limits) = (path.display().to_string(), self.connectors.limits());
        let bytes = tokio::task::spawn_blocking(move || {
            let bytes = read(&path, &limits);
            // Somebody may have gone on writing.
            (look_at(&path) == look).then_some(bytes)
        });
        let bytes = match bytes.await? {
            Some(Ok(bytes)) => bytes,
            Some(Err(reasons)) => {
                log_refusal(&shown, &reasons);
                return Ok(TakenIn::Done(None));
            }
            None => return Ok(TakenIn::Changing),
        };
        let digest = digest::of(&bytes);
        if self.is_decided(name, &digest, recorded, looks).await? {
            return Ok(TakenIn::Done(None));
        }
        let received = self.keep(digest, &bytes).await?;
        drop(bytes);
        let rival = match self.admit(&received, &Actor::Directory, Some(name)).await {
            Ok((row, connector)) => self.install(name, row, connector, looks).await?,
            Err(Error::Refused { reasons, .. }) => {
                log_refusal(&shown, &reasons);
                None
            }
            Err(error) => return Err(error),
        };
        let before = recorded.get(name).filter(|before| **before != received.digest);
        self.remember(name, before, &received.digest).await?;
        Ok(TakenIn::Done(rival))
    }

    /// Whether it has been decided about what a file holds: that holds until it changes, also when another version has been
    /// activated since. A file that was renamed is the same.
    async fn is_decided(
        &self,
        name: &str,
        digest: &str,
        recorded: &BTreeMap<String, String>,
        looks: &Looks,
    ) -> Result<bool, Error> {
        let old_name = recorded.iter().find(|(old, held)| *held == digest && !looks.contains_key(*old));
        if recorded.get(name).map(String::as_str) != Some(digest) && old_name.is_none() {
            return Ok(false);
        }
        let known = connector_versions::find(&mut self.store.reader(Turn::Host).await?, digest).await?;
        let Some(row) = known else {
            // It has been deleted.
            return Ok(true);
        };
        let decided = [State::Active, State::Retired, State::RolledBack];
        if !decided.contains(&row.state) || self.is_damaged(digest) {
            return Ok(false);
        }
        if let Some((old_name, _)) = old_name {
            self.change(digest, |row| {
                if row.file.as_deref() == Some(old_name) {
                    row.file = Some(name.to_owned());
                }
            })
            .await?;
            self.remember(name, None, digest).await?;
        }
        Ok(true)
    }

    /// Whether the version is not loaded because the library does not have its bytes any more.
    fn is_damaged(&self, digest: &str) -> bool {
        let refused = self.refused();
        refused.get(digest).is_some_and(|reasons| reasons.iter().any(|reason| reason.code == library::DAMAGED))
    }

    /// Puts the bytes of a version back into the library, if a file of the directory has them.
    pub(super) async fn take_again(&self, row: &ConnectorVersionRow) -> Result<Option<Vec<u8>>, Error> {
        let (directory, limits, digest) =
            (self.settings.directory.clone(), self.connectors.limits(), row.digest.clone());
        let find = move || {
            let files = component_files(&directory).unwrap_or_else(|error| {
                tracing::warn!(path = %directory.display(), %error, "the directory of connectors cannot be read");
                Vec::new()
            });
            // One that cannot be read has been told of when it was looked at.
            let mut contents = files.into_iter().filter_map(|file| read(&file, &limits).ok());
            contents.find(|bytes| digest::of(bytes) == digest)
        };
        let Some(bytes) = tokio::task::spawn_blocking(find).await? else { return Ok(None) };
        let digest = self.keep(row.digest.clone(), &bytes).await?.digest;
        tracing::warn!(
            digest,
            "the library had a damaged connector, or none; taken again from the directory of connectors"
        );
        Ok(Some(bytes))
    }

    /// Makes a version of a file the active one. The other file for its type, if that is in the way.
    async fn install(
        &self,
        name: &str,
        row: ConnectorVersionRow,
        connector: VersionInUse,
        looks: &Looks,
    ) -> Result<Option<String>, Error> {
        let path = self.settings.directory.join(name).display().to_string();
        let active =
            connector_versions::active(&mut self.store.reader(Turn::Host).await?, &row.connection_type).await?;
        let rival = active.and_then(|active| active.file).filter(|file| file != name && looks.contains_key(file));
        let is_named_after_it =
            |file: &str| Path::new(file).file_stem().is_some_and(|stem| stem == &*row.connection_type);
        if let Some(rival) = rival.filter(|rival| !is_named_after_it(name) || is_named_after_it(rival)) {
            let reasons = [Reason::duplicate_type(&row.connection_type)];
            log_refusal(&path, &reasons);
            let written = to_json(&reasons)?;
            self.change(&row.digest, |row| {
                describe(row, &connector);
                if row.state == State::Pending {
                    row.state = State::Refused;
                    row.reasons = written;
                }
            })
            .await?;
            return Ok(Some(rival));
        }
        let (label, digest) = (connector.label().to_owned(), row.digest.clone());
        let contract = connector.version().contract();
        let row = self
            .change(&row.digest, |row| {
                describe(row, &connector);
                row.file = Some(name.to_owned());
            })
            .await?;
        if row.state == State::Active {
            return Ok(None);
        }
        match self.introduce(&Actor::Directory, row, connector, false).await {
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
        let mut transaction = self.store.host_transaction(Turn::Host).await?;
        connector_versions::record_file(&mut transaction, name, digest).await?;
        let before = match before {
            Some(before) => connector_versions::find(&mut transaction, before).await?,
            None => None,
        };
        transaction.commit().await?;
        match before.filter(|row| row.activated_at.is_none() && row.file.as_deref() == Some(name)) {
            Some(row) => match self.remove(&Actor::Directory, &row.digest).await {
                // Somebody needs it.
                Ok(_) | Err(Error::Serving(_) | Error::State { .. }) => Ok(()),
                Err(error) => Err(error),
            },
            None => Ok(()),
        }
    }

    /// A file is gone.
    async fn give_up(&self, name: &str, digest: &str) -> Result<(), Error> {
        let mut transaction = self.store.host_transaction(Turn::Host).await?;
        connector_versions::forget_file(&mut transaction, name).await?;
        let row = connector_versions::find(&mut transaction, digest).await?;
        transaction.commit().await?;
        match row.filter(|row| row.state == State::Active && row.file.as_deref() == Some(name)) {
            Some(row) => {
                let reason = Reason::new("file_gone", format!("its file {name} is gone"), "Put the file back.");
                self.retire(&Actor::Directory, &row.digest, reason).await
            }
            None => Ok(()),
        }
    }
}

fn look(directory: &Path) -> Result<Looks, connectors::Error> {
    let files = component_files(directory)?.into_iter();
    let look = |path: PathBuf| Some((path.file_name()?.to_string_lossy().into_owned(), look_at(&path)));
    Ok(files.filter_map(look).collect())
}

fn look_at(path: &Path) -> Look {
    let file = fs::metadata(path).ok()?;
    let (inode, size) = (file.ino().cast_signed(), file.len().cast_signed());
    Some([inode, size, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()])
}
