//! A statement as it is sent, with all that stands around it.

use std::iter;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::frontend;

use super::{Encoding, Statement, TEXT};

/// Opens the transaction.
const BEGIN: &str = "begin read only";

/// Sets what holds for the transaction, whatever the user, the database or the server have set. Names that the statement
/// does not qualify are the catalog's, and temporary objects come last (PostgreSQL manual, "Schemas", `search_path`). One
/// time-out counts, which is the first. A statement is not compiled for a server's estimate of its work. What comes in
/// quotes after `current_setting` is not known to every version.
const SET: &str = "\
select pg_catalog.set_config('statement_timeout', $1, true), \
pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), \
pg_catalog.set_config('client_encoding', 'UTF8', true), \
pg_catalog.set_config('lock_timeout', '0', true), \
pg_catalog.set_config('idle_in_transaction_session_timeout', '0', true), \
case when pg_catalog.current_setting('transaction_timeout', true) is not null \
then pg_catalog.set_config('transaction_timeout', '0', true) end, \
case when pg_catalog.current_setting('jit', true) is not null \
then pg_catalog.set_config('jit', 'off', true) end";

/// From here on texts come as the server has them (PostgreSQL manual, "Character Set Support").
const SET_RAW: &str = "select pg_catalog.set_config('client_encoding', 'SQL_ASCII', true)";

/// Ends it.
pub(super) const ROLLBACK: &str = "rollback";

impl Encoding {
    /// The name of the statement's portal. It lasts over another statement only if it has one. It is gone with the
    /// transaction, so that behind a pooler too it meets no other.
    fn portal(self) -> &'static str {
        match self {
            Self::Utf8 => "",
            Self::Raw => "raw",
        }
    }
}

/// Everything in one write. An error anywhere skips what is left up to the one `Sync` (PostgreSQL manual, "Extended
/// Query"), so the statement runs inside the transaction or not at all. Opened by a simple query it would run all the
/// same where that was refused. No statement has a name: behind a pooler names belong to others as well.
pub(super) fn encode(statement: Statement<'_>, encoding: Encoding) -> std::io::Result<BytesMut> {
    let mut messages = BytesMut::with_capacity(512 + statement.text.len());
    run_unnamed(BEGIN, &[], &mut messages)?;
    run_unnamed(SET, &[statement.timeout.as_millis().to_string()], &mut messages)?;
    let portal = encoding.portal();
    parse(statement.text, statement.parameters.len(), &mut messages)?;
    frontend::describe(b'S', "", &mut messages)?;
    bind(portal, statement.parameters, &mut messages)?;
    if encoding == Encoding::Raw {
        run_unnamed(SET_RAW, &[], &mut messages)?;
    }
    frontend::execute(portal, 0, &mut messages)?;
    run_unnamed(ROLLBACK, &[], &mut messages)?;
    frontend::sync(&mut messages);
    Ok(messages)
}

fn run_unnamed(text: &str, parameters: &[String], messages: &mut BytesMut) -> std::io::Result<()> {
    parse(text, parameters.len(), messages)?;
    bind("", parameters, messages)?;
    frontend::execute("", 0, messages)
}

fn parse(text: &str, parameters: usize, messages: &mut BytesMut) -> std::io::Result<()> {
    frontend::parse("", text, iter::repeat_n(TEXT, parameters), messages)
}

fn bind(portal: &str, parameters: &[String], messages: &mut BytesMut) -> std::io::Result<()> {
    let value = |parameter: &String, message: &mut BytesMut| {
        message.extend_from_slice(parameter.as_bytes());
        Ok(IsNull::No)
    };
    // No formats at all: everything is text.
    frontend::bind(portal, "", [], parameters, value, [], messages).map_err(|error| match error {
        frontend::BindError::Serialization(error) => error,
        frontend::BindError::Conversion(error) => std::io::Error::other(error),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn everything_stands_before_one_sync_and_no_statement_has_a_name() {
        let parameters = ["a".to_owned(), "b".to_owned()];
        let timeout = Duration::from_secs(15);
        for (encoding, expected) in [(Encoding::Utf8, "PBEPBEPDBEPBES"), (Encoding::Raw, "PBEPBEPDBPBEEPBES")] {
            let statement = Statement { text: "select $1, $2", parameters: &parameters, timeout };
            let series = encode(statement, encoding).unwrap();
            let (mut rest, mut kinds) = (&series[..], String::new());
            while let Some((&kind, length)) = rest.get(..5).and_then(<[u8]>::split_first) {
                kinds.push(char::from(kind));
                let (message, after) = rest.split_at(u32::from_be_bytes(length.try_into().unwrap()) as usize + 1);
                assert!(kind != b'P' || message[5] == 0, "a statement has a name");
                rest = after;
            }
            assert_eq!((kinds.as_str(), rest.len()), (expected, 0));
        }
    }

    /// A database in any encoding can read them, whatever the client's is.
    #[test]
    fn what_stands_around_a_statement_is_ascii() {
        assert!([BEGIN, SET, SET_RAW, ROLLBACK].iter().all(|text| text.is_ascii()));
    }

    #[test]
    fn refuses_what_cannot_be_sent() {
        let timeout = Duration::from_secs(15);
        let many = vec![String::new(); 70_000];
        for statement in [
            Statement { text: "select 1\0", parameters: &[], timeout },
            Statement { text: "select 1", parameters: &many, timeout },
        ] {
            assert!(encode(statement, Encoding::Utf8).is_err());
        }
    }
}
