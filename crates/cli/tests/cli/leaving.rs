//! Leaving and coming back: Ctrl-C, SIGTERM, and two processes at one rollout.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use super::sandbox::{Ran, Sandbox};

/// A rollout that is driven and tries an unreachable cluster again and again.
struct Driven {
    sandbox: Option<Sandbox>,
    id: String,
    child: Option<Child>,
}

impl Driven {
    fn start() -> Self {
        let sandbox = Sandbox::initialised();
        sandbox.edit("environments/dev.yaml", "  regions:\n", "  unreachable: {giveUpAfter: PT1H}\n  regions:\n");
        let args = ["rollout", "start", "hello", "-e", "dev", "--yes"];
        let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let id = lines.find_map(|line| Some(line.strip_prefix("rollout ")?.split(' ').next()?.to_owned())).unwrap();
        lines.find(|line| line.contains("attempt 1: unreachable")).expect("the first attempt fails");
        // Somebody must go on reading, or the pipe fills up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { sandbox: Some(sandbox), id, child: Some(child) }
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("it runs")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn ended(mut self) -> (Sandbox, String, i32) {
        let child = self.child.take().expect("it is taken only here");
        (self.sandbox.take().expect("as is this"), self.id.clone(), Ran::within(child).code)
    }
}

impl Drop for Driven {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn one_signal_gives_the_lease_back_and_the_rollout_rests() {
    for signal in ["INT", "TERM", "HUP"] {
        let driven = Driven::start();
        driven.signal(signal);
        let (sandbox, id, code) = driven.ended();
        assert_eq!(code, 130, "{signal}");
        let status = sandbox.run(&["rollout", "status", &id, "--exit-code"]);
        assert_eq!(status.code, 7, "{}", status.stdout);
        let advice = format!("nobody drives this rollout now: `seaway rollout resume {id}`");
        assert!(status.stdout.contains(&advice), "{}", status.stdout);
    }
}

#[test]
fn who_drives_is_known_and_a_second_process_only_watches() {
    let driven = Driven::start();
    let (sandbox, id) = (driven.sandbox(), &driven.id);
    let holder = format!("process {} on ", driven.pid());
    let status = sandbox.run(&["rollout", "status", id]).stdout;
    assert!(status.contains(&format!("driven by `{holder}")), "{status}");
    let mut second = sandbox.command(&["rollout", "resume", id]);
    let mut second = second.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(second.stdout.take().unwrap()).lines().map_while(Result::ok);
    let banner = lines.next().unwrap();
    assert!(banner.contains(&holder) && banner.contains("this process only watches"), "{banner}");
    assert_eq!(sandbox.run(&["rollout", "stop", id, "--yes"]).code, 0);
    assert!(lines.any(|line| line.contains("rollout stopped")));
    assert_eq!(second.wait().unwrap().code(), Some(4));
    let (_, _, code) = driven.ended();
    assert_eq!(code, 4, "the driver sees the stop");
}

#[test]
fn a_pause_lets_a_pipeline_leave() {
    let driven = Driven::start();
    let (sandbox, id) = (driven.sandbox(), &driven.id);
    assert_eq!(sandbox.run(&["rollout", "pause", id, "--reason", "lunch"]).code, 0);
    let watched = sandbox.run(&["rollout", "watch", id, "--leave-at-approval", "-o", "json"]);
    // The step that is tried again waits for the pause alone.
    assert_eq!(watched.code, 5, "{}{}", watched.stdout, watched.stderr);
    assert_eq!(watched.json()["paused"]["reason"], "lunch");
    driven.signal("INT");
    assert_eq!(driven.ended().2, 130);
}
