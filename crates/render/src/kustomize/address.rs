//! Addresses of remote folders and files, as a kustomization writes them.

use crate::remote::Source;

/// Endings of files that a kustomization takes by their address.
const FILE_ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];

/// What an address names: a repository and the folder of the kustomization in it, or a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    Folder(Source, String),
    File(Source),
}

/// Reads an address; `None` = it is of a form that nothing can be fetched from.
///
/// The repository ends at `//`, at `.git`, or after two parts of the path, whichever is found first in this order; what
/// follows is the folder. `ref` of the query is a branch, tag or commit.
pub(crate) fn parse(address: &str) -> Option<Address> {
    let is_forced = starts_with(address, "git::");
    let text = if is_forced { &address[5..] } else { address };
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let is_http = starts_with(text, "https://") || starts_with(text, "http://");
    if is_http && !is_forced && FILE_ENDINGS.iter().any(|ending| text.ends_with(ending)) {
        return Some(Address::File(Source::File { url: address.to_owned() }));
    }
    let (host, rest) = split_host(text)?;
    let (repository, folder) = split_repository(rest, starts_with(text, "file://"));
    let folder = folder.trim_matches('/');
    if repository.is_empty() || folder.split('/').any(|part| part == "..") {
        return None;
    }
    let parameter = |name: &str| query.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
    let version = parameter("ref").or_else(|| parameter("version")).unwrap_or_default().to_owned();
    let source =
        Source::Git { url: format!("{host}{repository}"), branch: String::new(), version, path: String::new() };
    Some(Address::Folder(source, folder.to_owned()))
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// What goes before the repository's path in a URL, and the path.
fn split_host(text: &str) -> Option<(String, &str)> {
    if starts_with(text, "file://") {
        return Some((text[..7].to_owned(), &text[7..]));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        return Some((format!("{scheme}://{authority}/"), path));
    }
    if let Some((user, rest)) = text.split_once('@')
        && let Some(end) = rest.find([':', '/'])
    {
        // `user@host:path` is SSH, and stays as it is written.
        let (host, path) = rest.split_at(end);
        return Some((format!("{user}@{host}:"), &path[1..]));
    }
    let rest = text.get("github.com/".len()..).filter(|_| starts_with(text, "github.com"))?;
    Some(("https://github.com/".to_owned(), rest))
}

fn split_repository(path: &str, is_file: bool) -> (&str, &str) {
    if let Some(at) = path.find("//") {
        return (&path[..at], &path[at + 2..]);
    }
    if let Some(at) = path.find(".git")
        && matches!(path.as_bytes().get(at + 4), None | Some(b'/'))
    {
        return path.split_at(at + 4);
    }
    if is_file {
        return (path.trim_end_matches('/'), "");
    }
    // Azure DevOps has the repository after `_git/`.
    if let Some(at) = path.find("_git/") {
        let end = path[at + 5..].find('/').map_or(path.len(), |end| at + 5 + end);
        return path.split_at(end);
    }
    match path.match_indices('/').nth(1) {
        Some((at, _)) => path.split_at(at),
        None => (path, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_and_folders() {
        for (address, url, version, folder) in [
            ("https://github.com/a/b", "https://github.com/a/b", "", ""),
            ("https://github.com/a/b/c/d?ref=v1", "https://github.com/a/b", "v1", "c/d"),
            ("https://github.com/a/b//c/?timeout=9&ref=v1", "https://github.com/a/b", "v1", "c"),
            ("https://example.com/x/y/z.git/c?version=main", "https://example.com/x/y/z.git", "main", "c"),
            ("github.com/a/b/c", "https://github.com/a/b", "", "c"),
            ("git@github.com:a/b.git//c?ref=x", "git@github.com:a/b.git", "x", "c"),
            ("ssh://git@example.com/a/b/c", "ssh://git@example.com/a/b", "", "c"),
            ("git::https://example.com/a/b.yaml", "https://example.com/a/b.yaml", "", ""),
            ("file:///srv/a/b//c?ref=v1", "file:///srv/a/b", "v1", "c"),
            ("file:///srv/a/b", "file:///srv/a/b", "", ""),
            ("https://dev.azure.com/o/p/_git/r/c?ref=v1", "https://dev.azure.com/o/p/_git/r", "v1", "c"),
        ] {
            let source = Source::Git { url: url.into(), branch: "".into(), version: version.into(), path: "".into() };
            assert_eq!(parse(address), Some(Address::Folder(source, folder.into())), "{address}");
        }
        let file = "https://raw.example.com/a/b/main/c.yaml";
        assert_eq!(parse(file), Some(Address::File(Source::File { url: file.into() })));
        for bad in ["https://github.com", "https://github.com/a/b//../c", "../x", "file://"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
