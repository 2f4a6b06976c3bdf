//! What a driver is asked to run: a statement, and which columns come of one that lists a level of the catalog.
//!
//! Connectors plan statements, and drivers run them without knowing who has planned them.

/// A level of a data source's catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Schemas.
    Schemas,
    /// Tables and views.
    Tables,
    /// Columns.
    Columns,
}

impl Level {
    /// The level's name in the contract, such as `tables`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Schemas => "schemas",
            Self::Tables => "tables",
            Self::Columns => "columns",
        }
    }

    /// The columns that a listing of this level has, in their order; the contract documents them.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Schemas => &["schema_name", "comment"],
            Self::Tables => &["schema_name", "table_name", "table_kind", "comment", "estimated_rows"],
            Self::Columns => &[
                "schema_name",
                "table_name",
                "ordinal_position",
                "column_name",
                "data_type",
                "data_type_display",
                "nullable",
                "constraint_kind",
                "precision",
                "scale",
                "comment",
            ],
        }
    }
}

/// One statement for a driver, with the values that are bound to its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The language of the text, such as `sql`; a driver refuses what it does not speak.
    pub language: String,
    /// One statement, with the placeholders of the driver.
    pub text: String,
    /// The values of the placeholders, in their order, as text.
    pub parameters: Vec<String>,
}
