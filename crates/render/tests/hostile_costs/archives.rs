//! Packed charts that lead out or grow.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use seaway_render::helm::chart::Chart;

use crate::cases::{ANYTHING, Case, Work, chart};

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

/// A chart with a packed one in it, several times.
fn around(inner: &[u8], times: usize) -> Vec<u8> {
    gzip(|out| {
        entry(out, "web/Chart.yaml", META);
        (0..times).for_each(|n| entry(out, &format!("web/charts/c{n}.tgz"), inner));
    })
}

/// Bits in the order of deflate.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// A block without data that describes its codes at length: all that is read of it is work.
    fn empty_block(&mut self) {
        self.put(0b100, 3);
        // All codes for literals and distances; the lengths of two are written, and repetitions of zero.
        self.put(29, 5);
        self.put(29, 5);
        self.put(14, 4);
        for place in 0..18 {
            self.put(u32::from(matches!(place, 2 | 17)), 3);
        }
        let zeros = |bits: &mut Self, count: u32| {
            bits.put(1, 1);
            bits.put(count - 11, 7);
        };
        let one = |bits: &mut Self| bits.put(0, 1);
        zeros(self, 138);
        zeros(self, 117);
        one(self);
        one(self);
        zeros(self, 29);
        one(self);
        one(self);
        zeros(self, 28);
        // The end of the block: the second of the two codes.
        self.put(1, 1);
    }
}

/// A packed chart of so many bytes, most of which unpack to nothing.
fn empty_blocks(bytes: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], used: 80 };
    while bits.bytes.len() < bytes {
        bits.empty_block();
    }
    // A last block, stored and empty, and the sum of nothing.
    bits.put(0b001, 3);
    bits.used = bits.bytes.len() * 8;
    bits.bytes.extend([0, 0, 255, 255]);
    bits.bytes.extend([0; 8]);
    bits.bytes.extend(gzip(|out| entry(out, "web/Chart.yaml", META)));
    bits.bytes
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
        case("archives that grow on each level", TOO_LARGE, || {
            unpack((0..2).fold(large(), |inner, _| around(&inner, 4)))
        }),
        case("archives 20 deep in each other", &["16 deep"], || {
            unpack((0..20).fold(gzip(|out| entry(out, "web/Chart.yaml", META)), |inner, _| around(&inner, 1)))
        }),
        case("archives of folders that hold a lot", TOO_LARGE, || {
            let folder = gzip(|out| {
                let mut folder = header("web/f/", 100 << 20);
                folder.set_entry_type(tar::EntryType::Directory);
                folder.set_cksum();
                out.write_all(folder.as_bytes()).unwrap();
                zeros(out, 100);
                entry(out, "web/Chart.yaml", META);
            });
            beneath(&folder, 100)
        }),
        case("an archive of empty archives", ANYTHING, || {
            let mut packed = gzip(|out| entry(out, "web/Chart.yaml", META));
            let nothing = gzip(|_| {});
            packed.extend(nothing.repeat(((4 << 20) - 4096) / nothing.len()));
            unpack(packed)
        }),
        case("an archive of empty blocks", ANYTHING, || unpack(empty_blocks((4 << 20) - 1024))),
        case("archives of empty blocks", &["has more than"], || beneath(&empty_blocks(3 << 20), 20)),
        case("an archive, values and templates that are slow together", &["work of the chart's templates"], || {
            let values = format!("a: [{}]\n", "1,".repeat(190_000)).into_bytes();
            let template = b"{{ range until 1000 }}{{ bcrypt `a` }}{{ end }}".to_vec();
            let files = [
                ("charts/c.tgz", empty_blocks((4 << 20) - 1024)),
                ("values.yaml", values),
                ("templates/a.yaml", template),
            ];
            chart(files.map(|(path, bytes)| (path.to_owned(), bytes)).into(), Vec::new())
        }),
        case("long paths in an archive", &["paths of more than", "unpacks to more than"], || {
            unpack(gzip(|out| {
                let long = "a/".repeat(2000);
                (0..10_000).for_each(|n| {
                    let name = format!("web/templates/{n}{long}x");
                    let mut long = header("././@LongLink", name.len() as u64);
                    long.set_entry_type(tar::EntryType::GNULongName);
                    long.set_cksum();
                    out.write_all(long.as_bytes()).unwrap();
                    out.write_all(name.as_bytes()).unwrap();
                    out.write_all(&vec![0; name.len().next_multiple_of(512) - name.len()]).unwrap();
                    entry(out, "x", b"");
                });
            }))
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
