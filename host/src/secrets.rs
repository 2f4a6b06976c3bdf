//! The only code that sees a cipher or a secret store.

pub mod value;
pub use value::{Credentials, Secret};
