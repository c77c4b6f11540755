//! Unpacking a chart.

use std::{collections::BTreeMap, io::Read};

use crate::Error;

/// Path → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Most bytes of all files of a chart.
const BYTES_MAX: u64 = 100 << 20;
/// Most entries of an archive.
const ENTRIES_MAX: usize = 20_000;

/// The files of a packed chart, without the chart's own folder that they all are in.
///
/// # Errors
/// When it is no packed chart, a path leads out of it, it holds links, or it is larger than 100 MiB.
pub fn unpack(packed: &[u8]) -> Result<Files, Error> {
    let bad = |why: String| Error::Archive(why);
    // One byte more than allowed tells a bomb from a large chart.
    let plain = flate2::read::MultiGzDecoder::new(packed).take(BYTES_MAX + ENTRIES_MAX as u64 * 1024 + 1);
    let mut archive = tar::Archive::new(plain);
    let mut files = Files::new();
    let mut bytes = 0_u64;
    let entries = archive.entries().map_err(|error| bad(error.to_string()))?;
    for (count, entry) in entries.enumerate() {
        let mut entry = entry.map_err(|error| bad(error.to_string()))?;
        if count >= ENTRIES_MAX {
            return Err(bad(format!("it has more than {ENTRIES_MAX} entries")));
        }
        let kind = entry.header().entry_type();
        let path =
            String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| bad("a path is not UTF-8".to_owned()))?;
        match kind {
            tar::EntryType::Regular | tar::EntryType::Continuous => {}
            tar::EntryType::Symlink | tar::EntryType::Link => return Err(bad(format!("`{}` is a link", shown(&path)))),
            _ => continue,
        }
        let inner = inside(&path).ok_or_else(|| bad(format!("the path `{}` leads out of the chart", shown(&path))))?;
        let mut content = Vec::new();
        entry.by_ref().take(BYTES_MAX - bytes + 1).read_to_end(&mut content).map_err(|error| bad(error.to_string()))?;
        bytes += content.len() as u64;
        if bytes > BYTES_MAX {
            return Err(bad(format!("it has more than {BYTES_MAX} bytes")));
        }
        if let Some(inner) = inner {
            files.insert(inner, content);
        }
    }
    if !files.contains_key("Chart.yaml") {
        return Err(bad("it has no `Chart.yaml`".to_owned()));
    }
    Ok(files)
}

/// The path without its first folder; `Some(None)` for a file beside that folder, which is passed over.
fn inside(path: &str) -> Option<Option<String>> {
    let is_bad = |part: &str| part == ".." || part.contains('\\') || part.chars().any(char::is_control);
    if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') || path.split('/').any(is_bad) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Some((parts.len() > 1).then(|| parts[1..].join("/")))
}

fn shown(path: &str) -> String {
    path.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&builder.into_inner().unwrap()).unwrap();
        encoder.finish().unwrap()
    }

    fn file(builder: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
        let mut header = tar::Header::new_gnu();
        // Not `set_path`, which refuses what is tested here.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, bytes).unwrap();
    }

    #[test]
    fn takes_charts() {
        let chart = packed(|builder| {
            file(builder, "redis/Chart.yaml", b"name: redis\n");
            file(builder, "./redis/templates/a.yaml", b"a");
            file(builder, "beside", b"x");
        });
        let files = unpack(&chart).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["Chart.yaml", "templates/a.yaml"]);
    }

    #[test]
    fn refuses_what_leads_out() {
        for path in ["../x", "redis/../../x", "/etc/x", "c:/x", "redis/a\\b", "redis/a\nb"] {
            let chart = packed(|builder| file(builder, path, b"x"));
            assert!(matches!(unpack(&chart), Err(Error::Archive(why)) if why.contains("leads out")), "{path}");
        }
        for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
            let chart = packed(|builder| {
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(kind);
                header.set_size(0);
                builder.append_link(&mut header, "redis/a", "/etc/passwd").unwrap();
            });
            assert!(matches!(unpack(&chart), Err(Error::Archive(why)) if why.contains("is a link")));
        }
    }

    #[test]
    fn a_bomb_is_left_early() {
        let zeros = vec![0_u8; 16 << 20];
        let bomb = packed(|builder| (0..8).for_each(|n| file(builder, &format!("redis/{n}"), &zeros)));
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        assert!(matches!(unpack(&bomb), Err(Error::Archive(_))));
        assert!(unpack(b"no archive").is_err());
        assert!(unpack(&packed(|_| ())).is_err());
    }
}
