//! Renders under a filter of system calls. The child is this same test program, told by a variable what to do.

use std::{
    collections::BTreeMap,
    env, fs,
    net::TcpStream,
    os::unix::process::ExitStatusExt,
    process::{Command, Output},
};

use seaway_core::digest::Digest;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::jobs;

/// Names what the child does.
const TASK: &str = "SEAWAY_TEST_SEALED";
/// What stands before each result.
const MARK: &str = "sealed job";
/// The signal that ends a process for a system call that its filter does not name.
const SIGSYS: i32 = 31;

/// The calls that memory, threads and locks need, and nothing else: no path can be opened, no socket made, no program
/// started. `write` is among them for panics; no file is open that it could reach. `getrandom` is what
/// hash tables of the standard library are seeded with; that no output depends on it is shown by comparing processes.
const ALLOWED: [i64; 21] = [
    libc::SYS_brk,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
];

/// Seals this thread and all that it starts.
fn seal() {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let only = |argument, value| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
        SeccompRule::new(vec![condition.unwrap()]).unwrap()
    };
    // The names of threads; what goes to the standard error.
    rules.insert(libc::SYS_prctl, vec![only(0, 15)]);
    rules.insert(libc::SYS_write, vec![only(0, 2)]);
    let arch = env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
}

/// The C library's allocator reads how memory may be overcommitted, once, when a pool of a thread gives memory back. With
/// one pool for all threads it does not, and what is left is what the renderer asks for.
const ONE_POOL: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

fn child(task: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "sealed::what_the_child_does", "--nocapture"]);
    command.env(TASK, task).env(ONE_POOL.0, ONE_POOL.1).env("RUST_BACKTRACE", "0").output().unwrap()
}

/// Does nothing unless it was started by the other tests.
#[test]
fn what_the_child_does() {
    let Ok(task) = env::var(TASK) else { return };
    let jobs = jobs::all();
    let work = move || {
        seal();
        match task.as_str() {
            "render" => {}
            "read a file" => drop(fs::read("/proc/self/status")),
            "connect" => drop(TcpStream::connect("127.0.0.1:9")),
            "start a program" => drop(Command::new("true").status()),
            "ask for metadata" => drop(fs::metadata("/")),
            other => panic!("unknown task `{other}`"),
        }
        jobs.iter()
            .map(|job| format!("{MARK} {} {}\n", job.name, Digest::of(job.run(2).as_bytes())))
            .collect::<String>()
    };
    let results = std::thread::spawn(work).join().unwrap();
    println!("{results}");
}

#[test]
fn rendering_asks_the_system_for_nothing_but_memory_and_threads() {
    let expected: Vec<String> =
        jobs::all().iter().map(|job| format!("{MARK} {} {}", job.name, Digest::of(job.run(2).as_bytes()))).collect();
    let output = child("render");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the child ended with {:?}\n{stderr}", output.status);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let found: Vec<&str> = stdout.lines().filter_map(|line| line.find(MARK).and_then(|at| line.get(at..))).collect();
    // Another process has other addresses and other seeds of its hash tables, and the same results.
    assert_eq!(found, expected);
}

#[test]
fn the_seal_holds() {
    for task in ["read a file", "connect", "start a program", "ask for metadata"] {
        let output = child(task);
        assert_eq!(output.status.signal(), Some(SIGSYS), "{task}: {:?}", output.status);
    }
}
