//! The one thing that a library asks the machine, asked before anything is rendered.
//!
//! The engine of regular expressions sizes its pools by the number of processors, which the standard library finds by
//! reading files. It asks once in the life of a process, when the first expression is compiled. That would be in the
//! middle of a render, which reads nothing; so an expression is compiled as soon as there is a tree, when files are read
//! anyway. No result depends on the answer.

use std::sync::Once;

/// Has the engine ask, unless it has.
pub(crate) fn ask() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| {
        if let Ok(expression) = regex::Regex::new("(a|b)+c") {
            let _ = expression.is_match("abc");
        }
    });
}
