//! Names that people give: of connections, tags and projects. What looks the same is the same (Unicode's normalization form
//! C, UAX #15), and nothing is in a name that nobody sees.

use icu_properties::props::{
    BidiControl, CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji, ExtendedPictographic, JoiningType,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::auth::Tenant;
use crate::finding::Finding;

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Characters that a name may have, and a tag, as the schema of the body has it.
const MAX_NAME_CHARACTERS: usize = 255;
const MAX_TAG_CHARACTERS: usize = 64;

/// Asks for the text as it looks (U+FE0E) or for the picture (U+FE0F) of the character before it.
const PRESENTATION: [char; 2] = ['\u{fe0e}', '\u{fe0f}'];

/// The name in normalization form C.
pub(super) fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// What is wrong with the name and with these of the tags of a connection.
pub(super) fn check(name: Option<&str>, tags: &[String], is_checked: impl Fn(&&String) -> bool) -> Vec<Finding> {
    let tags = tags.iter().enumerate().filter(|(_, tag)| is_checked(tag));
    let tags = tags.map(|(index, tag)| (format!("/tags/{index}"), tag.as_str(), MAX_TAG_CHARACTERS));
    let names = name.map(|name| ("/name".to_owned(), name, MAX_NAME_CHARACTERS)).into_iter().chain(tags);
    names.flat_map(|(pointer, name, most)| check_one(&pointer, name, most)).collect()
}

fn check_one(pointer: &str, name: &str, most: usize) -> impl Iterator<Item = Finding> + use<> {
    let invisible = invisible_in(name).map(|what| refuse(pointer, "It", &what));
    invisible.into_iter().chain(check_length(pointer, name, most))
}

/// The schema of the body counts what was sent. What is stored can be longer: composing makes three characters of some.
fn check_length(pointer: &str, name: &str, most: usize) -> Option<Finding> {
    (name.nfc().count() > most).then(|| {
        let message = format!("It must have at most {most} characters in Unicode's normalization form C.");
        Finding::error("too_long", pointer, &message).with_hint("Shorten it: some characters are several in that form.")
    })
}

/// What keeps a project from having new connections: it is compared as it was sent, so that it must be written in one way.
pub(super) fn check_project(tenant: &Tenant) -> Option<Finding> {
    let project = tenant.project.as_deref()?;
    let subject = "The project (header X-Project-ID)";
    if let Some(what) = invisible_in(project) {
        return Some(refuse("", subject, &what));
    }
    (!is_nfc(project)).then(|| {
        Finding::error("not_normalized", "", &format!("{subject} is not in Unicode's normalization form C."))
            .with_hint("Send its name in that form (NFC).")
    })
}

fn refuse(pointer: &str, subject: &str, what: &str) -> Finding {
    Finding::error("invisible_character", pointer, &format!("{subject} has the invisible character {what}."))
        .with_hint("Remove that character, or type the name by hand.")
}

/// The first character that has no place in a name, and where it is.
fn invisible_in(name: &str) -> Option<String> {
    let characters: Vec<char> = name.chars().collect();
    let index = (0..characters.len()).find(|index| is_out_of_place(&characters, *index))?;
    let character = characters[index];
    Some(format!("U+{:04X} {} at position {}", u32::from(character), called(character), index + 1))
}

/// Whether a character is not seen, or orders the others, and nothing around it asks for it.
fn is_out_of_place(characters: &[char], index: usize) -> bool {
    let character = characters[index];
    let is_unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        || CodePointSetData::new::<BidiControl>().contains(character)
        // Ends of lines and paragraphs, and notes between the lines.
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}');
    let (before, after) = (&characters[..index], &characters[index + 1..]);
    is_unseen
        && match character {
            ZERO_WIDTH_NON_JOINER => !is_behind_virama(before) && !parts_joined_letters(before, after),
            ZERO_WIDTH_JOINER => !is_behind_virama(before) && !joins_pictures(before, after),
            _ if PRESENTATION.contains(&character) => {
                !before.last().is_some_and(|last| CodePointSetData::new::<Emoji>().contains(*last))
            }
            _ => true,
        }
}

