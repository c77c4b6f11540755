//! Fetching what components name, until nothing is missing.

use std::collections::BTreeSet;

use clap::ValueEnum;
use seaway_chartrepo::{Http, Limits as HttpLimits, releases, unpack};
use seaway_core::digest::Digest;
use seaway_git::{Cache, Git, Limits, Reference, Remote, Transports};
use seaway_render::{
    Tree,
    helm::version::{Constraint, Version},
    hld::{Lock, Locked, Source, Wanted, wanted},
};

use super::desk::Desk;
use crate::error::Error;

/// Most rounds: each finds what the trees of the one before name.
const ROUNDS_MAX: usize = 64;

/// A way to fetch that is not safe everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Transport {
    /// Unencrypted HTTP
    Http,
    /// Git's own unencrypted protocol
    Git,
    /// Repositories in folders of this machine
    File,
}

/// What may be locked anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locking {
    /// Nothing: what is not locked is an error.
    Refused,
    /// What is not locked yet.
    Missing,
    /// Everything.
    All,
}

/// Options of verbs that fetch.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Fetching {
    /// Environments to fetch for, such as `prod` or `prod,west`; every one that has a file when left out
    #[arg(short, long = "environments", value_name = "SET")]
    pub environments: Vec<String>,
    /// Allow a transport beside HTTPS and SSH
    #[arg(long = "allow-transport", value_enum, value_name = "NAME")]
    pub transports: Vec<Transport>,
}

impl Fetching {
    fn allows(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }
}

/// One source that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What.
    pub source: Source,
    /// What it is locked to.
    pub locked: Locked,
    /// Whether the lock had it already.
    pub was_locked: bool,
}

/// Fetches until nothing is missing. The new lock and what was fetched; nothing is written but the cache.
///
/// # Errors
/// When a source cannot be fetched, is not what was locked, or is not locked and must be.
pub fn all(desk: &Desk<'_>, fetching: &Fetching, locking: Locking) -> Result<(Lock, Vec<Fetched>), Error> {
    let sets = desk.sets(&fetching.environments);
    let mut lock = if locking == Locking::All { Lock::default() } else { desk.lock.clone() };
    let mut fetched: Vec<Fetched> = Vec::new();
    let mut drivers = Drivers { desk, fetching, git: None, http: None };
    for _ in 0..ROUNDS_MAX {
        let found =
            wanted(&desk.tree, "", &desk.settings, &sets, &lock, &desk.store).map_err(|found| desk.refuse(&found))?;
        let missing: Vec<&Wanted> = found.iter().filter(|one| !one.is_here).collect();
        if missing.is_empty() {
            let named: BTreeSet<&Source> = found.iter().map(|one| &one.source).collect();
            lock.retain(|source| named.contains(source));
            return Ok((lock, fetched));
        }
        for one in missing {
            let locked = lock.get(&one.source).cloned();
            if locked.is_none() && locking == Locking::Refused {
                return Err(Error::new(format!("`{}` of component `{}` is not locked", one.source, one.component))
                    .hint("run `seaway hld lock` and commit `hld.lock`"));
            }
            let failed = |error: Error| {
                let mut outer = Error::new(format!("cannot fetch `{}` for component `{}`", one.source, one.component));
                outer.causes = std::iter::once(error.what).chain(error.causes).collect();
                outer.hint = error.hint;
                outer
            };
            let (resolved, tree) = drivers.fetch(one, locked.as_ref()).map_err(failed)?;
            let digest = tree.digest();
            if let Some(expected) = locked.as_ref().map(|locked| &locked.digest).or(one.stated.as_ref())
                && *expected != digest
            {
                let what = format!("`{}` is not what was locked", one.source);
                return Err(Error::new(what)
                    .cause(format!("expected {}, found {}", expected.short(), digest.short()))
                    .hint("somebody changed what a tag, version or file stands for; look before you lock it again"));
            }
            let now = Locked { resolved, digest };
            lock.insert(one.source.clone(), now.clone());
            desk.store.label(&lock);
            desk.store.put(tree)?;
            fetched.push(Fetched { source: one.source.clone(), locked: now, was_locked: locked.is_some() });
        }
    }
    Err(Error::new(format!("components name further ones in more than {ROUNDS_MAX} rounds"))
        .hint("look for a component that names itself"))
}

