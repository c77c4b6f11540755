//! Blocks of base 64 between `-----BEGIN X-----` and `-----END X-----`, as Go reads and writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of a line.
const LINE: usize = 64;

/// Beginnings of blocks that are looked at, each of which may search the whole text for its end.
const BEGINNINGS_MAX: usize = 16;

/// What a block holds.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) data: Vec<u8>,
}

/// The first block of a text that is whole.
pub(super) fn read(text: &[u8]) -> Option<Block> {
    let text = String::from_utf8_lossy(text);
    let mut rest: &str = &text;
    for _ in 0..BEGINNINGS_MAX {
        let (_, behind) = rest.split_once("-----BEGIN ")?;
        rest = behind;
        let Some((label, body)) = behind.split_once("-----") else { continue };
        let Some((body, _)) = body.split_once(&format!("-----END {label}-----")) else { continue };
        // Headers such as `Proc-Type: 4,ENCRYPTED` stand before an empty line.
        let lines = body.lines().filter(|line| !line.contains(':'));
        let digits: String = lines.flat_map(|line| line.chars().filter(|c| !c.is_ascii_whitespace())).collect();
        if let Ok(data) = STANDARD.decode(digits) {
            return Some(Block { label: label.to_owned(), data });
        }
    }
    None
}

/// A block as text.
pub(super) fn write(label: &str, data: &[u8]) -> String {
    let digits = STANDARD.encode(data);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = behind;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
