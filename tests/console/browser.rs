//! The page as a person meets it, in Debian's Chromium.

use std::net::TcpListener;

use serde_json::json;
use test_support::browser::chromium;
use test_support::sales;
use test_support::skip::skip;
use test_support::tools::Tools;

use super::{host, node};
use crate::database;

/// Takes one of the journeys through the page. Its pictures are in `target/console`.
fn journey(name: &str, color_scheme: &str) {
    let Some(tools) = Tools::find(name, "console").unwrap() else { return };
    let chromium = match chromium() {
        Ok(path) => path,
        Err(missing) => return skip(name, missing),
    };
    let token = host().token(&["--org", "acme", "--project", "sales", "--role", "developer"]).unwrap();
    // Connections to it are taken by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let given = json!({
        "origin": host().origin(),
        "token": token,
        "chromium": chromium,
        "screenshots": tools.directory().join("../../console"),
        "colorScheme": color_scheme,
        "silent": silent.local_addr().unwrap().port(),
        "database": {
            "host": "127.0.0.1", "port": database().port(), "name": sales::DATABASE, "schema": sales::SCHEMA,
            "user": sales::READER, "password": sales::READER_PASSWORD,
        },
    });
    node(&tools, name, &given);
}

#[test]
fn a_connection_is_registered_in_light_colours() {
    journey("journey", "light");
}

#[test]
fn a_connection_is_registered_in_dark_colours() {
    journey("journey", "dark");
}

#[test]
fn the_keyboard_is_enough() {
    journey("keyboard", "light");
}

#[test]
fn nothing_that_was_typed_is_lost_by_what_goes_wrong() {
    journey("trouble", "light");
}

#[test]
fn a_hostile_connector_breaks_no_form() {
    journey("hostile", "light");
}
