use super::login::client_address;
use super::*;
use crate::diagnosis::Blame;

fn error(sqlstate: &str, message: &str, routine: &str) -> ServerError {
    let own = |text: &str| text.to_owned();
    ServerError { sqlstate: own(sqlstate), message: own(message), routine: own(routine), ..ServerError::default() }
}

fn about(texts: &ServerText) -> About<'_> {
    About { texts, user: "a", database: "sales", encrypted: true, certificate: false, proven: false }
}

/// PostgreSQL's own sentences, also from its catalogs of other languages.
#[test]
fn tells_the_errors_of_a_login_apart() {
    let texts = ServerText::default();
    let (hba, user) = ("ClientAuthentication", "InitializeSessionUserId");
    for (sqlstate, message, routine, expected) in [
        ("28P01", "password authentication failed for user \"a\"", "auth_failed", "password_rejected"),
        ("28000", "role \"a\" does not exist", user, "unknown_user"),
        ("28000", "role \"a\" is not permitted to log in", user, "login_not_permitted"),
        // What is true of both.
        ("28000", "Rolle »a« existiert nicht", user, "login_not_permitted"),
        ("28000", "Rolle »a« hat keine Berechtigung zum Einloggen", user, "login_not_permitted"),
        ("28000", "ロール\"a\"はログインが許可されません", user, "login_not_permitted"),
        (
            "28000",
            "no pg_hba.conf entry for host \"192.0.2.7\", user \"rejections_ro\", database \"rejected_orders\", SSL encryption",
            hba,
            "no_pg_hba_entry",
        ),
        (
            "28000",
            "pg_hba.conf rejects connection for host \"192.0.2.7\", user \"a\", database \"d\", SSL encryption",
            hba,
            "pg_hba_rejected",
        ),
        ("28000", "kein pg_hba.conf-Eintrag für Host »2001:db8::7«, Benutzer »a«", hba, "no_pg_hba_entry"),
        (
            "28000",
            "pg_hba.conf rejette la connexion pour l'hôte « 192.0.2.7 », utilisateur « a », base de données « d »",
            hba,
            "no_pg_hba_entry",
        ),
        ("28000", "connection requires a valid client certificate", hba, "client_certificate_required"),
        ("28000", "Verbindung erfordert ein gültiges Client-Zertifikat", hba, "client_certificate_required"),
        ("28000", "この接続には有効なクライアント証明が必要です", hba, "client_certificate_required"),
        ("28000", "requiert un certificat client valide", hba, "client_certificate_required"),
        ("28000", "для подключения требуется годный сертификат клиента", hba, "client_certificate_required"),
        ("28000", "certificate authentication failed for user \"a\"", "auth_failed", "authentication_failed"),
        ("28000", "SCRAM channel binding check failed", "read_client_final_message", "tls_intercepted"),
        ("28000", "role \"a\" does not exist", "", "unknown_user"),
        ("3D000", "database \"d\" does not exist", "InitPostgres", "unknown_database"),
        ("42501", "permission denied for database \"d\"", "CheckMyDatabase", "no_connect_privilege"),
        ("53300", "too many connections for role \"a\"", user, "too_many_connections"),
        ("55000", "database \"d\" is not currently accepting connections", "CheckMyDatabase", "database_not_accepting"),
        ("55000", "mit ungültiger Datenbank »d« kann nicht verbunden werden", "InitPostgres", "invalid_database"),
        ("57P03", "the database system is starting up", "ProcessStartupPacket", "server_starting"),
        ("08P01", "no such user: a", "", "unknown_user"),
        ("08P01", "something new", "", "server_failing"),
        ("XX000", "what", "", "server_failing"),
        ("58030", "could not read", "", "server_failing"),
        ("57014", "canceling authentication due to timeout", "", "interrupted"),
        ("22023", "invalid value for parameter", "", "login_refused"),
        ("P0001", "not on Sundays", "exec_stmt_raise", "login_refused"),
        ("", "", "", "login_refused"),
    ] {
        let fault = error(sqlstate, message, routine).login_fault(&about(&texts), &code::LOGIN_REFUSED);
        assert_eq!(fault.code, expected, "{message}");
        assert_eq!(fault.native_code.as_deref(), (!sqlstate.is_empty()).then_some(sqlstate));
    }
    let unencrypted = About { encrypted: false, ..about(&texts) };
    let fault = error("28000", "no entry for \"192.0.2.7\"", hba).login_fault(&unencrypted, &code::LOGIN_REFUSED);
    assert_eq!(fault.code, "tls_required");
}

