//! Every way in which an answer can break the contract.

/// How an answer breaks the contract. `Display` says it of the connector (`it …`, `a descriptor …`), in words fit for a
/// caller: what is quoted of an answer has been cut and escaped by [`crate::stranger::shown`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// A text that must be JSON is not, for this reason.
    #[error("{what} is not JSON: {error}")]
    BadJson {
        /// Such as `an example`.
        what: &'static str,
        /// What a parser says of it, which repeats no value.
        error: String,
    },
    /// A kind of value that came after this host.
    #[error("it uses the kind of value \"{0}\", which this host does not know")]
    UnknownKind(String),
    /// A TLS mode that came after this host.
    #[error("it uses the TLS mode \"{0}\", which this host does not know")]
    UnknownTlsMode(String),
    /// More findings than anybody reads.
    #[error("it has more than {0} findings")]
    TooManyFindings(usize),
    /// A finding's code that no program can use.
    #[error(
        "a finding's code is not of lower-case letters, digits and underscores, a letter first, at most {0} of them"
    )]
    BadCode(usize),
    /// A text for people that is none.
    #[error("a text is not one line of 1 to {0} bytes, without control characters of any kind")]
    BadText(usize),
    /// The finding of this code is about a member that cannot be there.
    #[error("the finding {0} points to nowhere")]
    PointerToNowhere(String),
    /// Nothing is wrong, and there is nothing to store.
    #[error("it found no error, and gave no normalised configuration")]
    NoNormalised,
    /// Something is wrong, and there is something to store.
    #[error("it found an error, and gave a normalised configuration")]
    NormalisedBesideAnError,
    /// What would be stored is not what the connector's own form allows.
    #[error("its normalised configuration breaks its own schema")]
    NormalisedBreaksSchema,
    /// A refusal that says nothing.
    #[error("it refused without a finding that is an error")]
    RefusedWithoutAReason,
    /// A statement in a language that no driver here speaks.
    #[error("a statement is in a language that this host does not know")]
    UnknownLanguage,
    /// A statement of more than this many KiB.
    #[error("a statement is longer than {0} KiB")]
    LongStatement(usize),
    /// A zero character, which no text of a data source's protocol can have.
    #[error("a statement or a parameter of it has a zero character")]
    ZeroInStatement,
    /// A statement with a credential among its parameters.
    #[error("a statement asks for a credential")]
    CredentialInStatement,
    /// A driver that the connector has not declared, or that is not here.
    #[error("the driver \"{0}\" is not in its manifest")]
    UnknownDriver(String),
    /// No endpoint for data, or more than this many.
    #[error("a descriptor has 1 to {0} endpoints, one of them for data")]
    BadEndpoints(usize),
    /// Two authentications for one role, or more than this many.
    #[error("a descriptor has at most {0} authentications, one for each role")]
    BadAuthentications(usize),
    /// Two parameters of one name, or more than this many.
    #[error("parameters are at most {0} and have different names")]
    BadParameters(usize),
    /// A parameter that a driver or a scheme does not have.
    #[error("the {owner} has no parameter \"{name}\"")]
    UnknownParameter {
        /// Such as `driver postgres`.
        owner: String,
        /// The parameter.
        name: String,
    },
    /// A scheme that no driver here performs.
    #[error("the scheme \"{0}\" is not known")]
    UnknownScheme(String),
    /// A credential that the method does not have.
    #[error("there is no credential \"{0}\"")]
    UnknownCredential(String),
    /// A secret as a text of the connector's own: of this, such as `a password`.
    #[error("{0} must be a credential")]
    LiteralSecret(String),
}

impl Nonsense {
    /// A stable word for it, for whoever builds connectors; several ways of one sort share it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson { .. } => "bad_json",
            Self::UnknownKind(_) => "nonsense",
            Self::UnknownTlsMode(_) => "unknown_tls_mode",
            Self::TooManyFindings(_) => "too_many_findings",
            Self::BadCode(_) => "bad_code",
            Self::BadText(_) => "bad_text",
            Self::PointerToNowhere(_) => "pointer_to_nowhere",
            Self::NoNormalised => "no_normalised",
            Self::NormalisedBesideAnError => "normalised_beside_an_error",
            Self::NormalisedBreaksSchema => "normalised_breaks_schema",
            Self::RefusedWithoutAReason => "refused_without_a_reason",
            Self::UnknownLanguage | Self::LongStatement(_) | Self::ZeroInStatement => "bad_statement",
            Self::CredentialInStatement => "credential_in_statement",
            Self::UnknownDriver(_) => "unknown_driver",
            Self::BadEndpoints(_) => "bad_endpoints",
            Self::BadAuthentications(_) => "too_many_authentications",
            Self::BadParameters(_) => "duplicate_parameter",
            Self::UnknownParameter { .. } => "unknown_parameter",
            Self::UnknownScheme(_) => "unknown_scheme",
            Self::UnknownCredential(_) => "unknown_credential",
            Self::LiteralSecret(_) => "literal_secret",
        }
    }
}
