//! Who acts: `--as NAME`, else `SEAWAY_USER`, else the user of the operating system.
//!
//! Without a server this is what the person says, not what anybody has proved; the record keeps it as that.

use seaway_core::ids::Principal;

use crate::error::Error;

/// Longest name; longer ones do not fit in a line of the record.
const NAME_LEN_MAX: usize = 200;

/// Finds out who acts. `given` is the value of `--as` or `SEAWAY_USER`.
///
/// # Errors
/// When nobody says, or the name cannot be one.
pub fn find(given: Option<&str>) -> Result<Principal, Error> {
    let name = match given {
        Some(name) => name.to_owned(),
        None => whoami::username().map_err(|error| {
            Error::new("cannot find out who you are").because(&error).hint("say it: `--as NAME` or `SEAWAY_USER=NAME`")
        })?,
    };
    let is_name = !name.trim().is_empty() && name.len() <= NAME_LEN_MAX && !name.chars().any(char::is_control);
    if !is_name {
        return Err(Error::new(format!(
            "expected the name of a person, found `{}`",
            crate::output::text::printable(&name)
        ))
        .hint(format!("a name has 1 to {NAME_LEN_MAX} characters and no control characters: `--as NAME`")));
    }
    Ok(Principal::new(name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_given() {
        assert_eq!(find(Some("ana@example.com")).unwrap().as_str(), "ana@example.com");
        assert!(!find(None).unwrap().as_str().is_empty());
        for bad in ["", "  ", "a\nb"] {
            assert_eq!(find(Some(bad)).unwrap_err().exit, crate::exit::Exit::Error, "{bad:?}");
        }
    }
}
