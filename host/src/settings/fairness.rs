//! Who may have how much of the host: every number of it, with its setting.
//!
//! What an organization or an address has used up of its share is answered 429, with a `Retry-After` where waiting helps:
//! the next token of a rate is there then, and a share is worth another try. Only what the host itself has no more of is
//! 503. Beside its share, a key never holds more than a quarter of what is left over (`fairness/shares.rs`).
//!
//! | what | default | setting | what happens beyond it |
//! |---|---|---|---|
//! | HTTP connections | 1,024 | `--http-max-connections` | an idle one is closed for each new one; if none is idle, the new one gets nothing but `/health` |
//! | HTTP connections of an address | 256 | `--http-max-connections-per-address` | an idle one of the address is closed for each new one; if none is idle, the new one gets nothing but `/health` |
//! | connections for `/health` beside them | 64, of an address 16 | | the new one is closed |
//! | a request's head | 5 s | | the connection is closed |
//! | a connection between two requests | 75 s | | it is closed |
//! | an answer of which nothing is taken | 30 s | | the connection is closed |
//! | a request's body | 10 s, and 1 s for each 64 KiB | | 408 |
//! | requests at once | 256 | `--max-requests` | wait 5 s for a place, then 503 |
//! | requests of an organization at once | 64 | `--max-requests-per-organization` | wait 5 s for a place, then 429 |
//! | connection tests at once | 256 | `--max-tests` | 503 |
//! | connection tests of an organization at once | 32 | `--max-tests-per-organization` | 429 |
//! | second connections to a server, to cancel a statement | 64 at once | | wait 2 s; the statement ends by its own time-out |
//! | look-ups of names at once | 64 | `--max-lookups` | wait until the test's deadline, then `resolve_timeout` |
//! | connection tests of a principal in a project | 60 at once, then 1 a second | `--test-burst`, `--test-rate` | 429 |
//! | validations of a principal | 60 at once, then 2 a second | `--validation-burst`, `--validation-rate` | 429 |
//! | reading requests of an organization | 2,000 at once, then 400 a second | `--read-burst`, `--read-rate` | 429 |
//! | writing requests of an organization | 400 at once, then 80 a second | `--write-burst`, `--write-rate` | 429 |
//! | reading and writing requests of a principal | half of its organization's | | 429 |
//! | memory of request bodies and of large answers | 96 MiB | `--max-body-memory-mib` | 503 |
//! | memory of an organization's request bodies and large answers | 32 MiB | `--max-body-memory-per-organization-mib` | 429 |
//! | values in a request body | 10,000 | `--max-body-values` | 400 |
//! | large bodies and answers that are worked on at once | 1, in turns between organizations | | wait 5 s, then 429 or 503 |
//! | bytes that the store has for a page of connections | 8 MiB | | 422 |
//! | turns that read at the metadata store at once | 16 | `--max-readers` | wait 5 s for one, then 503 |
//! | turns of an organization that read at once | 1, so that its lists keep one core busy at the most | `--max-readers-per-organization` | wait 5 s for one, then 429 |
//! | turns that write, and turns at the local secret store | 1 at once, in turns between organizations | | wait 5 s for one, then 429 or 503 |
//! | work of a list: CPU time in the metadata store | 250 ms | `--max-list-ms` | 422 `LIST_TOO_LONG` |
//! | connections of a project | 10,000 | `--max-connections-per-project` | 429 `QUOTA_EXCEEDED`, which no waiting mends |
//! | different tags of a project | 10,000 | `--max-tags-per-project` | the same |
//! | idempotency keys of a project in 24 hours | 10,000 | `--max-idempotency-keys-per-project` | the same |
//! | what an organization stores, credentials included | 1,024 MiB | `--max-stored-per-organization-mib` | the same |
//! | rows of an organization's audit trail, of each outcome | 50,000 | `--max-audit-events-per-organization` | the oldest go, within a minute |

use std::time::Duration;

use crate::fairness::Rate;
use crate::store;

/// The settings of what tenants share. The field's name is its key in the settings file.
#[derive(Debug, Clone, clap::Args)]
pub struct FairnessSettings {
    /// The most HTTP connections at once. Beyond it an idle one is closed for each new one, and if none is idle the new
    /// one gets nothing but /health.
    #[arg(long, global = true, env = "PATCHPANEL_HTTP_MAX_CONNECTIONS", value_name = "COUNT", default_value = "1024",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub http_max_connections: u32,

