//! What is said to people: which name was meant, what nobody sees, and all of it in one sentence.

use serde_json::{Value, json};
use test_support::directory::TemporaryDirectory;

use super::{answer, client, database, host, refusal, register, registration, working_registration};

/// The sentence of a refusal, and the finding at this pointer.
fn said(error: &Value, pointer: &str) -> (String, String, String) {
    let findings = error["details"]["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["pointer"] == pointer);
    let finding = finding.unwrap_or_else(|| panic!("no finding at {pointer}: {error:#}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["message"]), text(&finding["message"]), text(&finding["hint"]))
}

/// The registration with a member under another name.
fn renamed(parent: &str, name: &str, other: &str) -> Value {
    let mut body = registration("Words");
    let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let value = members.remove(name).unwrap_or_else(|| json!("require"));
    members.insert(other.to_owned(), value);
    body
}

#[test]
fn a_member_of_another_name_is_asked_for() {
    let client = client("meant", "developer");
    for (parent, name, others) in [
        ("/database_config", "ssl_mode", &["sslmode", "sslMode", "tls", "ssl_mod"][..]),
        ("/database_config", "host", &["hostaddr", "hostname", "server", "Host", "hots"]),
        ("/database_config", "database", &["dbname", "db", "databse"]),
        ("/credentials", "username", &["user", "login", "userName", "usernmae"]),
        ("/credentials", "password", &["pwd", "pass", "pasword"]),
        ("", "name", &["nmae", "Name"]),
        ("", "connection_type", &["type", "connectionType"]),
        ("", "database_config", &["config", "databaseConfig"]),
    ] {
        for other in others {
            let body = renamed(parent, name, other);
            let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
            let (_, message, _) = said(&error, &format!("{parent}/{other}"));
            assert!(message.ends_with(&format!("; did you mean `{name}`?")), "{other}: {error:#}");
        }
    }
    let mut body = registration("Words");
    body["database_config"]["sslmode"] = json!("require");
    let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
    assert_eq!(error["message"], "/database_config/sslmode: There is no such member; did you mean `ssl_mode`?");
    body["database_config"]["zzz"] = json!(1);
    let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
    let (_, message, hint) = said(&error, "/database_config/zzz");
    assert_eq!(message, "There is no such member.");
    assert!(hint.starts_with("Rename or remove it; there are host, port, database, "), "{hint}");
}

#[test]
fn a_value_of_another_name_is_asked_for() {
    let client = client("meant-values", "developer");
    for (pointer, value, meant) in [
        ("/connection_type", "postgresql", "postgres"),
        ("/connection_type", "Postgres", "postgres"),
        ("/database_config/ssl_mode", "verify_full", "verify-full"),
        ("/database_config/ssl_mode", "REQUIRE", "require"),
    ] {
        let mut body = registration("Words");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = json!(value);
        let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
        let (sentence, message, _) = said(&error, pointer);
        assert!(message.ends_with(&format!("; did you mean `{meant}`?")), "{error:#}");
        assert_eq!(sentence, format!("{pointer}: {message}"));
    }
    for (query, pointer, meant) in [
        ("pages=2", "?pages", "page"),
        ("per_page=2", "?per_page", "limit"),
        ("status=active", "?status", "ACTIVE"),
        ("sort=create_at:desc", "?sort", "created_at"),
    ] {
        let error = refusal(client.get(&format!("/assets/data?{query}")), 422, "VALIDATION_ERROR");
        let (_, message, _) = said(&error, pointer);
        assert!(message.contains(&format!("; did you mean `{meant}`?")), "{error:#}");
    }
}

#[test]
fn what_belongs_to_the_other_half_is_told_to_go_there() {
    let client = client("misplaced", "developer");
    let mut body = registration("Words");
    body["database_config"]["password"] = json!("canary-misplaced");
    body["database_config"]["user"] = json!("reader");
    body["credentials"]["host"] = json!("db.example.com");
    let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
    for (pointer, what, to) in [
        ("/database_config/password", "`password` is a credential", "`credentials.password`"),
        ("/database_config/user", "`username` is a credential", "`credentials.username`"),
        ("/credentials/host", "`host` is a part of the configuration", "`database_config.host`"),
    ] {
        let (_, message, hint) = said(&error, pointer);
        assert!(message.contains(what) && hint.contains(to), "{error:#}");
    }
    assert!(!error.to_string().contains("canary"), "{error:#}");
}

#[test]
fn one_sentence_says_the_first_of_several_and_how_many_more() {
    let client = client("sentences", "developer");
    let mut body = registration("Words");
    body["database_config"]["port"] = json!(0);
    body["credentials"].as_object_mut().unwrap().clear();
    let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
    let findings = error["details"]["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 3, "{error:#}");
    let [pointer, message] = ["pointer", "message"].map(|member| findings[0][member].as_str().unwrap());
    let sentence = format!("{pointer}: {}, and 2 more. See details.findings.", message.trim_end_matches('.'));
    assert_eq!(error["message"], sentence);
}

#[test]
fn white_space_that_nobody_sees_is_told_and_never_trimmed() {
    let client = client("white-space", "developer");
    for (value, place) in [
        ("db.example.com ", "the end"),
        (" db.example.com", "the beginning"),
        ("db.example.com\n", "the end"),
        ("\u{a0}db.example.com\t", "the beginning and the end"),
    ] {
        let mut body = registration("Words");
        body["database_config"]["host"] = json!(value);
        let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
        let (sentence, _, hint) = said(&error, "/database_config/host");
        assert!(sentence.ends_with(&format!("There is white space at {place}.")), "{error:#}");
        assert_eq!(hint, "Remove the white space.");
    }

    let role = "CREATE ROLE spaced LOGIN PASSWORD ' canary \n' IN ROLE reader";
    database().sql("postgres", role).unwrap();
    let mut body = working_registration("Spaced ");
    body["credentials"] = json!({ "username": "spaced", "password": " canary \n" });
    let record = answer(client.post("/assets/data", &body), 201);
    let warned = |record: &Value| -> Vec<String> {
        let warnings = record["warnings"].as_array().unwrap().iter();
        warnings
            .map(|warning| {
                assert_eq!((&warning["severity"], &warning["code"]), (&json!("warning"), &json!("white_space")));
                format!("{} {}", warning["pointer"].as_str().unwrap(), warning["message"].as_str().unwrap())
            })
            .collect()
    };
    let expected = [
        "/name There is white space at the end.",
        "/credentials/password There is white space at the beginning and the end.",
    ];
    assert_eq!(warned(&record), expected);
    assert!(!record.to_string().contains("canary"), "{record:#}");
    let path = format!("/assets/data/{}", record["resource_uri"].as_str().unwrap());
    assert_eq!(answer(client.get(&path), 200)["warnings"], Value::Null);
    let result = answer(client.send("POST", &format!("{path}/test"), ""), 200);
    assert_eq!(result["success"], true, "{result:#}");

    // A change tells it of what it sends, and of no credential that stays.
    let credentials = json!({ "credentials": { "username": "spaced" } });
    let changed = answer(client.put(&path, &credentials), 200);
    assert_eq!(changed["warnings"], Value::Null, "{changed:#}");
    let changed = answer(client.put(&path, &json!({ "credentials": { "password": "canary " } })), 200);
    assert_eq!(warned(&changed), ["/credentials/password There is white space at the end."]);

    // Verifying says it in its first stage.
    body.as_object_mut().unwrap().remove("name");
    let result = answer(client.post("/assets/data/verify", &body), 200);
    let warning = &result["details"]["stages"][0]["warnings"][0];
    assert_eq!((&result["success"], &warning["code"]), (&json!(true), &json!("config_warning")), "{result:#}");
    assert_eq!(warning["message"], "/credentials/password: There is white space at the beginning and the end.");
}

#[test]
fn nothing_that_is_said_is_a_regular_expression_or_a_parsers() {
    let client = client("plain-words", "developer");
    let mut body = registration("a\nb");
    body["tags"] = json!(["a,b"]);
    body["credentials"]["username"] = json!("a\u{0}b");
    body["database_config"]["port"] = json!("5432");
    let error = refusal(client.post("/assets/data", &body), 422, "VALIDATION_ERROR");
    for (pointer, expected) in [
        ("/name", "It has a control character, such as a line break."),
        ("/tags/0", "It does not have the form that is asked for."),
        ("/credentials/username", "It has a control character, such as a line break."),
        ("/database_config/port", "It must be a whole number."),
    ] {
        assert_eq!(said(&error, pointer).1, expected, "{error:#}");
    }
    assert!(said(&error, "/tags/0").2.contains("comma"), "{error:#}");
    for sign in ["\\p{", "[^", "^(", "pattern", "schema"] {
        assert!(!error.to_string().contains(sign), "{sign}: {error:#}");
    }
    let client = client.with_header("Content-Type", "application/json");
    for (body, expected) in [
        ("", "it is empty"),
        ("{'name': 1}", "it is not JSON at line 1, column 2: texts stand in double quotes"),
        ("{\"a\": 1,}", "there is a comma too many"),
        ("{\"a\": [1", "it ends too early"),
    ] {
        let error = refusal(client.send("POST", "/assets/data", body), 400, "INVALID_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("The body is refused: ") && message.contains(expected), "{message}");
    }
}

#[test]
fn the_command_line_says_what_the_api_says() {
    let client = client("same-words", "developer");
    let mut body = registration("Words");
    body.as_object_mut().unwrap().remove("name");
    body["database_config"]["sslmode"] = json!("require");
    body["database_config"]["host"] = json!("db.example.com");
    body["credentials"]["pwd"] = json!("canary ");
    let error = refusal(client.post("/assets/data/verify", &body), 422, "VALIDATION_ERROR");
    let directory = TemporaryDirectory::new("words").unwrap();
    let file = directory.write("connection.json", &body.to_string()).unwrap();
    let output = host().command("verify").arg("--config").arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8(output.stdout).unwrap();
    for finding in error["details"]["findings"].as_array().unwrap() {
        for member in ["severity", "pointer", "message", "hint"] {
            let text = finding[member].as_str().unwrap_or_default();
            assert!(printed.contains(text), "{text} is not in {printed}");
        }
    }
    assert!(printed.contains("did you mean `ssl_mode`?"), "{printed}");
    // Everything that is asked for by a name asks back.
    for (arguments, expected) in [
        (&["explain", "pasword_rejected"][..], "password_rejected"),
        (&["verfy"], "verify"),
        (&["serve", "--lisen=127.0.0.1:1"], "--listen"),
    ] {
        let output = host().command(arguments[0]).args(&arguments[1..]).output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && printed.contains(expected), "{arguments:?}: {printed}");
    }
    let _ = register(&client, &registration("There"));
}
