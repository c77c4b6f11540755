//! The `seaway` command.
fn main() {}