    /// The most HTTP connections of one address at once; a proxy of --http-trusted-proxies has no such limit.
    #[arg(long, global = true, env = "PATCHPANEL_HTTP_MAX_CONNECTIONS_PER_ADDRESS", value_name = "COUNT",
        default_value = "256", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub http_max_connections_per_address: u32,

    /// The most API requests at once; further ones wait for at most 5 seconds and are then answered 503 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_REQUESTS", value_name = "COUNT", default_value = "256",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests: u32,

    /// The most API requests of one organization at once; further ones wait likewise and are then answered 429.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_REQUESTS_PER_ORGANIZATION", value_name = "COUNT",
        default_value = "64", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests_per_organization: u32,

    /// The most connection tests at once; further ones are answered 503 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_TESTS", value_name = "COUNT", default_value = "256",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_tests: u32,

    /// The most connection tests of one organization at once; further ones are answered 429 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_TESTS_PER_ORGANIZATION", value_name = "COUNT",
        default_value = "32", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_tests_per_organization: u32,

    /// The most look-ups of names in the DNS at once, each counted until the system has given it up. An organization has
    /// no more than are left for all others.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_LOOKUPS", value_name = "COUNT", default_value = "64",
        value_parser = clap::value_parser!(u16).range(1..=400))]
    pub max_lookups: u16,

    /// How many connection tests a principal may begin at once in a project, before --test-rate counts.
    #[arg(long, global = true, env = "PATCHPANEL_TEST_BURST", value_name = "COUNT", default_value = "60",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    test_burst: u32,

    /// How many connection tests a second a principal may begin in a project after the burst; 0 for no limit.
    #[arg(long, global = true, env = "PATCHPANEL_TEST_RATE", value_name = "COUNT", default_value = "1")]
    test_rate: u32,

    /// How many validations a principal may ask for at once, before --validation-rate counts.
    #[arg(long, global = true, env = "PATCHPANEL_VALIDATION_BURST", value_name = "COUNT", default_value = "60",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    validation_burst: u32,

    /// How many validations a second a principal may ask for after the burst; 0 for no limit.
    #[arg(long, global = true, env = "PATCHPANEL_VALIDATION_RATE", value_name = "COUNT", default_value = "2")]
    validation_rate: u32,

    /// How many reading requests an organization may send at once, before --read-rate counts. A principal may send half.
    #[arg(long, global = true, env = "PATCHPANEL_READ_BURST", value_name = "COUNT", default_value = "2000",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    read_burst: u32,

    /// How many reading requests a second an organization may send after the burst; 0 for no limit.
    #[arg(long, global = true, env = "PATCHPANEL_READ_RATE", value_name = "COUNT", default_value = "400")]
    read_rate: u32,

    /// How many writing requests an organization may send at once, before --write-rate counts. A principal may send half.
    #[arg(long, global = true, env = "PATCHPANEL_WRITE_BURST", value_name = "COUNT", default_value = "400",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    write_burst: u32,

    /// How many writing requests a second an organization may send after the burst; 0 for no limit.
    #[arg(long, global = true, env = "PATCHPANEL_WRITE_RATE", value_name = "COUNT", default_value = "80")]
    write_rate: u32,

    /// The memory of all request bodies and large answers at once, in MiB; further ones are answered 503 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_BODY_MEMORY_MIB", value_name = "MIB", default_value = "96",
        value_parser = clap::value_parser!(u32).range(8..=1_000_000))]
    max_body_memory_mib: u32,

    /// The memory of one organization's request bodies and large answers at once, in MiB; further ones are answered 429 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_BODY_MEMORY_PER_ORGANIZATION_MIB", value_name = "MIB",
        default_value = "32", value_parser = clap::value_parser!(u32).range(8..=1_000_000))]
    max_body_memory_per_organization_mib: u32,

    /// The most values, members and elements included, in one request body.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_BODY_VALUES", value_name = "COUNT", default_value = "10000",
        value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub max_body_values: u32,

    /// The most turns that read at the metadata store at once; further ones wait for at most 5 seconds and are then
    /// answered 503 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_READERS", value_name = "COUNT", default_value = "16",
        value_parser = clap::value_parser!(u32).range(1..=256))]
    max_readers: u32,

    /// The most turns of one organization that read at the metadata store at once; further ones wait likewise and are then
    /// answered 429 with Retry-After.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_READERS_PER_ORGANIZATION", value_name = "COUNT",
        default_value = "1", value_parser = clap::value_parser!(u32).range(1..=256))]
    max_readers_per_organization: u32,

    /// How long a list may work in the metadata store, in milliseconds of CPU time; one that takes longer is answered 422.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_LIST_MS", value_name = "MS", default_value = "250",
        value_parser = clap::value_parser!(u32).range(10..=60_000))]
    max_list_ms: u32,

    /// The most connections of a project, and of what belongs to a whole organization; further ones are answered 429.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_CONNECTIONS_PER_PROJECT", value_name = "COUNT",
        default_value = "10000", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections_per_project: u32,

    /// The most different tags of a project's connections; a further one is answered 429.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_TAGS_PER_PROJECT", value_name = "COUNT", default_value = "10000",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_tags_per_project: u32,

    /// The most idempotency keys that a project's callers may use in 24 hours; a further one is answered 429.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_IDEMPOTENCY_KEYS_PER_PROJECT", value_name = "COUNT",
        default_value = "10000", value_parser = clap::value_parser!(u32).range(1..))]
    max_idempotency_keys_per_project: u32,

    /// The most that the connections of an organization may take, credentials included, in MiB; what would take more is
    /// answered 429.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_STORED_PER_ORGANIZATION_MIB", value_name = "MIB",
        default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    max_stored_per_organization_mib: u32,

    /// How many events of an organization the audit trail keeps: so many changes, and so many releases of credentials.
    /// The oldest ones beyond it are removed for good, within about a minute.
    #[arg(long, global = true, env = "PATCHPANEL_MAX_AUDIT_EVENTS_PER_ORGANIZATION", value_name = "COUNT",
        default_value = "50000", value_parser = clap::value_parser!(u32).range(1000..))]
    max_audit_events_per_organization: u32,
}

