//! A small shop's database: what the demo connects to.

use serde_json::{Value, json};

/// Makes the database, its tables and its users. For the superuser, in any database.
pub const SQL: &str = include_str!("../sql/sales.sql");

/// The database.
pub const DATABASE: &str = "shop";

/// The schema of the tables.
pub const SCHEMA: &str = "sales";

/// A user who can read the tables and nothing else.
pub const READER: &str = "reader";

/// The password of `READER`. It opens nothing but throw-away servers on 127.0.0.1.
pub const READER_PASSWORD: &str = "reader-throw-away-password";

/// A user who can also change rows.
pub const WRITER: &str = "writer";

/// The password of `WRITER`. It opens nothing but throw-away servers on 127.0.0.1.
pub const WRITER_PASSWORD: &str = "writer-throw-away-password";

/// The body that registers a connection to it as the reader, without TLS.
pub fn registration(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "connection_type": "postgres",
        "database_config": {
            "host": "127.0.0.1",
            "port": port,
            "database": DATABASE,
            "db_schema": SCHEMA,
            "ssl_mode": "disable",
        },
        "credentials": { "username": READER, "password": READER_PASSWORD },
    })
}
