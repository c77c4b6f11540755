//! The disk of the record becomes full in the middle of a rollout.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    fleet::{Fleet, deployment},
    shop,
};

/// A small file system in memory; `None`, with a word on stderr, when this user may not mount.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(at).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            refused => {
                eprintln!("not tested on a full disk: mounting a small file system is not permitted here: {refused:?}");
                None
            }
        }
    }

    fn fill(&self) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        for size in [64 << 10, 1 << 10, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn a_full_disk_stops_a_rollout_and_loses_nothing_that_was_said() {
    let fleet = Fleet::start(3, &shop::staged(3, "PT1S"));
    let Some(disk) = Disk::mount(&fleet.path(".seaway")) else { return };
    shop::write(&fleet, "1");

    let mut child = fleet
        .command(&["rollout", "start", "-e", "test", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("stage s1: bakes") {
            disk.fill();
        }
        said.push(line);
    }
    let ran: super::fleet::Ran = child.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 1, "{said:#?}\n{ran}");
    assert!(ran.err.contains("no space left"), "the reason is named: {ran}");
    assert!(deployment(fleet.testbed.cluster(2), "api")["spec"].is_null(), "stage 3 was reached on a full disk");

    // Looking is possible, and says that nobody drives.
    disk.free();
    let id = fleet.newest();
    let status = fleet.seaway(&["rollout", "status", &id]).expect(0);
    assert!(status.out.contains("nobody drives"), "{status}");

    fleet.seaway(&["rollout", "resume", &id]).expect(0);
    assert_eq!(fleet.status(&id)["phase"], "Succeeded");
    let record = fleet.seaway(&["rollout", "watch", &id]).expect(0);
    for line in said.iter().filter(|line| line.starts_with("stage ") || line.starts_with("c1: ")) {
        assert!(record.out.contains(line.as_str()), "`{line}` was said and is not in the record: {record}");
    }
    for cluster in fleet.testbed.clusters() {
        assert_eq!(deployment(cluster, "api")["status"]["readyReplicas"], 2);
    }
}
