//! `patchpanel token`: a development token on standard output.

use anyhow::Context as _;
use jiff::SignedDuration;
use patchpanel::auth::Role;
use patchpanel::auth::development::{Error, SigningKey, Subject};
use patchpanel::clock;
use patchpanel::settings::Settings;

use super::Failure;

/// Prints a token for the HTTP API of development mode, alone on standard output.
///
/// It is signed with the key in the data directory, which is made if it is not there; a host with the same data
/// directory accepts it. In production tokens come from your identity provider.
#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// The organization that the token is for.
    #[arg(long, value_name = "ORGANIZATION")]
    org: String,
    /// The project in which the role holds. Without it, it holds in the organization and all its projects.
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// What the caller may do.
    #[arg(long, value_enum)]
    role: Role,
    /// The user's name; the API shows it as `user:<name>`.
    #[arg(long, value_name = "NAME", default_value = "developer")]
    subject: String,
    /// How long the token is valid, such as 15m, 1h or 30d; at most 366d.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_lifetime)]
    ttl: SignedDuration,
}

pub(super) fn run(settings: &Settings, command: &Token) -> Result<(), Failure> {
    if settings.production {
        let message =
            "`patchpanel token` is for development mode; in production tokens come from your identity provider";
        return Err(Failure::Input(anyhow::anyhow!(message)));
    }
    let key = SigningKey::open(&settings.token_key_file()?).context("cannot sign a token")?;
    let subject = Subject {
        subject: command.subject.clone(),
        organization: command.org.clone(),
        project: command.project.clone(),
        role: command.role,
    };
    let token =
        key.mint(&subject, &settings.token_audience, command.ttl, clock::timestamp()).map_err(|error| match error {
            Error::Name { .. } | Error::Lifetime => Failure::Input(error.into()),
            Error::File { .. } | Error::Readable(_) | Error::Malformed(_) | Error::Cryptography => {
                Failure::Other(error.into())
            }
        })?;
    super::print(&format!("{token}\n"))
}

/// Reads `90s`, `15m`, `1h`, `30d` or an ISO 8601 duration; a day has 24 hours.
fn parse_lifetime(text: &str) -> Result<SignedDuration, String> {
    let span: jiff::Span = text.parse().map_err(|_| "not a duration such as 15m, 1h or 30d".to_owned())?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| "not a duration such as 15m, 1h or 30d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_durations() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3600), ("1h30m", 5400), ("30d", 2_592_000)] {
            assert_eq!(parse_lifetime(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in ["", "1", "h", "soon", "1 fortnight"] {
            assert!(parse_lifetime(text).is_err(), "{text}");
        }
    }
}
