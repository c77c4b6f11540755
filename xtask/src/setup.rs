//! `cargo xtask setup`: what the tests need beside Rust.
//!
//! Looks first and changes nothing that is there. On Debian and its relatives missing packages are installed with
//! apt-get, as root or through a sudo that asks for no password; elsewhere the command says what to install.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use seaway_testbed::{Binaries, go_wanted};

/// A program that the tests start.
struct Need {
    /// Any of these will do.
    programs: &'static [&'static str],
    why: &'static str,
    /// Package of Debian that has it.
    package: &'static str,
}

const NEEDS: [Need; 4] = [
    Need { programs: &["git"], why: "sources of workspaces", package: "git" },
    Need { programs: &["cc", "gcc", "clang"], why: "SQLite and ring are compiled from C", package: "gcc" },
    Need { programs: &["initdb"], why: "the store's tests run on PostgreSQL too", package: "postgresql" },
    Need { programs: &["go"], why: "the Kubernetes programs of the test clusters", package: "golang-go" },
];

/// Debian keeps the PostgreSQL server's programs off the PATH.
const POSTGRESQL_FOLDER: &str = "/usr/lib/postgresql";

pub(crate) fn run() -> anyhow::Result<()> {
    let missing = report();
    if !missing.is_empty() {
        install(&missing)?;
        let still: Vec<&str> = report().iter().map(|need| need.programs[0]).collect();
        if !still.is_empty() {
            bail!("still missing after the installation: {}", still.join(", "));
        }
    }
    println!("setup: Kubernetes programs in {}", Binaries::find_or_build()?.folder().display());
    Ok(())
}

/// Prints what is there, and returns what is not.
fn report() -> Vec<&'static Need> {
    let folders = search_folders();
    let mut missing = Vec::new();
    for need in &NEEDS {
        match find(need.programs, &folders) {
            Some(path) => println!("setup: {} is {}", need.programs[0], path.display()),
            None => {
                println!("setup: {} is missing ({})", need.programs[0], need.why);
                missing.push(need);
            }
        }
    }
    missing
}

fn install(missing: &[&Need]) -> anyhow::Result<()> {
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let by_hand = by_hand(missing);
    if !Path::new("/etc/debian_version").exists() {
        bail!("this is not Debian or a relative of it; {by_hand}");
    }
    let Some(apt_get) = privileged_apt_get() else {
        bail!("installing packages needs root, or sudo without a password; {by_hand}");
    };
    println!("setup: installing {} with apt-get", packages.join(", "));
    for args in [&["update"][..], &["install", "--yes", "--no-install-recommends"]] {
        let mut command = Command::new(apt_get[0]);
        command.args(&apt_get[1..]).args(args).env("DEBIAN_FRONTEND", "noninteractive");
        if args[0] == "install" {
            command.args(&packages);
        }
        let status = command.status().with_context(|| format!("cannot start {}", apt_get[0]))?;
        if !status.success() {
            bail!("`{} {}` ended with {status}; {by_hand}", apt_get.join(" "), args.join(" "));
        }
    }
    Ok(())
}

fn by_hand(missing: &[&Need]) -> String {
    let list: Vec<String> =
        missing.iter().map(|need| format!("{} (Debian: {})", need.programs[0], need.package)).collect();
    let go = if missing.iter().any(|need| need.package == "golang-go") {
        format!("; Go {} is at https://go.dev/dl", go_wanted())
    } else {
        String::new()
    };
    format!("install {} and run this again{go}", list.join(", "))
}

/// The command that may install, or `None`.
fn privileged_apt_get() -> Option<Vec<&'static str>> {
    if succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]) {
        Some(vec!["apt-get"])
    } else if succeeds("sudo", &["-n", "true"]) {
        Some(vec!["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
    } else {
        None
    }
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    let quiet = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn search_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir(POSTGRESQL_FOLDER) {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
}

fn find(programs: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    programs
        .iter()
        .flat_map(|program| folders.iter().map(move |folder| folder.join(program)))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_program_that_is_there_is_found() {
        let folders = [PathBuf::from("/nonexistent"), PathBuf::from("/bin")];
        assert_eq!(find(&["no-such-program", "sh"], &folders), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find(&["no-such-program"], &folders), None);
    }

    #[test]
    fn advice_names_programs_and_packages() {
        let advice = by_hand(&[&NEEDS[2], &NEEDS[3]]);
        assert!(advice.starts_with("install initdb (Debian: postgresql), go (Debian: golang-go)"), "{advice}");
        assert!(advice.contains(go_wanted()) && advice.contains("go.dev/dl"), "{advice}");
    }
}
