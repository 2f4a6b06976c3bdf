//! Better words for faults that mean something special at a provider of PostgreSQL.

use crate::config::Config;
use crate::contract::exports::patchpanel::connector::diagnosis::{Advice, Fault};

/// A provider, known by the end of its host names.
struct Provider {
    suffix: &'static str,
    /// Code of the fault, what it means there, what to do.
    advice: &'static [(&'static str, &'static str, &'static str)],
}

const PROVIDERS: &[Provider] = &[
    Provider {
        suffix: ".rds.amazonaws.com",
        advice: &[
            (
                "certificate_unknown_ca",
                "Amazon RDS signs its servers with authorities of its own, which are not among the public ones.",
                "Download the certificate bundle of the region from the RDS manual and put it into ssl_root_cert.",
            ),
            (
                "connect_timeout",
                "The RDS instance did not answer; most often its security group does not let the platform in.",
                "Allow the platform's addresses on the database port in the instance's security group, and make the instance publicly accessible or reachable by a route.",
            ),
            (
                "tls_required",
                "The RDS instance accepts encrypted connections only (parameter rds.force_ssl).",
                "Set ssl_mode to verify-full and put the RDS certificate bundle into ssl_root_cert.",
            ),
        ],
    },
    Provider {
        suffix: ".postgres.database.azure.com",
        advice: &[
            (
                "connect_timeout",
                "Azure did not answer; most often the server's firewall does not let the platform in.",
                "Add the platform's addresses to the firewall rules of the server.",
            ),
            (
                "password_rejected",
                "Azure refused the user name or the password; a single server wants the user name as user@server.",
                "Check the password; on a single server write the user name as user@server.",
            ),
        ],
    },
    Provider {
        suffix: ".supabase.com",
        advice: &[(
            "unknown_user",
            "The pooler knows users only together with their project.",
            "Write the user name as user.project-reference, as the dashboard shows it.",
        )],
    },
];

/// Advice for this fault at this host, if there is better than the host's own.
pub fn advise(config: &Config, fault: &Fault) -> Option<Advice> {
    let host = config.host.to_ascii_lowercase();
    let provider = PROVIDERS.iter().find(|provider| host.ends_with(provider.suffix))?;
    let (_, message, remedy) = provider.advice.iter().find(|(code, ..)| *code == fault.code)?;
    Some(Advice { message: (*message).to_owned(), remedy: (*remedy).to_owned(), extras: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check;

    fn advice(host: &str, code: &str) -> Option<String> {
        let (_, config) = check(&format!(r#"{{"host":"{host}","database":"d"}}"#), &[]);
        let fault = Fault {
            stage: "tls".to_owned(),
            code: code.to_owned(),
            native_code: None,
            message: String::new(),
            extras: Vec::new(),
        };
        advise(&config, &fault).map(|advice| advice.remedy)
    }

    #[test]
    fn knows_providers_by_the_end_of_the_host() {
        assert!(advice("x.eu-west-1.RDS.amazonaws.com", "certificate_unknown_ca").unwrap().contains("ssl_root_cert"));
        assert_eq!(advice("rds.amazonaws.com.example.org", "certificate_unknown_ca"), None);
        assert_eq!(advice("x.rds.amazonaws.com", "unknown_database"), None);
    }
}
