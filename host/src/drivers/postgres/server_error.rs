//! Errors that PostgreSQL sends, and what they mean. The SQLSTATE decides first, then the routine that raised the error,
//! and only then the text, because servers speak many languages (PostgreSQL manual, "Error Codes", "Error and Notice
//! Message Fields").

use std::net::IpAddr;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;

use crate::diagnosis::{Code, Fault, ServerText, code};

/// An error as the server sent it: a stranger's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerError {
    pub(super) sqlstate: String,
    message: String,
    routine: String,
}

/// The login that an error is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) texts: &'a ServerText,
    pub(super) database: &'a str,
    pub(super) encrypted: bool,
    /// Whether a client certificate is set.
    pub(super) certificate: bool,
}

impl From<&ErrorResponseBody> for ServerError {
    fn from(body: &ErrorResponseBody) -> Self {
        let mut error = Self { sqlstate: String::new(), message: String::new(), routine: String::new() };
        let mut fields = body.fields();
        // What comes after a field that cannot be read is left out.
        while let Ok(Some(field)) = fields.next() {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'C' => error.sqlstate = value,
                b'M' => error.message = value,
                b'R' => error.routine = value,
                _ => {}
            }
        }
        error
    }
}

#[cfg(test)]
impl ServerError {
    /// One of which nothing else is known.
    pub(super) fn of(sqlstate: &str) -> Self {
        Self { sqlstate: sqlstate.to_owned(), message: String::new(), routine: String::new() }
    }
}

impl ServerError {
    /// A fault of this kind, with what the server says.
    pub(super) fn fault(&self, code: &Code, texts: &ServerText) -> Fault {
        let said = texts.clean(self.message.as_bytes());
        let message =
            if said.is_empty() { code.message.to_owned() } else { format!("{} The server says: {said}", code.message) };
        Fault::new(code).message(message).sqlstate(&self.sqlstate)
    }

    /// What the error means when it ends a login; `otherwise` where it is none of the usual ones.
    pub(super) fn login_fault(&self, about: &About<'_>, otherwise: &Code) -> Fault {
        match self.sqlstate.as_str() {
            "28P01" => self.fault(&code::PASSWORD_REJECTED, about.texts),
            "28000" => self.authorization_fault(about),
            "3D000" => Fault::new(&code::UNKNOWN_DATABASE)
                .sqlstate(&self.sqlstate)
                .message(format!("There is no database {} on the server.", identifier(about.database))),
            "42501" => {
                let database = identifier(about.database);
                Fault::new(&code::NO_CONNECT_PRIVILEGE)
                    .sqlstate(&self.sqlstate)
                    .message(format!("The user may not connect to the database {database}."))
                    .remedy(format!("Grant it: GRANT CONNECT ON DATABASE {database} TO <user>;"))
            }
            "53300" => self.fault(&code::TOO_MANY_CONNECTIONS, about.texts),
            "55000" => self.fault(&code::DATABASE_NOT_ACCEPTING, about.texts),
            "57P01" | "57P02" | "57P03" => self.fault(&code::SERVER_STARTING, about.texts),
            "08P01" => self.fault(self.pooler_code().unwrap_or(otherwise), about.texts),
            _ => self.fault(otherwise, about.texts),
        }
    }

    /// 28000 is raised for users that are not there or may not log in, and for everything in `pg_hba.conf`.
    fn authorization_fault(&self, about: &About<'_>) -> Fault {
        if self.routine == "InitializeSessionUserId" || self.message.contains("does not exist") {
            let not_permitted = self.message.contains("not permitted");
            let code = if not_permitted { &code::LOGIN_NOT_PERMITTED } else { &code::UNKNOWN_USER };
            return self.fault(code, about.texts);
        }
        match client_address(&self.message) {
            Some(address) => self.hba_fault(address, about),
            None if self.message.contains("client certificate") && !about.certificate => {
                self.fault(&code::CLIENT_CERTIFICATE_REQUIRED, about.texts)
            }
            None => self.fault(&code::AUTHENTICATION_FAILED, about.texts),
        }
    }

    /// The server does not say whether it would let the same client in with TLS; without TLS that is the usual reason.
    fn hba_fault(&self, address: IpAddr, about: &About<'_>) -> Fault {
        let database = identifier(about.database);
        let line =
            format!("hostssl {database} <user> {address}/{} scram-sha-256", if address.is_ipv4() { 32 } else { 128 });
        let rejected = self.message.contains("reject");
        let (code, reason) = if !about.encrypted {
            (&code::TLS_REQUIRED, "without TLS")
        } else if rejected {
            (&code::PG_HBA_REJECTED, "by a line that rejects it")
        } else {
            (&code::NO_PG_HBA_ENTRY, "because no line lets it in")
        };
        let fault = Fault::new(code).sqlstate(&self.sqlstate).message(format!(
            "The server's pg_hba.conf refuses this user and database from {address}, the client address that it saw, {reason}."
        ));
        if !about.encrypted {
            return fault.remedy(format!(
                "Set ssl_mode to require or stricter. If it is still refused, add this line to pg_hba.conf and reload the server: {line}"
            ));
        }
        let place = if rejected { " above the line that rejects" } else { "" };
        fault.remedy(format!("Add this line to pg_hba.conf{place} and reload the server: {line}"))
    }