/// After a virama a joiner chooses the form of a conjunct, as in Hindi (RFC 5892, appendices A.1 and A.2; UAX #31, section
/// 2.3).
fn is_behind_virama(before: &[char]) -> bool {
    let class = |character: &char| CodePointMapData::<CanonicalCombiningClass>::new().get(*character);
    before.last().is_some_and(|last| class(last) == CanonicalCombiningClass::Virama)
}

/// Between letters that would join, a non-joiner keeps them apart, as in Persian (RFC 5892, appendix A.1).
fn parts_joined_letters(before: &[char], after: &[char]) -> bool {
    let joining = |character: &&char| CodePointMapData::<JoiningType>::new().get(**character);
    let is_letter = |character: &&char| joining(character) != JoiningType::Transparent;
    let left = before.iter().rev().find(is_letter).map(|letter| joining(&letter));
    let right = after.iter().find(is_letter).map(|letter| joining(&letter));
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// Between pictures a joiner makes one of them (UTS #51, section 2.3).
fn joins_pictures(before: &[char], after: &[char]) -> bool {
    let is_picture = |character: &char| CodePointSetData::new::<ExtendedPictographic>().contains(*character);
    let is_skin = |character: &char| matches!(character, '\u{1f3fb}'..='\u{1f3ff}');
    let mut left = before.iter().rev().skip_while(|last| PRESENTATION.contains(last) || is_skin(last));
    left.next().is_some_and(is_picture) && after.first().is_some_and(is_picture)
}

/// What Unicode calls the characters that are met most.
fn called(character: char) -> &'static str {
    match character {
        '\u{00ad}' => "SOFT HYPHEN",
        '\u{034f}' => "COMBINING GRAPHEME JOINER",
        '\u{061c}' => "ARABIC LETTER MARK",
        '\u{115f}' => "HANGUL CHOSEONG FILLER",
        '\u{1160}' => "HANGUL JUNGSEONG FILLER",
        '\u{180e}' => "MONGOLIAN VOWEL SEPARATOR",
        '\u{200b}' => "ZERO WIDTH SPACE",
        '\u{200c}' => "ZERO WIDTH NON-JOINER",
        '\u{200d}' => "ZERO WIDTH JOINER",
        '\u{200e}' => "LEFT-TO-RIGHT MARK",
        '\u{200f}' => "RIGHT-TO-LEFT MARK",
        '\u{2028}' => "LINE SEPARATOR",
        '\u{2029}' => "PARAGRAPH SEPARATOR",
        '\u{202a}' => "LEFT-TO-RIGHT EMBEDDING",
        '\u{202b}' => "RIGHT-TO-LEFT EMBEDDING",
        '\u{202c}' => "POP DIRECTIONAL FORMATTING",
        '\u{202d}' => "LEFT-TO-RIGHT OVERRIDE",
        '\u{202e}' => "RIGHT-TO-LEFT OVERRIDE",
        '\u{2060}' => "WORD JOINER",
        '\u{2061}' => "FUNCTION APPLICATION",
        '\u{2062}' => "INVISIBLE TIMES",
        '\u{2063}' => "INVISIBLE SEPARATOR",
        '\u{2064}' => "INVISIBLE PLUS",
        '\u{2066}' => "LEFT-TO-RIGHT ISOLATE",
        '\u{2067}' => "RIGHT-TO-LEFT ISOLATE",
        '\u{2068}' => "FIRST STRONG ISOLATE",
        '\u{2069}' => "POP DIRECTIONAL ISOLATE",
        '\u{3164}' => "HANGUL FILLER",
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => "VARIATION SELECTOR",
        '\u{feff}' => "ZERO WIDTH NO-BREAK SPACE",
        '\u{ffa0}' => "HALFWIDTH HANGUL FILLER",
        '\u{e0001}'..='\u{e007f}' => "TAG CHARACTER",
        _ => "(a format character)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_are_taken() {
        for name in [
            "Sales (EU) / 2024!",
            "Übergröße",
            "売上データ",
            "हिन्दी क्‍ष",
            "می‌خواهم",
            "বাংলা র‍্যাম",
            "שלום עולם",
            "👩🏽‍💻 Analytics ❤️",
            "👨‍👩‍👧",
            "1️⃣ first",
            "",
        ] {
            // Bengali writes ra and ya-phala with a joiner before the virama, for which there is no rule of these.
            let exception = name.contains("র\u{200d}");
            assert_eq!(invisible_in(name).is_some(), exception, "{name:?}: {:?}", invisible_in(name));
        }
    }

    #[test]
    fn what_nobody_sees_is_named_with_its_place() {
        for (name, what) in [
            ("Sales\u{202e}txt", "U+202E RIGHT-TO-LEFT OVERRIDE at position 6"),
            ("\u{feff}Sales", "U+FEFF ZERO WIDTH NO-BREAK SPACE at position 1"),
            ("Sa\u{200b}les", "U+200B ZERO WIDTH SPACE at position 3"),
            ("Sa\u{200d}les", "U+200D ZERO WIDTH JOINER at position 3"),
            ("Sa\u{200c}les", "U+200C ZERO WIDTH NON-JOINER at position 3"),
            ("می\u{200c}", "U+200C ZERO WIDTH NON-JOINER at position 3"),
            ("Sales\u{2067}x\u{2069}", "U+2067 RIGHT-TO-LEFT ISOLATE at position 6"),
            ("a\u{ad}b", "U+00AD SOFT HYPHEN at position 2"),
            ("a\u{fe0f}", "U+FE0F VARIATION SELECTOR at position 2"),
            ("a\u{3164}", "U+3164 HANGUL FILLER at position 2"),
            ("a\u{e0041}", "U+E0041 TAG CHARACTER at position 2"),
            ("a\u{2028}b", "U+2028 LINE SEPARATOR at position 2"),
            ("❤️\u{200d}a", "U+200D ZERO WIDTH JOINER at position 3"),
        ] {
            assert_eq!(invisible_in(name).as_deref(), Some(what), "{name:?}");
        }
    }

    #[test]
    fn what_is_composed_is_counted() {
        let tag = "\u{fb2c}".repeat(22);
        for (name, tag, expected) in [
            ("𝔸".repeat(255), "é".repeat(64), &[][..]),
            ("e\u{301}".repeat(255), "e\u{301}".repeat(64), &[]),
            (format!("a{}", "\u{1d160}".repeat(254)), tag, &["/name too_long", "/tags/0 too_long"]),
            ("\u{1d160}".repeat(85), "\u{fb2c}".repeat(21), &[]),
            ("𝔸".repeat(256), "x".to_owned(), &["/name too_long"]),
        ] {
            for (name, tag) in [(composed(&name), composed(&tag)), (name, tag)] {
                let found = check(Some(&name), &[tag], |_| true);
                let found: Vec<_> = found.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect();
                assert_eq!(found, expected, "{name}");
            }
        }
    }

    #[test]
    fn a_project_is_written_in_one_way() {
        let found = |project: Option<&str>| {
            let tenant = Tenant { organization: "acme".to_owned(), project: project.map(str::to_owned) };
            check_project(&tenant).map(|finding| finding.code)
        };
        assert_eq!(found(None), None);
        assert_eq!(found(Some("süd")), None);
        assert_eq!(found(Some("su\u{308}d")).as_deref(), Some("not_normalized"));
        assert_eq!(found(Some("s\u{202e}")).as_deref(), Some("invisible_character"));
    }
}
