//! A stranger's text, fit to be shown: on one line, short, and with nothing in it that does something instead of being seen.
//! Strangers are connectors, data sources, and whoever sends a request.

use std::fmt;

/// At most this many bytes are shown of a text that has no bound of its own.
const MOST_BYTES: usize = 200;

/// What stands for the rest of a text that was cut.
const CUT: char = '…';

/// A text that is escaped and cut as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    text: &'a str,
    most: usize,
}

/// Shows at most 200 bytes of a text.
pub fn shown(text: &str) -> Shown<'_> {
    Shown { text, most: MOST_BYTES }
}

impl Shown<'_> {
    /// At most so many bytes instead, escapes included.
    #[must_use]
    pub fn within(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Whether something of the text is left out.
    pub fn is_cut(self) -> bool {
        self.fit().1
    }

    /// The text as it is shown, and whether something is left out.
    fn fit(self) -> (String, bool) {
        let (mut escaped, mut kept) = (String::new(), 0);
        for character in self.text.chars() {
            escape(character, &mut escaped);
            if escaped.len() > self.most {
                // Between two characters, so that no escape is cut in two.
                escaped.truncate(kept);
                escaped.push(CUT);
                return (escaped, true);
            }
            if escaped.len() + CUT.len_utf8() <= self.most {
                kept = escaped.len();
            }
        }
        (escaped, false)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.fit().0)
    }
}

/// Appends a character, or its escape where it would do something instead of being seen.
pub fn escape(character: char, text: &mut String) {
    if character.is_control() || is_hidden(character) {
        text.extend(character.escape_default());
    } else {
        text.push(character);
    }
}

/// Characters that show nothing, break a line, or turn the direction of what is around them (Unicode Standard Annexes #9 and
/// #14, `Default_Ignorable_Code_Point`). Joiners are among them: a name in a report is to be told from its neighbour.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_text_on_one_line_that_does_nothing() {
        for (text, expected) in [
            ("", ""),
            ("Größe, 大きさ, גודל", "Größe, 大きさ, גודל"),
            ("a\\b \"c\"", "a\\b \"c\""),
            ("\u{1b}[31mred\r\n", "\\u{1b}[31mred\\r\\n"),
            ("a\u{202e}b\u{200b}c\u{2028}d\u{9b}e\0", "a\\u{202e}b\\u{200b}c\\u{2028}d\\u{9b}e\\u{0}"),
            ("a\u{e0041}\u{fe0f}\u{3164}\u{feff}", "a\\u{e0041}\\u{fe0f}\\u{3164}\\u{feff}"),
        ] {
            assert_eq!(shown(text).to_string(), expected);
        }
    }

    #[test]
    fn cuts_to_its_bound_with_escapes_and_says_so() {
        for text in ["x".repeat(300), "ä".repeat(300), "\u{1b}".repeat(300), format!("{}\u{1b}x", "x".repeat(197))] {
            for most in [3, 4, 10, 199, MOST_BYTES] {
                let cut = shown(&text).within(most).to_string();
                assert!(cut.len() <= most && cut.ends_with(CUT), "{most}: {cut}");
                assert!(!cut.contains('\\') || cut.ends_with("}…"), "{most}: {cut}");
            }
        }
        assert_eq!(shown(&"x".repeat(MOST_BYTES)).to_string(), "x".repeat(MOST_BYTES));
        assert_eq!(shown("x\u{1b}").within(7).to_string(), "x\\u{1b}");
        assert!(shown("\u{1b}\u{1b}").within(11).is_cut() && !shown("\u{1b}\u{1b}").within(12).is_cut());
    }
}
