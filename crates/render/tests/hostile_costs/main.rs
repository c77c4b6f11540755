//! What hostile input costs: each case runs in a process of its own, ends in a clear error, and stays within the limits
//! that users are promised: two seconds of processor time and 256 MiB of memory.
//!
//! Builds without optimisation take many times as long and say nothing about either, so this is for release builds, which
//! are what users have:
//!
//! ```console
//! $ cargo test --release -p seaway-render --test hostile_costs -- --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(target_os = "linux")]

mod archives;
mod cases;
mod functions;
mod subcharts;
mod trees;

use std::{env, fs, io::Write as _, process::Command};

use cases::Case;
use rustix::{
    process::{Resource, Rlimit, setrlimit},
    time::{ClockId, clock_gettime},
};

/// The allocator that the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Names the case that a child process runs.
const TASK: &str = "SEAWAY_TEST_HOSTILE";
/// What stands before the child's result.
const MARK: &str = "cost:";
/// Most processor time of a case, in seconds.
const CPU_SECONDS_MAX: f64 = 2.0;
/// Most memory that a case may add to a process, in MiB.
const MEMORY_MIB_MAX: f64 = 256.0;
/// What the system ends a case at, its preparation included: far beyond the limits, but well before it stops the machine.
const CPU_SECONDS_CUT: u64 = 60;
const MEMORY_BYTES_CUT: u64 = 4 << 30;

fn all() -> Vec<Case> {
    [cases::all(), subcharts::all(), archives::all(), trees::all()].into_iter().flatten().collect()
}

/// Processor time of this process so far, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A line of `/proc/self/status`, in MiB.
fn memory_mib(key: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// Does nothing unless it was started by the other test.
#[test]
fn what_the_child_does() {
    let Ok(name) = env::var(TASK) else { return };
    let case = all().into_iter().find(|case| case.name == name).unwrap();
    let cut = |most| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Cpu, cut(CPU_SECONDS_CUT)).unwrap();
    setrlimit(Resource::As, cut(MEMORY_BYTES_CUT)).unwrap();
    let input = (case.input)();
    // Forgets the most memory that the process has had so far.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (cpu, held) = (cpu_seconds(), memory_mib("VmRSS:"));
    let error = std::thread::Builder::new().stack_size(8 << 20).spawn(input).unwrap().join().unwrap();
    let (cpu, peak) = (cpu_seconds() - cpu, memory_mib("VmHWM:") - held);
    println!("{MARK}{cpu}\t{peak}\t{}", error.replace('\n', " ").chars().take(300).collect::<String>());
}

struct Cost {
    cpu: f64,
    peak: f64,
    error: String,
}

fn cost(name: &str) -> Result<Cost, String> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "what_the_child_does", "--nocapture"]).env(TASK, name);
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let line = stdout.lines().find_map(|line| line.split_once(MARK)).map(|(_, line)| line.to_owned());
    let parse = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let mut next = || parts.next();
        Some(Cost { cpu: next()?.parse().ok()?, peak: next()?.parse().ok()?, error: next()?.to_owned() })
    };
    line.as_deref().and_then(parse).ok_or_else(|| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        format!("ended with {:?}: {}", output.status, stderr.lines().take(12).collect::<Vec<_>>().join("\n"))
    })
}

#[test]
#[cfg_attr(debug_assertions, ignore = "says nothing about builds that users have")]
fn hostile_input_stays_within_the_limits() {
    let mut wrong = Vec::new();
    for case in all() {
        // Before it runs, so that a case that ends badly has a name.
        print!("{:<44} ", case.name);
        std::io::stdout().flush().unwrap();
        let found = match cost(case.name) {
            Ok(found) => found,
            Err(how) => {
                println!("{how}");
                wrong.push(format!("{}: {how}", case.name));
                continue;
            }
        };
        println!("{:>6.2} CPU s {:>6.1} MiB  {}", found.cpu, found.peak, found.error);
        if !case.says.iter().any(|says| found.error.contains(says)) {
            wrong.push(format!("{}: expected one of {:?} in `{}`", case.name, case.says, found.error));
        }
        if found.peak > MEMORY_MIB_MAX {
            wrong.push(format!("{}: {:.0} MiB", case.name, found.peak));
        }
        if found.cpu > CPU_SECONDS_MAX {
            wrong.push(format!("{}: {:.2} s of processor time", case.name, found.cpu));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
