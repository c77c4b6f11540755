//! The file of a SQLite store: created with rights for its owner only, before SQLite sees it.

use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

use crate::Error;

/// Creates the folder (mode 0700) and the file (mode 0600) when they are missing; answers the
/// absolute path. Files that are there keep their rights.
pub(crate) fn prepare(path: &Path, name: &str) -> Result<PathBuf, Error> {
    let fail = |error: IoError| from_io(name, &error);
    let file_name = path.file_name().ok_or_else(|| Error::Invalid {
        what: "a store at this path",
        why: format!("`{name}` does not name a file"),
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    create_folder(folder).map_err(fail)?;
    let file = folder.canonicalize().map_err(fail)?.join(file_name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&file) {
        // SQLite writes the content durably, not the entry in the folder.
        Ok(created) => created.sync_all().and_then(|()| sync_folder(folder)).map_err(fail)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(fail(error)),
    }
    if file.is_dir() {
        let why = format!("`{name}` is a folder; name a file in it");
        return Err(Error::Invalid { what: "a store at this path", why });
    }
    Ok(file)
}

/// SQLite says only that it cannot open a file; the operating system knows why. The file itself is
/// not opened for this: closing it again would take the locks away that other stores of this
/// process have on it.
pub(crate) fn explain(file: &Path, name: &str, error: Error) -> Error {
    if !matches!(error, Error::Io { .. }) {
        return error;
    }
    let mut probe = file.as_os_str().to_owned();
    probe.push(format!("-probe-{}", std::process::id()));
    match std::fs::OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            // Nobody needs the empty file, whether or not it can be removed.
            let _ = std::fs::remove_file(&probe);
            error
        }
        Err(cause) => from_io(name, &cause),
    }
}

fn create_folder(folder: &Path) -> IoResult<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    folder.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

fn sync_folder(folder: &Path) -> IoResult<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

fn from_io(name: &str, error: &IoError) -> Error {
    let store = name.to_owned();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full { store },
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Error::ReadOnly { store },
        _ => Error::Io { store, why: error.to_string() },
    }
}

/// The path as the driver reads it: everything that could mean something in a URL is escaped.
pub(crate) fn url(file: &Path) -> Result<String, Error> {
    let path = file.to_str().ok_or_else(|| Error::Invalid {
        what: "a store at this path",
        why: format!("`{}` is not UTF-8", file.display()),
    })?;
    let mut url = String::from("sqlite://");
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url.push_str("?mode=rw");
    Ok(url)
}
