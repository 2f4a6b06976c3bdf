//! What text for people is: the contract's rule, in one place.

/// Whether it is one line of at most so many bytes, and not an empty one.
pub(in crate::connectors) fn is_line(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && !text.chars().any(controls)
}

/// Whether it is lines of at most so many bytes together. Lines may be empty, and have tabs in them.
pub(in crate::connectors) fn are_lines(text: &str, most: usize) -> bool {
    text.len() <= most && !text.lines().flat_map(str::chars).any(|character| character != '\t' && controls(character))
}

/// Characters that do something instead of being seen: control characters, those that separate lines and paragraphs, and
/// those that turn the direction of what is around them (Unicode Standard Annex #9, table 4).
fn controls(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_itself_and_does_nothing() {
        // Joiners are letters' own business: Persian and emoji need them.
        for good in ["It is wrong.", "Größe, 大きさ, גודל", "می\u{200c}خواهم", "👩\u{200d}💻"] {
            assert!(is_line(good, 64), "{good:?}");
        }
        assert!(!is_line("", 64));
        assert!(is_line(&"x".repeat(64), 64) && !is_line(&"x".repeat(65), 64));
        let turning =
            ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\u{61c}', '\u{200e}', '\u{200f}']);
        for character in turning.chain(['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{2028}', '\u{2029}']) {
            assert!(!is_line(&format!("a{character}b"), 64), "{character:?}");
        }
    }

    #[test]
    fn lines_may_be_empty_and_indented() {
        for good in ["", "a\n\n\tb\n", "a\r\nb"] {
            assert!(are_lines(good, 8), "{good:?}");
        }
        for bad in ["a\rb", "a\n\u{1b}[2J", "a\u{202e}b", "a\u{2028}b", "a b c d e"] {
            assert!(!are_lines(bad, 8), "{bad:?}");
        }
    }
}
