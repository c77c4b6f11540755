//! The five programs of a test cluster: found, or built once from the pinned Go modules.
//!
//! The pins (`pins/*/go.mod` and `go.sum`) are part of this crate, and the cache folder is named after their digest:
//! other pins make other programs. A missing program is always an error, never a reason to skip a test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::{
    cache::{Lock, cache_dir, create_dir},
    go::Go,
};

/// Folder with programs to use instead of our own, as other Kubernetes test tools name it.
const ASSETS_VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// Changes when the way of building changes in a way that the digest of the pins does not show.
const RECIPE: &str = "1";

/// A program of a test cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Etcd,
    ApiServer,
    ControllerManager,
    Scheduler,
    Kwok,
}

impl Program {
    pub(crate) const ALL: [Self; 5] =
        [Self::Etcd, Self::ApiServer, Self::ControllerManager, Self::Scheduler, Self::Kwok];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kwok => "kwok",
        }
    }
}

/// Pinned Go modules that are built together.
struct Pins {
    folder: &'static str,
    files: [(&'static str, &'static str); 3],
    packages: &'static [(Program, &'static str)],
}

macro_rules! pinned_files {
    ($folder:literal) => {
        [
            ("go.mod", include_str!(concat!("../pins/", $folder, "/go.mod"))),
            ("go.sum", include_str!(concat!("../pins/", $folder, "/go.sum"))),
            ("tools.go", include_str!(concat!("../pins/", $folder, "/tools.go"))),
        ]
    };
}

const PINS: [Pins; 3] = [
    Pins { folder: "etcd", files: pinned_files!("etcd"), packages: &[(Program::Etcd, "go.etcd.io/etcd/server/v3")] },
    Pins { folder: "kwok", files: pinned_files!("kwok"), packages: &[(Program::Kwok, "sigs.k8s.io/kwok/cmd/kwok")] },
    Pins {
        folder: "control-plane",
        files: pinned_files!("control-plane"),
        packages: &[
            (Program::ApiServer, "k8s.io/kubernetes/cmd/kube-apiserver"),
            (Program::ControllerManager, "k8s.io/kubernetes/cmd/kube-controller-manager"),
            (Program::Scheduler, "k8s.io/kubernetes/cmd/kube-scheduler"),
        ],
    },
];

/// A folder that holds all five programs.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The folder named by `KUBEBUILDER_ASSETS`; else the one in the cache, which is built first if it is not there.
    ///
    /// Building takes about five minutes on two cores the first time, and prints its progress to standard error.
    ///
    /// # Errors
    /// When `KUBEBUILDER_ASSETS` lacks a program, when Go is missing or too old, or when the build fails.
    pub fn find_or_build() -> anyhow::Result<Self> {
        match env::var_os(ASSETS_VARIABLE).filter(|value| !value.is_empty()) {
            Some(folder) => Self::at(Path::new(&folder)),
            None => find_or_build_in(&cache_dir()?),
        }
    }

    /// Whether [`Binaries::find_or_build`] has nothing to build.
    ///
    /// # Errors
    /// When there is no cache folder.
    pub fn are_built() -> anyhow::Result<bool> {
        let is_given = env::var_os(ASSETS_VARIABLE).is_some_and(|value| !value.is_empty());
        Ok(is_given || missing_in(&cached_folder(&cache_dir()?)).is_empty())
    }

    /// Where the programs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn command(&self, program: Program) -> Command {
        Command::new(self.folder.join(program.name()))
    }

    fn at(folder: &Path) -> anyhow::Result<Self> {
        let missing = missing_in(folder);
        if !missing.is_empty() {
            bail!(
                "`{ASSETS_VARIABLE}` names `{}`, which lacks {}; add what is missing, or unset the variable to build \
                 all five from their pinned sources",
                folder.display(),
                missing.join(", ")
            );
        }
        let folder = std::path::absolute(folder).with_context(|| format!("cannot use {}", folder.display()))?;
        Ok(Self { folder })
    }
}

fn find_or_build_in(cache: &Path) -> anyhow::Result<Binaries> {
    let folder = cached_folder(cache);
    if missing_in(&folder).is_empty() {
        return Ok(Binaries { folder });
    }
    let _lock = Lock::acquire(&cache.join("kube.lock"), || {
        eprintln!("testbed: another process builds the Kubernetes programs; waiting for it");
    })?;
    if !missing_in(&folder).is_empty() {
        build(cache, &folder)?;
    }
    Ok(Binaries { folder })
}

fn cached_folder(cache: &Path) -> PathBuf {
    cache.join(format!("kube-{}", pins_digest()))
}

