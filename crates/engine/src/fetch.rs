//! Fetching one source with the driver for it. Nothing is decided here: what is fetched, and what it must be, is said by
//! the caller.

use std::path::{Path, PathBuf};

use seaway_chartrepo::{Http, Limits as HttpLimits, releases, unpack};
use seaway_core::digest::Digest;
use seaway_git::{Cache, Git, Limits, Reference, Remote};
use seaway_render::{
    Tree,
    helm::version::{Constraint, Version},
    remote::{Locked, Source},
};

pub use seaway_git::Transports;

/// Why a source was not fetched.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct FetchError {
    /// What failed; a lower-case fragment.
    pub what: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl FetchError {
    /// An error without cause or advice yet.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), causes: Vec::new(), hint: None }
    }

    /// With a cause and all behind it.
    #[must_use]
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same as the cause of something larger.
    #[must_use]
    pub fn within(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), causes: std::iter::once(self.what).chain(self.causes).collect(), hint: self.hint }
    }
}

/// One source that shall be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// What.
    pub source: &'a Source,
    /// What it is locked to; `None` = whatever it is now.
    pub locked: Option<&'a Locked>,
    /// Environment variable that holds a token for it.
    pub token_variable: Option<&'a str>,
    /// Variable that a fetched component asks for and does not get.
    pub asked_variable: Option<&'a str>,
}

/// The drivers, each started when it is needed first: who needs no Git needs no `git`.
pub struct Fetcher<'a> {
    cache: PathBuf,
    transports: Transports,
    say: &'a dyn Fn(&str),
    git: Option<Git>,
    http: Option<Http>,
}

impl<'a> Fetcher<'a> {
    /// With the folder of the cache, the transports beside HTTPS and SSH, and somebody to tell what is remarkable, a line
    /// at a time.
    pub fn new(cache: &Path, transports: Transports, say: &'a dyn Fn(&str)) -> Self {
        Self { cache: cache.to_owned(), transports, say, git: None, http: None }
    }

