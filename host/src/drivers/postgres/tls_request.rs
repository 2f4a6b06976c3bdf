//! The request for TLS on a connection that begins without (PostgreSQL manual, "SSL Session Encryption").

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::diagnosis::{Fault, code};
use crate::egress::Wire;

/// Length 8, code 80877103 (PostgreSQL manual, "Message Formats", `SSLRequest`).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Asks for TLS; on success the handshake comes next.
pub(super) async fn send(wire: &mut Wire) -> Result<(), Fault> {
    // Room for more than the one byte of an answer: what else is there says who answers, and ends the connection.
    let mut answer = [0; 16];
    let asked = async {
        wire.write_all(&SSL_REQUEST).await?;
        wire.read(&mut answer).await
    };
    let length = asked.await.map_err(|_| Fault::new(&code::CONNECTION_LOST))?;
    judge(&answer[..length])
}

fn judge(answer: &[u8]) -> Result<(), Fault> {
    match answer {
        b"S" => Ok(()),
        [] => Err(Fault::new(&code::CONNECTION_LOST)
            .message("The server closed the connection instead of answering the request for TLS.")),
        b"N" => Err(Fault::new(&code::TLS_NOT_OFFERED)),
        // Its text came unprotected from anybody, so it is not shown (CVE-2024-10977).
        [b'E', ..] => Err(Fault::new(&code::TLS_REQUEST_FAILED)),
        // Bytes before the handshake may have been put there by somebody on the way (CVE-2021-23222). SSH's greeting
        // also begins with an S.
        [b'S', rest @ ..] if !b"SH-".starts_with(&rest[..rest.len().min(3)]) => {
            Err(Fault::new(&code::PROTOCOL_VIOLATION)
                .message("The server sent unprotected data before TLS was agreed."))
        }
        _ => Err(Fault::new(&code::NOT_POSTGRES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_the_answer_to_a_request_for_tls() {
        assert_eq!(judge(b"S"), Ok(()));
        for (answer, expected) in [
            (&b""[..], "connection_lost"),
            (b"N", "tls_not_offered"),
            (b"E\0\0\0\x20", "tls_request_failed"),
            (b"SR\0\0\0\x08", "protocol_violation"),
            (b"SSH-2.0-OpenSSH", "not_postgres"),
            (b"HTTP/1.1 400 ", "not_postgres"),
            (b"J\0\0\0\n8.0.3", "not_postgres"),
            (b"NN", "not_postgres"),
        ] {
            assert_eq!(judge(answer).unwrap_err().code, expected, "{answer:?}");
        }
    }
}
