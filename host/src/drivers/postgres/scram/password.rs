//! A password as SCRAM hashes it: prepared by `SASLprep` (RFC 4013) as PostgreSQL does it, which decides what a user's secret
//! was made of (PostgreSQL's sources, `src/common/saslprep.c`). It differs from the RFC: what must not be there, and the
//! direction of letters, is looked for before the normalisation, not behind it. A password that is not fit for `SASLprep` is
//! hashed as it is.

use stringprep::tables;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The bytes to hash.
pub(super) fn prepare(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let prepared = str::from_utf8(password).ok().filter(|text| !text.is_ascii()).and_then(normalise);
    prepared.unwrap_or_else(|| Zeroizing::new(password.to_vec()))
}

/// None where `SASLprep` refuses the text.
fn normalise(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut mapped = Zeroizing::new(Vec::with_capacity(text.len()));
    let characters = text
        .chars()
        .map(|character| if tables::non_ascii_space_character(character) { ' ' } else { character })
        .filter(|&character| !tables::commonly_mapped_to_nothing(character));
    mapped.extend(characters);
    let fit = !mapped.is_empty() && !mapped.iter().copied().any(is_prohibited) && has_one_direction(&mapped);
    fit.then(|| {
        let length = mapped.iter().copied().nfkc().map(char::len_utf8).sum();
        let mut normalised = Zeroizing::new(Vec::with_capacity(length));
        let mut bytes = Zeroizing::new([0; 4]);
        for character in mapped.iter().copied().nfkc() {
            normalised.extend_from_slice(character.encode_utf8(bytes.as_mut()).as_bytes());
        }
        normalised
    })
}

/// RFC 4013, sections 2.3 and 2.5: also what Unicode 3.2 did not know.
fn is_prohibited(character: char) -> bool {
    [
        tables::unassigned_code_point,
        tables::non_ascii_space_character,
        tables::ascii_control_character,
        tables::non_ascii_control_character,
        tables::private_use,
        tables::non_character_code_point,
        tables::inappropriate_for_plain_text,
        tables::inappropriate_for_canonical_representation,
        tables::change_display_properties_or_deprecated,
        tables::tagging_character,
    ]
    .iter()
    .any(|table| table(character))
}

/// RFC 3454, section 6: with a letter from right to left there is none from left to right, and the first and the last
/// character are such letters.
fn has_one_direction(text: &[char]) -> bool {
    let leftward = |character: &char| tables::bidi_r_or_al(*character);
    !text.iter().any(leftward)
        || !text.iter().any(|&character| tables::bidi_l(character))
            && text.first().is_some_and(leftward)
            && text.last().is_some_and(leftward)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepares_as_postgresql_does() {
        for (password, expected) in [
            ("plain \u{7f}", "plain \u{7f}"),
            ("caf\u{e9}", "caf\u{e9}"),
            ("cafe\u{301}", "caf\u{e9}"),
            ("\u{2168}\u{a0}x", "IX x"),
            ("I\u{ad}X\u{200d}\u{e9}", "IX\u{e9}"),
            // Nobody knew these in Unicode 3.2, so they stay as they are, and all that is beside them.
            ("\u{1d56}\u{1d43}\u{2e2}\u{2e2}", "\u{1d56}\u{1d43}\u{2e2}\u{2e2}"),
            ("\u{32ff}pw", "\u{32ff}pw"),
            ("\u{1f130}bc\u{2168}", "\u{1f130}bc\u{2168}"),
            // Nothing is left.
            ("\u{ad}", "\u{ad}"),
            // Control characters beside others, private use, two directions, and letters that do not frame the text.
            ("\u{e9}\u{7}\u{2168}", "\u{e9}\u{7}\u{2168}"),
            ("\u{e000}\u{2168}", "\u{e000}\u{2168}"),
            ("\u{5d0}b\u{2168}", "\u{5d0}b\u{2168}"),
            ("\u{5d0}1\u{ff11}", "\u{5d0}1\u{ff11}"),
            ("\u{5d0}\u{ff11}\u{5d1}", "\u{5d0}1\u{5d1}"),
        ] {
            assert_eq!(str::from_utf8(&prepare(password.as_bytes())).unwrap(), expected, "{password:?}");
        }
        assert_eq!(*prepare(b"s\xffcret"), *b"s\xffcret");
    }
}
