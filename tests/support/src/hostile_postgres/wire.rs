//! What a server says, byte by byte (PostgreSQL manual, "Message Formats").

/// A message of this kind.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// `RowDescription` of columns with these names and types (OIDs of `pg_type`).
pub fn row_description(columns: &[(&str, u32)]) -> Vec<u8> {
    let mut body = count(columns.len());
    for (name, type_oid) in columns {
        body.extend_from_slice(name.as_bytes());
        // No table, no column of it; then type, size, modifier and the format: text.
        body.extend_from_slice(&[0; 7]);
        body.extend_from_slice(&type_oid.to_be_bytes());
        body.extend_from_slice(&[0xff; 6]);
        body.extend_from_slice(&[0; 2]);
    }
    message(b'T', &body)
}

/// `DataRow` of these values.
pub fn data_row(values: &[Option<&[u8]>]) -> Vec<u8> {
    let mut body = count(values.len());
    for value in values {
        let length = value.map_or(-1, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.unwrap_or_default());
    }
    message(b'D', &body)
}

/// `CommandComplete`.
pub fn complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

/// `ErrorResponse` with a SQLSTATE and a message.
pub fn error(sqlstate: &str, text: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0C{sqlstate}\0M{text}\0\0").as_bytes())
}

pub(super) fn count(count: usize) -> Vec<u8> {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes().to_vec()
}
