//! A packed chart: gzip around tar, unpacked in memory.

use std::{io::Read, sync::Arc};

use flate2::read::MultiGzDecoder;
use seaway_core::diagnostic::excerpt;
use tar::{Archive, EntryType};

use super::{ChartError, File};

/// Most bytes that an archive unpacks to: Helm's own limit.
pub const ARCHIVE_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// Largest file in an archive, in bytes: Helm's own limit.
pub const FILE_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Most entries of an archive.
const ENTRIES_MAX: usize = 20_000;
/// Most bytes of the tar stream: the files and, for each, its headers and padding.
const STREAM_BYTES_MAX: u64 = ARCHIVE_BYTES_MAX + ENTRIES_MAX as u64 * 2048;

/// The files of a packed chart, without the folder that all of them stand in.
pub(super) fn unpack(packed: &[u8]) -> Result<Vec<File>, ChartError> {
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Err(ChartError::whole("expected a gzip archive"));
    }
    let plain = MultiGzDecoder::new(packed).take(STREAM_BYTES_MAX);
    let mut archive = Archive::new(plain);
    let broken = |error: std::io::Error| ChartError::whole(format!("the archive is broken: {error}"));
    let mut files = Vec::new();
    let mut total = 0_u64;
    for (index, entry) in archive.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        if index == ENTRIES_MAX {
            return Err(ChartError::whole(format!("the archive has more than {ENTRIES_MAX} entries")));
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            EntryType::Symlink | EntryType::Link => {
                return Err(ChartError::whole(format!("the archive holds a link, `{}`", excerpt(&path))));
            }
            _ => return Err(ChartError::whole(format!("`{}` is not a plain file", excerpt(&path)))),
        }
        let Some(name) = name_in_chart(&path)? else { continue };
        if entry.size() > FILE_BYTES_MAX {
            let message = format!("`{}` is larger than {FILE_BYTES_MAX} bytes", excerpt(&path));
            return Err(ChartError::whole(message));
        }
        total = total.saturating_add(entry.size());
        if total > ARCHIVE_BYTES_MAX {
            return Err(ChartError::whole(format!("the archive unpacks to more than {ARCHIVE_BYTES_MAX} bytes")));
        }
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(broken)?;
        files.push(File { name, data: Arc::from(data) });
    }
    // Headers and padding count as well: a million empty entries are no chart.
    if archive.into_inner().limit() == 0 {
        return Err(ChartError::whole(format!("the archive unpacks to more than {ARCHIVE_BYTES_MAX} bytes")));
    }
    if files.is_empty() {
        return Err(ChartError::whole("the archive holds no files"));
    }
    Ok(files)
}

/// The path behind the first folder; nothing for files that stand beside it.
fn name_in_chart(path: &str) -> Result<Option<String>, ChartError> {
    let refuse = |why: &str| Err(ChartError::whole(format!("the archive has a path that {why}: `{}`", excerpt(path))));
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        return refuse("is absolute");
    }
    let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    if path.split('/').any(|part| part == "..") {
        return refuse("leads out of the chart");
    }
    if path.chars().any(char::is_control) {
        return refuse("has a control character");
    }
    let first = parts.next();
    let rest: Vec<&str> = parts.collect();
    if rest.is_empty() {
        return if first == Some("Chart.yaml") { refuse("is not in a folder") } else { Ok(None) };
    }
    Ok(Some(rest.join("/")))
}
