//! Asking a person before something is changed.

use std::io::{self, Write};

use crate::{context::Context, error::Error, terminal};

/// Asks for a yes. `what` completes "to …", `flag` is what says yes beforehand.
///
/// # Errors
/// When the answer is no, or nobody can be asked.
pub fn confirm(context: &Context, question: &str, what: &str, flag: &str) -> Result<(), Error> {
    if !terminal::can_ask() {
        return Err(Error::refused(format!("{what} needs a yes, and there is nobody to ask"))
            .cause("standard input or standard error is not a terminal")
            .hint(format!("say yes beforehand with `{flag}`")));
    }
    context.remark(&format!("{question} [y/N] "));
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Error::new("cannot read the answer").because(&error).hint(format!("use `{flag}`")))?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Error::refused(format!("{what} was not confirmed")).hint("nothing was changed"))
}
