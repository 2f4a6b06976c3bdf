//! Origins of web pages, as settings name them.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;

/// An origin as a browser writes it (RFC 6454, section 6.1): scheme, host, and the port where it is not the scheme's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// What is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is written as a browser sends it: http or https, the host in lower case (in Punycode), and a port only if it \
     is not 80 or 443, such as https://console.example.com; no path, no `*`"
)]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let uri: Uri = text.parse().map_err(|_| NoOrigin)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(NoOrigin) };
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err(NoOrigin),
        };
        let is_as_written = format!("{scheme}://{authority}") == text && text.to_ascii_lowercase() == text;
        let is_plain = !authority.as_str().contains(['@', '*', '%']) && !authority.host().is_empty();
        // `host:` and a port that is no number have none here.
        let port_is_right = match authority.port_u16() {
            Some(port) => port != own_port && authority.as_str() == format!("{}:{port}", authority.host()),
            None => authority.as_str() == authority.host(),
        };
        if !is_as_written || !is_plain || !port_is_right {
            return Err(NoOrigin);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_exact() {
        for good in [
            "https://console.example.com",
            "http://localhost:3000",
            "https://console.example.com:8443",
            "http://[::1]:3000",
            "https://xn--bcher-kva.example",
        ] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "console.example.com",
            "https://",
            "https://*.example.com",
            "https://console.example.com/",
            "https://console.example.com/path",
            "https://console.example.com?x",
            "https://user@console.example.com",
            "https://Console.example.com",
            "HTTPS://console.example.com",
            "https://console.example.com:443",
            "http://localhost:80",
            "https://console.example.com:",
            "https://console.example.com:x",
            "https://console.example.com:08443",
            "ftp://console.example.com",
            "https://a.example https://b.example",
            "file:///x",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(NoOrigin), "{bad}");
        }
    }
}
