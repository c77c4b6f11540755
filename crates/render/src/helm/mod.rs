//! Helm charts: templates and values become objects as real Helm makes them.
//!
//! ```text
//!  template files ──Program::parse──► Program ──Session──► text of each file
//!     (once)        lexer, parser,    (shared     (one target: values, limits,
//!                   compiler           by threads)  drawn randomness)
//! ```

pub mod chart;
pub mod fault;
pub mod functions;
pub mod release;
pub mod template;

pub mod value;
pub mod values;
pub mod version;
