//! Keeping a program off the network: a network namespace of its own, which has no interface that leads anywhere.

use std::{
    process::{Command, Stdio},
    sync::OnceLock,
};

/// Arguments of `unshare` that may work, the better way first. With a user namespace nobody needs to be root; with a
/// process namespace nothing that a program starts can outlive it.
const WAYS: [&[&str]; 4] = [
    &["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"],
    &["--user", "--map-root-user", "--net"],
    &["--net", "--pid", "--fork", "--kill-child"],
    &["--net"],
];

/// What a program could reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Network {
    /// Nothing.
    None,
    /// Whatever this machine can: the system does not allow less.
    Open,
}

/// The command that takes the network away from what follows it, or nothing when the system has none. Tried once.
pub(crate) fn prefix() -> Option<&'static [&'static str]> {
    static FOUND: OnceLock<Option<&'static [&'static str]>> = OnceLock::new();
    *FOUND.get_or_init(|| WAYS.into_iter().find(|way| works(way)))
}

fn works(way: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    command.args(way).args(["--", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
