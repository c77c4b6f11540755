//! Counts the bytes that template values hold, so that a render ends with an error before it ends the process.
//!
//! Values of one render live on one thread and share their parts by reference. Counting where a part is made and
//! where its last reference goes is exact however values are shared; a limit on the sizes of single values is not.

use std::cell::Cell;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// Bytes that values of this thread hold now.
pub fn held() -> usize {
    HELD.with(Cell::get)
}

/// Notes that a value part of `bytes` was made.
pub fn grow(bytes: usize) {
    HELD.with(|held| held.set(held.get().saturating_add(bytes)));
}

/// Notes that a value part of `bytes` is gone.
pub fn shrink(bytes: usize) {
    // A value may be dropped while its thread ends and the counter is gone: nobody reads it any more.
    let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(bytes)));
}
