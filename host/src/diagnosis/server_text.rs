//! Texts that a server sent. They are data of a stranger: short, without control characters, without credentials.

use std::fmt::Write;

use crate::secrets::{Credentials, Secret};

/// At most this many bytes of a text are kept.
const MAX_BYTES: usize = 512;

/// A shorter credential is only looked for as a whole word, or it would tear up every text (`app` in `application`).
const MIN_BYTES_ANYWHERE: usize = 4;

/// Makes a server's texts fit to be shown: a server may repeat what it was sent, or try to write to a terminal.
#[derive(Debug, Clone, Default)]
pub struct ServerText {
    credentials: Vec<(String, Secret)>,
}

impl ServerText {
    /// Hides these credentials: each occurrence becomes the credential's name in brackets.
    pub fn hiding(credentials: &Credentials) -> Self {
        let mut credentials: Vec<_> = credentials
            .iter()
            .filter(|(_, secret)| !secret.expose().is_empty())
            .map(|(name, secret)| (name.to_owned(), secret.clone()))
            .collect();
        // The longest first, because a user name may be a part of the password.
        credentials.sort_by_key(|(_, secret)| std::cmp::Reverse(secret.expose().len()));
        Self { credentials }
    }

    /// The text without credentials, cut to 512 bytes, its control and invisible characters escaped.
    pub fn clean(&self, text: &[u8]) -> String {
        let longest = self.credentials.first().map_or(0, |(_, secret)| secret.expose().len());
        let kept = text.len().min(MAX_BYTES + 2 * longest);
        let mut shown = text[..kept].to_vec();
        for (name, secret) in &self.credentials {
            shown = hide(&shown, name, secret.expose());
        }
        if kept < text.len() {
            // The cut may have left the first part of a credential at the end, where it is not recognised.
            shown.truncate(shown.len().saturating_sub(longest));
        }
        escape(&String::from_utf8_lossy(&shown))
    }
}

/// Puts the credential's name in the place of its value. Bytes, because neither needs to be UTF-8.
fn hide(text: &[u8], name: &str, value: &[u8]) -> Vec<u8> {
    let mut hidden = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(value.len()).position(|window| window == value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        hidden.extend_from_slice(before);
        let within_a_word = [hidden.last(), after.first()].into_iter().flatten().any(u8::is_ascii_alphanumeric);
        if value.len() < MIN_BYTES_ANYWHERE && within_a_word {
            hidden.extend_from_slice(value);
        } else {
            hidden.extend_from_slice(format!("[{name}]").as_bytes());
        }
        rest = after;
    }
    hidden.extend_from_slice(rest);
    hidden
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len().min(MAX_BYTES));
    for character in text.chars() {
        let before = escaped.len();
        if character.is_control() || is_invisible(character) {
            // Writing to a string does not fail.
            let _ = write!(escaped, "{}", character.escape_default());
        } else {
            escaped.push(character);
        }
        if escaped.len() > MAX_BYTES - '…'.len_utf8() {
            escaped.truncate(before);
            escaped.push('…');
            break;
        }
    }
    escaped
}

/// Characters that show nothing or turn the direction of what follows (Unicode Standard Annex #9).
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_what_a_server_says() {
        let mut credentials = Credentials::default();
        credentials.set("username".to_owned(), Secret::new("app"));
        credentials.set("password".to_owned(), Secret::new("app-s3cret"));
        let texts = ServerText::hiding(&credentials);
        for (text, expected) in [
            ("plain", "plain"),
            ("user \"app\" of application", "user \"[username]\" of application"),
            ("app", "[username]"),
            ("x app-s3cretx", "x [password]x"),
            ("\u{1b}[31mred\n", "\\u{1b}[31mred\\n"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("Müller", "Müller"),
        ] {
            assert_eq!(texts.clean(text.as_bytes()), expected);
        }
        assert_eq!(texts.clean(b"\xff"), "\u{fffd}");
        credentials.set("password".to_owned(), Secret::new(*b"s\xffcret"));
        assert_eq!(ServerText::hiding(&credentials).clean(b"x s\xffcret x"), "x [password] x");
    }

    #[test]
    fn cuts_to_512_bytes_and_leaves_no_part_of_a_credential() {
        let mut credentials = Credentials::default();
        credentials.set("password".to_owned(), Secret::new("canary-canary-canary"));
        let texts = ServerText::hiding(&credentials);
        for lead in 480..530 {
            let cleaned =
                texts.clean(format!("{}canary-canary-canary{}", "x".repeat(lead), "y".repeat(900)).as_bytes());
            assert!(cleaned.len() <= MAX_BYTES, "{}", cleaned.len());
            assert!(!cleaned.contains("canary"), "{cleaned}");
        }
        assert!(texts.clean("\u{1}".repeat(600).as_bytes()).len() <= MAX_BYTES);
    }
}
