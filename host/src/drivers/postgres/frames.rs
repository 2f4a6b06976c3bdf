//! PostgreSQL's framing: one byte of kind, then four of length, which counts itself (PostgreSQL manual, "Message
//! Formats").

use crate::egress::guard::{Frame, Violation};

/// What the server may send to a client that never copies. The copy messages (`G`, `H`, `W`, `d`, `c`) are left out:
/// nothing here asks for them.
const ANSWERS: &[u8] = b"RKZTDCE123nstI";

/// Notices, notifications and changed parameters: they come whenever the server likes.
pub(super) const ASIDES: &[u8] = b"NAS";

/// Reads the frame of a message that the server sends.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Frame>, Violation> {
    let Some(&kind) = bytes.first() else { return Ok(None) };
    let aside = ASIDES.contains(&kind);
    if !aside && !ANSWERS.contains(&kind) {
        return Err(Violation::Malformed);
    }
    let Some(length) = bytes.get(1..5).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes) else {
        return Ok(None);
    };
    if length < 4 || length > i32::MAX as u32 {
        return Err(Violation::Malformed);
    }
    Ok(Some(Frame { length: length as usize + 1, aside }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_frames() {
        let frame = |length, aside| Ok(Some(Frame { length, aside }));
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"Z\0\0\0", Ok(None)),
            (b"Z\0\0\0\x05", frame(6, false)),
            (b"N\0\0\x01\0rest", frame(257, true)),
            (b"1\0\0\0\x04", frame(5, false)),
            (b"Z\0\0\0\x03", Err(Violation::Malformed)),
            (b"Z\0\0\0\0", Err(Violation::Malformed)),
            (b"D\xff\xff\xff\xff", Err(Violation::Malformed)),
            (b"D\x7f\xff\xff\xff", frame(0x8000_0000, false)),
            (b"H", Err(Violation::Malformed)),
            (b"\0", Err(Violation::Malformed)),
        ] {
            assert_eq!(read(bytes), expected, "{bytes:?}");
        }
    }
}