    /// What a source is now, or what it was when it was locked: what it was resolved to, and its tree.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn fetch(&mut self, wish: &Wish<'_>) -> Result<(String, Tree), FetchError> {
        let source = wish.source;
        let token = wish.token_variable.and_then(|name| self.token(name));
        if let Some(asked) = wish.asked_variable {
            (self.say)(&format!(
                "a fetched component asks for the token in `{asked}` for `{source}`: write it into your own `access.yaml` \
                 when that is meant\n"
            ));
        }
        match source {
            Source::Git { url, branch, version, path } => {
                let reference = match (version.as_str(), branch.as_str()) {
                    ("", "") => Reference::Head,
                    ("", branch) => Reference::Branch(branch.to_owned()),
                    (version, _) => Reference::Version(version.to_owned()),
                };
                let commit = wish.locked.map(|locked| locked.resolved.as_str());
                self.git(url, &reference, path, token, commit, source)
            }
            Source::Chart { repository, name, version } => {
                let version = wish.locked.map_or(version.as_str(), |locked| locked.resolved.as_str());
                if repository.starts_with("oci://") {
                    self.oci(repository, name, version, source)
                } else {
                    self.chart(repository, name, version, token.as_deref(), source)
                }
            }
            Source::File { url } => self.file(url, token.as_deref(), source),
        }
    }

    /// The token in a variable. An unset one means no credential.
    fn token(&self, variable: &str) -> Option<String> {
        let token = std::env::var(variable).ok().filter(|token| !token.is_empty());
        if token.is_none() {
            (self.say)(&format!("`{variable}`, which holds a token, is not set: fetching without it\n"));
        }
        token
    }

    fn git(
        &mut self,
        url: &str,
        reference: &Reference,
        path: &str,
        token: Option<String>,
        commit: Option<&str>,
        source: &Source,
    ) -> Result<(String, Tree), FetchError> {
        let failed = |error: seaway_git::Error| FetchError::new("Git did not give it").because(&error);
        let git = match &self.git {
            Some(git) => git.clone(),
            None => Git::find(Limits::default()).map_err(|error| {
                failed(error).hint("install Git 2.34 or newer: Git repositories are named as sources")
            })?,
        };
        self.git = Some(git.clone());
        let mut remote = Remote::new(url, self.transports)
            .map_err(|error| failed(error).hint("allow it with `--allow-transport` when you trust the way to it"))?;
        if let Some(token) = token {
            remote = remote.with_token(token);
        }
        let cache = Cache::open(&git, &self.cache.join("git"), remote.url()).map_err(failed)?;
        let commit = match commit {
            Some(commit) => commit.to_owned(),
            None => cache.resolve(&remote, reference).map_err(failed)?,
        };
        cache.fetch(&remote, &commit).map_err(failed)?;
        let files = cache.read(&commit, path).map_err(failed)?;
        if files.is_empty() {
            let commit: String = commit.chars().take(12).collect();
            return Err(FetchError::new(format!("there is nothing in folder `{path}` at {commit}")));
        }
        Ok((commit, tree(source, files)?))
    }

    fn http(&mut self) -> &Http {
        let is_plain = self.transports.http;
        self.http.get_or_insert_with(|| Http::new(HttpLimits::default(), is_plain))
    }

    fn chart(
        &mut self,
        repository: &str,
        name: &str,
        version: &str,
        token: Option<&str>,
        source: &Source,
    ) -> Result<(String, Tree), FetchError> {
        let failed = |error: seaway_chartrepo::Error| FetchError::new("the repository did not give it").because(&error);
        let index =
            self.http().get(&format!("{}/index.yaml", repository.trim_end_matches('/')), token).map_err(failed)?;
        let listed = releases(&index, repository, name).map_err(failed)?;
        if listed.is_empty() {
            return Err(FetchError::new(format!("the repository has no chart `{name}`")));
        }
        let chosen = choose(listed.iter().map(|one| one.version.as_str()), version)
            .ok_or_else(|| FetchError::new(format!("the repository has no version `{version}` of chart `{name}`")))?;
        let release = listed.get(chosen).ok_or_else(|| FetchError::new("the index changed while it was read"))?;
        // An index may name another host, which is no business of this token.
        let token = token.filter(|_| host(&release.url) == host(repository));
        let packed = self.http().get(&release.url, token).map_err(failed)?;
        let digest = Digest::of(&packed);
        let is_same = |sha256: &String| digest.as_str().trim_start_matches("sha256:") == sha256.as_str();
        if release.sha256.as_ref().is_some_and(|sha256| !is_same(sha256)) {
            let mut error = FetchError::new("the packed chart is not what the repository's index says");
            error.causes.push(format!("its digest is {digest}"));
            return Err(error);
        }
        let files = unpack(&packed).map_err(failed)?;
        Ok((release.version.clone(), tree(source, files)?))
    }

    /// A chart of a registry. `SEAWAY_OCI_USER` and `SEAWAY_OCI_PASSWORD` are for the one that `SEAWAY_OCI_REGISTRY`
    /// names, and for no other: a component may name any.
    fn oci(
        &mut self,
        repository: &str,
        name: &str,
        version: &str,
        source: &Source,
    ) -> Result<(String, Tree), FetchError> {
        let failed = |error: seaway_oci::Error| {
            let hint = "for a registry that asks who you are set `SEAWAY_OCI_REGISTRY` to its host, `SEAWAY_OCI_USER` and \
                        `SEAWAY_OCI_PASSWORD`";
            FetchError::new("the registry did not give it").because(&error).hint(hint)
        };
        let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let host = repository.trim_start_matches("oci://").split('/').next().unwrap_or_default();
        let credential = of("SEAWAY_OCI_USER")
            .zip(of("SEAWAY_OCI_PASSWORD"))
            .filter(|_| of("SEAWAY_OCI_REGISTRY").as_deref() == Some(host));
        let place = seaway_oci::Repository::of_chart(repository, name).map_err(failed)?;
        let limits = seaway_oci::Limits::default();
        let mut registry = seaway_oci::Registry::new(place, credential, limits, self.transports.http);
        // A tag cannot hold `+`; charts are pushed with `_` for it.
        let tags: Vec<String> = registry.tags().map_err(failed)?.iter().map(|tag| tag.replace('_', "+")).collect();
        let chosen = choose(tags.iter().map(String::as_str), version)
            .and_then(|chosen| tags.get(chosen))
            .ok_or_else(|| FetchError::new(format!("the registry has no version `{version}` of chart `{name}`")))?;
        let packed = registry.chart(&chosen.replace('+', "_")).map_err(failed)?;
        let files =
            unpack(&packed).map_err(|error| FetchError::new("the registry's chart cannot be used").because(&error))?;
        Ok((chosen.clone(), tree(source, files)?))
    }

    fn file(&mut self, url: &str, token: Option<&str>, source: &Source) -> Result<(String, Tree), FetchError> {
        let failed = |error: seaway_chartrepo::Error| FetchError::new("the server did not give it").because(&error);
        let bytes = self.http().get(url, token).map_err(failed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| FetchError::new("it is not UTF-8 text"))?;
        if let Some(why) = seaway_render::hld::fault_of_manifest(text) {
            let mut error = FetchError::new("it is not YAML");
            error.causes.push(why);
            return Err(error.hint("the server may have answered with an error page"));
        }
        Ok((String::new(), tree(source, [("manifest.yaml".to_owned(), bytes)])?))
    }
}

