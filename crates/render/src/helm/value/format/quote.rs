//! Quoted text as Go's `strconv.Quote` writes it.

/// Quotes bytes for Go source: `"…"` with `\n`, `\x00`, `\u00a0`; with `ascii`, every other character is escaped.
#[must_use]
pub fn quote_go(bytes: &[u8], ascii: bool) -> String {
    let mut quoted = String::with_capacity(bytes.len() + 2);
    quoted.push('"');
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            escape(&mut quoted, char, '"', ascii);
        }
        for byte in chunk.invalid() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    quoted
}

/// Quotes one character for Go source: `'x'`.
#[must_use]
pub fn quote_char(char: char, ascii: bool) -> String {
    let mut quoted = String::from("'");
    escape(&mut quoted, char, '\'', ascii);
    quoted.push('\'');
    quoted
}

fn escape(quoted: &mut String, char: char, quote: char, ascii: bool) {
    match char {
        '\\' => quoted.push_str("\\\\"),
        _ if char == quote => {
            quoted.push('\\');
            quoted.push(char);
        }
        ' '..='~' => quoted.push(char),
        '\x07' => quoted.push_str("\\a"),
        '\x08' => quoted.push_str("\\b"),
        '\x0c' => quoted.push_str("\\f"),
        '\n' => quoted.push_str("\\n"),
        '\r' => quoted.push_str("\\r"),
        '\t' => quoted.push_str("\\t"),
        '\x0b' => quoted.push_str("\\v"),
        _ if !ascii && is_printable(char) => quoted.push(char),
        _ => match u32::from(char) {
            code @ (0..=0x1f | 0x7f) => quoted.push_str(&format!("\\x{code:02x}")),
            code @ ..=0xffff => quoted.push_str(&format!("\\u{code:04x}")),
            code => quoted.push_str(&format!("\\U{code:08x}")),
        },
    }
}

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the space.
#[must_use]
pub fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return (' '..='~').contains(&char);
    }
    if char.is_alphanumeric() {
        return true;
    }
    // Rust's own quoting of text knows the same categories; the letter before keeps marks from being escaped.
    let text: String = ['a', char].iter().collect();
    !format!("{text:?}").contains("\\u{")
}

/// Whether Go writes the text between back quotes under `%#q`.
#[must_use]
pub fn can_backquote(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|char| !matches!(char, '`' | '\x7f' | '\u{feff}') && (char >= ' ' || char == '\t'))
    })
}
