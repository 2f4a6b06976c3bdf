//! Errors that PostgreSQL sends, and what they mean. The SQLSTATE decides, and the routine that raised the error where one
//! SQLSTATE has several reasons: servers speak many languages (PostgreSQL manual, "Error Codes", "Error and Notice Message
//! Fields"). Where both say too little, whole sentences do (`sentences.rs`), and whether there is an address in a message
//! about `pg_hba.conf`.

use std::net::IpAddr;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;

use super::sentences;
use crate::diagnosis::{Code, Fault, ServerText, Stage, code};

/// Classes of errors that are a statement's own: a feature that is not there, cardinality, values, the transaction, syntax.
const STATEMENT_CLASSES: [&str; 5] = ["0A", "21", "22", "25", "42"];

/// An error as the server sent it: a stranger's data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    pub(super) sqlstate: String,
    message: String,
    detail: String,
    hint: String,
    routine: String,
}

/// The login that an error is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) texts: &'a ServerText,
    pub(super) user: &'a str,
    pub(super) database: &'a str,
    pub(super) encrypted: bool,
    /// Whether a client certificate is set.
    pub(super) certificate: bool,
    /// Whether the server has seen a proof of the password. Then there is such a user: nobody else has one.
    pub(super) proven: bool,
}

impl From<&ErrorResponseBody> for ServerError {
    fn from(body: &ErrorResponseBody) -> Self {
        let mut error = Self::default();
        let mut fields = body.fields();
        // What comes after a field that cannot be read is left out.
        while let Ok(Some(field)) = fields.next() {
            let place = match field.type_() {
                b'C' => &mut error.sqlstate,
                b'M' => &mut error.message,
                b'D' => &mut error.detail,
                b'H' => &mut error.hint,
                b'R' => &mut error.routine,
                _ => continue,
            };
            *place = String::from_utf8_lossy(field.value_bytes()).into_owned();
        }
        error
    }
}

#[cfg(test)]
impl ServerError {
    /// One of which nothing else is known.
    pub(super) fn of(sqlstate: &str) -> Self {
        Self { sqlstate: sqlstate.to_owned(), ..Self::default() }
    }
}

impl ServerError {
    /// What the error means in a stage after the login, where it is not a connector's statement that was refused.
    pub(super) fn fault_in(&self, stage: Stage, texts: &ServerText) -> Fault {
        let otherwise = match stage {
            Stage::Privileges => &code::PRIVILEGES_FAILED,
            _ => &code::DISCOVERY_FAILED,
        };
        let code = match self.sqlstate.as_str() {
            "57014" if stage == Stage::Privileges => &code::PRIVILEGES_TIMEOUT,
            _ => self.code().filter(|code| code.stages.contains(&stage)).unwrap_or(otherwise),
        };
        self.fault(code, texts)
    }

    /// What the error means when it ends a connector's statement. What is said of that statement is not shown: it would
    /// repeat parts of it.
    pub(super) fn fault_of_statement(&self, texts: &ServerText) -> Fault {
        if self.sqlstate == "57014" {
            return Fault::new(&code::DISCOVER_TIMEOUT).sqlstate(&self.sqlstate);
        }
        let own = STATEMENT_CLASSES.contains(&self.class()) && self.sqlstate != "42501" && self.code().is_none();
        if own {
            Fault::new(&code::STATEMENT_REFUSED).sqlstate(&self.sqlstate)
        } else {
            self.fault_in(Stage::Discover, texts)
        }
    }

    /// What the error means when it ends a login; `otherwise` where it is none of those that are known.
    pub(super) fn login_fault(&self, about: &About<'_>, otherwise: &'static Code) -> Fault {
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

    /// What the error says by itself, whatever it ended.
    fn code(&self) -> Option<&'static Code> {
        self.said().or_else(|| self.state())
    }

