//! Colours by role. Nothing else in the crate names a colour.

use anstyle::{AnsiColor, Style};

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Succeeded, healthy, created.
    Good,
    /// Failed, deleted, refused.
    Bad,
    /// Worth a look: changed, waiting for a person.
    Warn,
    /// In motion.
    Info,
    /// Names and headings.
    Strong,
    /// Frame and detail.
    Dim,
}

/// Whether to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    is_on: bool,
}

impl Paint {
    /// No colours.
    pub const fn plain() -> Self {
        Self { is_on: false }
    }

    /// Colours.
    #[cfg(test)]
    pub const fn colored() -> Self {
        Self { is_on: true }
    }

    /// For a stream.
    pub fn choose(choice: ColorChoice, is_terminal: bool) -> Self {
        let is_wanted = || {
            // https://no-color.org: set and not empty.
            let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            is_terminal && !is_refused && !is_dumb
        };
        Self {
            is_on: match choice {
                ColorChoice::Auto => is_wanted(),
                ColorChoice::Always => true,
                ColorChoice::Never => false,
            },
        }
    }

    /// The text in the colour of its role.
    pub fn apply(self, role: Role, text: &str) -> String {
        if !self.is_on || text.is_empty() {
            return text.to_owned();
        }
        let style = style(role);
        format!("{style}{text}{style:#}")
    }
}

fn style(role: Role) -> Style {
    let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
    match role {
        Role::Good => color(AnsiColor::Green),
        Role::Bad => color(AnsiColor::Red).bold(),
        Role::Warn => color(AnsiColor::Yellow),
        Role::Info => color(AnsiColor::Cyan),
        Role::Strong => Style::new().bold(),
        Role::Dim => Style::new().dimmed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_colours_when_told_so_or_piped() {
        assert_eq!(Paint::choose(ColorChoice::Never, true).apply(Role::Bad, "x"), "x");
        assert_eq!(Paint::choose(ColorChoice::Auto, false).apply(Role::Bad, "x"), "x");
        assert_eq!(Paint::choose(ColorChoice::Always, false).apply(Role::Good, "x"), "\u{1b}[32mx\u{1b}[0m");
    }
}
