//! How names are written in what users are told.

use crate::diagnosis::ServerText;

/// A name of the configuration as a quoted SQL identifier (PostgreSQL manual, "Identifiers and Key Words"). No credential
/// is hidden in it: a database often has the name of its user, and a statement with another name would be wrong.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", ServerText::default().clean(name.as_bytes()).replace('"', "\"\""))
}

/// Names that have been made fit to be shown, in a sentence: at most so many, and whether there are more.
pub(super) fn list(names: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = if names.len() > most { " and more" } else { "" };
    format!("{}{more}", names.take(most).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_whether_it_is_whole() {
        let listed = |most| list(["a", "b", "c"].into_iter().map(str::to_owned), most);
        assert_eq!((listed(3).as_str(), listed(2).as_str()), ("a, b, c", "a, b and more"));
    }

    #[test]
    fn an_identifier_can_be_pasted_into_a_statement() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
