//! Packed charts that lead out or grow.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use seaway_render::helm::chart::Chart;

use crate::cases::{Case, Work, chart};

const META: &[u8] = b"apiVersion: v2\nname: web\nversion: 0.1.0\n";
const TOO_LARGE: &[&str] = &["is larger than", "unpacks to more than", "more than"];
const MIB: usize = 1 << 20;

fn gzip(write: impl FnOnce(&mut GzEncoder<Vec<u8>>)) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    write(&mut gzip);
    gzip.finish().unwrap()
}

fn header(path: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    // The library refuses paths that lead out; an attacker's does not.
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_cksum();
    header
}

/// An entry with its padding.
fn entry(out: &mut impl std::io::Write, path: &str, data: &[u8]) {
    out.write_all(header(path, data.len() as u64).as_bytes()).unwrap();
    out.write_all(data).unwrap();
    out.write_all(&vec![0; data.len().next_multiple_of(512) - data.len()]).unwrap();
}

fn zeros(out: &mut impl std::io::Write, mib: usize) {
    let block = vec![0; MIB];
    for _ in 0..mib {
        out.write_all(&block).unwrap();
    }
}

fn unpack(packed: Vec<u8>) -> Work {
    Box::new(move || match Chart::from_archive(&packed) {
        Ok(chart) => format!("a chart of {} files", chart.files.len()),
        Err(error) => error.to_string(),
    })
}

/// A chart in a folder with this packed one beneath it, several times.
fn beneath(packed: &[u8], times: usize) -> Work {
    chart((0..times).map(|n| (format!("charts/c{n}.tgz"), packed.to_vec())).collect(), Vec::new())
}

/// A chart of twenty files with five megabytes of zeros each.
fn large() -> Vec<u8> {
    gzip(|out| {
        entry(out, "web/Chart.yaml", META);
        let data = vec![b'x'; 5 * MIB - 1];
        (0..19).for_each(|n| entry(out, &format!("web/f{n}"), &data));
    })
}

pub(crate) fn all() -> Vec<Case> {
    let case = |name, says, input| Case { name, says, input };
    vec![
        case("a file of a gigabyte in an archive", TOO_LARGE, || {
            unpack(gzip(|out| {
                out.write_all(header("web/Chart.yaml", 1 << 30).as_bytes()).unwrap();
                zeros(out, 1024);
            }))
        }),
        case("a gigabyte of small files in an archive", TOO_LARGE, || {
            unpack(gzip(|out| (0..1024).for_each(|n| entry(out, &format!("web/f{n}"), &vec![b'x'; MIB]))))
        }),
        case("a million empty files in an archive", TOO_LARGE, || {
            unpack(gzip(|out| (0..1_000_000).for_each(|n| entry(out, &format!("web/f{n}"), b""))))
        }),
        case("a name of 100 MiB in an archive", &["more than", "is larger than", "broken", "longer than"], || {
            unpack(gzip(|out| {
                let mut long = header("././@LongLink", 100 << 20);
                long.set_entry_type(tar::EntryType::GNULongName);
                long.set_cksum();
                out.write_all(long.as_bytes()).unwrap();
                let block = vec![b'a'; MIB];
                (0..100).for_each(|_| out.write_all(&block).unwrap());
                entry(out, "web/Chart.yaml", META);
            }))
        }),
        case("attributes of 100 MiB in an archive", &["more than", "is larger than", "broken", "longer than"], || {
            unpack(gzip(|out| {
                let mut long = header("x", 100 << 20);
                long.set_entry_type(tar::EntryType::XHeader);
                long.set_cksum();
                out.write_all(long.as_bytes()).unwrap();
                let block = b"12 path=a/b\n".repeat(MIB / 12 + 1);
                (0..100).for_each(|_| out.write_all(&block[..MIB]).unwrap());
                entry(out, "web/Chart.yaml", META);
            }))
        }),
        case("archives in an archive that grow together", TOO_LARGE, || beneath(&large(), 20)),
        case("archives in each other", TOO_LARGE, || {
            let mut packed = large();
            for _ in 0..20 {
                let inner = packed;
                packed = gzip(|out| {
                    entry(out, "web/Chart.yaml", META);
                    (0..4).for_each(|n| entry(out, &format!("web/charts/c{n}.tgz"), &inner));
                });
            }
            unpack(packed)
        }),
        case("a path out of an archive", &["leads out of the chart"], || {
            unpack(gzip(|out| entry(out, "web/../../../etc/cron.d/x", b"x")))
        }),
        case("an absolute path in an archive", &["is absolute"], || {
            unpack(gzip(|out| entry(out, "/etc/passwd", b"x")))
        }),
        case("a link out of an archive", &["holds a link"], || {
            unpack(gzip(|out| {
                let mut link = header("web/values.yaml", 0);
                link.set_entry_type(tar::EntryType::Symlink);
                link.set_link_name("/etc/passwd").unwrap();
                link.set_cksum();
                out.write_all(link.as_bytes()).unwrap();
            }))
        }),
        case("a path out of an archive beneath", &["leads out of the chart"], || {
            beneath(&gzip(|out| entry(out, "web/../../x", b"x")), 1)
        }),
    ]
}