impl FairnessSettings {
    /// How many descriptors may be open at once: one for each HTTP connection, two for a test, which may have a second
    /// connection to cancel a statement, and some for files and probes.
    pub fn descriptors(&self) -> u64 {
        u64::from(self.http_max_connections) + 2 * u64::from(self.max_tests) + 256
    }

    /// Connection tests of a principal in a project.
    pub fn test_rate(&self) -> Rate {
        Rate { burst: self.test_burst, per_second: self.test_rate }
    }

    /// Validations of a principal.
    pub fn validation_rate(&self) -> Rate {
        Rate { burst: self.validation_burst, per_second: self.validation_rate }
    }

    /// Reading requests of an organization.
    pub fn read_rate(&self) -> Rate {
        Rate { burst: self.read_burst, per_second: self.read_rate }
    }

    /// Writing requests of an organization.
    pub fn write_rate(&self) -> Rate {
        Rate { burst: self.write_burst, per_second: self.write_rate }
    }

    /// What organizations may have of the metadata store.
    pub fn store(&self) -> store::Settings {
        store::Settings {
            readers: self.max_readers as usize,
            readers_per_organization: self.max_readers_per_organization as usize,
            list_work: Duration::from_millis(self.max_list_ms.into()),
            quotas: store::Quotas {
                connections_per_project: self.max_connections_per_project.into(),
                tags_per_project: self.max_tags_per_project.into(),
                idempotency_keys_per_project: self.max_idempotency_keys_per_project.into(),
                bytes_per_organization: i64::from(self.max_stored_per_organization_mib) << 20,
            },
            audit_events: self.max_audit_events_per_organization.into(),
        }
    }

    /// The memory of all request bodies, in bytes.
    pub fn max_body_memory(&self) -> usize {
        mebibytes(self.max_body_memory_mib)
    }

    /// The memory of one organization's request bodies, in bytes.
    pub fn max_body_memory_per_organization(&self) -> usize {
        mebibytes(self.max_body_memory_per_organization_mib)
    }
}

fn mebibytes(count: u32) -> usize {
    (count as usize).saturating_mul(1024 * 1024)
}
