//! The local store against real files.

use std::path::PathBuf;

use super::*;
use crate::random;

struct Installation {
    directory: PathBuf,
}

impl Installation {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("patchpanel-secrets-{}", random::id()));
        std::fs::create_dir(&directory).unwrap();
        Self { directory }
    }

    fn master_key(&self) -> PathBuf {
        self.directory.join("master.key")
    }

    async fn open(&self, if_missing: IfMissing) -> Result<LocalStore, OpenError> {
        LocalStore::open(&self.directory.join("secrets.db"), &self.master_key(), if_missing).await
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

fn reference(organization: &str, key: &str, version: i64) -> Reference {
    Reference { organization: organization.into(), key: key.into(), version }
}

#[tokio::test]
async fn keeps_values_byte_for_byte_across_a_restart() {
    let installation = Installation::new();
    let longest = vec![0xa5; MAX_SECRET_BYTES];
    let values = [&b""[..], b"plain", b"\0\xff\xfe\r\n", &longest];
    let store = installation.open(IfMissing::Create).await.unwrap();
    for (version, value) in (1..).zip(values) {
        store.put(&reference("acme", "k", version), &Secret::new(value)).await.unwrap();
    }
    store.pool.close().await;
    let store = installation.open(IfMissing::Refuse).await.unwrap();
    for (version, value) in (1..).zip(values) {
        assert_eq!(store.get(&reference("acme", "k", version)).await.unwrap().expose(), value);
    }
    store.health().await.unwrap();
}

#[tokio::test]
async fn a_version_never_changes_its_value() {
    let installation = Installation::new();
    let store = installation.open(IfMissing::Create).await.unwrap();
    let reference = reference("acme", "k", 1);
    store.put(&reference, &Secret::new(*b"one")).await.unwrap();
    store.put(&reference, &Secret::new(*b"one")).await.unwrap();
    assert!(matches!(store.put(&reference, &Secret::new(*b"two")).await, Err(Error::Conflict)));
    assert_eq!(store.get(&reference).await.unwrap().expose(), b"one");
    let oversized = Secret::new(vec![0; MAX_SECRET_BYTES + 1]);
    assert!(matches!(store.put(&super::tests::reference("acme", "k", 2), &oversized).await, Err(Error::TooLarge(_))));
}

#[tokio::test]
async fn forgets_for_good_and_only_what_it_is_told() {
    let installation = Installation::new();
    let store = installation.open(IfMissing::Create).await.unwrap();
    let all = [reference("acme", "k", 1), reference("acme", "k", 2), reference("other", "k", 1)];
    for reference in &all {
        store.put(reference, &Secret::new(*b"value")).await.unwrap();
    }
    store.delete(&all[0]).await.unwrap();
    store.delete(&all[0]).await.unwrap();
    assert!(matches!(store.get(&all[0]).await, Err(Error::NotFound)));
    assert!(store.get(&all[1]).await.is_ok());
    assert!(store.get(&all[2]).await.is_ok());
    assert!(matches!(store.get(&reference("nobody", "k", 1)).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn opens_no_row_that_was_altered_or_moved() {
    let installation = Installation::new();
    let store = installation.open(IfMissing::Create).await.unwrap();
    let all = [reference("acme", "a", 1), reference("acme", "b", 1), reference("other", "a", 1)];
    for reference in &all {
        store.put(reference, &Secret::new(reference.key.as_bytes())).await.unwrap();
    }
    for attack in [
        "update secrets set sealed = (select sealed from secrets where organization = 'acme' and key = 'b')
         where organization = 'acme' and key = 'a'",
        "update secrets set sealed = (select sealed from secrets where organization = 'other') where key = 'a'",
        "update secrets set sealed = x'01' where key = 'a'",
        "update data_keys set wrapped = (select wrapped from data_keys where organization = 'other')",
    ] {
        let connection = store.pool.take(&Party::Host, WORK).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query(attack).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(matches!(store.get(&all[0]).await, Err(Error::Corrupt)), "{attack}");
    }
    assert!(store.get(&all[2]).await.is_err(), "its row was cut to one byte");
}

#[tokio::test]
async fn refuses_at_start_a_key_file_that_did_not_seal_the_store() {
    let installation = Installation::new();
    assert!(matches!(
        installation.open(IfMissing::Refuse).await,
        Err(OpenError::MasterKey(MasterKeyError::Missing(_)))
    ));
    assert!(!installation.master_key().exists());
    let store = installation.open(IfMissing::Create).await.unwrap();
    store.put(&reference("acme", "k", 1), &Secret::new(*b"value")).await.unwrap();
    store.pool.close().await;
    let original = std::fs::read_to_string(installation.master_key()).unwrap();

    std::fs::remove_file(installation.master_key()).unwrap();
    assert!(matches!(installation.open(IfMissing::Create).await, Err(OpenError::KeyMissing { .. })));
    assert!(!installation.master_key().exists(), "a new key could not open the old values");

    MasterKeys::open(&installation.master_key(), IfMissing::Create).unwrap();
    assert!(matches!(installation.open(IfMissing::Create).await, Err(OpenError::WrongKey { version: 1, .. })));

    let newer = format!("2 {}\n", "11".repeat(32));
    std::fs::write(installation.master_key(), &newer).unwrap();
    assert!(matches!(installation.open(IfMissing::Create).await, Err(OpenError::VersionMissing { version: 1, .. })));

    std::fs::write(installation.master_key(), format!("{original}{newer}")).unwrap();
    let store = installation.open(IfMissing::Refuse).await.unwrap();
    assert_eq!(store.get(&reference("acme", "k", 1)).await.unwrap().expose(), b"value");
    store.put(&reference("new", "k", 1), &Secret::new(*b"value")).await.unwrap();
    store.pool.close().await;
    std::fs::write(installation.master_key(), original).unwrap();
    assert!(matches!(installation.open(IfMissing::Refuse).await, Err(OpenError::VersionMissing { version: 2, .. })));
}

#[tokio::test]
async fn refuses_at_once_a_file_that_is_no_store() {
    let installation = Installation::new();
    std::fs::write(installation.directory.join("secrets.db"), "this is not a database, whatever it is called").unwrap();
    let opened = tokio::time::timeout(std::time::Duration::from_secs(10), installation.open(IfMissing::Create)).await;
    let refused = opened.expect("it must not try again and again").unwrap_err();
    assert!(matches!(refused, OpenError::File { .. }), "{refused:?}");
    assert!(!installation.master_key().exists());
}

#[tokio::test]
async fn no_value_reaches_the_file_and_nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let installation = Installation::new();
    let store = installation.open(IfMissing::Create).await.unwrap();
    store.put(&reference("acme", "k", 1), &Secret::new(*b"canary-5b1f")).await.unwrap();
    for entry in std::fs::read_dir(&installation.directory).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"canary-5b1f"), "{}", path.display());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}
