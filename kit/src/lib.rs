//! The author's kit: what somebody needs who writes a connector, and a host that serves does not.
//!
//! [`authoring`] begins a project and builds it with the tools of its language; [`conformance`] tries the component as a
//! host does, with everything that tenants and their mistakes may send.

pub mod authoring;
pub mod conformance;
