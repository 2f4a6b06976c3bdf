//! Errors of every sort, at every moment.

use test_support::hostile_postgres::mischief::{before, behind, last_words};
use test_support::hostile_postgres::{Mischief, Moment, error, message};

use super::row::{MOMENTS, Outcome, PASSWORD, Row, stage};

pub(crate) fn rows() -> Vec<Row> {
    [errors(), error_texts()].into_iter().flatten().collect()
}

fn fails(moment: Moment, name: impl Into<String>, mischief: Mischief, codes: &[&'static str]) -> Row {
    Row::at(moment, name, vec![mischief], Outcome::fails(moment, codes))
}

/// Errors by which servers say what is wrong, in their own languages and encodings.
fn errors() -> Vec<Row> {
    let mut rows = Vec::new();
    let cases: [(Moment, &str, &[u8], &[&'static str]); 16] = [
        (
            Moment::Greeting,
            "28P01",
            "Passwort-Authentifizierung für Benutzer »reader« fehlgeschlagen".as_bytes(),
            &["password_rejected"],
        ),
        (
            Moment::Greeting,
            "28P01",
            "ユーザー\"reader\"のパスワード認証に失敗しました".as_bytes(),
            &["password_rejected"],
        ),
        (
            Moment::Verifier,
            "28P01",
            "пользователь \"reader\" не прошёл проверку подлинности".as_bytes(),
            &["password_rejected"],
        ),
        // KOI8-R, Latin-1, Shift-JIS, UTF-16.
        (Moment::Verifier, "28P01", b"\xd0\xcf\xcc\xd8\xda\xcf\xd7\xc1\xd4\xc5\xcc\xd8", &["password_rejected"]),
        (Moment::Verifier, "28P01", b"f\xfcr Benutzer \xbbreader\xab", &["password_rejected"]),
        (Moment::Verifier, "28P01", b"\x83\x86\x81[\x83U\x81[", &["password_rejected"]),
        (Moment::Verifier, "28P01", b"p\x01a\x01s\x01s\x01", &["password_rejected"]),
        (Moment::Greeting, "53300", "تم تجاوز الحد الأقصى لعدد الاتصالات".as_bytes(), &["too_many_connections"]),
        (Moment::Greeting, "57P03", "データベースシステムは起動しています".as_bytes(), &["server_starting"]),
        (Moment::Session, "57P01", "завершение подключения по команде администратора".as_bytes(), &["server_starting"]),
        (Moment::Session, "3D000", "Datenbank »shop« existiert nicht".as_bytes(), &["unknown_database"]),
        (Moment::Session, "42501", "データベース\"shop\"への権限がありません".as_bytes(), &["no_connect_privilege"]),
        (Moment::Session, "55000", "قاعدة البيانات لا تقبل اتصالات".as_bytes(), &["database_not_accepting"]),
        (Moment::Session, "53300", "слишком много подключений".as_bytes(), &["too_many_connections"]),
        (Moment::Privileges, "42501", "keine Berechtigung".as_bytes(), &["privileges_failed"]),
        (Moment::Listing, "42501", "権限がありません".as_bytes(), &["discovery_failed"]),
    ];
    for (moment, sqlstate, text, codes) in cases {
        let fields = [b"SERROR\0C", sqlstate.as_bytes(), b"\0M", text, b"\0\0"].concat();
        let name = format!("{sqlstate}: {}", String::from_utf8_lossy(text));
        rows.push(fails(moment, name, last_words(message(b'E', &fields)), codes));
    }
    for class in ["00", "08", "0A", "22", "25", "40", "42", "53", "54", "57", "58", "72", "F0", "HV", "P0", "XX", "ZZ"]
    {
        let sqlstate = format!("{class}000");
        for moment in [Moment::Greeting, Moment::Session, Moment::Privileges, Moment::Listing] {
            // The state of a server is the same whatever it is asked.
            let code = match (class, moment) {
                ("08" | "58" | "F0" | "XX", _) => "server_failing",
                ("53", _) => "out_of_resources",
                ("40" | "57" | "72", _) => "interrupted",
                _ => refused(moment),
            };
            let name = format!("{sqlstate}, at {moment:?}");
            rows.push(fails(moment, name, last_words(error(&sqlstate, "something")), &[code]));
        }
    }
    rows
}

/// What an error is that says nothing more.
fn refused(moment: Moment) -> &'static str {
    match moment {
        Moment::Session => "session_failed",
        Moment::Privileges => "privileges_failed",
        Moment::Listing => "discovery_failed",
        _ => "login_refused",
    }
}

/// Errors whose words are an attack.
fn error_texts() -> Vec<Row> {
    let attack = "\u{1b}[2J\u{1b}]0;owned\u{7}<script>alert(1)</script>\u{202e}txt.exe\r\n{\"level\":\"info\"}\n";
    let large = attack.repeat((10 << 20) / attack.len());
    let repeated = format!("password {PASSWORD} of reader: \"{PASSWORD}\", {} {PASSWORD}", "x".repeat(450));
    let mut rows = Vec::new();
    for moment in MOMENTS {
        let row = |name: &str, bytes: Vec<u8>, code: &'static str| {
            fails(moment, format!("{name}, at {moment:?}"), last_words(bytes), &[code])
        };
        rows.push(row("an error that writes to terminals", error("XX000", &attack.repeat(100)), "server_failing"));
        rows.push(row("an error that repeats the password", error("XX000", &repeated), "server_failing"));
        rows.push(row("an error without fields", message(b'E', b""), refused(moment)));
        rows.push(row("an error of zeros", message(b'E', &[0; 1_000]), refused(moment)));
        rows.push(row("an error without an end", message(b'E', b"SERROR\0CXX000\0Mand"), "server_failing"));
        rows.push(row("a SQLSTATE that is none", error("\u{1b}[31m\u{202e}", "x"), refused(moment)));
        rows.push(row("a SQLSTATE of 10 KB", error(&"9".repeat(10_000), "x"), refused(moment)));
        let too_large = match moment {
            Moment::Greeting => "not_postgres",
            Moment::Listing => "listing_too_large",
            _ => "response_too_large",
        };
        rows.push(row("an error of 10 MB", error("XX000", &large), too_large));
    }
    let words = Outcome::Fails(vec![stage(Moment::Session)], vec!["server_failing"]);
    let ready = behind(error("XX000", "an error behind ReadyForQuery"));
    rows.push(Row::at(
        Moment::Session,
        "an error behind ReadyForQuery",
        vec![ready],
        Outcome::Fails(vec!["session"], vec!["protocol_violation"]),
    ));
    rows.push(Row::at(Moment::Session, "an error before ReadyForQuery", vec![before(error("XX000", "x"))], words));
    rows
}
