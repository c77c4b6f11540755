//! Findings as text: header, place, the line of the source with the words marked, advice.
//!
//! Source and names come from outside, so control characters never reach the terminal.

use super::{Diagnostic, Place, Severity};

/// Part of a rendered finding, for colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// `error[SW0103]`
    Severity(Severity),
    /// What was found and what was expected.
    Message,
    /// Frame, line numbers and the place.
    Frame,
    /// Text of the file.
    Source,
    /// `^^^^` under the words in question.
    Marker,
    /// What to do next.
    Help,
}

/// Widest excerpt of a source line, in characters.
const EXCERPT_CHARS_MAX: usize = 120;

/// The finding without colour. `source` is the text of the file that it names.
pub fn render_plain(diagnostic: &Diagnostic, source: Option<&str>) -> String {
    render(diagnostic, source, &|_, text| text.to_owned())
}

/// The finding, each part passed through `paint`. Ends with a line break.
pub fn render(diagnostic: &Diagnostic, source: Option<&str>, paint: &dyn Fn(Part, &str) -> String) -> String {
    let severity = match diagnostic.severity {
        Severity::Remark => "remark",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let head = format!("{severity}[{}]", diagnostic.code);
    let mut out = format!(
        "{}: {}\n",
        paint(Part::Severity(diagnostic.severity), &head),
        paint(Part::Message, &printable(&diagnostic.message))
    );
    let mut gutter = 1;
    if let Some(place) = &diagnostic.place {
        gutter = place.line.to_string().len();
        let arrow = format!("{:gutter$}--> {}", "", printable(&place.to_string()));
        out += &format!("{}\n", paint(Part::Frame, &arrow));
        let source = source.filter(|_| !diagnostic.hides_source);
        if let Some(excerpt) = source.and_then(|source| Excerpt::of(source, place)) {
            out += &excerpt.render(place.line, gutter, paint);
        }
    }
    if let Some(help) = &diagnostic.help {
        let bar = format!("{:gutter$} = ", "");
        out += &format!("{}{}\n", paint(Part::Frame, &bar), paint(Part::Help, &format!("help: {}", printable(help))));
    }
    out
}

/// A part of one line, and which characters of it are meant.
struct Excerpt {
    text: String,
    indent: usize,
    width: usize,
}

impl Excerpt {
    fn of(source: &str, place: &Place) -> Option<Self> {
        let line =
            source.strip_prefix('\u{feff}').unwrap_or(source).lines().nth((place.line as usize).checked_sub(1)?)?;
        let chars: Vec<char> = line.chars().collect();
        let column = (place.column as usize).saturating_sub(1).min(chars.len());
        let tail = line.char_indices().nth(column).map_or("", |(at, _)| &line[at..]);
        let marked = tail.get(..place.len.min(tail.len())).map_or(1, |words| words.trim_end().chars().count());
        // A long line is cut to a window that starts a little before the words in question.
        let from = if chars.len() <= EXCERPT_CHARS_MAX { 0 } else { column.saturating_sub(EXCERPT_CHARS_MAX / 2) };
        let to = chars.len().min(from + EXCERPT_CHARS_MAX);
        let mut text: String = chars[from..to].iter().collect();
        let mut indent = column - from;
        if from > 0 {
            text.insert(0, '…');
            indent += 1;
        }
        if to < chars.len() {
            text.push('…');
        }
        let width = marked.clamp(1, (to - column).max(1));
        Some(Self { text: printable(&text), indent, width })
    }

    fn render(&self, line: u32, gutter: usize, paint: &dyn Fn(Part, &str) -> String) -> String {
        let bar = paint(Part::Frame, &format!("{:gutter$} |", ""));
        let numbered = paint(Part::Frame, &format!("{line:gutter$} |"));
        let marker = format!("{}{}", " ".repeat(self.indent), paint(Part::Marker, &"^".repeat(self.width)));
        let text = self.text.trim_end();
        format!("{bar}\n{numbered} {}\n{bar} {marker}\n", paint(Part::Source, text))
    }
}

/// Tabs become a space, so that columns stay; other control characters a mark that the terminal cannot obey.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
