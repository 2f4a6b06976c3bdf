//! Connector versions, for the platform role: one file per endpoint, each with its wire types, its documentation and its
//! handler, in this order.

pub mod activate;
pub mod delete;
pub mod digest;
pub mod events;
pub mod find;
pub mod list;
pub mod record;
pub mod roll_back;
pub mod upload;
