//! Texts that must come out nowhere, in whatever form.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Every form in which a text could leak.
pub fn forms(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned()];
    for offset in 0..3 {
        let padded = [&vec![b'x'; offset][..], text.as_bytes()].concat();
        // The first and the last characters depend on what stands around the text.
        let inner = |encoded: String| encoded[4..padded.len() / 3 * 4].to_owned();
        forms.extend([inner(STANDARD.encode(&padded)), inner(URL_SAFE.encode(&padded))]);
    }
    let each = |form: fn(u8) -> String, separator: &str| text.bytes().map(form).collect::<Vec<_>>().join(separator);
    forms.extend([
        each(|byte| format!("{byte:02x}"), ""),
        each(|byte| format!("{byte:02X}"), ""),
        each(|byte| format!("%{byte:02X}"), ""),
        each(|byte| format!("\\u{byte:04x}"), ""),
        each(|byte| byte.to_string(), ","),
        each(|byte| byte.to_string(), ", "),
    ]);
    forms
}

/// The canaries that are in these bytes.
pub fn leaks<'a>(canaries: &'a [String], bytes: &[u8]) -> Vec<&'a str> {
    // Each byte as a character: all forms are ASCII.
    let text: String = bytes.iter().copied().map(char::from).collect();
    let found = |canary: &str| forms(canary).iter().any(|form| text.contains(form.as_str()));
    canaries.iter().map(String::as_str).filter(|canary| found(canary)).collect()
}
