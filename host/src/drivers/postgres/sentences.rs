//! Whole sentences that stand for a code. Poolers and proxies have no SQLSTATE of their own for most of what they say, and
//! PostgreSQL raises one error from one routine for two reasons. Words decide only here and only whole, but for the address
//! in a message about `pg_hba.conf` (`server_error.rs`): what is in a hole of a sentence, such as a user's name, decides
//! nothing. All of them are English; a server that speaks another language is judged by what is left.

use crate::diagnosis::{Code, code};

/// A name in a hole, quoted and escaped by whoever says it, is not longer than this.
const MAX_HOLE_BYTES: usize = 400;

/// What somebody says by a SQLSTATE that says nothing. `{}` is a hole.
type Sentence = (&'static str, &'static str, &'static Code);

/// PostgreSQL's own, by the SQLSTATE that it gives them.
const POSTGRES: &[Sentence] = &[
    ("28000", "role \"{}\" does not exist", &code::UNKNOWN_USER),
    ("28000", "role \"{}\" is not permitted to log in", &code::LOGIN_NOT_PERMITTED),
    (
        "28000",
        "pg_hba.conf rejects connection for host \"{}\", user \"{}\", database \"{}\", {}",
        &code::PG_HBA_REJECTED,
    ),
    ("28000", "no pg_hba.conf entry for host \"{}\", user \"{}\", database \"{}\", {}", &code::NO_PG_HBA_ENTRY),
    ("28000", "no pg_hba.conf entry for host \"{}\", user \"{}\", database \"{}\"", &code::NO_PG_HBA_ENTRY),
    ("3D000", "database \"{}\" does not exist", &code::UNKNOWN_DATABASE),
    ("42501", "permission denied for database \"{}\"", &code::NO_CONNECT_PRIVILEGE),
    ("42501", "permission denied for database {}", &code::NO_CONNECT_PRIVILEGE),
    ("53300", "sorry, too many clients already", &code::TOO_MANY_CONNECTIONS),
    ("53300", "too many connections for role \"{}\"", &code::TOO_MANY_CONNECTIONS),
    ("53300", "too many connections for database \"{}\"", &code::TOO_MANY_CONNECTIONS),
    ("53300", "remaining connection slots are reserved for {}", &code::TOO_MANY_CONNECTIONS),
    ("55000", "database \"{}\" is not currently accepting connections", &code::DATABASE_NOT_ACCEPTING),
    ("55000", "cannot connect to invalid database \"{}\"", &code::INVALID_DATABASE),
    ("57P03", "the database system is starting up", &code::SERVER_STARTING),
    ("57P03", "the database system is shutting down", &code::SERVER_STARTING),
    ("57P03", "the database system is in recovery mode", &code::SERVER_STARTING),
    ("57P03", "the database system is not yet accepting connections", &code::SERVER_STARTING),
    ("57P03", "the database system is not accepting connections", &code::SERVER_STARTING),
];

/// `PgBouncer`'s, 1.16 to 1.25, which has 08P01 for everything: also for what the server behind it has said, with another
/// code (`kill_pool_logins`).
const PGBOUNCER: &[Sentence] = &[
    ("08P01", "no such database: {}", &code::UNKNOWN_DATABASE),
    ("08P01", "database \"{}\" is disabled", &code::DATABASE_NOT_ACCEPTING),
    ("08P01", "no such user", &code::UNKNOWN_USER),
    ("08P01", "no such user: {}", &code::UNKNOWN_USER),
    ("08P01", "\"trust\" authentication failed", &code::UNKNOWN_USER),
    ("08P01", "not allowed", &code::LOGIN_NOT_PERMITTED),
    ("08P01", "login rejected", &code::PG_HBA_REJECTED),
    ("08P01", "SASL authentication failed", &code::PASSWORD_REJECTED),
    ("08P01", "password authentication failed", &code::PASSWORD_REJECTED),
    ("08P01", "PAM authentication failed", &code::PASSWORD_REJECTED),
    ("08P01", "LDAP authentication failed", &code::PASSWORD_REJECTED),
    ("08P01", "certificate authentication failed", &code::AUTHENTICATION_FAILED),
    ("08P01", "SSL required", &code::TLS_REQUIRED),
    ("08P01", "no more connections allowed", &code::TOO_MANY_CONNECTIONS),
    ("08P01", "no more connections allowed (max_client_conn)", &code::TOO_MANY_CONNECTIONS),
    ("08P01", "client connections exceeded (max_db_client_connections)", &code::TOO_MANY_CONNECTIONS),
    ("08P01", "client connections exceeded (max_user_client_connections)", &code::TOO_MANY_CONNECTIONS),
    ("08P01", "pooler is shutting down", &code::SERVER_STARTING),
    ("08P01", "server shutting down", &code::SERVER_STARTING),
    ("08P01", "admin forced disconnect", &code::SERVER_STARTING),
    ("08P01", "unsupported startup parameter: {}", &code::LOGIN_REFUSED),
    ("08P01", "unsupported startup parameter in options: {}", &code::LOGIN_REFUSED),
    ("08P01", "transaction blocks not allowed in statement pooling mode", &code::POOLER_STATEMENT_MODE),
    ("08P01", "prepared statement did not exist", &code::POOLER_MIXES_SESSIONS),
    ("08P01", "prepared statement name is already in use", &code::POOLER_MIXES_SESSIONS),
    ("08P01", "bouncer resources exhaustion", &code::OUT_OF_RESOURCES),
    ("08P01", "out of memory", &code::OUT_OF_RESOURCES),
    ("08P01", "query_timeout", &code::INTERRUPTED),
    ("08P01", "client_idle_timeout", &code::INTERRUPTED),
];

/// Around what the server behind `PgBouncer` said when the last login there failed.
const CACHED: &str = "server login has been failing, cached error: {} (server_login_retry)";

/// Supavisor's, before and since it has codes of its own in brackets.
const SUPAVISOR: &[Sentence] = &[
    ("XX000", "Tenant or user not found", &code::UNKNOWN_USER),
    ("XX000", "(ENOTFOUND) tenant/user {} not found", &code::UNKNOWN_USER),
    ("XX000", "(EAUTHQUERY) user not found in the database", &code::UNKNOWN_USER),
    (
        "XX000",
        "(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)",
        &code::UNKNOWN_USER,
    ),
    ("XX000", "Max client connections reached", &code::TOO_MANY_CONNECTIONS),
    ("XX000", "(EMAXCONN) max client connections reached, limit: {}", &code::TOO_MANY_CONNECTIONS),
    (
        "XX000",
        "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
        &code::TOO_MANY_CONNECTIONS,
    ),
    (
        "XX000",
        "(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: {}",
        &code::TOO_MANY_CONNECTIONS,
    ),
    ("XX000", "Max pools count reached", &code::TOO_MANY_CONNECTIONS),
    ("XX000", "(EMAXPOOLSREACHED) max pools count reached", &code::TOO_MANY_CONNECTIONS),
    ("XX000", "SSL connection is required", &code::TLS_REQUIRED),
    ("XX000", "(ESSLREQUIRED) SSL connection is required for user: {}", &code::TLS_REQUIRED),
    ("XX000", "(EADDRNOTALLOWED) address not in tenant allow_list: {}", &code::LOGIN_REFUSED),
    ("XX000", "(EBANNED) tenant is banned: {}", &code::DATABASE_NOT_ACCEPTING),
];

/// Those of Neon's proxy, which passes on what the server behind it said, without its code.
const NEON: &[Sentence] = &[
    ("XX000", "password authentication failed for user '{}'", &code::PASSWORD_REJECTED),
    ("XX000", "Too many connections to this endpoint. Please try again later.", &code::TOO_MANY_CONNECTIONS),
    ("XX000", "Too many connections attempts", &code::TOO_MANY_CONNECTIONS),
    (
        "XX000",
        "Failed to acquire permit to connect to the database. Too many database connection attempts are currently ongoing.",
        &code::TOO_MANY_CONNECTIONS,
    ),
    ("XX000", "The endpoint has been disabled", &code::DATABASE_NOT_ACCEPTING),
    ("XX000", "The endpoint has been disabled. {}", &code::DATABASE_NOT_ACCEPTING),
    ("XX000", "Control plane request failed: endpoint is disabled", &code::DATABASE_NOT_ACCEPTING),
    ("XX000", "Control plane request failed: endpoint cannot be found", &code::LOGIN_REFUSED),
    ("XX000", "Endpoint ID is not specified. {}", &code::LOGIN_REFUSED),
    ("XX000", "This IP address {} is not allowed to connect to this endpoint. {}", &code::LOGIN_REFUSED),
    ("XX000", "This connection is trying to access this endpoint from a blocked network.", &code::LOGIN_REFUSED),
    ("XX000", "connection is insecure (try using `sslmode=require`)", &code::TLS_REQUIRED),
];

/// Those of pgcat and `PgDog`.
const PGCAT_AND_PGDOG: &[Sentence] = &[
    ("58000", "No pool configured for database: \"{}\", user: \"{}\"", &code::UNKNOWN_DATABASE),
    ("58000", "terminating connection due to administrator command", &code::SERVER_STARTING),
    (
        "58000",
        "transaction control statements are not supported in statement pooler mode",
        &code::POOLER_STATEMENT_MODE,
    ),
    (
        "28000",
        "password for user \"{}\" and database \"{}\" is wrong, or the database does not exist",
        &code::PASSWORD_REJECTED,
    ),
    ("08004", "only TLS connections are allowed", &code::TLS_REQUIRED),
];

/// The code of a sentence that is said with this SQLSTATE.
pub(super) fn code(sqlstate: &str, text: &str) -> Option<&'static Code> {
    let said = [POSTGRES, PGBOUNCER, SUPAVISOR, NEON, PGCAT_AND_PGDOG].into_iter().flatten();
    let own = said.filter(|(known, ..)| *known == sqlstate).find(|(_, sentence, _)| is_said(sentence, text));
    match sqlstate {
        _ if own.is_some() => own.map(|(.., code)| *code),
        "08P01" | "XX000" => passed_on(between(CACHED, text).unwrap_or(text)),
        _ => None,
    }
}