/// One routine has two reasons, which a proof tells apart where the language does not.
#[test]
fn who_has_proven_a_password_is_there() {
    let texts = ServerText::default();
    let error = error("28000", "роли \"a\" вход запрещён", "InitializeSessionUserId");
    let fault = error.login_fault(&about(&texts), &code::LOGIN_REFUSED);
    assert!(fault.message.starts_with("There is no such user, or"), "{}", fault.message);
    assert!(fault.remedy.contains("create the user"), "{}", fault.remedy);
    let proven = About { proven: true, ..about(&texts) };
    let fault = error.login_fault(&proven, &code::LOGIN_REFUSED);
    assert!(fault.message.starts_with("The user may not log in."), "{}", fault.message);
    assert_eq!((fault.code, fault.blame), ("login_not_permitted", Blame::Server));
}

#[test]
fn tells_the_statements_own_errors_from_others() {
    for (sqlstate, expected, privileges) in [
        ("42601", "statement_refused", "privileges_failed"),
        ("25006", "statement_refused", "privileges_failed"),
        ("0A000", "statement_refused", "privileges_failed"),
        ("22012", "statement_refused", "privileges_failed"),
        ("57014", "discover_timeout", "privileges_timeout"),
        ("42501", "discovery_failed", "privileges_failed"),
        ("42P05", "pooler_mixes_sessions", "pooler_mixes_sessions"),
        ("26000", "pooler_mixes_sessions", "pooler_mixes_sessions"),
        ("25P02", "pooler_mixes_sessions", "pooler_mixes_sessions"),
        ("22021", "text_not_convertible", "text_not_convertible"),
        ("22P05", "text_not_convertible", "text_not_convertible"),
        ("25P03", "interrupted", "interrupted"),
        ("40001", "interrupted", "interrupted"),
        ("57P05", "interrupted", "interrupted"),
        ("57P01", "server_starting", "server_starting"),
        ("53100", "out_of_resources", "out_of_resources"),
        ("53200", "out_of_resources", "out_of_resources"),
        ("58030", "server_failing", "server_failing"),
        ("XX001", "server_failing", "server_failing"),
        ("28P01", "discovery_failed", "privileges_failed"),
        ("", "discovery_failed", "privileges_failed"),
    ] {
        let (error, texts) = (ServerError::of(sqlstate), ServerText::default());
        assert_eq!(error.fault_of_statement(&texts).code, expected, "{sqlstate}");
        assert_eq!(error.fault_in(Stage::Privileges, &texts).code, privileges, "{sqlstate}");
        assert_ne!(error.fault_in(Stage::Discover, &texts).blame, Blame::Connector, "{sqlstate}");
    }
}

#[test]
fn detail_and_hint_are_shown_escaped() {
    let said = ServerError {
        sqlstate: "57P03".to_owned(),
        message: "the database system is not accepting connections".to_owned(),
        detail: "Hot standby mode is\u{1b} disabled.".to_owned(),
        hint: "h".repeat(600),
        routine: String::new(),
    };
    let texts = ServerText::default();
    let fault = said.login_fault(&about(&texts), &code::SESSION_FAILED);
    assert!(fault.message.contains("Detail: Hot standby mode is\\u{1b} disabled. Hint: hhh"), "{}", fault.message);
    assert!(fault.remedy.contains("hot_standby"), "{}", fault.remedy);
    assert!(fault.message.len() < 1_200);
}

#[test]
fn gives_a_ready_line_for_pg_hba() {
    let texts = ServerText::default();
    let about = About { database: "sa\"les", ..about(&texts) };
    let fault = error("28000", "kein pg_hba.conf-Eintrag für »192.0.2.7«", "ClientAuthentication")
        .login_fault(&about, &code::SESSION_FAILED);
    assert!(fault.message.contains("192.0.2.7"), "{}", fault.message);
    assert!(fault.message.contains("no line lets it in, or by a line that rejects it"), "{}", fault.message);
    assert!(fault.remedy.ends_with("hostssl \"sa\"\"les\" <user> 192.0.2.7/32 scram-sha-256"), "{}", fault.remedy);
}

#[test]
fn finds_the_client_address() {
    let texts = ServerText::default();
    let about = About { user: "192.0.2.9", database: "x ::2", ..about(&texts) };
    for (message, expected) in [
        ("no pg_hba.conf entry for host \"127.0.0.1\", user \"x\"", Some("127.0.0.1")),
        ("für Host „::1“, Benutzer", Some("::1")),
        ("user \"192.0.2.9\", database \"x ::2\", host \"192.0.2.7\"", Some("192.0.2.7")),
        ("no pg_hba.conf entry for host \"192.0.2.9\", user \"192.0.2.9\"", Some("192.0.2.9")),
        ("no pg_hba.conf entry for host \"[local]\", user", None),
        ("", None),
    ] {
        assert_eq!(client_address(message, &about), expected.map(|address| address.parse().unwrap()), "{message}");
    }
}
