//! Declarations, plans, execution and record of Seaway: pure rules, no input or output.