    /// The code of the whole sentence.
    fn said(&self) -> Option<&'static Code> {
        sentences::code(&self.sqlstate, &self.message)
    }

    /// What the SQLSTATE says of the server's state.
    fn state(&self) -> Option<&'static Code> {
        let code = match (self.sqlstate.as_str(), self.class()) {
            ("53300", _) => &code::TOO_MANY_CONNECTIONS,
            ("57P01" | "57P02" | "57P03", _) => &code::SERVER_STARTING,
            ("57P04", _) => &code::UNKNOWN_DATABASE,
            // Statements here have no names, and run in transactions of their own.
            ("42P05" | "26000" | "25P02", _) => &code::POOLER_MIXES_SESSIONS,
            ("22021" | "22P05", _) => &code::TEXT_NOT_CONVERTIBLE,
            ("25P03" | "25P04" | "55P03" | "72000", _) | (_, "40" | "57") => &code::INTERRUPTED,
            (_, "53") => &code::OUT_OF_RESOURCES,
            (_, "08" | "58" | "F0" | "XX") => &code::SERVER_FAILING,
            _ => return None,
        };
        Some(code)
    }

    fn class(&self) -> &str {
        self.sqlstate.get(..2).unwrap_or_default()
    }

    /// A fault of this kind, with what the server says.
    pub(super) fn fault(&self, code: &'static Code, texts: &ServerText) -> Fault {
        let parts = [("The server says: ", &self.message), ("Detail: ", &self.detail), ("Hint: ", &self.hint)];
        let said = parts.into_iter().filter_map(|(lead, part)| {
            let part = texts.clean(part.as_bytes());
            (!part.is_empty()).then(|| format!("{lead}{part}"))
        });
        let message = [code.message.to_owned()].into_iter().chain(said).collect::<Vec<_>>().join(" ");
        Fault::new(code).message(message).sqlstate(&self.sqlstate)
    }

    /// Whether a text is not possible in the encoding of the server or of the client (PostgreSQL manual, "Error Codes").
    pub(super) fn is_of_encoding(&self) -> bool {
        matches!(self.sqlstate.as_str(), "22021" | "22P05")
    }

    /// A message with the details that the server adds.
    fn with_detail(&self, message: &str, texts: &ServerText) -> String {
        let detail = texts.clean(self.detail.as_bytes());
        if detail.is_empty() { message.to_owned() } else { format!("{message} Detail: {detail}") }
    }

    /// The same in a login, whose database is known.
    fn worded(&self, code: &'static Code, about: &About<'_>) -> Fault {
        let database = identifier(about.database);
        let named = Fault::new(code).sqlstate(&self.sqlstate);
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
            return Fault::new(&code::TLS_REQUIRED).sqlstate(&self.sqlstate).message(refuses("without TLS")).remedy(
                format!(
                    "Set ssl_mode to require or stricter. If it is still refused, add this line to pg_hba.conf and reload \
                     the server: {line}"
                ),
            );
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
        Fault::new(code)
            .sqlstate(&self.sqlstate)
            .message(refuses(reason))
            .remedy(format!("Add this line to pg_hba.conf{place} and reload the server: {line}"))
    }
}

fn is_of_hba(code: &Code) -> bool {
    [code::NO_PG_HBA_ENTRY, code::PG_HBA_REJECTED].contains(code)
}

/// The address in `no pg_hba.conf entry for host "192.0.2.1", user …`, in whatever language. A user or a database can be
/// called like an address, which then is no evidence.
fn client_address(message: &str, about: &About<'_>) -> Option<IpAddr> {
    let misleading = [about.user, about.database].into_iter().filter(|name| address_in(name).is_some());
    let text = misleading.fold(message.to_owned(), |text, name| text.replace(name, ""));
    address_in(&text).or_else(|| address_in(message))
}

fn address_in(text: &str) -> Option<IpAddr> {
    text.split(|character: char| !(character.is_ascii_hexdigit() || matches!(character, ':' | '.')))
        .find_map(|word| word.parse().ok())
}

/// A name of the configuration as a quoted SQL identifier (PostgreSQL manual, "Identifiers and Key Words"). No credential
/// is hidden in it: a database often has the name of its user, and a statement with another name would be wrong.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", ServerText::default().clean(name.as_bytes()).replace('"', "\"\""))
}

#[cfg(test)]
mod tests;
