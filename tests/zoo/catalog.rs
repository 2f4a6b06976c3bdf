//! What must become of each hostile connector of `tests/guests`: one row for each, no guest without one.

use Outcome::{Fails, Harmless, Invalid, Refused, Says, Stops};

/// One connector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Its name; its type is this after `zoo-`.
    pub(crate) guest: &'static str,
    /// What makes it misbehave.
    pub(crate) call: Call,
    /// The configuration's `trigger` for that.
    pub(crate) trigger: &'static str,
    /// The configuration's `ssl_mode`; empty for none.
    pub(crate) ssl_mode: &'static str,
    /// What must happen then.
    pub(crate) outcome: Outcome,
}

/// When a connector misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// When it is loaded.
    Load,
    /// When a connection is verified to a port of 127.0.0.1 where nothing listens.
    Verify,
    /// When a connection to a database that works is verified.
    Discover,
    /// When a connection that was registered is tested.
    Use,
}

/// What must happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is not loaded: the code of a reason, and a part of the reason.
    Refused(&'static str, &'static str),
    /// The request fails, by the connector's fault: status, code and a part of the message.
    Fails(u16, &'static str, &'static str),
    /// The request is refused with a finding of this code.
    Invalid(&'static str),
    /// The test ends at this stage with this code.
    Stops(&'static str, &'static str),
    /// Nothing more than this part of a warning, the same at every call. Else as `Harmless`.
    Says(&'static str),
    /// Nothing: the connection is tried as with `good`.
    Harmless,
}

const fn row(call: Call, guest: &'static str, outcome: Outcome) -> Row {
    Row { guest, call, trigger: "on", ssl_mode: "", outcome }
}

const fn load(guest: &'static str, code: &'static str, part: &'static str) -> Row {
    row(Call::Load, guest, Refused(code, part))
}

const fn verify(guest: &'static str, outcome: Outcome) -> Row {
    row(Call::Verify, guest, outcome)
}

const fn discover(guest: &'static str, outcome: Outcome) -> Row {
    row(Call::Discover, guest, outcome)
}

const fn cpu_time() -> Outcome {
    Fails(504, "CONNECTOR_LIMIT_CPU_TIME", "100 ms of CPU time")
}

const fn memory() -> Outcome {
    Fails(502, "CONNECTOR_LIMIT_MEMORY", "32 MiB of memory")
}

const fn handles() -> Outcome {
    Fails(502, "CONNECTOR_LIMIT_HANDLES", "10000 handles")
}

const fn answer() -> Outcome {
    Fails(502, "CONNECTOR_LIMIT_ANSWER_BYTES", "1024 KiB of answer")
}

const fn trap() -> Outcome {
    Fails(502, "CONNECTOR_FAILED", "1.0.0 failed")
}

/// It says something that is none of the contract's answers.
const fn nonsense(part: &'static str) -> Outcome {
    Fails(502, "CONNECTOR_FAILED", part)
}

/// It leads to where the tenant did not.
const fn astray(part: &'static str) -> Outcome {
    Fails(502, "CONNECTOR_FAILED", part)
}

impl Row {
    const fn trigger(self, trigger: &'static str) -> Self {
        Self { trigger, ..self }
    }

    const fn ssl_mode(self, ssl_mode: &'static str) -> Self {
        Self { ssl_mode, ..self }
    }
}

const ELSEWHERE: &str = "is not where the configuration leads";

/// Every guest.
pub(crate) const ROWS: &[Row] = &[
    discover("good", Harmless),
    discover("generation", Harmless),
    // Those that never end
    load("spin-in-start", "self_check", "100 ms of CPU time"),
    load("spin-in-manifest", "self_check", "100 ms of CPU time"),
    verify("spin-in-validate", cpu_time()),
    verify("spin-in-describe", cpu_time()),
    discover("spin-in-plan", cpu_time()),
    // The host's own words do.
    verify("spin-in-diagnose", Harmless),
    verify("spin-in-realloc", cpu_time()),
    verify("spin-in-post-return", cpu_time()),
    verify("spin-filling-memory", cpu_time()),
    verify("sleep", Harmless),
    verify("poll-for-ever", cpu_time()),
    verify("poll-nothing", trap()),
    verify("wait-for-the-clock", cpu_time()),
    verify("wait-for-input", Harmless),
    // Those that eat
    verify("grow-memory", memory()),
    verify("grow-memory-and-go-on", Harmless),
    verify("grow-memory-in-realloc", memory()),
    verify("grow-table", Fails(502, "CONNECTOR_LIMIT_TABLE_ELEMENTS", "10000 table elements")),
    load("declare-four-gibibytes", "memories_too_large", "4294967296"),
    load("declare-a-large-table", "tables_too_large", "10000 are allowed"),
    verify("recurse", Fails(502, "CONNECTOR_LIMIT_STACK", "512 KiB of stack")),
    verify("hoard-handles", handles()),
    verify("hoard-pollables", handles()),
    verify("flood-log", cpu_time()),
    verify("flood-output", cpu_time()),
    verify("log-long-lines", Harmless),
    verify("log-too-long-a-line", answer()),
    verify("write-without-a-line-break", Harmless),
    verify("write-in-manifest", Harmless),
    verify("take-random-memory", trap()),
    verify("answer-two-mebibytes", answer()),
    verify("answer-one-gibibyte", memory()),
    verify("answer-many-findings", answer()),
    verify("answer-101-findings", nonsense("more than 100 findings")),
    verify("answer-many-extras", answer()),
    verify("answer-one-text-often", answer()),
    // What is long here is the tenant's doing; these only pass it on.
    verify("echo-in-escapes", Harmless),
    verify("repeat-the-endpoint", Harmless),
    load("describe-itself-at-length", "self_check", "1024 KiB of answer"),
    load("offer-many-methods", "too_many", "authentication methods"),
    load("offer-many-slow-examples", "too_many", "examples"),
    load("schema-that-doubles", "schema", "20000 values"),
    load("schema-of-many-errors", "example", "does not accept its own example"),
    load("schema-of-long-words", "example", "does not accept its own example"),
    load("schema-of-large-patterns", "schema", "patterns"),
    load("schema-of-slow-patterns", "schema", "patterns"),
    load("credentials-of-slow-patterns", "schema", "patterns"),
    // What its texts and its schema do to a page is in the tests of the console.
    verify("break-the-form", Says("<b>bold</b>")),
    // Those that lie about bytes
    verify("lie-about-a-length", trap()),
    verify("lie-about-a-place", trap()),
    verify("lie-about-a-list", trap()),
    verify("overflow-a-list", trap()),
    verify("answer-no-utf8", trap()),
    verify("answer-no-option", trap()),
    verify("answer-no-severity", trap()),
    verify("answer-behind-memory", trap()),
    verify("answer-at-an-odd-place", trap()),
    verify("allocate-behind-memory", trap()),
    verify("allocate-at-the-end", trap()),
    verify("log-behind-memory", trap()),
    verify("log-at-no-level", trap()),
    verify("log-in-realloc", trap()),
    verify("log-in-post-return", trap()),
    verify("log-forged-lines", Harmless),
    // Those that lie about themselves
    load("claim-another-type", "duplicate_type", "postgres"),
    load("claim-a-path", "type_name", "type-name"),
    load("call-itself-by-escapes", "title", "control characters"),
    load("call-itself-in-reverse", "title", "control characters"),
    load("instruct-in-reverse", "setup", "control characters"),
    load("ask-for-an-unknown-driver", "unknown_driver", "telnet"),
    load("offer-no-examples", "incomplete", "examples"),
    load("refuse-its-example", "example", "does not accept its own example"),
    load("reach-home", "approval_needed", "attacker.example"),
    load("reach-home-by-label", "approval_needed", "attacker.example"),
    load("decide-the-tls-mode", "tls_approval_needed", "it decides the TLS mode disable"),
    load("default-to-no-tls", "tls_approval_needed", "it decides the TLS mode disable"),
    load("decide-the-roots", "tls_approval_needed", "it decides the trusted root sha256:"),
    load("decide-the-server-name", "tls_approval_needed", "it decides the server name"),
    load("schema-with-back-references", "schema", "config-schema"),
    load("schema-with-look-around", "schema", "config-schema"),
    load("schema-from-elsewhere", "schema", "http://127.0.0.1:1/schema"),
    load("schema-from-a-file", "schema", "file:///etc/passwd"),
    load("schema-of-itself", "schema", "back to itself"),
    load("schema-left-open", "schema", "config-schema"),
    load("schema-too-deep", "self_check", "64 levels"),
    load("ask-for-a-password", "secret_in_config", "admin_password"),
    load("show-a-password", "unmarked_secret", "password"),
    load("import-http", "unexpected_import", "wasi:http/outgoing-handler@0.2.0"),
    // Those that lie about the configuration
    verify("finding-to-nowhere", nonsense("points to nowhere")),
    verify("finding-with-escapes", nonsense("control characters")),
    verify("finding-in-reverse", nonsense("control characters")),
    verify("finding-of-two-lines", nonsense("control characters")),
    verify("finding-without-words", nonsense("1 to 512 bytes")),
    verify("finding-of-a-novel", nonsense("1 to 512 bytes")),
    verify("finding-with-a-bad-hint", nonsense("control characters")),
    verify("finding-with-a-bad-code", nonsense("lower-case letters, digits and underscores")),
    verify("finding-of-unknown-severity", Invalid("zoo")),
    verify("normalise-to-no-json", nonsense("is not JSON")),
    verify("normalise-to-a-list", nonsense("breaks its own schema")),
    verify("normalise-beyond-its-schema", nonsense("breaks its own schema")),
    verify("normalise-with-duplicates", nonsense("occurs twice")),
    verify("normalise-too-deep", nonsense("64 levels")),
    verify("normalise-with-half-a-character", nonsense("is not JSON")),
    verify("normalise-to-a-huge-number", nonsense("out of range")),
    verify("normalise-nothing", nonsense("gave no normalised configuration")),
    verify("normalise-beside-an-error", nonsense("gave a normalised configuration")),
    verify("refuse-without-a-reason", nonsense("without a finding that is an error")),
    verify("refuse-with-a-warning", nonsense("without a finding that is an error")),
    verify("refuse-what-it-accepted", Invalid("zoo")),
    verify("advise-with-escapes", Harmless),
    verify("advise-without-words", Harmless),
    // Those that steal
    verify("plant-canaries", Harmless),
    verify("search-memory", Says("Found 0 canaries, and 0 words in ")),
    verify("count-calls", Says("Called 0 times before.")),
    verify("read-environment", Says("Read 0 variables, 0 arguments, 0 directories.")),
    verify("read-files", Says("Found 0 directories.")),
    verify("read-input", Says("Read 0 bytes.")),
    verify("look-up-a-name", Says("It was refused.")),
    verify("open-sockets", Says("Opened 0 sockets.")),
    // Those that would like to answer differently every time
    verify("read-random", Says("Random: ")),
    verify("read-random-in-manifest", Harmless),
    verify("read-clocks", Says("Time: ")),
    // Those that lead elsewhere
    verify("lead-elsewhere", astray(ELSEWHERE)),
    verify("lead-to-loopback", astray(ELSEWHERE)),
    verify("lead-to-metadata", astray(ELSEWHERE)),
    verify("lead-to-a-socket", astray(ELSEWHERE)),
    verify("lead-to-a-list", astray(ELSEWHERE)),
    verify("lead-by-user-information", astray(ELSEWHERE)),
    verify("lead-to-an-empty-host", astray(ELSEWHERE)),
    verify("lead-to-another-port", astray(ELSEWHERE)),
    verify("lead-to-port-zero", astray(ELSEWHERE)),
    verify("lead-nowhere", nonsense("1 to 16 endpoints")),
    verify("lead-to-two-places", astray(ELSEWHERE)),
    verify("lead-through-a-hop", astray(ELSEWHERE)),
    Row { trigger: "127.0.0.1", ..verify("lead-to-a-second-host", Harmless) },
    verify("lead-to-many-places", nonsense("1 to 16 endpoints")),
    verify("lead-elsewhere-by-normalising", astray(ELSEWHERE)),
    row(Call::Use, "lead-elsewhere-in-use", astray(ELSEWHERE)),
    verify("loosen-tls", astray("looser TLS mode")).ssl_mode("verify-full"),
    verify("loosen-tls-to-unverified", astray("looser TLS mode")).ssl_mode("verify-full"),
    verify("trust-other-roots", astray("trusts other roots")),
    verify("verify-another-name", astray("verified against another name")),
    verify("ask-for-an-unknown-tls-mode", nonsense("the TLS mode \"opportunistic\"")),
    verify("describe-an-unknown-driver", nonsense("the driver \"mysql\"")),
    verify("describe-an-unknown-scheme", nonsense("the scheme \"trust\"")),
    verify("set-an-unknown-option", nonsense("no parameter \"options\"")),
    verify("set-a-parameter-twice", nonsense("have different names")),
    verify("set-a-parameter-with-a-zero", Stops("config", "control_character")),
    verify("set-an-endless-timeout", Harmless),
    verify("set-no-timeout", Harmless),
    verify("set-a-negative-number", Stops("config", "descriptor_unsupported")),
    verify("set-an-endless-pool", Harmless),
    verify("use-a-credential-as-database", astray("given to a driver's parameter")),
    verify("use-the-password-as-username", astray("would be sent openly")),
    verify("use-an-unknown-credential", nonsense("no credential \"master_key\"")),
    verify("use-a-credential-twice", astray("used for two things")),
    verify("use-a-key-as-text", nonsense("must be a credential")),
    verify("use-a-password-of-its-own", nonsense("must be a credential")),
    verify("use-an-unknown-kind-of-value", nonsense("the kind of value \"secret\"")),
    verify("authenticate-twice", nonsense("one for each role")),
    verify("authenticate-elsewhere", Stops("config", "descriptor_unsupported")),
    // Those that plan something else
    discover("plan-two-statements", Stops("discover", "statement_refused")),
    discover("plan-a-write", Stops("discover", "statement_refused")),
    discover("plan-to-leave-the-transaction", Stops("discover", "statement_refused")),
    discover("plan-to-lift-its-limits", Stops("discover", "statement_refused")),
    discover("plan-other-columns", Stops("discover", "unexpected_columns")),
    discover("plan-a-sleep", Stops("discover", "discover_timeout")),
    discover("plan-rows-without-end", Stops("discover", "listing_too_large")),
    discover("plan-long-values", Stops("discover", "listing_too_large")),
    discover("plan-to-copy", Stops("discover", "statement_refused")),
    discover("plan-in-another-language", nonsense("a language that this host does not know")),
    discover("plan-a-long-statement", nonsense("longer than 64 KiB")),
    discover("plan-with-a-credential", nonsense("asks for a credential")),
    discover("plan-with-too-many-parameters", Harmless),
    discover("plan-with-a-zero", nonsense("a zero character")),
    discover("refuse-to-plan", nonsense("without a finding that is an error")),
    discover("trap-in-plan", trap()),
    // Those that fail, some of them later
    load("trap-in-manifest", "self_check", "failed"),
    verify("trap", trap()),
    verify("panic", trap()),
    verify("divide-by-zero", trap()),
    verify("write-behind-memory", trap()),
    verify("call-the-wrong-type", trap()),
    verify("exit", trap()),
    verify("trap-in-diagnose", Harmless),
    verify("trap-in-post-return", trap()),
    verify("trap-on-some", trap()).trigger("177"),
    row(Call::Use, "trap-in-use", trap()),
    row(Call::Use, "refuse-in-use", Stops("config", "config_rejected")),
];

#[test]
fn every_guest_has_its_row_and_every_row_its_guest() {
    let mut rows: Vec<&str> = ROWS.iter().map(|row| row.guest).collect();
    rows.sort_unstable();
    let guests: Vec<String> = test_support::guests::all().unwrap().into_keys().collect();
    assert_eq!(rows, guests);
}