    /// Poolers answer with the code for violations of the protocol (`PgBouncer`, `disconnect_client`).
    fn pooler_code(&self) -> Option<&'static Code> {
        let says = |part| self.message.contains(part);
        if says("no such database") {
            Some(&code::UNKNOWN_DATABASE)
        } else if says("no such user") {
            Some(&code::UNKNOWN_USER)
        } else if says("no more connections allowed") {
            Some(&code::TOO_MANY_CONNECTIONS)
        } else if says("SSL required") || says("TLS required") {
            Some(&code::TLS_REQUIRED)
        } else {
            None
        }
    }
}

/// The address in `no pg_hba.conf entry for host "192.0.2.1", user …`, in whatever language.
fn client_address(message: &str) -> Option<IpAddr> {
    message
        .split(|character: char| !(character.is_ascii_hexdigit() || matches!(character, ':' | '.')))
        .find_map(|word| word.parse().ok())
}

/// A name of the configuration as a quoted SQL identifier (PostgreSQL manual, "Identifiers and Key Words"). No credential
/// is hidden in it: a database often has the name of its user, and a statement with another name would be wrong.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", ServerText::default().clean(name.as_bytes()).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(sqlstate: &str, message: &str, routine: &str) -> ServerError {
        ServerError { sqlstate: sqlstate.to_owned(), message: message.to_owned(), routine: routine.to_owned() }
    }

    #[test]
    fn tells_the_errors_of_a_login_apart() {
        let texts = ServerText::default();
        let about = |encrypted| About { texts: &texts, database: "sales", encrypted, certificate: false };
        for (encrypted, sqlstate, message, routine, expected) in [
            (true, "28P01", "password authentication failed for user \"a\"", "auth_failed", "password_rejected"),
            (true, "28000", "role \"a\" does not exist", "InitializeSessionUserId", "unknown_user"),
            (true, "28000", "Rolle »a« existiert nicht", "InitializeSessionUserId", "unknown_user"),
            (true, "28000", "role \"a\" is not permitted to log in", "InitializeSessionUserId", "login_not_permitted"),
            (
                true,
                "28000",
                "no pg_hba.conf entry for host \"192.0.2.7\", user \"a\", database \"d\", SSL encryption",
                "ClientAuthentication",
                "no_pg_hba_entry",
            ),
            (
                true,
                "28000",
                "kein pg_hba.conf-Eintrag für Host »2001:db8::7«, Benutzer »a«",
                "ClientAuthentication",
                "no_pg_hba_entry",
            ),
            (
                false,
                "28000",
                "no pg_hba.conf entry for host \"192.0.2.7\", user \"a\", database \"d\", no encryption",
                "ClientAuthentication",
                "tls_required",
            ),
            (
                true,
                "28000",
                "pg_hba.conf rejects connection for host \"192.0.2.7\", user \"a\"",
                "ClientAuthentication",
                "pg_hba_rejected",
            ),
            (
                true,
                "28000",
                "connection requires a valid client certificate",
                "ClientAuthentication",
                "client_certificate_required",
            ),
            (true, "28000", "certificate authentication failed for user \"a\"", "auth_failed", "authentication_failed"),
            (true, "3D000", "database \"d\" does not exist", "InitPostgres", "unknown_database"),
            (true, "42501", "permission denied for database \"d\"", "CheckMyDatabase", "no_connect_privilege"),
            (true, "53300", "too many connections for role \"a\"", "InitializeSessionUserId", "too_many_connections"),
            (
                true,
                "55000",
                "database \"d\" is not currently accepting connections",
                "CheckMyDatabase",
                "database_not_accepting",
            ),
            (true, "57P03", "the database system is starting up", "ProcessStartupPacket", "server_starting"),
            (true, "08P01", "no such user: a", "", "unknown_user"),
            (true, "XX000", "what", "", "session_failed"),
        ] {
            let fault = error(sqlstate, message, routine).login_fault(&about(encrypted), &code::SESSION_FAILED);
            assert_eq!(fault.code, expected, "{message}");
            assert_eq!(fault.sqlstate.as_deref(), Some(sqlstate));
        }
    }

    #[test]
    fn gives_a_ready_line_for_pg_hba() {
        let texts = ServerText::default();
        let about = About { texts: &texts, database: "sa\"les", encrypted: true, certificate: false };
        let fault = error("28000", "no pg_hba.conf entry for host \"192.0.2.7\", user", "")
            .login_fault(&about, &code::SESSION_FAILED);
        assert!(fault.message.contains("192.0.2.7"), "{}", fault.message);
        assert!(fault.remedy.ends_with("hostssl \"sa\"\"les\" <user> 192.0.2.7/32 scram-sha-256"), "{}", fault.remedy);
    }

    #[test]
    fn finds_the_client_address() {
        for (message, expected) in [
            ("no pg_hba.conf entry for host \"127.0.0.1\", user \"x\"", Some("127.0.0.1")),
            ("für Host „::1“, Benutzer", Some("::1")),
            ("no pg_hba.conf entry for host \"[local]\", user", None),
            ("", None),
        ] {
            assert_eq!(client_address(message), expected.map(|address| address.parse().unwrap()), "{message}");
        }
    }
}