/// What the server behind a pooler said.
fn passed_on(text: &str) -> Option<&'static Code> {
    POSTGRES.iter().find(|(_, sentence, _)| is_said(sentence, text)).map(|(.., code)| *code)
}

/// The text in the one hole of a sentence.
fn between<'a>(sentence: &str, text: &'a str) -> Option<&'a str> {
    let (before, after) = sentence.split_once("{}")?;
    text.strip_prefix(before)?.strip_suffix(after)
}

/// Whether the text is this sentence, with something in each of its holes. A hole ends where the words behind it begin for
/// the first time, so that one look is enough; the last one ends with the text.
fn is_said(sentence: &str, text: &str) -> bool {
    let Some((before, holes)) = sentence.split_once("{}") else { return sentence == text };
    let (middle, after) = holes.rsplit_once("{}").unwrap_or(("", holes));
    let inside = text.strip_prefix(before).and_then(|text| text.strip_suffix(after));
    let Some(mut rest) = inside else { return false };
    let fits = |hole: &str| (1..=MAX_HOLE_BYTES).contains(&hole.len());
    for words in middle.split("{}").filter(|words| !words.is_empty()) {
        match rest.split_once(words) {
            Some((hole, behind)) if fits(hole) => rest = behind,
            _ => return false,
        }
    }
    fits(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_sentences_are_known() {
        for (sqlstate, text, expected) in [
            ("08P01", "no such database: shop", Some("unknown_database")),
            ("08P01", "database \"shop\" does not exist", Some("unknown_database")),
            ("08P01", "database \"shop\" is disabled", Some("database_not_accepting")),
            ("08P01", "database \"x\" is disabled\" does not exist", Some("unknown_database")),
            ("08P01", "query_wait_timeout", None),
            ("08P01", "SASL authentication failed", Some("password_rejected")),
            ("08P01", "SASL authentication failed, they say", None),
            ("08P01", "the user no such user", None),
            ("08P01", "no such database: ", None),
            ("08P01", "password authentication failed for user \"a\"", None),
            (
                "08P01",
                "server login has been failing, cached error: database \"shop\" does not exist (server_login_retry)",
                Some("unknown_database"),
            ),
            ("08P01", "server login has been failing, cached error: connect failed (server_login_retry)", None),
            ("08P01", "transaction blocks not allowed in statement pooling mode", Some("pooler_statement_mode")),
            ("XX000", "Tenant or user not found", Some("unknown_user")),
            ("XX000", "(ENOTFOUND) tenant/user a.b not found", Some("unknown_user")),
            ("XX000", "Max client connections reached", Some("too_many_connections")),
            ("XX000", "The endpoint has been disabled", Some("database_not_accepting")),
            ("XX000", "database \"shop\" does not exist", Some("unknown_database")),
            ("XX000", "could not read block 7", None),
            ("XX000", "no such user", None),
            ("28000", "no such user", None),
            ("28000", "role \"a\" does not exist", Some("unknown_user")),
            ("28000", "role \"is not permitted to log in\" does not exist", Some("unknown_user")),
            ("28000", "Rolle »a« existiert nicht", None),
            (
                "28000",
                "no pg_hba.conf entry for host \"192.0.2.7\", user \"pg_hba.conf rejects\", database \"d\", SSL encryption",
                Some("no_pg_hba_entry"),
            ),
            (
                "28000",
                "pg_hba.conf rejects connection for host \"192.0.2.7\", user \"a\", database \"d\", SSL on",
                Some("pg_hba_rejected"),
            ),
            ("57P03", "", None),
            ("", "", None),
        ] {
            assert_eq!(code(sqlstate, text).map(|code| code.name), expected, "{sqlstate} {text}");
        }
        assert_eq!(code("08P01", &format!("no such database: {}", "x".repeat(MAX_HOLE_BYTES + 1))), None);
    }

    #[test]
    fn a_text_made_to_be_looked_at_for_long_is_not() {
        let repeated = "\", user \"".repeat(3_000);
        assert_eq!(code("28000", &format!("no pg_hba.conf entry for host \"{repeated}")), None);
    }
}
