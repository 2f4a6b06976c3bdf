//! Change: from one version of a connector to the next. A new one is compared with the one that serves, connection by
//! connection, and watched for a while once it has taken over.
//!
//! It asks versions for their answers, and knows nothing of how they come to them.

pub mod compare;
pub mod probation;