/// Drivers, each started when it is needed first: who needs no Git needs no `git`.
struct Drivers<'a> {
    desk: &'a Desk<'a>,
    fetching: &'a Fetching,
    git: Option<Git>,
    http: Option<Http>,
}

impl Drivers<'_> {
    /// What a source was resolved to, and its tree.
    fn fetch(&mut self, wanted: &Wanted, locked: Option<&Locked>) -> Result<(String, Tree), Error> {
        let token = wanted.token_variable.as_ref().and_then(|name| self.token(name));
        if let Some(asked) = &wanted.asked_variable {
            let text = format!(
                "a fetched component asks for the token in `{asked}` for `{}`: write it into your own `access.yaml` when \
                 that is meant\n",
                wanted.source
            );
            self.desk.context.remark(&text);
        }
        match &wanted.source {
            Source::Git { url, branch, version, path } => {
                let reference = match (version.as_str(), branch.as_str()) {
                    ("", "") => Reference::Head,
                    ("", branch) => Reference::Branch(branch.to_owned()),
                    (version, _) => Reference::Version(version.to_owned()),
                };
                let commit = locked.map(|locked| locked.resolved.as_str());
                self.git(url, &reference, path, token, commit, &wanted.source)
            }
            Source::Chart { repository, name, version } if repository.starts_with("oci://") => {
                let version = locked.map_or(version.as_str(), |locked| locked.resolved.as_str());
                self.oci(repository, name, version, &wanted.source)
            }
            Source::Chart { repository, name, version } => {
                let version = locked.map_or(version.as_str(), |locked| locked.resolved.as_str());
                self.chart(repository, name, version, &wanted.source)
            }
            Source::File { url } => self.file(url, token.as_deref(), &wanted.source),
        }
    }

    /// The token in a variable. An unset one means no credential.
    fn token(&self, variable: &str) -> Option<String> {
        let token = std::env::var(variable).ok().filter(|token| !token.is_empty());
        if token.is_none() {
            let text = format!("`{variable}`, which `access.yaml` names, is not set: fetching without a token\n");
            self.desk.context.remark(&text);
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
    ) -> Result<(String, Tree), Error> {
        let failed = |error: seaway_git::Error| Error::new("Git did not give it").because(&error);
        let git = match &self.git {
            Some(git) => git.clone(),
            None => Git::find(Limits::default()).map_err(|error| {
                failed(error).hint("install Git 2.34 or newer: the definitions name Git repositories")
            })?,
        };
        self.git = Some(git.clone());
        let allows = |transport| self.fetching.allows(transport);
        let transports =
            Transports { http: allows(Transport::Http), git: allows(Transport::Git), file: allows(Transport::File) };
        let mut remote = Remote::new(url, transports)
            .map_err(|error| failed(error).hint("allow it with `--allow-transport` when you trust the way to it"))?;
        if let Some(token) = token {
            remote = remote.with_token(token);
        }
        let cache = Cache::open(&git, &self.desk.cache.join("git"), remote.url()).map_err(failed)?;
        let commit = match commit {
            Some(commit) => commit.to_owned(),
            None => cache.resolve(&remote, reference).map_err(failed)?,
        };
        cache.fetch(&remote, &commit).map_err(failed)?;
        let files = cache.read(&commit, path).map_err(failed)?;
        if files.is_empty() {
            return Err(Error::new(format!("there is nothing in folder `{path}` at {}", &commit[..12])));
        }
        Ok((commit, tree(source, files)?))
    }

    fn http(&mut self) -> &Http {
        let is_plain = self.fetching.allows(Transport::Http);
        self.http.get_or_insert_with(|| Http::new(HttpLimits::default(), is_plain))
    }

    fn chart(&mut self, repository: &str, name: &str, version: &str, source: &Source) -> Result<(String, Tree), Error> {
        let failed = |error: seaway_chartrepo::Error| Error::new("the repository did not give it").because(&error);
        let index =
            self.http().get(&format!("{}/index.yaml", repository.trim_end_matches('/')), None).map_err(failed)?;
        let listed = releases(&index, repository, name).map_err(failed)?;
        if listed.is_empty() {
            return Err(Error::new(format!("the repository has no chart `{name}`")));
        }
        let chosen = choose(listed.iter().map(|one| one.version.as_str()), version)
            .ok_or_else(|| Error::new(format!("the repository has no version `{version}` of chart `{name}`")))?;
        let release = &listed[chosen];
        let packed = self.http().get(&release.url, None).map_err(failed)?;
        let digest = Digest::of(&packed);
        let is_same = |sha256: &String| digest.as_str().trim_start_matches("sha256:") == sha256.as_str();
        if release.sha256.as_ref().is_some_and(|sha256| !is_same(sha256)) {
            return Err(Error::new("the packed chart is not what the repository's index says")
                .cause(format!("its digest is {digest}")));
        }
        let files = unpack(&packed).map_err(failed)?;
        Ok((release.version.clone(), tree(source, files)?))
    }

    /// A chart of a registry. `SEAWAY_OCI_USER` and `SEAWAY_OCI_PASSWORD` are for the one that `SEAWAY_OCI_REGISTRY`
    /// names, and for no other: a component may name any.
    fn oci(&mut self, repository: &str, name: &str, version: &str, source: &Source) -> Result<(String, Tree), Error> {
        let failed = |error: seaway_oci::Error| {
            let hint = "for a registry that asks who you are set `SEAWAY_OCI_REGISTRY` to its host, `SEAWAY_OCI_USER` and \
                        `SEAWAY_OCI_PASSWORD`";
            Error::new("the registry did not give it").because(&error).hint(hint)
        };
        let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let host = repository.trim_start_matches("oci://").split('/').next().unwrap_or_default();
        let credential = of("SEAWAY_OCI_USER")
            .zip(of("SEAWAY_OCI_PASSWORD"))
            .filter(|_| of("SEAWAY_OCI_REGISTRY").as_deref() == Some(host));
        let place = seaway_oci::Repository::of_chart(repository, name).map_err(failed)?;
        let is_plain = self.fetching.allows(Transport::Http);
        let limits = seaway_oci::Limits::default();
        let mut registry = seaway_oci::Registry::new(place, credential, limits, is_plain);
        // A tag cannot hold `+`; charts are pushed with `_` for it.
        let tags: Vec<String> = registry.tags().map_err(failed)?.iter().map(|tag| tag.replace('_', "+")).collect();
        let chosen = choose(tags.iter().map(String::as_str), version)
            .ok_or_else(|| Error::new(format!("the registry has no version `{version}` of chart `{name}`")))?;
        let packed = registry.chart(&tags[chosen].replace('+', "_")).map_err(failed)?;
        let files =
            unpack(&packed).map_err(|error| Error::new("the registry's chart cannot be used").because(&error))?;
        Ok((tags[chosen].clone(), tree(source, files)?))
    }

    fn file(&mut self, url: &str, token: Option<&str>, source: &Source) -> Result<(String, Tree), Error> {
        let failed = |error: seaway_chartrepo::Error| Error::new("the server did not give it").because(&error);
        let bytes = self.http().get(url, token).map_err(failed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::new("it is not UTF-8 text"))?;
        if let Some(why) = seaway_render::hld::fault_of_manifest(text) {
            return Err(Error::new("it is not YAML")
                .cause(why)
                .hint("the server may have answered with an error page"));
        }
        Ok((String::new(), tree(source, [("manifest.yaml".to_owned(), bytes)])?))
    }
}

fn tree(source: &Source, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Tree, Error> {
    Tree::of(source.to_string(), files).map_err(|found| {
        let mut error = Error::new("its files cannot be taken");
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
