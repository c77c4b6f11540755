//! A packed chart: gzip around tar, unpacked in memory.

use std::{cell::Cell, io::Read, sync::Arc};

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
/// Most bytes of a packed chart with those in it: some five million take a second however little they unpack to. The
/// largest public charts have a fifth.
const PACKED_BYTES_MAX: u64 = 4 << 20;
/// Longest path in an archive, in bytes, and most bytes of all paths: as in every tree.
const PATH_BYTES_MAX: usize = 4096;
const PATHS_BYTES_MAX: usize = 8 << 20;
/// Most work of unpacking, in steps of a render: something over a second.
const STEPS_MAX: u64 = 12_000_000;
/// Steps of two packed bytes, and bytes of the stream that a step passes: empty blocks, one by one, are the slowest.
const TWO_PACKED_BYTES_STEPS: u64 = 5;
const STEP_STREAM_BYTES: u64 = 64;
/// Most bytes of a name that has an entry of its own, with its other attributes. File systems end at 4096.
const LONG_NAME_BYTES_MAX: u64 = 64 * 1024;

/// What all archives of a chart may still unpack to: archives in an archive share it with the one around them.
pub(super) struct Allowance {
    /// Bytes of files.
    bytes: u64,
    /// Bytes of tar streams: the files and, for each, its headers and padding, and all that is passed over.
    stream_bytes: u64,
    packed_bytes: u64,
    path_bytes: usize,
    entries: usize,
    steps: u64,
}

impl Allowance {
    /// What a chart may unpack to.
    pub(super) fn new() -> Self {
        Self {
            bytes: ARCHIVE_BYTES_MAX,
            stream_bytes: ARCHIVE_BYTES_MAX + ENTRIES_MAX as u64 * 2048,
            packed_bytes: PACKED_BYTES_MAX,
            path_bytes: PATHS_BYTES_MAX,
            entries: ENTRIES_MAX,
            steps: STEPS_MAX,
        }
    }

    /// Work of unpacking so far, in steps of a render.
    pub(super) fn steps_used(&self) -> u64 {
        STEPS_MAX - self.steps
    }

    /// Takes a packed archive.
    fn take_packed(&mut self, packed: &[u8]) -> Result<(), ChartError> {
        let left = self.packed_bytes.checked_sub(packed.len() as u64);
        self.packed_bytes = left.ok_or_else(|| {
            ChartError::whole(format!("the archive, with archives in it, has more than {PACKED_BYTES_MAX} bytes"))
        })?;
        self.steps = self.steps.checked_sub(packed.len() as u64 * TWO_PACKED_BYTES_STEPS / 2).ok_or_else(too_slow)?;
        Ok(())
    }

    /// Bytes that may be unpacked: what is left of them, or of the work.
    fn stream_left(&self) -> u64 {
        self.stream_bytes.min(self.steps * STEP_STREAM_BYTES)
    }

    /// Takes what was unpacked.
    fn take_stream(&mut self, bytes: u64) -> Result<(), ChartError> {
        let is_slow = self.steps * STEP_STREAM_BYTES < self.stream_bytes;
        let is_all = bytes == self.stream_left();
        self.stream_bytes = self.stream_bytes.saturating_sub(bytes);
        self.steps = self.steps.saturating_sub(bytes / STEP_STREAM_BYTES);
        match (is_all, is_slow) {
            (true, true) => Err(too_slow()),
            (true, false) => Err(too_large()),
            (false, _) => Ok(()),
        }
    }

    /// Takes the path of a file.
    fn take_path(&mut self, path: &str) -> Result<(), ChartError> {
        let left = self.path_bytes.checked_sub(path.len()).filter(|_| path.len() <= PATH_BYTES_MAX);
        self.path_bytes = left.ok_or_else(|| {
            ChartError::whole(format!(
                "the archive has a path of more than {PATH_BYTES_MAX} bytes, or paths of more than {PATHS_BYTES_MAX}"
            ))
        })?;
        Ok(())
    }
}

fn too_large() -> ChartError {
    ChartError::whole(format!("the archive unpacks to more than {ARCHIVE_BYTES_MAX} bytes"))
}

fn too_slow() -> ChartError {
    ChartError::whole("the archive, with archives in it, takes too much work to unpack; use the chart's folder instead")
}

/// What is unpacked, up to a limit.
struct Bounded<'a, R> {
    plain: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left.get()).unwrap_or(usize::MAX).min(into.len());
        let count = self.plain.read(into.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get() - count as u64);
        Ok(count)
    }
}

/// The files of a packed chart, without the folder that all of them stand in.
pub(super) fn unpack(packed: &[u8], allowance: &mut Allowance) -> Result<Vec<File>, ChartError> {
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return Err(ChartError::whole("expected a gzip archive"));
    }
    allowance.take_packed(packed)?;
    let stream_max = allowance.stream_left();
    let stream_left = Cell::new(stream_max);
    let ends_by_work = stream_max < allowance.stream_bytes;
    let broken = |error: std::io::Error| match stream_left.get() {
        0 if ends_by_work => too_slow(),
        0 => too_large(),
        _ => ChartError::whole(format!("the archive is broken: {error}")),
    };
    let mut archive = Archive::new(Bounded { plain: MultiGzDecoder::new(packed), left: &stream_left });
    let mut files = Vec::new();
    let mut long = LongName::default();
    // Raw entries: the library would read names of any length into memory.
    for entry in archive.entries().map_err(&broken)?.raw(true) {
        let mut entry = entry.map_err(&broken)?;
        allowance.entries = allowance
            .entries
            .checked_sub(1)
            .ok_or_else(|| ChartError::whole(format!("the archive has more than {ENTRIES_MAX} entries")))?;
        let kind = entry.header().entry_type();
        if long.read(kind, &mut entry, &broken)? {
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
        allowance.take_path(&name)?;
        if entry.size() > FILE_BYTES_MAX || size.is_some_and(|size| size > FILE_BYTES_MAX) {
            let message = format!("`{}` is larger than {FILE_BYTES_MAX} bytes", excerpt(&path));
            return Err(ChartError::whole(message));
        }
        if size.is_some_and(|size| size != entry.size()) {
            return Err(ChartError::whole(format!("the archive gives `{}` two sizes", excerpt(&path))));
        }
        allowance.bytes = allowance.bytes.checked_sub(entry.size()).ok_or_else(too_large)?;
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(&broken)?;
        files.push(File { name, data: Arc::from(data) });
    }
    // What is passed over counts as well: a million empty entries are no chart.
    allowance.take_stream(stream_max - stream_left.get())?;
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
    fn read(
        &mut self,
        kind: EntryType,
        entry: &mut Entry<'_, impl Read>,
        broken: &impl Fn(std::io::Error) -> ChartError,
    ) -> Result<bool, ChartError> {
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
