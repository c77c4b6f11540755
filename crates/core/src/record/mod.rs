//! The record: views folded from events.
