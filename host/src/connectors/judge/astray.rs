//! Every way in which a descriptor can lead a connection astray.

/// How a descriptor would lead a connection elsewhere, protect it less, or give a credential away. `Display` is fit for a
/// caller: what is quoted of the descriptor has been cut and escaped by [`crate::stranger::shown`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Astray {
    /// An endpoint that is not where, or not as well protected as, the tenant said.
    #[error("the {place} {wrong}")]
    Endpoint {
        /// Its role, host and port, such as `data endpoint db.example.com:5432`.
        place: String,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// A credential of this name where a driver may show it.
    #[error("the credential \"{0}\" is given to a driver's parameter")]
    CredentialInParameter(String),
    /// A secret of this name where the protocol shows it openly.
    #[error("the secret \"{0}\" is used where it would be sent openly")]
    SecretSentOpenly(String),
    /// A credential of this name for two purposes.
    #[error("the credential \"{0}\" is used for two things")]
    CredentialUsedTwice(String),
}

/// What is wrong with an endpoint, by the tenant's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// None of the places that the tenant's words allow.
    #[error("is not where the configuration leads")]
    Elsewhere,
    /// A mode below the least strict one.
    #[error("has a looser TLS mode than the configuration")]
    LooserTls,
    /// A name to verify that is neither the host's nor the tenant's.
    #[error("is verified against another name than the configuration's")]
    AnotherName,
    /// Not exactly the tenant's roots.
    #[error("trusts other roots than the configuration's")]
    OtherRoots,
}

impl Astray {
    /// A stable word for it, for whoever builds connectors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Endpoint { wrong: Wrong::Elsewhere, .. } => "leads_elsewhere",
            Self::Endpoint { wrong: Wrong::LooserTls, .. } => "loosens_tls",
            Self::Endpoint { wrong: Wrong::AnotherName, .. } => "verifies_another_name",
            Self::Endpoint { wrong: Wrong::OtherRoots, .. } => "trusts_other_roots",
            Self::CredentialInParameter(_) => "credential_in_parameter",
            Self::SecretSentOpenly(_) => "secret_sent_openly",
            Self::CredentialUsedTwice(_) => "credential_used_twice",
        }
    }
}
