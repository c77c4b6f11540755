//! Where to fetch from, and what.

use crate::Error;

/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 2048;
/// Longest name of a branch or tag, in bytes.
const NAME_BYTES_MAX: usize = 512;

/// Which transports may be used beside `https` and `ssh`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Transports {
    /// `http`, which anybody on the way can read and change.
    pub http: bool,
    /// `git`, the same.
    pub git: bool,
    /// Folders of this machine.
    pub file: bool,
}

/// A repository.
#[derive(Clone, Debug)]
pub struct Remote {
    /// The URL without credentials.
    url: String,
    /// The transport, as Git names it.
    transport: &'static str,
    /// `scheme://host:port` for HTTP.
    host: Option<String>,
    user: String,
    secret: Option<String>,
}

/// What of a repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// What the repository itself calls its head.
    Head,
    /// A branch.
    Branch(String),
    /// A tag or commit; a branch when it is neither.
    Version(String),
}

impl Remote {
    /// A repository by URL. A user and password in the URL are taken out and given to Git by other means.
    ///
    /// # Errors
    /// When the URL is of another form or its transport is not allowed.
    pub fn new(url: &str, transports: Transports) -> Result<Self, Error> {
        let (clean, user, secret) = split_credentials(url);
        let bad = |why: String| Error::BadUrl { url: clean.clone(), why };
        if url.is_empty() || url.len() > URL_BYTES_MAX || url.chars().any(|c| c.is_control() || c == ' ') {
            return Err(bad("is empty, too long, or has spaces or control characters in it".to_owned()));
        }
        if clean.starts_with('-') {
            return Err(bad("starts with `-`, as an option does".to_owned()));
        }
        let transport = transport(&clean).ok_or_else(|| bad("is no URL of a Git repository".to_owned()))?;
        let is_allowed = match transport {
            "https" | "ssh" => true,
            "http" => transports.http,
            "git" => transports.git,
            _ => transports.file,
        };
        if !is_allowed {
            return Err(bad(format!("uses transport `{transport}`, which is not allowed")));
        }
        let authority = clean.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
        if authority.is_some_and(|host| host.starts_with('-') || (host.is_empty() && transport != "file")) {
            return Err(bad("has no host".to_owned()));
        }
        let host = matches!(transport, "http" | "https")
            .then(|| authority.map(|authority| format!("{transport}://{authority}")))
            .flatten();
        // Only HTTP takes them; other transports have ways of their own.
        let secret = secret.filter(|_| host.is_some());
        Ok(Self { url: clean, transport, host, user, secret })
    }

    /// The same with a token, which takes the place of a password in the URL. Only HTTP takes one.
    #[must_use]
    pub fn with_token(mut self, token: String) -> Self {
        if self.host.is_some() {
            self.user = "oauth2".to_owned();
            self.secret = Some(token);
        }
        self
    }

    /// The URL without credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn transport(&self) -> &'static str {
        self.transport
    }

    /// Host, user and secret, when there is a secret.
    pub(crate) fn credential(&self) -> Option<(&str, &str, &str)> {
        Some((self.host.as_deref()?, &self.user, self.secret.as_deref()?))
    }
}

/// The transport of a URL, of `host:path`, or of a folder.
fn transport(url: &str) -> Option<&'static str> {
    if let Some((scheme, _)) = url.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "https" => Some("https"),
            "http" => Some("http"),
            "ssh" | "git+ssh" | "ssh+git" => Some("ssh"),
            "git" => Some("git"),
            "file" => Some("file"),
            _ => None,
        };
    }
    // `transport::address` runs a program of the user's choice.
    if url.contains("::") {
        return None;
    }
    let colon = url.find(':');
    let slash = url.find('/');
    match (colon, slash) {
        (Some(colon), slash) if slash.is_none_or(|slash| colon < slash) => {
            let host = &url[..colon];
            let is_host = !host.is_empty() && !host.split('@').any(|part| part.is_empty() || part.starts_with('-'));
            is_host.then_some("ssh")
        }
        (None | Some(_), _) => Some("file"),
    }
}