/// Scheme, host and port.
fn host(url: &str) -> Option<&str> {
    let at = url.find("://")? + 3;
    let end = url.get(at..)?.find(['/', '?', '#']).map_or(url.len(), |end| at + end);
    url.get(..end)
}

fn tree(source: &Source, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Tree, FetchError> {
    Tree::of(source.to_string(), files).map_err(|found| {
        let mut error = FetchError::new("its files cannot be taken");
        error.causes = found.into_iter().map(|finding| finding.message).take(5).collect();
        error
    })
}

/// The newest version that fits: an exact one, or a constraint; empty = the newest release that is no pre-release.
fn choose<'a>(versions: impl Iterator<Item = &'a str>, wanted: &str) -> Option<usize> {
    let listed: Vec<(usize, &str)> = versions.enumerate().collect();
    let plain = |text: &str| text.trim_start_matches('v').to_owned();
    if let Some((index, _)) = listed.iter().find(|(_, version)| !wanted.is_empty() && plain(version) == plain(wanted)) {
        return Some(*index);
    }
    let constraint = Constraint::parse(if wanted.is_empty() { "*" } else { wanted })?;
    let parsed = listed.iter().filter_map(|(index, version)| Some((Version::parse(version)?, *index)));
    parsed.filter(|(version, _)| constraint.allows(version)).max_by(|a, b| a.0.cmp(&b.0)).map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let listed = ["2.0.0-rc.1", "1.10.0", "1.9.3", "0.9.0", "not-a-version"];
        let chosen = |wanted: &str| choose(listed.into_iter(), wanted).map(|index| listed[index]);
        assert_eq!(chosen(""), Some("1.10.0"));
        assert_eq!(chosen("1.9.3"), Some("1.9.3"));
        assert_eq!(chosen("v1.9.3"), Some("1.9.3"));
        assert_eq!(chosen("2.0.0-rc.1"), Some("2.0.0-rc.1"));
        assert_eq!(chosen("~1.9"), Some("1.9.3"));
        assert_eq!(chosen("<1.0.0"), Some("0.9.0"));
        assert_eq!(chosen("^3"), None);
        assert_eq!(chosen("nonsense"), None);
    }
}
