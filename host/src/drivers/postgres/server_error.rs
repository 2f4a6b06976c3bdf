//! Errors that PostgreSQL sends, and what they mean. The SQLSTATE decides, and the routine that raised the error where one
//! SQLSTATE has several reasons: servers speak many languages (PostgreSQL manual, "Error Codes", "Error and Notice Message
//! Fields"). Where both say too little, whole sentences do (`sentences.rs`), and whether there is an address in a message
//! about `pg_hba.conf`.

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorResponseBody;

use super::sentences;
use crate::diagnosis::{Code, Fault, ServerText, Stage, code};

mod login;

pub(super) use login::About;

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
            return self.named(&code::DISCOVER_TIMEOUT);
        }
        let own = STATEMENT_CLASSES.contains(&self.class()) && self.sqlstate != "42501" && self.code().is_none();
        if own { self.named(&code::STATEMENT_REFUSED) } else { self.fault_in(Stage::Discover, texts) }
    }

    /// Says in a fault of this error which setting of the user or the database may be behind it.
    pub(super) fn name_setting(&self, fault: Fault) -> Fault {
        let Some(setting) = setting_behind(&self.sqlstate) else { return fault };
        let remedy =
            format!("{} A {setting} that is set for the user or the database has this effect too.", fault.remedy);
        fault.remedy(remedy)
    }

    /// A fault of this code with the SQLSTATE, if that is well-formed: five digits or capital letters (PostgreSQL manual,
    /// "PostgreSQL Error Codes").
    fn named(&self, code: &Code) -> Fault {
        let is_mark = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        let fault = Fault::new(code);
        if self.sqlstate.len() == 5 && self.sqlstate.bytes().all(is_mark) {
            return fault.native_code(&self.sqlstate);
        }
        fault
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
        self.named(code).message(message)
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
}

/// The setting whose time-out an error of the server is, where it is one. They are set to ours for a statement, but what is
/// around it has those of the user, and before PostgreSQL 11 a new `statement_timeout` does not count in the transaction.
fn setting_behind(sqlstate: &str) -> Option<&'static str> {
    match sqlstate {
        "57014" => Some("statement_timeout"),
        "55P03" => Some("lock_timeout"),
        "25P03" => Some("idle_in_transaction_session_timeout"),
        "25P04" => Some("transaction_timeout"),
        "57P05" => Some("idle_session_timeout"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