/// The URL without `user:password@`, the user, and the password (or the user, when it stands alone).
fn split_credentials(url: &str) -> (String, String, Option<String>) {
    let nothing = || (url.to_owned(), String::new(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return nothing() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else { return nothing() };
    let (user, host) = (&rest[..at], &rest[at + 1..]);
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        // The user of an SSH URL is no secret, a password in it is.
        let user = user.split(':').next().unwrap_or_default();
        return (format!("{scheme}://{user}@{host}"), String::new(), None);
    }
    let clean = format!("{scheme}://{host}");
    match user.split_once(':') {
        Some((user, password)) => (clean, decode(user), Some(decode(password))),
        None => (clean, "oauth2".to_owned(), Some(decode(user))),
    }
}

/// Percent-decoding; what is no code stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Reference {
    /// Checks the name.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let name = match self {
            Self::Head => return Ok(()),
            Self::Branch(name) | Self::Version(name) => name,
        };
        let is_odd = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
        let is_bad = name.is_empty()
            || name.len() > NAME_BYTES_MAX
            || name.starts_with(['-', '/', '.'])
            || name.ends_with(['/', '.'])
            || name.ends_with(".lock")
            || name.contains("..")
            || name.contains("//")
            || name.contains("@{")
            || name.contains(is_odd);
        if is_bad {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err(Error::BadReference(shown));
        }
        Ok(())
    }
}

/// Whether a text is a whole commit.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a text may be the start of a commit.
pub(crate) fn is_short_commit(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Transports = Transports { http: true, git: true, file: true };

    #[test]
    fn urls() {
        for (url, clean, transport) in [
            ("https://host/a", "https://host/a", "https"),
            ("HTTPS://host/a", "HTTPS://host/a", "https"),
            ("ssh://git@host:22/a", "ssh://git@host:22/a", "ssh"),
            ("ssh://git:secret@host/a", "ssh://git@host/a", "ssh"),
            ("git@host:a/b", "git@host:a/b", "ssh"),
            ("host:a", "host:a", "ssh"),
            ("/srv/git/a", "/srv/git/a", "file"),
            ("./a:b", "./a:b", "file"),
            ("https://user:p%40ss@host/a@b", "https://host/a@b", "https"),
        ] {
            let remote = Remote::new(url, ALL).unwrap();
            assert_eq!((remote.url(), remote.transport()), (clean, transport), "{url}");
        }
        let remote = Remote::new("https://user:p%40ss@host:8/a", ALL).unwrap();
        assert_eq!(remote.credential(), Some(("https://host:8", "user", "p@ss")));
        let remote = remote.with_token("t".to_owned());
        assert_eq!(remote.credential(), Some(("https://host:8", "oauth2", "t")));
        assert_eq!(Remote::new("git@host:a", ALL).unwrap().with_token("t".to_owned()).credential(), None);
    }

    #[test]
    fn urls_that_are_refused() {
        for url in [
            "",
            "-oProxyCommand=x",
            "--upload-pack=x",
            "ext::sh -c x",
            "ext::sh",
            "fd::17",
            "https://",
            "ftp://host/a",
            "-u@host:a",
            "a@-oProxyCommand=x:b",
            "ssh://-oProxyCommand=x/a",
            "https://host/a\nb",
            "https://host/a b",
        ] {
            assert!(Remote::new(url, ALL).is_err(), "{url:?}");
        }
        for url in ["http://host/a", "git://host/a", "/srv/a", "file:///srv/a", "a"] {
            assert!(matches!(Remote::new(url, Transports::default()), Err(Error::BadUrl { .. })), "{url}");
        }
    }

    #[test]
    fn errors_hold_no_credentials() {
        for url in ["http://user:hunter2@host/a", "ftp://user:hunter2@host/a", "git://user:hunter2@host/a"] {
            let error = Remote::new(url, Transports::default()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn references() {
        for good in ["main", "release/1.2", "v1.10", "a-b_c", "4f2c0de"] {
            assert!(Reference::Version(good.to_owned()).check().is_ok(), "{good}");
        }
        for bad in
            ["", "-x", "--upload-pack=x", "a..b", "a b", "a:b", "a^", "@{-1}", "a\nb", "/a", "a.lock", "a\\b", "a*"]
        {
            assert!(Reference::Branch(bad.to_owned()).check().is_err(), "{bad:?}");
        }
    }
}
