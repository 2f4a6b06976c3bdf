//! Texts that a server sent. They are data of a stranger: short, without control characters, without secrets.

use crate::secrets::{Credentials, Secret};
use crate::stranger;

/// At most this many bytes of a text are kept.
const MAX_BYTES: usize = 512;

/// A shorter secret may by chance be a word of what any server says. Hidden in a sentence that everybody knows, it would be
/// known too.
const MIN_BYTES_TO_HIDE: usize = 8;

/// What stands for a text of which nothing can be shown.
const HIDDEN: &str = "[hidden]";

/// Makes a server's texts fit to be shown: a server may repeat what it was sent, or try to write to a terminal.
#[derive(Debug, Clone, Default)]
pub struct ServerText {
    secrets: Vec<(String, Secret)>,
}

impl ServerText {
    /// Hides these credentials where they stand as a whole word: each becomes its name in brackets, and of a text with a
    /// short one nothing is shown. What is said openly anyway, such as the user's name, is no secret, also where a
    /// credential is the same.
    pub fn hiding(credentials: &Credentials, open: &[&str]) -> Self {
        let is_open = |secret: &Secret| open.iter().any(|said| said.as_bytes() == secret.expose());
        let mut secrets: Vec<_> = credentials
            .iter()
            .filter(|(_, secret)| !secret.expose().is_empty() && !is_open(secret))
            .map(|(name, secret)| (name.to_owned(), secret.clone()))
            .collect();
        // The longest first, because one may be a part of another.
        secrets.sort_by_key(|(_, secret)| std::cmp::Reverse(secret.expose().len()));
        Self { secrets }
    }

    /// The text without secrets, cut to 512 bytes, its control and invisible characters escaped; `[hidden]` if nothing of
    /// it can be shown.
    pub fn clean(&self, text: &[u8]) -> String {
        let longest = self.secrets.first().map_or(0, |(_, secret)| secret.expose().len());
        let kept = text.len().min(MAX_BYTES + 2 * longest);
        let mut shown = text[..kept].to_vec();
        for (name, secret) in &self.secrets {
            match hide(&shown, name, secret.expose()) {
                Some(hidden) => shown = hidden,
                None => return HIDDEN.to_owned(),
            }
        }
        if kept < text.len() {
            // The cut may have left the first part of a secret at the end, where it is not recognised.
            shown.truncate(shown.len().saturating_sub(longest));
        }
        stranger::shown(&String::from_utf8_lossy(&shown)).within(MAX_BYTES).to_string()
    }
}

/// Puts the secret's name in the place of its value where that is a word of its own; none if it is too short for that.
/// Bytes, because neither needs to be UTF-8. A part of a longer word is shown: what the words of a well-known sentence lack
/// would give the secret away, and a server is never told it.
fn hide(text: &[u8], name: &str, value: &[u8]) -> Option<Vec<u8>> {
    let mut hidden = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(value.len()).position(|window| window == value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        hidden.extend_from_slice(before);
        let within_a_word = [hidden.last(), after.first()].into_iter().flatten().copied().any(is_of_a_word);
        if within_a_word {
            // The next one may begin within this one.
            hidden.push(value[0]);
            rest = &rest[at + 1..];
        } else if value.len() < MIN_BYTES_TO_HIDE {
            return None;
        } else {
            hidden.extend_from_slice(format!("[{name}]").as_bytes());
            rest = after;
        }
    }
    hidden.extend_from_slice(rest);
    Some(hidden)
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(values: &[(&str, &[u8])]) -> Credentials {
        let mut credentials = Credentials::default();
        for (name, value) in values {
            credentials.set((*name).to_owned(), Secret::new(*value));
        }
        credentials
    }

    #[test]
    fn cleans_what_a_server_says() {
        let credentials = credentials(&[("username", b"connections"), ("password", b"app-s3cret"), ("key", b"is")]);
        let texts = ServerText::hiding(&credentials, &["connections"]);
        for (text, expected) in [
            ("plain", "plain"),
            ("too many connections for role \"connections\"", "too many connections for role \"connections\""),
            ("x app-s3cret, y", "x [password], y"),
            ("app-s3cret", "[password]"),
            ("xapp-s3cret app-s3cret", "xapp-s3cret [password]"),
            // A short one: which word it was is not to be seen.
            ("this issue", "this issue"),
            ("it is not", "[hidden]"),
            ("is_orders", "is_orders"),
            ("\u{1b}[31mred\n", "\\u{1b}[31mred\\n"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("Müller", "Müller"),
        ] {
            assert_eq!(texts.clean(text.as_bytes()), expected);
        }
        assert_eq!(texts.clean(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn hides_what_is_no_text_or_overlaps_itself_or_another() {
        for (values, text, expected) in [
            (&[("password", &b"s\xffcretive"[..])][..], &b"x s\xffcretive x"[..], "x [password] x"),
            (&[("password", b"-aa-aa-aa")], b"x-aa-aa-aa-aa-", "x-aa-aa-aa-aa-"),
            (&[("password", b"aa-aa-aa-")], b"xaa-aa-aa-aa- x", "xaa-[password] x"),
            (&[("a", b"password1"), ("b", b"password1 password1")], b"password1 password1", "[b]"),
        ] {
            assert_eq!(ServerText::hiding(&credentials(values), &[]).clean(text), expected);
        }
    }

    #[test]
    fn cuts_to_512_bytes_and_leaves_no_part_of_a_credential() {
        let texts = ServerText::hiding(&credentials(&[("password", b"canary-canary-canary")]), &[]);
        for lead in 480..530 {
            let cleaned =
                texts.clean(format!("{} canary-canary-canary {}", "x".repeat(lead), "y".repeat(900)).as_bytes());
            assert!(cleaned.len() <= MAX_BYTES, "{}", cleaned.len());
            assert!(!cleaned.contains("canary"), "{cleaned}");
        }
        assert!(texts.clean("\u{1}".repeat(600).as_bytes()).len() <= MAX_BYTES);
    }
}
