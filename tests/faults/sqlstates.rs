//! Whatever a server answers at whatever moment: no panic, a code that `explain` has for that stage, and never the
//! credential's or the connector's fault where it is not.

use std::collections::HashMap;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use test_support::codes::Codes;
use test_support::hostile_postgres::scripts::{answer_own, begin_statement};
use test_support::hostile_postgres::{HostilePostgres, Session, error, message};
use test_support::sales;

use super::{Attempt, Report, attempt, host};

/// Every SQLSTATE of PostgreSQL (manual, "Error Codes"): the class, and what follows it in each code; and some of nobody.
const SQLSTATES: &[(&str, &str)] = &[
    ("00", "000"),
    ("01", "000 003 004 006 007 008 00C P01"),
    ("02", "000 001"),
    ("03", "000"),
    ("08", "000 001 003 004 006 007 P01"),
    ("09", "000"),
    ("0A", "000"),
    ("0B", "000"),
    ("0F", "000 001"),
    ("0L", "000 P01"),
    ("0P", "000"),
    ("0Z", "000 002"),
    ("20", "000"),
    ("21", "000"),
    (
        "22",
        "000 001 002 003 004 005 007 008 009 00B 00C 00D 00F 00G 00H 00L 00M 00N 00S 00T 010 011 012 013 014 015 016 018 \
         019 01B 01E 01F 01G 01W 01X 021 022 023 024 025 026 027 02E 02G 02H 030 031 032 033 034 035 036 037 038 039 03A \
         03B 03C 03D 03E 03F 03G P01 P02 P03 P04 P05 P06",
    ),
    ("23", "000 001 502 503 505 514 P01"),
    ("24", "000"),
    ("25", "000 001 002 003 004 005 006 007 008 P01 P02 P03 P04"),
    ("26", "000"),
    ("27", "000"),
    ("28", "000 P01"),
    ("2B", "000 P01"),
    ("2D", "000"),
    ("2F", "000 002 003 004 005"),
    ("34", "000"),
    ("38", "000 001 002 003 004"),
    ("39", "000 001 004 P01 P02 P03"),
    ("3B", "000 001"),
    ("3D", "000"),
    ("3F", "000"),
    ("40", "000 001 002 003 P01"),
    (
        "42",
        "000 501 601 602 611 622 701 702 703 704 710 712 723 725 803 804 809 830 846 883 8C9 939 P01 P02 P03 P04 P05 P06 \
         P07 P08 P09 P10 P11 P12 P13 P14 P15 P16 P17 P18 P19 P20 P21 P22",
    ),
    ("44", "000"),
    ("53", "000 100 200 300 400"),
    ("54", "000 001 011 023"),
    ("55", "000 006 P02 P03 P04"),
    ("57", "000 014 P01 P02 P03 P04 P05"),
    ("58", "000 030 P01 P02"),
    ("72", "000"),
    ("F0", "000 001"),
    (
        "HV",
        "000 001 002 004 005 006 007 008 009 00A 00B 00C 00D 00J 00K 00L 00M 00N 00P 00Q 00R 010 014 021 024 090 091",
    ),
    ("P0", "000 001 002 003 004"),
    ("XX", "000 001 002"),
    ("ZZ", "999 abc"),
    ("é", "x"),
];

/// When the server says it.
const MOMENTS: [&str; 4] = ["authenticate", "session", "privileges", "discover"];

/// Classes of a server that fails, which may have recovered later.
const FAILING: [&str; 5] = ["08", "53", "57", "58", "XX"];

/// Classes of what a statement is to blame for, and the codes in them that come of poolers, settings, rights and data.
const OF_STATEMENTS: [&str; 5] = ["0A", "21", "22", "25", "42"];
const NOT_OF_STATEMENTS: [&str; 8] = ["22021", "22P05", "25P02", "25P03", "25P04", "42501", "42P05", "57014"];

/// Tests at once.
const THREADS: usize = 8;

/// The database's name is the moment and what is said then.
fn answer(session: &mut Session, startup: &HashMap<String, String>) -> io::Result<()> {
    let (moment, sqlstate) = startup["database"].split_once(' ').ok_or(io::ErrorKind::InvalidData)?;
    let refusal = error(sqlstate, "this is not the way");
    if moment == "authenticate" {
        return session.send(&refusal);
    }
    session.prove(sales::READER_PASSWORD)?;
    if moment == "session" {
        return session.send(&[message(b'R', &[0; 4]), refusal].concat());
    }
    session.welcome()?;
    if moment == "privileges" {
        session.wait_for(b'S')?;
    } else {
        answer_own(session)?;
        begin_statement(session)?;
    }
    session.send(&refusal)?;
    if ["22021", "22P05"].contains(&sqlstate) && moment == "discover" {
        // Asked once more, for the bytes as they are.
        session.send(&message(b'Z', b"I"))?;
        begin_statement(session)?;
        session.send(&refusal)?;
    }
    Ok(())
}

/// Every code, by its name.
fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| Codes::ask(host()).unwrap())
}

/// What is wrong with how it was told, if anything.
fn judge(moment: &str, sqlstate: &str, report: &Report) -> Option<&'static str> {
    let fault = report.failed();
    let (class, blame) = (sqlstate.get(..2).unwrap_or_default(), fault["blame"].as_str().unwrap());
    // The server looks users up after it has said that all is well.
    let early = moment == "session" && fault["stage"] == "authenticate" && class == "28";
    let of_statement = OF_STATEMENTS.contains(&class) && !NOT_OF_STATEMENTS.contains(&sqlstate) || sqlstate == "57014";
    let failing = FAILING.contains(&class) && !["57P04", "57014"].contains(&sqlstate);
    if fault["stage"] != moment && !early {
        Some("another stage")
    } else if !codes().explain(fault) || fault["code"] == "unclassified" {
        Some("not what explain says")
    } else if blame == "host" || blame == "network" {
        Some("nothing to do with it")
    } else if blame == "credential" && class != "28" {
        Some("no fault of the credentials")
    } else if (blame == "connector") != (moment == "discover" && of_statement) {
        Some("the connector's fault or not")
    } else if failing && (blame != "server" || fault["retryable"] != true) {
        Some("the server's fault, for now")
    } else {
        None
    }
}

#[test]
fn every_error_at_every_moment_has_its_code_and_blame() {
    let server = HostilePostgres::start_before_login(answer).unwrap();
    let attempt = attempt(server.port());
    let codes: Vec<String> = SQLSTATES
        .iter()
        .flat_map(|(class, ends)| ends.split_whitespace().map(move |end| format!("{class}{end}")))
        .collect();
    let cases: Vec<(&str, &str)> =
        MOMENTS.iter().flat_map(|moment| codes.iter().map(move |code| (*moment, code.as_str()))).collect();
    assert!(cases.len() > 1_000);
    let (next, attempt) = (&AtomicUsize::new(0), &attempt);
    let wrong: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| try_each(attempt, &cases, next))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn try_each(attempt: &Attempt, cases: &[(&str, &str)], next: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    while let Some((moment, sqlstate)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
        let report = attempt.config("database", format!("{moment} {sqlstate}")).verify();
        if let Some(reason) = judge(moment, sqlstate, &report) {
            let fault = report.failed();
            let told = ["stage", "code", "blame", "retryable"].map(|name| fault[name].to_string()).join(" ");
            wrong.push(format!("{sqlstate} in {moment}: {told}: {reason}"));
        }
    }
    wrong
}
