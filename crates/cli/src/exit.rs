//! Exit codes: what a script learns from a command without reading its output.
//!
//! This is the only place that knows the numbers. [`TABLE`] is printed in the reference and by `--help`.

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// The command could not do what it was asked.
    Error,
    /// `plan` and `adopt`: there is something to do.
    Changes,
    /// The rollout failed.
    Failed,
    /// The rollout was stopped by a person.
    Stopped,
    /// The rollout waits for a person.
    WaitsForPeople,
    /// A rule said no; nothing was changed.
    Refused,
    /// The rollout has not ended.
    Unfinished,
    /// Left by Ctrl-C; the rollout rests.
    Interrupted,
}

/// Every exit code, ordered.
pub const TABLE: &[(Exit, &str)] = &[
    (Exit::Done, "done, or nothing to do; for a rollout: it succeeded"),
    (
        Exit::Error,
        "error: wrong usage, findings in the declarations, a file or cluster that cannot be read; `diff`: the two differ",
    ),
    (
        Exit::Changes,
        "`plan`: there are changes; `adopt`: there are objects to take over; `hld check`: there is something to correct; \
         `diff`: error",
    ),
    (Exit::Failed, "the rollout failed"),
    (Exit::Stopped, "the rollout was stopped by a person"),
    (Exit::WaitsForPeople, "the rollout waits for a person: an approval, or the end of a pause"),
    (Exit::Refused, "a rule said no and nothing was changed: not confirmed, not allowed, not possible in this state"),
    (Exit::Unfinished, "the rollout has not ended: it is under way, or nobody drives it"),
    (Exit::Interrupted, "left by Ctrl-C; a rollout that was driven rests and can be resumed"),
];

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Failed => 3,
            Self::Stopped => 4,
            Self::WaitsForPeople => 5,
            Self::Refused => 6,
            Self::Unfinished => 7,
            Self::Interrupted => 130,
        }
    }
}

/// The table as Markdown.
pub fn markdown() -> String {
    let rows: String = TABLE.iter().map(|(exit, meaning)| format!("| {} | {meaning} |\n", exit.code())).collect();
    format!("| code | meaning |\n| --- | --- |\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ordered() {
        assert!(TABLE.is_sorted_by(|a, b| a.0.code() < b.0.code()));
        assert_eq!(TABLE.len(), 9);
    }
}