/// Builds into a folder beside the final one and renames it, so that a half-built one is never used.
fn build(cache: &Path, folder: &Path) -> anyhow::Result<()> {
    let started = Instant::now();
    let go = find_go(cache)?;
    let partial = cache.join("kube.partial");
    remove(&partial)?;
    let programs = partial.join("bin");
    create_dir(&programs)?;
    eprintln!(
        "testbed: building the Kubernetes programs into {} (once; about five minutes when nothing is cached)",
        folder.display()
    );
    for (i, pins) in PINS.iter().enumerate() {
        eprintln!("testbed: building {} ({} of {})", pins.folder, i + 1, PINS.len());
        build_pins(&go, pins, &partial.join(pins.folder), &programs)?;
    }
    let missing = missing_in(&programs);
    if !missing.is_empty() {
        bail!("the build ended without an error but left out {}", missing.join(", "));
    }
    remove(folder)?;
    fs::rename(&programs, folder).with_context(|| format!("cannot create {}", folder.display()))?;
    remove(&partial)?;
    eprintln!("testbed: built in {} s", started.elapsed().as_secs());
    Ok(())
}

fn build_pins(go: &Go, pins: &Pins, source: &Path, programs: &Path) -> anyhow::Result<()> {
    create_dir(source)?;
    for (name, text) in pins.files {
        let path = source.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for (program, package) in pins.packages {
        let output = Command::new(go.program())
            .current_dir(source)
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=readonly")
            .env("GOWORK", "off")
            .args(["build", "-trimpath", "-ldflags", &linker_flags(pins), "-o"])
            .arg(programs.join(program.name()))
            .arg(package)
            .output()
            .with_context(|| format!("cannot start `{}`", go.program().display()))?;
        if !output.status.success() {
            bail!(
                "`go build {package}` failed with {}:\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
    }
    Ok(())
}

/// No debug data; and for Kubernetes its version, without which the server calls itself v0.0.0 and clients refuse it.
fn linker_flags(pins: &Pins) -> String {
    let Some(version) = kubernetes_version(pins) else {
        return "-s -w".to_owned();
    };
    let minor = version.split('.').nth(1).unwrap_or_default();
    let module = "k8s.io/component-base/version";
    format!("-s -w -X {module}.gitVersion={version} -X {module}.gitMajor=1 -X {module}.gitMinor={minor}")
}

fn kubernetes_version(pins: &Pins) -> Option<&'static str> {
    let (_, go_mod) = pins.files.iter().find(|(name, _)| *name == "go.mod")?;
    go_mod.lines().find_map(|line| line.strip_prefix("require k8s.io/kubernetes "))
}

fn find_go(cache: &Path) -> anyhow::Result<Go> {
    Go::find(cache)?.map_err(|none| {
        anyhow::anyhow!(
            "{none}. The Kubernetes programs of the tests are built with Go: let `cargo xtask setup` install it, or \
             install Go {} (https://go.dev/dl), or set `{ASSETS_VARIABLE}` to a folder that has {}",
            go_wanted(),
            Program::ALL.map(Program::name).join(", ")
        )
    })
}

/// The Go release that the pins ask for.
pub fn go_wanted() -> &'static str {
    let (_, go_mod) = PINS[0].files[0];
    go_mod.lines().find_map(|line| line.strip_prefix("go ")).unwrap_or_default()
}

fn pins_digest() -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{RECIPE} {} {}", env::consts::OS, env::consts::ARCH));
    for pins in &PINS {
        for (name, text) in pins.files {
            hash.update(format!("\n{}/{name} {}\n", pins.folder, text.len()));
            hash.update(text);
        }
    }
    hex::encode(&hash.finalize()[..6])
}

fn missing_in(folder: &Path) -> Vec<&'static str> {
    Program::ALL.map(Program::name).into_iter().filter(|name| !folder.join(name).is_file()).collect()
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn an_assets_folder_must_hold_all_programs() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("etcd"), "").unwrap();
        fs::write(folder.path().join("kwok"), "").unwrap();
        let message = Binaries::at(folder.path()).unwrap_err().to_string();
        assert!(message.contains("lacks kube-apiserver, kube-controller-manager, kube-scheduler;"), "{message}");
        for program in Program::ALL {
            fs::write(folder.path().join(program.name()), "").unwrap();
        }
        assert_eq!(Binaries::at(folder.path()).unwrap().folder(), folder.path());
    }

    #[test]
    fn the_pins_name_one_go_release_and_the_kubernetes_version() {
        for pins in &PINS {
            assert!(pins.files[0].1.contains(&format!("\ngo {}\n", go_wanted())), "{}", pins.folder);
        }
        assert!(go_wanted().starts_with("1."), "{}", go_wanted());
        let flags = linker_flags(&PINS[2]);
        assert!(flags.contains("version.gitVersion=v1.") && flags.contains("gitMinor="), "{flags}");
        assert_eq!(linker_flags(&PINS[0]), "-s -w");
    }
}
