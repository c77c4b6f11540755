//! `.helmignore`: which files of a folder are no part of the chart.

use std::cell::Cell;

use seaway_core::diagnostic::excerpt;

use super::ChartError;

/// Work of a chart's rules, in characters that are compared: a third of a second's worth. Thirty rules for a thousand
/// files need a tenth of it.
const WORK_MAX: u64 = 1 << 26;
/// Characters that are compared in a step of a render.
const STEP_CHARACTERS: u64 = 20;
/// Longest rule, in bytes: no path is longer.
const PATTERN_BYTES_MAX: usize = 4096;

/// Most rules. Charts have some thirty.
const RULES_MAX: usize = 10_000;

/// Rules of one file, and Helm's own: nothing under `templates/` whose name starts with a dot.
pub(super) struct Rules {
    patterns: Vec<Pattern>,
    work_left: Cell<u64>,
}

struct Pattern {
    glob: Vec<char>,
    must_be_folder: bool,
    is_negated: bool,
    /// Whether the whole path is matched, or the name alone.
    is_path: bool,
}

impl Rules {
    /// Reads the rules.
    pub(super) fn parse(text: &str) -> Result<Self, ChartError> {
        let mut patterns = Vec::new();
        let work_left = Cell::new(WORK_MAX);
        for line in text.lines().chain(["templates/.?*"]) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if patterns.len() == RULES_MAX {
                return Err(ChartError::of(".helmignore", format!("more than {RULES_MAX} rules")));
            }
            if line.contains("**") {
                return Err(ChartError::of(".helmignore", "double-star (`**`) patterns are not supported"));
            }
            if line.len() > PATTERN_BYTES_MAX || !is_pattern(line, &work_left) {
                return Err(ChartError::of(".helmignore", format!("`{}` is not a pattern", excerpt(line))));
            }
            let (rule, is_negated) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
            let (rule, must_be_folder) = rule.strip_suffix('/').map_or((rule, false), |rest| (rest, true));
            let is_path = rule.contains('/');
            let glob = rule.strip_prefix('/').unwrap_or(rule).chars().collect();
            patterns.push(Pattern { glob, must_be_folder, is_negated, is_path });
        }
        Ok(Self { patterns, work_left })
    }

    /// Work so far, in steps of a render.
    pub(super) fn steps_used(&self) -> u64 {
        (WORK_MAX - self.work_left.get()) / STEP_CHARACTERS
    }

    /// Whether a file is left out, itself or with a folder around it.
    ///
    /// # Errors
    /// When there are so many rules and files that it takes too long.
    pub(super) fn leave_out(&self, path: &str) -> Result<bool, ChartError> {
        for (at, _) in path.char_indices().filter(|(_, c)| *c == '/') {
            if self.matches(path.get(..at).unwrap_or_default(), true)? {
                return Ok(true);
            }
        }
        self.matches(path, false)
    }

    fn matches(&self, path: &str, is_folder: bool) -> Result<bool, ChartError> {
        let path: Vec<char> = path.chars().collect();
        let name = path.rsplit(|c| *c == '/').next().unwrap_or(&path);
        for pattern in &self.patterns {
            let text = if pattern.is_path { &path } else { name };
            let matched = matches!(glob(&pattern.glob, text, &self.work_left), Some(Glob::Matched));
            if self.work_left.get() == 0 {
                let message = "the rules take too long for so many files; use fewer or simpler ones";
                return Err(ChartError::of(".helmignore", message));
            }
            match (pattern.is_negated, pattern.must_be_folder && !is_folder) {
                // A negated rule keeps what it names and, as in Helm, leaves out everything else.
                (true, true) => return Ok(true),
                (true, false) if !matched => return Ok(true),
                (false, false) if matched => return Ok(true),
                (true | false, _) => {}
            }
        }
        Ok(false)
    }
}

/// Whether a pattern is well-formed, also behind the place where it stops to match some text.
fn is_pattern(line: &str, work_left: &Cell<u64>) -> bool {
    let pattern: Vec<char> = line.chars().collect();
    let mut at = match glob(&pattern, &['a', 'b', 'c'], work_left) {
        Some(Glob::Matched) => return true,
        Some(Glob::StoppedAt(at)) => at,
        None => return false,
    };
    while let Some(next) = pattern.get(at) {
        let end = if *next == '*' { Some(at + 1) } else { end_of_one(&pattern, at) };
        let Some(end) = end else { return false };
        at = end;
    }
    true
}

enum Glob {
    Matched,
    /// At a place of the pattern.
    StoppedAt(usize),
}

/// Go's `filepath.Match`: `*` and `?` stop at `/`. `None` when the pattern is malformed where it is looked at.
fn glob(pattern: &[char], text: &[char], work_left: &Cell<u64>) -> Option<Glob> {
    // Where to go on after the last star: in the pattern, and one further in the text.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    let mut matched = true;
    let mut work = 20 + pattern.len() + text.len();
    while matched && (t < text.len() || p < pattern.len()) {
        work += 1;
        let step = match (pattern.get(p), text.get(t)) {
            (Some('*'), _) => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            (Some(_), Some(c)) => one(pattern, p, *c)?,
            (Some(_), None) | (None, _) => None,
        };
        match (step, star) {
            (Some(next), _) => (p, t) = (next, t + 1),
            (None, Some((after, from))) if text.get(from).is_some_and(|c| *c != '/') => {
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            (None, _) => matched = false,
        }
    }
    work_left.set(work_left.get().saturating_sub(work as u64));
    Some(if matched { Glob::Matched } else { Glob::StoppedAt(p) })
}

/// Matches a single character; gives the place behind its pattern.
fn one(pattern: &[char], at: usize, c: char) -> Option<Option<usize>> {
    let end = end_of_one(pattern, at)?;
    let is_match = match pattern.get(at) {
        Some('?') => c != '/',
        Some('\\') => pattern.get(at + 1) == Some(&c),
        Some('[') => in_class(pattern.get(at + 1..end - 1)?, c),
        Some(other) => *other == c,
        None => false,
    };
    Some(is_match.then_some(end))
}

fn end_of_one(pattern: &[char], at: usize) -> Option<usize> {
    match pattern.get(at)? {
        '\\' => pattern.get(at + 1).map(|_| at + 2),
        '[' => {
            let mut end = at + 1;
            if pattern.get(end) == Some(&'^') {
                end += 1;
            }
            let first = end;
            loop {
                match pattern.get(end)? {
                    ']' if end > first => return Some(end + 1),
                    ']' => return None,
                    '\\' => end += 2,
                    _ => end += 1,
                }
            }
        }
        _ => Some(at + 1),
    }
}

fn in_class(class: &[char], c: char) -> bool {
    let (class, is_negated) = match class.split_first() {
        Some(('^', rest)) => (rest, true),
        _ => (class, false),
    };
    let mut at = 0;
    let mut found = false;
    let next = |at: &mut usize| {
        let escaped = class.get(*at) == Some(&'\\');
        *at += 1 + usize::from(escaped);
        class.get(*at - 1).copied()
    };
    while at < class.len() {
        let Some(low) = next(&mut at) else { break };
        let is_range = class.get(at) == Some(&'-') && at + 1 < class.len();
        let high = if is_range {
            at += 1;
            next(&mut at).unwrap_or(low)
        } else {
            low
        };
        found |= (low..=high).contains(&c);
    }
    found != is_negated
}
