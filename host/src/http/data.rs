//! Data connections: one file per endpoint, each with its wire types, its documentation and its handler, in this order.

pub mod candidate;
pub mod create;
pub mod delete;
pub mod disable;
pub mod enable;
pub mod find;
pub mod list;
mod read_only;
pub mod record;
pub mod report;
pub mod resource_uri;
pub mod test;
pub mod types;
pub mod update;
pub mod upgrade;
pub mod validate;
pub mod verify;
