//! A small shop's database: what the demo connects to.

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
