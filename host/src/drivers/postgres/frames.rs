//! PostgreSQL's framing: one byte of kind, then four of length, which counts itself (PostgreSQL manual, "Message
//! Formats").

use crate::egress::guard::{Frame, Kind, Violation};

/// Reads the frame of a message that the server sends. The copy messages (`G`, `H`, `W`, `d`, `c`) are none that may come:
/// nothing here asks for them.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Frame>, Violation> {
    let kind = match bytes.first() {
        None => return Ok(None),
        Some(b'R' | b'K' | b'Z' | b'T' | b'D' | b'C' | b'E' | b'1' | b'2' | b'3' | b'n' | b's' | b't' | b'I') => {
            Kind::Answer
        }
        Some(b'S') => Kind::Setting,
        Some(b'N' | b'A') => Kind::Notice,
        Some(_) => return Err(Violation::Malformed),
    };
    let Some(length) = bytes.get(1..5).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes) else {
        return Ok(None);
    };
    if length < 4 || length > i32::MAX as u32 {
        return Err(Violation::Malformed);
    }
    Ok(Some(Frame { length: length as usize + 1, kind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_frames() {
        let frame = |length, kind| Ok(Some(Frame { length, kind }));
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"Z\0\0\0", Ok(None)),
            (b"Z\0\0\0\x05", frame(6, Kind::Answer)),
            (b"N\0\0\x01\0rest", frame(257, Kind::Notice)),
            (b"S\0\0\0\x08", frame(9, Kind::Setting)),
            (b"1\0\0\0\x04", frame(5, Kind::Answer)),
            (b"Z\0\0\0\x03", Err(Violation::Malformed)),
            (b"Z\0\0\0\0", Err(Violation::Malformed)),
            (b"D\xff\xff\xff\xff", Err(Violation::Malformed)),
            (b"D\x7f\xff\xff\xff", frame(0x8000_0000, Kind::Answer)),
            (b"H", Err(Violation::Malformed)),
            (b"\0", Err(Violation::Malformed)),
        ] {
            assert_eq!(read(bytes), expected, "{bytes:?}");
        }
    }
}
