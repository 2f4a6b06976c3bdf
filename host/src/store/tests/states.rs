//! The words of closed sets: none stands in SQL that is not one of them, and none is written that cannot follow.

use std::collections::BTreeSet;

use super::handing_over::version;
use super::*;
use crate::store::connector_versions::State;

/// Words in capitals between two quotes.
fn literals(source: &str) -> impl Iterator<Item = &str> {
    let is_word = |text: &&str| text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    source.split('\'').skip(1).filter(is_word)
}

#[test]
fn sql_names_no_status_and_no_state_that_is_not_there() {
    let (statuses, states) = (Status::ALL.map(Status::name), State::ALL.map(State::name));
    let mut seen = Vec::new();
    for (source, known) in [
        (include_str!("../connections.rs"), &statuses[..]),
        (include_str!("../connections/list.rs"), &statuses[..]),
        (include_str!("../connector_versions.rs"), &states[..]),
        (include_str!("../serving.rs"), &states[..]),
        (include_str!("../../../../migrations/metadata/0001_connections.sql"), &statuses[..]),
        (include_str!("../../../../migrations/metadata/0002_connector_versions.sql"), &states[..]),
    ] {
        for literal in literals(source) {
            assert!(known.contains(&literal), "{literal} is none of {known:?}");
            seen.push(literal);
        }
    }
    assert!(seen.contains(&"ACTIVE") && seen.contains(&"RETIRED") && seen.contains(&"PENDING"), "{seen:?}");
}

/// The changes that the manual's tables of states have in their first two columns: those of connector versions, and those
/// of connections.
pub(crate) fn documented() -> [BTreeSet<(String, String)>; 2] {
    let manual = include_str!("../../../../docs/operations.md");
    let mut tables = vec![BTreeSet::new()];
    for line in manual.lines() {
        let cells: Vec<&str> = line.split(" | ").take(2).map(|cell| cell.trim_start_matches("| ")).collect();
        let states = cells.iter().filter_map(|cell| cell.strip_prefix('`')?.strip_suffix('`'));
        match states.filter(|name| name.bytes().all(|it| it.is_ascii_uppercase() || it == b'_')).collect::<Vec<_>>()[..]
        {
            [from, to] => _ = tables.last_mut().unwrap().insert((from.to_owned(), to.to_owned())),
            _ if tables.last().unwrap().is_empty() => {}
            _ => tables.push(BTreeSet::new()),
        }
    }
    tables.retain(|table| !table.is_empty());
    tables.try_into().unwrap()
}

#[test]
fn the_manual_has_every_change_of_a_status() {
    let all = Status::ALL.into_iter().flat_map(|now| Status::ALL.map(|next| (now, next)));
    let possible = all.filter(|(now, next)| now != next && now.may_become(*next));
    let possible: BTreeSet<_> = possible.map(|(now, next)| (now.name().to_owned(), next.name().to_owned())).collect();
    let [_, of_connections] = documented();
    assert_eq!(of_connections, possible);
}

#[tokio::test]
async fn a_state_that_cannot_follow_is_not_written() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    for now in State::ALL {
        for next in State::ALL {
            let mut transaction = begin(&store).await.unwrap();
            connector_versions::insert(&mut transaction, &version("sha256:11", now)).await.unwrap();
            let row = connector_versions::ConnectorVersionRow { state: next, ..version("sha256:11", now) };
            let written = connector_versions::update(&mut transaction, &row).await;
            assert_eq!(written.is_ok(), now.may_become(next), "{now:?} -> {next:?}");
            if let Err(error) = written {
                let text = error.to_string();
                assert!(text.contains(now.name()) && text.contains(next.name()), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_status_that_cannot_follow_is_not_written() {
    let directory = Directory::new();
    let store = directory.open().await.unwrap();
    let sales = tenant("acme", Some("sales"));
    for now in Status::ALL {
        for next in Status::ALL {
            let before = ConnectionRow { status: now, ..row("acme", "sales", &format!("{now:?}-{next:?}")) };
            assert!(insert(&store, &before).await);
            let mut transaction = begin(&store).await.unwrap();
            let outcome = TestOutcome { status: next, status_reason: None, tested_at: 1 };
            let recorded = connections::record_test(&mut transaction, &sales, &before, outcome).await.unwrap();
            assert_eq!(recorded, now.may_become(next), "tested: {now:?} -> {next:?}");
            drop(transaction);
            let mut transaction = begin(&store).await.unwrap();
            let after = ConnectionRow { status: next, ..before };
            let written = connections::update(&mut transaction, &sales, &after).await;
            assert_eq!(written.is_ok(), now.may_become(next), "changed: {now:?} -> {next:?}");
        }
    }
}
