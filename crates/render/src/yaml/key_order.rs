//! The order in which go-yaml writes the keys of a mapping.
//!
//! Letters stand after all other characters, digit runs are compared by value. The order is not transitive for
//! every triple of keys, so it must not be handed to a sort that insists on a total order.

use std::cmp::Ordering;

/// Sorts keys the way go-yaml does. To the newer library a letter after digits ends a number (`runs_end`).
pub(crate) fn sort<T>(entries: &mut Vec<(&str, T)>, runs_end: bool) {
    // Most mappings arrive in byte order, which mostly is this order too.
    if entries.windows(2).all(|pair| matches!(pair, [a, b] if precedes(a.0, b.0, runs_end))) {
        return;
    }
    let taken = std::mem::take(entries);
    *entries = merge_sort(taken, runs_end);
}

/// Stable, and correct memory access whatever the comparison answers.
fn merge_sort<T>(mut entries: Vec<(&str, T)>, runs_end: bool) -> Vec<(&str, T)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = merge_sort(entries.split_off(entries.len() / 2), runs_end);
    let left = merge_sort(entries, runs_end);
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) if precedes(b.0, a.0, runs_end) => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        let Some(next) = next else { return out };
        out.push(next);
    }
}

/// Whether `a` stands before `b`.
fn precedes(a: &str, b: &str, runs_end: bool) -> bool {
    let common = common_prefix(a, b);
    let (a_rest, b_rest) = (a.get(common..).unwrap_or_default(), b.get(common..).unwrap_or_default());
    let (Some(x), Some(y)) = (a_rest.chars().next(), b_rest.chars().next()) else {
        return a_rest.is_empty() && !b_rest.is_empty();
    };
    let before = a.get(..common).unwrap_or_default();
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x < y,
        // A digit run ends here for one of them: the shorter number is the smaller one.
        (true, false) | (false, true) if runs_end && before.ends_with(is_digit) => return x.is_alphabetic(),
        (true, false) | (false, true) => return y.is_alphabetic(),
        (false, false) => {}
    }
    // A zero counts when a digit other than zero stands before it in the same run.
    let run_is_open =
        (x == '0' || y == '0') && before.chars().rev().take_while(|digit| is_digit(*digit)).any(|digit| digit != '0');
    let (a_value, a_len) = run(a_rest, run_is_open);
    let (b_value, b_len) = run(b_rest, run_is_open);
    match a_value.cmp(&b_value).then(a_len.cmp(&b_len)) {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => x < y,
    }
}

/// Bytes that both start with, up to a character boundary.
fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum()
}

fn is_digit(c: char) -> bool {
    // Go counts every decimal digit of Unicode; keys with other digits than these do not occur.
    c.is_ascii_digit()
}

/// Value and length of the digits at the start.
fn run(text: &str, is_open: bool) -> (i64, usize) {
    let mut value = i64::from(is_open);
    let mut len = 0;
    for digit in text.bytes().take_while(u8::is_ascii_digit) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
        len += 1;
    }
    (value, len)
}
