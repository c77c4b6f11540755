//! What does not fit while values are covered, without being an error: told, but never without end.

use std::fmt;

/// Most bytes of the warnings of one render; whoever reads them has stopped before.
const BYTES_MAX: usize = 256 * 1024;
/// Stands for all warnings that did not fit.
const FURTHER: &str = "further warnings about values are left out";

/// Warnings, up to a limit.
#[derive(Debug)]
pub(crate) struct Warnings {
    texts: Vec<String>,
    bytes_left: usize,
}

impl Warnings {
    pub(crate) fn new() -> Self {
        Self { texts: Vec::new(), bytes_left: BYTES_MAX }
    }

    /// Adds a warning, and one that says so when there is no room for it.
    pub(crate) fn add(&mut self, warning: fmt::Arguments<'_>) {
        if self.bytes_left > 0 {
            self.keep(warning.to_string());
        }
    }

    /// Adds the warnings of something else.
    pub(crate) fn append(&mut self, others: Self) {
        for other in others.texts {
            if self.bytes_left > 0 {
                self.keep(other);
            }
        }
    }

    fn keep(&mut self, warning: String) {
        match self.bytes_left.checked_sub(warning.len() + size_of::<String>()) {
            Some(left) => {
                self.bytes_left = left;
                self.texts.push(warning);
            }
            None => {
                self.bytes_left = 0;
                self.texts.push(FURTHER.to_owned());
            }
        }
    }

    /// The warnings, in their order.
    pub(crate) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// A path in values, made into text only where a warning names it.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    key: &'a str,
}

impl<'a> Path<'a> {
    /// The root: no name.
    pub(super) const ROOT: Path<'static> = Path { above: None, key: "" };

    /// An entry of what is at this path.
    pub(super) fn to(&'a self, key: &'a str) -> Path<'a> {
        Path { above: Some(self), key }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = std::iter::successors(Some(self), |path| path.above).map(|path| path.key);
        let mut keys: Vec<&str> = keys.filter(|key| !key.is_empty()).collect();
        keys.reverse();
        out.write_str(&keys.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_end() {
        let mut warnings = Warnings::new();
        for number in 0..100_000 {
            warnings.add(format_args!("{number}"));
        }
        let mut all = Warnings::new();
        all.add(format_args!("first"));
        all.append(warnings);
        all.add(format_args!("last"));
        let texts = all.into_texts();
        assert_eq!(texts.first().map(String::as_str), Some("first"));
        assert_eq!(texts.last().map(String::as_str), Some(FURTHER));
        assert!(texts.iter().map(String::len).sum::<usize>() < BYTES_MAX);
    }

    #[test]
    fn paths_are_written_from_their_root() {
        let chart = Path::ROOT.to("web");
        let global = chart.to("global");
        assert_eq!(global.to("a").to_string(), "web.global.a");
        assert_eq!(Path::ROOT.to_string(), "");
    }
}
