//! What an error means that ends a login.

use std::net::IpAddr;

use super::ServerError;
use crate::diagnosis::{Code, Fault, ServerText, code};
use crate::drivers::postgres::names::identifier;

/// The login that an error is about.
#[derive(Debug, Clone, Copy)]
pub(in crate::drivers::postgres) struct About<'a> {
    pub(in crate::drivers::postgres) texts: &'a ServerText,
    pub(in crate::drivers::postgres) user: &'a str,
    pub(in crate::drivers::postgres) database: &'a str,
    pub(in crate::drivers::postgres) encrypted: bool,
    /// Whether a client certificate is set.
    pub(in crate::drivers::postgres) certificate: bool,
    /// Whether the server has seen a proof of the password. Then there is such a user: nobody else has one.
    pub(in crate::drivers::postgres) proven: bool,
}

impl ServerError {
    /// What the error means when it ends a login; `otherwise` where it is none of those that are known.
    pub(in crate::drivers::postgres) fn login_fault(&self, about: &About<'_>, otherwise: &'static Code) -> Fault {
        let known = match self.sqlstate.as_str() {
            "28000" => return self.authorization_fault(about, otherwise),
            // Who has proven the password has the right one: it is another login that failed.
            "28P01" if about.proven => None,
            "28P01" => Some(&code::PASSWORD_REJECTED),
            "3D000" => Some(&code::UNKNOWN_DATABASE),
            // A trigger on logins, or what it calls, may not do something.
            "42501" if !matches!(self.routine.as_str(), "" | "CheckMyDatabase") => None,
            "42501" => Some(&code::NO_CONNECT_PRIVILEGE),
            // One that accepts no connections is found by another routine.
            "55000" if self.routine == "InitPostgres" => Some(&code::INVALID_DATABASE),
            "55000" => Some(self.said().unwrap_or(&code::DATABASE_NOT_ACCEPTING)),
            _ => self.code(),
        };
        self.worded(known.unwrap_or(otherwise), about)
    }

    /// A fault of this kind, in words about the login where there are any.
    fn worded(&self, code: &'static Code, about: &About<'_>) -> Fault {
        let database = identifier(about.database);
        let named = self.named(code);
        if *code == code::UNKNOWN_DATABASE {
            named.message(self.with_detail(&format!("There is no database {database} on the server."), about.texts))
        } else if *code == code::NO_CONNECT_PRIVILEGE {
            named
                .message(format!("The user may not connect to the database {database}."))
                .remedy(format!("Grant it: GRANT CONNECT ON DATABASE {database} TO <user>;"))
        } else {
            self.fault(code, about.texts)
        }
    }

    /// 28000 is raised for users that are not there or may not log in, for everything in `pg_hba.conf`, for certificates,
    /// and for channel binding (PostgreSQL's sources, `miscinit.c`, `auth.c`, `auth-scram.c`).
    fn authorization_fault(&self, about: &About<'_>, otherwise: &'static Code) -> Fault {
        match self.routine.as_str() {
            "InitializeSessionUserId" => self.user_fault(about),
            "ClientAuthentication" => self.hba_fault(about),
            "read_client_first_message" | "read_client_final_message" => {
                self.fault(&code::TLS_INTERCEPTED, about.texts)
            }
            // A pooler hands on the SQLSTATE and the sentence alone.
            "" if self.said().is_some_and(is_of_hba) => self.hba_fault(about),
            _ if about.proven => self.worded(self.said().unwrap_or(otherwise), about),
            _ => self.worded(self.said().unwrap_or(&code::AUTHENTICATION_FAILED), about),
        }
    }

    /// There is no such user, or it may not log in: one routine finds both.
    fn user_fault(&self, about: &About<'_>) -> Fault {
        let known = if about.proven { Some(&code::LOGIN_NOT_PERMITTED) } else { self.said() };
        let fault = self.fault(known.unwrap_or(&code::LOGIN_NOT_PERMITTED), about.texts);
        if known.is_some() {
            return fault;
        }
        let either = "There is no such user, or the user may not log in.";
        let message = fault.message.replacen(code::LOGIN_NOT_PERMITTED.message, either, 1);
        fault.message(message).remedy("Check the user name, create the user, or let it log in: ALTER ROLE … LOGIN.")
    }

    /// A routine that says three things: two name the client's address, and the third, about the client's certificate,
    /// names nothing. The server does not say whether it would let the same client in with TLS; without TLS that is the
    /// usual reason.
    fn hba_fault(&self, about: &About<'_>) -> Fault {
        let Some(address) = client_address(&self.message, about) else {
            let code =
                if about.certificate { &code::CLIENT_CERTIFICATE_REFUSED } else { &code::CLIENT_CERTIFICATE_REQUIRED };
            return self.fault(self.said().unwrap_or(code), about.texts);
        };
        let database = identifier(about.database);
        let line =
            format!("hostssl {database} <user> {address}/{} scram-sha-256", if address.is_ipv4() { 32 } else { 128 });
        let refuses = |reason: &str| {
            format!(
                "The server's pg_hba.conf refuses this user and database from {address}, the client address that it saw, \
                 {reason}."
            )
        };
        if !about.encrypted {
            return self.named(&code::TLS_REQUIRED).message(refuses("without TLS")).remedy(format!(
                "Set ssl_mode to require or stricter. If it is still refused, add this line to pg_hba.conf and reload \
                     the server: {line}"
            ));
        }
        let (code, reason, place) = match self.said() {
            Some(code) if *code == code::PG_HBA_REJECTED => {
                (code, "by a line that rejects it", " above the line that rejects")
            }
            Some(code) if *code == code::NO_PG_HBA_ENTRY => (code, "because no line lets it in", ""),
            _ => (
                &code::NO_PG_HBA_ENTRY,
                "because no line lets it in, or by a line that rejects it",
                " above any line that rejects",
            ),
        };
        self.named(code)
            .message(refuses(reason))
            .remedy(format!("Add this line to pg_hba.conf{place} and reload the server: {line}"))
    }
}

fn is_of_hba(code: &Code) -> bool {
    [code::NO_PG_HBA_ENTRY, code::PG_HBA_REJECTED].contains(code)
}

/// The address in `no pg_hba.conf entry for host "192.0.2.1", user …`, in whatever language. A user or a database can be
/// called like an address, which then is no evidence.
pub(super) fn client_address(message: &str, about: &About<'_>) -> Option<IpAddr> {
    let misleading = [about.user, about.database].into_iter().filter(|name| address_in(name).is_some());
    let text = misleading.fold(message.to_owned(), |text, name| text.replace(name, ""));
    address_in(&text).or_else(|| address_in(message))
}

fn address_in(text: &str) -> Option<IpAddr> {
    text.split(|character: char| !(character.is_ascii_hexdigit() || matches!(character, ':' | '.')))
        .find_map(|word| word.parse().ok())
}
