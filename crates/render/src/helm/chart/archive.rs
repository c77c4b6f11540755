//! A packed chart: gzip around tar, unpacked in memory.

use std::{io::Read, sync::Arc};

use flate2::read::MultiGzDecoder;
use seaway_core::diagnostic::excerpt;
use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::{ChartError, File};

/// Most bytes that an archive unpacks to: Helm's own limit.
pub const ARCHIVE_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// Largest file in an archive, in bytes: Helm's own limit.
pub const FILE_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Most entries of an archive.
const ENTRIES_MAX: usize = 20_000;
/// Most bytes of a name that has an entry of its own, with its other attributes. File systems end at 4096.
const LONG_NAME_BYTES_MAX: u64 = 64 * 1024;

/// What all archives of a chart may still unpack to: archives in an archive share it with the one around them.
pub(super) struct Allowance {
    bytes: u64,
    entries: usize,
}

impl Allowance {
    /// What a chart may unpack to.
    pub(super) fn new() -> Self {
        Self { bytes: ARCHIVE_BYTES_MAX, entries: ENTRIES_MAX }
    }

    /// Bytes of a tar stream: the files and, for each, its headers and padding.
    fn stream_bytes(&self) -> u64 {
        self.bytes + self.entries as u64 * 2048
    }
}

fn too_large() -> ChartError {
    ChartError::whole(format!("the archive unpacks to more than {ARCHIVE_BYTES_MAX} bytes"))
}

fn broken(error: std::io::Error) -> ChartError {
    ChartError::whole(format!("the archive is broken: {error}"))
}

/// The files of a packed chart, without the folder that all of them stand in.
pub(super) fn unpack(packed: &[u8], allowance: &mut Allowance) -> Result<Vec<File>, ChartError> {
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Err(ChartError::whole("expected a gzip archive"));
    }
    let plain = MultiGzDecoder::new(packed).take(allowance.stream_bytes());
    let mut archive = Archive::new(plain);
    let mut files = Vec::new();
    let mut long = LongName::default();
    // Raw entries: the library would read names of any length into memory.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        allowance.entries = allowance
            .entries
            .checked_sub(1)
            .ok_or_else(|| ChartError::whole(format!("the archive has more than {ENTRIES_MAX} entries")))?;
        let kind = entry.header().entry_type();
        if long.read(kind, &mut entry)? {
            continue;
        }
        let LongName { path, size } = std::mem::take(&mut long);
        let path = path.unwrap_or_else(|| String::from_utf8_lossy(&entry.path_bytes()).into_owned());
        match kind {
            EntryType::Regular | EntryType::Continuous => {}
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            EntryType::Symlink | EntryType::Link => {
                return Err(ChartError::whole(format!("the archive holds a link, `{}`", excerpt(&path))));
            }
            _ => return Err(ChartError::whole(format!("`{}` is not a plain file", excerpt(&path)))),
        }
        let Some(name) = name_in_chart(&path)? else { continue };
        if entry.size() > FILE_BYTES_MAX || size.is_some_and(|size| size > FILE_BYTES_MAX) {
            let message = format!("`{}` is larger than {FILE_BYTES_MAX} bytes", excerpt(&path));
            return Err(ChartError::whole(message));
        }
        if size.is_some_and(|size| size != entry.size()) {
            return Err(ChartError::whole(format!("the archive gives `{}` two sizes", excerpt(&path))));
        }
        allowance.bytes = allowance.bytes.checked_sub(entry.size()).ok_or_else(too_large)?;
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(broken)?;
        files.push(File { name, data: Arc::from(data) });
    }
    // Headers and padding count as well: a million empty entries are no chart.
    if archive.into_inner().limit() == 0 {
        return Err(too_large());
    }
    if files.is_empty() {
        return Err(ChartError::whole("the archive holds no files"));
    }
    Ok(files)
}

/// What entries of attributes say about the entry behind them.
#[derive(Default)]
struct LongName {
    path: Option<String>,
    size: Option<u64>,
}

impl LongName {
    /// Takes an entry of attributes; `false` when it is none.
    fn read(&mut self, kind: EntryType, entry: &mut Entry<'_, impl Read>) -> Result<bool, ChartError> {
        if !matches!(kind, EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader) {
            return Ok(false);
        }
        if entry.size() > LONG_NAME_BYTES_MAX {
            return Err(ChartError::whole(format!("a name in the archive is longer than {LONG_NAME_BYTES_MAX} bytes")));
        }
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(broken)?;
        match kind {
            EntryType::GNULongName => {
                let name = data.split(|byte| *byte == 0).next().unwrap_or_default();
                self.path = Some(String::from_utf8_lossy(name).into_owned());
            }
            EntryType::XHeader => {
                for attribute in PaxExtensions::new(&data) {
                    let attribute = attribute.map_err(broken)?;
                    let value = String::from_utf8_lossy(attribute.value_bytes());
                    match attribute.key_bytes() {
                        b"path" => self.path = Some(value.into_owned()),
                        b"size" => self.size = Some(value.parse().unwrap_or(u64::MAX)),
                        _ => {}
                    }
                }
            }
            // Where a link leads; the link itself is refused.
            _ => {}
        }
        Ok(true)
    }
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
