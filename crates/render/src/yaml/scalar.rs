//! Which styles can hold a text, by the rules of libyaml.

/// What a text allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Analysis {
    /// Whether it has a line break of any kind.
    pub(crate) is_multiline: bool,
    /// Whether it can stand without quotes.
    pub(crate) plain: bool,
    /// Whether it can stand in single quotes.
    pub(crate) single_quoted: bool,
    /// Whether it can be a literal block.
    pub(crate) block: bool,
}

/// Looks at every character once. The newer library takes tabs in literal blocks.
pub(crate) fn analyze(text: &str, tabs_in_blocks: bool) -> Analysis {
    if text.is_empty() {
        return Analysis { is_multiline: false, plain: true, single_quoted: true, block: false };
    }
    // Nearly all texts of manifests are words like this one.
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'/' || b == b'.')
        && !text.starts_with("...")
    {
        return Analysis { is_multiline: false, plain: true, single_quoted: true, block: true };
    }
    let mut marks = Marks { has_indicator: text.starts_with("---") || text.starts_with("..."), ..Marks::default() };
    let mut chars = text.char_indices().peekable();
    let mut preceded_by_white = true;
    let mut previous = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let followed_by_white = next.is_none_or(|next| is_blank(next) || is_break(next));
        marks.has_indicator |= if at == 0 {
            starts_something(c, followed_by_white)
        } else {
            (c == ':' && followed_by_white) || (c == '#' && preceded_by_white)
        };
        marks.look(c, previous, at == 0, next.is_none());
        preceded_by_white = is_blank(c) || is_break(c);
        previous = c;
    }
    marks.conclude(tabs_in_blocks)
}

#[derive(Default)]
struct Marks {
    has_indicator: bool,
    has_break: bool,
    has_special: bool,
    has_tab: bool,
    space_or_break_at_an_end: bool,
    trailing_space: bool,
    space_after_break: bool,
    break_after_space: bool,
}

impl Marks {
    fn look(&mut self, c: char, previous: char, is_first: bool, is_last: bool) {
        if c == '\t' {
            self.has_tab = true;
        } else {
            self.has_special |= !is_printable(c);
        }
        if c == ' ' {
            self.trailing_space |= is_last;
            self.space_after_break |= !is_first && is_break(previous);
        } else if is_break(c) {
            self.has_break = true;
            self.break_after_space |= !is_first && previous == ' ';
        } else {
            return;
        }
        self.space_or_break_at_an_end |= is_first || is_last;
    }

    fn conclude(&self, tabs_in_blocks: bool) -> Analysis {
        let no_block = self.break_after_space || self.has_special || (self.has_tab && !tabs_in_blocks);
        let neither = no_block || self.has_tab;
        let plain = !(self.space_or_break_at_an_end || self.space_after_break || self.has_break || self.has_indicator);
        Analysis {
            is_multiline: self.has_break,
            plain: plain && !neither,
            single_quoted: !self.space_after_break && !neither,
            block: !self.trailing_space && !no_block,
        }
    }
}

fn starts_something(c: char, followed_by_white: bool) -> bool {
    match c {
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => true,
        '?' | ':' | '-' => followed_by_white,
        _ => false,
    }
}

pub(crate) fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Go's reading of libyaml's printable characters: no tab, nothing beyond the first plane.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}
